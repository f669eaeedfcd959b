//! Which feature a node looks at next: scikit-learn's draws without replacement.

use super::splitter::{SplitRule, Splitter};
use super::stream::{AHEAD, DrawStream};
use crate::random::TreeRandom;
use std::hint::select_unpredictable;
use std::marker::PhantomData;

/// Marks a feature that is constant in the node.
pub(super) const CONSTANT: u32 = 1 << 31;
/// Marks a feature that may have the node's best split.
pub(super) const MAY_WIN: u32 = 1 << 30;
/// Marks a feature that must be looked at to know whether it is constant.
pub(super) const UNKNOWN: u32 = CONSTANT | MAY_WIN;
/// The bits of an order's entry that are the feature.
const FEATURE: u32 = MAY_WIN - 1;

/// A tree's permutation of the features, which carries over from node to node.
///
/// A node is opened and the features are marked; then they are drawn, either one by one ([`NodeDraws`]) or, where the
/// marks say which are constant, all at once ([`FeatureDraws::settle`]).
///
/// Within a node, `order` holds from the left: constants known from the ancestors, constants found in this
/// node, from `first` on the candidates not drawn yet, and from `end` on the varying features drawn.
///
/// scikit-learn draws a position among the known constants not drawn yet and the candidates. Counted from
/// the right, the candidates come first: so one comparison tells whether a draw hits one, and where. What it
/// does to the known constants that it hits, swapping them and restoring their order after the node, is
/// never read, so they are passed over here.
///
/// Where the next candidate stands depends on whether this one is constant. So that the processor need not
/// wait for more than one load in between, [`CONSTANT`] stands in the order itself, beside the feature.
#[derive(Clone, Debug)]
pub(super) struct FeatureDraws<S> {
    pub(super) stream: DrawStream,
    /// Features with their marks in the node.
    pub(super) order: Vec<u32>,
    pub(super) first: u32,
    pub(super) end: u32,
    /// Draws made in the node, of those made all at once.
    pub(super) drawn: usize,
    max_features: usize,
    /// The number of positions that each of a node's draws chooses from, 1 after the last, and its [`inverse`].
    pub(super) positions: Vec<u32>,
    pub(super) inverses: Vec<u32>,
    /// The [`long_inverse`] of these numbers; none if draws are in chunks.
    long_inverses: Vec<u64>,
    /// The positions that a chunk of draws chose, counted from the right.
    from_right: Vec<u16>,
    /// The draws of a chunk that hit a candidate, each at the number of those left before it.
    hits: Vec<u16>,
    /// The random numbers of varying features' thresholds, at their places in the order.
    pub(super) threshold_numbers: Vec<u32>,
    splitter: PhantomData<S>,
}

/// Draws that are turned into positions at once.
pub(super) const BLOCK: usize = 16;
/// Most features of which a chunk of draws chooses, so that 16 bits hold a position.
const MOST_IN_CHUNK: usize = (1 << 15) - 1;

/// The draws of one node.
///
/// How many positions the k-th draw chooses from does not depend on what the draws before it hit. So a chunk
/// of draws is turned into positions at once. A random threshold takes a number in between, after which all
/// later positions are others, so draws are made one by one there.
#[derive(Debug)]
pub(super) struct NodeDraws<'a, S> {
    draws: &'a mut FeatureDraws<S>,
    first: u32,
    end: u32,
    /// Draws before the chunk, at whose first draw the stream stands.
    drawn: usize,
    /// Draws in the chunk.
    len: usize,
    /// Draws of the chunk up to the last hit.
    used: usize,
    /// Candidates that the chunk leaves.
    still_left: u32,
    /// Position in the order of the feature drawn last.
    at: u32,
}

/// The feature of an order's entry, without its marks.
pub(super) fn feature(entry: u32) -> u32 {
    entry & FEATURE
}

impl<S: Splitter> FeatureDraws<S> {
    pub(super) fn new(n_features: usize, max_features: usize, random: TreeRandom) -> Self {
        let positions: Vec<u32> = (1..=n_features as u32).rev().chain([1; BLOCK]).collect();
        let in_chunks = Self::are_in_chunks(n_features);
        Self {
            stream: DrawStream::new(random),
            order: (0..n_features as u32).collect(),
            first: 0,
            end: n_features as u32,
            drawn: 0,
            max_features,
            inverses: positions.iter().map(|n| inverse(*n)).collect(),
            long_inverses: if in_chunks {
                Vec::new()
            } else {
                positions.iter().map(|n| long_inverse(*n)).collect()
            },
            positions,
            from_right: vec![0; AHEAD],
            hits: vec![0; n_features + 1],
            threshold_numbers: vec![0; n_features],
            splitter: PhantomData,
        }
    }

    /// Whether a chunk of draws is turned into positions at once; otherwise draws are made one by one.
    fn are_in_chunks(n_features: usize) -> bool {
        S::RULE == SplitRule::Best && n_features <= MOST_IN_CHUNK
    }

    /// Opens a node whose ancestors found `known` constants; returns all other features, its candidates.
    ///
    /// They have the marks of another node, and have to be given [`CONSTANT`], [`MAY_WIN`], [`UNKNOWN`] or none in
    /// this one.
    #[inline(always)]
    pub(super) fn open(&mut self, known: u32) -> &mut [u32] {
        (self.first, self.end, self.drawn) = (known, self.order.len() as u32, 0);
        &mut self.order[known as usize..]
    }

    /// The draws of the node that was opened.
    #[inline(always)]
    pub(super) fn one_by_one(&mut self) -> NodeDraws<'_, S> {
        let (first, end) = (self.first, self.end);
        NodeDraws { draws: self, first, end, drawn: 0, len: 0, used: 0, still_left: end - first, at: 0 }
    }

    /// Draws all candidates not drawn yet, whose marks have to say which are constant, and the thresholds of the
    /// others.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        if Self::are_in_chunks(self.order.len()) {
            let mut node = self.one_by_one();
            node.settle_by_chunks();
            (self.first, self.end) = (node.first, node.end);
        } else {
            self.settle_one_by_one();
        }
    }

    #[inline(always)]
    fn settle_one_by_one(&mut self) {
        let Self { stream, order, long_inverses, threshold_numbers, drawn, .. } = self;
        let order = order.as_mut_slice();
        let (mut first, mut end) = (self.first as usize, self.end as usize);
        while first < end {
            let left = order.len() - *drawn;
            // Each draw may need another number for its threshold.
            let inverses = &long_inverses[*drawn..][..left.min(AHEAD / 2)];
            let numbers = stream.ahead();
            let (mut draw, mut thresholds_drawn) = (0, 0);
            while first < end {
                let others = left - (end - first);
                let mut fraction = 0;
                while draw < inverses.len() {
                    debug_assert!(draw + thresholds_drawn < AHEAD, "numbers run out");
                    // This cannot be out of range, so it need not be checked.
                    let number = numbers[(draw + thresholds_drawn) % AHEAD];
                    fraction = u64::from(number).wrapping_mul(inverses[draw]);
                    if reaches(fraction, others - draw, inverses[draw]) {
                        break;
                    }
                    draw += 1;
                }
                if draw == inverses.len() {
                    break;
                }
                let positions = left - draw;
                draw += 1;
                let at = end - (positions - times(fraction, positions));
                let is_constant = order[at] & CONSTANT != 0;
                let target = if is_constant { first } else { end - 1 };
                order.swap(at, target);
                first += usize::from(is_constant);
                end -= usize::from(!is_constant);
                if S::RULE == SplitRule::Random {
                    // That of a constant is not read.
                    threshold_numbers[target] = numbers[(draw + thresholds_drawn) % AHEAD];
                    thresholds_drawn += usize::from(!is_constant);
                }
            }
            *drawn += draw;
            stream.skip(draw + thresholds_drawn);
        }
        (self.first, self.end) = (first as u32, end as u32);
    }

    /// Whether all candidates are drawn.
    #[inline(always)]
    pub(super) fn are_settled(&self) -> bool {
        self.first >= self.end
    }

    /// The features drawn by [`Self::settle`] that vary, with their marks, in the order of the draws; and the random
    /// numbers of their thresholds.
    #[inline(always)]
    pub(super) fn varying(&self) -> impl Iterator<Item = (u32, u32)> {
        let varying = self.end as usize..;
        let (order, numbers) = (&self.order[varying.clone()], &self.threshold_numbers[varying]);
        order.iter().copied().zip(numbers.iter().copied()).rev()
    }

    /// Constants known after [`Self::settle`], those of the ancestors included.
    pub(super) fn constants(&self) -> u32 {
        self.first
    }
}

impl<S: Splitter> NodeDraws<'_, S> {
    /// The next candidate with its marks; the caller says by [`Self::note`] whether it is constant.
    ///
    /// Constants count as drawn, but the draws go on until one feature that varies has been seen.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<u32> {
        if FeatureDraws::<S>::are_in_chunks(self.draws.order.len()) {
            self.next_of_chunk()
        } else {
            self.next_alone()
        }
    }

    /// As [`Self::next_of_chunk`] and [`Self::note`] until all candidates are drawn, in less time.
    #[inline(always)]
    fn settle_by_chunks(&mut self) {
        while self.first < self.end {
            self.leave_chunk(self.len);
            self.enter_chunk();
            let FeatureDraws { order, from_right, hits, .. } = &mut *self.draws;
            let (left, still_left) = ((self.end - self.first) as usize, self.still_left as usize);
            let hits = &hits[still_left + 1..=left];
            let first = take_hits(order, (self.first as usize, still_left), from_right, hits);
            self.first = first as u32;
            self.end = self.first + self.still_left;
            self.used = hits.first().map_or(0, |draw| usize::from(*draw) + 1);
        }
        self.leave_chunk(self.used);
    }

    #[inline(always)]
    fn next_of_chunk(&mut self) -> Option<u32> {
        while self.first < self.end && !self.are_enough() {
            let left = self.end - self.first;
            if left > self.still_left {
                let draw = usize::from(self.draws.hits[left as usize]);
                self.used = draw + 1;
                return Some(self.hit(u32::from(self.draws.from_right[draw])));
            }
            self.leave_chunk(self.len);
            self.enter_chunk();
        }
        self.leave_chunk(self.used);
        None
    }

    #[inline(always)]
    fn next_alone(&mut self) -> Option<u32> {
        while self.first < self.end && !self.are_enough() {
            let positions = (self.draws.order.len() - self.drawn) as u32;
            let from_right = positions - 1 - self.draws.stream.next() % positions;
            self.drawn += 1;
            if from_right < self.end - self.first {
                return Some(self.hit(from_right));
            }
        }
        None
    }

    #[inline(always)]
    fn hit(&mut self, from_right: u32) -> u32 {
        self.at = self.end - 1 - from_right;
        self.draws.order[self.at as usize]
    }

    /// Whether `max_features` have been drawn and one of them varies.
    #[inline(always)]
    fn are_enough(&self) -> bool {
        self.drawn + self.used >= self.draws.max_features && (self.end as usize) < self.draws.order.len()
    }

    /// Turns the next draws into positions and finds those that hit: which do does not depend on what is constant.
    #[inline(always)]
    fn enter_chunk(&mut self) {
        let FeatureDraws { stream, order, inverses, from_right, hits, max_features, .. } = &mut *self.draws;
        let left = order.len() - self.drawn;
        let until_enough = match max_features.saturating_sub(self.drawn) {
            0 => BLOCK,
            draws => draws,
        };
        self.len = left.min(until_enough).min(AHEAD);
        let padded_len = self.len.next_multiple_of(BLOCK);
        let inverses = &inverses[self.drawn..][..padded_len];
        positions_from_right(
            &stream.ahead()[..padded_len],
            left as u32,
            inverses,
            &mut from_right[..padded_len],
        );
        self.still_left = find_hits(&from_right[..self.len], self.end - self.first, hits);
    }

    /// Goes on after the first `n` draws of the chunk.
    #[inline(always)]
    fn leave_chunk(&mut self, n: usize) {
        self.draws.stream.skip(n);
        self.drawn += n;
        (self.len, self.used) = (0, 0);
    }

    /// The tree's random numbers, for thresholds; not to be used with [`SplitRule::Best`].
    #[inline(always)]
    pub(super) fn stream(&mut self) -> &mut DrawStream {
        &mut self.draws.stream
    }

    /// Notes that the feature drawn last has one value in this node, hence in its children, or that it varies.
    #[inline(always)]
    pub(super) fn note(&mut self, is_constant: bool) {
        // Both cases are a swap; choosing its target by arithmetic spares a branch that is hard to predict.
        let target = select_unpredictable(is_constant, self.first, self.end - 1);
        self.draws.order.swap(self.at as usize, target as usize);
        self.first += u32::from(is_constant);
        self.end -= u32::from(!is_constant);
    }

    /// Constants known so far, those of the ancestors included.
    pub(super) fn constants(&self) -> u32 {
        self.first
    }
}

/// Finds the draws of a chunk that hit one of so many candidates; returns how many are left then.
///
/// There is no branch on what hits, because none could be predicted.
#[inline(always)]
fn find_hits(from_right: &[u16], candidates: u32, hits: &mut [u16]) -> u32 {
    let mut left = candidates as usize;
    for (draw, from_right) in (0..).zip(from_right) {
        // What hits next overwrites what does not.
        hits[left] = draw;
        left -= usize::from(usize::from(*from_right) < left);
    }
    left as u32
}

/// Draws the candidates that are hit, of which the first stands at `first` and some are still left then; returns
/// where the first of those stands.
#[inline(always)]
fn take_hits(
    order: &mut [u32],
    (mut first, still_left): (usize, usize),
    from_right: &[u16],
    hits: &[u16],
) -> usize {
    for (others, hit) in hits.iter().enumerate().rev() {
        let last = first + still_left + others;
        let at = last - usize::from(from_right[usize::from(*hit)]);
        let entry = order[at];
        let is_constant = entry & CONSTANT != 0;
        let target = select_unpredictable(is_constant, first, last);
        order[at] = order[target];
        order[target] = entry;
        first += usize::from(is_constant);
    }
    first
}

/// Turns numbers into the positions that they choose, counted from the right, of which there are `left` for
/// the first.
#[inline(always)]
fn positions_from_right(numbers: &[u32], left: u32, inverses: &[u32], from_right: &mut [u16]) {
    let numbers = numbers.iter().zip(inverses);
    for (draw, ((number, inverse), from_right)) in (0..).zip(numbers.zip(from_right)) {
        // Behind the last draw there are no positions left; what comes out then is not used.
        let positions = left.saturating_sub(draw).max(1);
        *from_right = (positions - 1 - remainder(*number, positions, *inverse)) as u16;
    }
}

/// What a 31-bit number is multiplied by, in units of 2⁻³², to be divided by so many positions.
fn inverse(positions: u32) -> u32 {
    u32::try_from((1 << 32) / u64::from(positions)).unwrap_or(u32::MAX)
}

/// `number % positions` of a 31-bit number, by operations that processors do on many numbers at once.
#[inline(always)]
pub(super) fn remainder(number: u32, positions: u32, inverse: u32) -> u32 {
    // An inverse is too small by at most a unit, so this quotient falls short by less than 1/2, before it is cut off.
    let quotient = ((u64::from(number) * u64::from(inverse)) >> 32) as u32;
    let remainder = number - quotient * positions;
    // What is not too much wraps, and is no minimum.
    remainder.min(remainder.wrapping_sub(positions))
}

/// What a 31-bit number is multiplied by, in units of 2⁻⁶⁴, to be divided by so many positions: from 1 to 2³⁰.
///
/// The product's fraction times the positions is the remainder: Lemire, Kaser and Kurz, Faster remainder by
/// direct computation (2019).
fn long_inverse(positions: u32) -> u64 {
    (u64::MAX / u64::from(positions)).wrapping_add(1)
}

/// Whether a fraction times the positions whose [`long_inverse`] is given is at least `limit`, which is less than
/// they are.
#[inline(always)]
fn reaches(fraction: u64, limit: usize, inverse: u64) -> bool {
    fraction >= limit as u64 * inverse
}

/// A fraction in units of 2⁻⁶⁴, times a number, rounded down.
#[inline(always)]
fn times(fraction: u64, number: usize) -> usize {
    ((u128::from(fraction) * number as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::splitter::{Best, Random};
    use proptest::prelude::*;

    fn mark(order: &mut [u32], is_constant: impl Fn(u32) -> bool) {
        for entry in order {
            let feature = feature(*entry);
            *entry = feature | if is_constant(feature) { CONSTANT } else { 0 };
        }
    }

    /// Features, each with the random number of its threshold, and the number of constants.
    fn draw_all<S: Splitter>(
        draws: &mut FeatureDraws<S>,
        known: u32,
        is_constant: impl Fn(u32) -> bool,
    ) -> (Vec<(u32, u32)>, u32) {
        mark(draws.open(known), is_constant);
        let mut draws = draws.one_by_one();
        let drawn = std::iter::from_fn(|| {
            let entry = draws.next()?;
            let is_constant = entry & CONSTANT != 0;
            draws.note(is_constant);
            let has_number = S::RULE == SplitRule::Random && !is_constant;
            Some((feature(entry), if has_number { draws.stream().next() } else { 0 }))
        });
        let drawn = drawn.collect();
        (drawn, draws.constants())
    }

    fn features(drawn: &[(u32, u32)]) -> Vec<u32> {
        drawn.iter().map(|(feature, _)| *feature).collect()
    }

    /// Draws the features of some nodes all at once, and one by one.
    fn check_all_at_once<S: Splitter>(
        (n_features, seed): (usize, u32),
        nodes: u32,
        is_constant: impl Fn(u32, u32) -> bool,
    ) -> Result<(), TestCaseError> {
        let mut draws = FeatureDraws::<S>::new(n_features, n_features, TreeRandom::new(seed));
        let mut one_by_one = draws.clone();
        let mut known = 0;
        for node in 0..nodes {
            let (drawn, constants) = draw_all(&mut one_by_one, known, |feature| is_constant(feature, node));
            mark(draws.open(known), |feature| is_constant(feature, node));
            draws.settle();
            let varying: Vec<_> = draws.varying().map(|(entry, number)| (feature(entry), number)).collect();
            known = draws.constants();
            let drawn = drawn.into_iter().filter(|(feature, _)| !is_constant(*feature, node));
            prop_assert_eq!((varying, known), (drawn.collect(), constants));
        }
        Ok(())
    }

    #[test]
    fn every_feature_is_drawn_once() {
        let mut draws = FeatureDraws::<Best>::new(7, 7, TreeRandom::new(3));
        let (drawn, constants) = draw_all(&mut draws, 0, |feature| feature % 3 == 0);
        let mut drawn = features(&drawn);
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(constants, 3);
        let (varying, _) = draw_all(&mut draws, 3, |_| false);
        let mut varying = features(&varying);
        varying.sort_unstable();
        assert_eq!(varying, [1, 2, 4, 5]);
    }

    #[test]
    fn chunks_draw_what_single_draws_do() {
        for n_features in [1, 16, 700, MOST_IN_CHUNK] {
            let is_constant = |feature: u32| feature % 3 == 1;
            let draws = FeatureDraws::<Best>::new(n_features, n_features, TreeRandom::new(7));
            let (mut in_chunks, mut alone) = (draws.clone(), draws);
            let (drawn, constants) = draw_all(&mut in_chunks, 0, is_constant);
            mark(alone.open(0), is_constant);
            let mut node = alone.one_by_one();
            for feature_in_chunk in features(&drawn) {
                let entry = node.next_alone().unwrap();
                assert_eq!(feature(entry), feature_in_chunk);
                node.note(entry & CONSTANT != 0);
            }
            assert!(node.next_alone().is_none());
            assert_eq!(node.constants(), constants);
        }
    }

    proptest! {
        #[test]
        fn all_are_drawn_as_one_by_one(n_features in 1usize..600, seed: u32, odds in 2u32..9, nodes in 1u32..4) {
            let is_constant = |feature: u32, node: u32| (feature ^ seed) % odds < node;
            check_all_at_once::<Best>((n_features, seed), nodes, is_constant)?;
            check_all_at_once::<Random>((n_features, seed), nodes, is_constant)?;
        }
    }

    #[test]
    fn all_of_very_many_features_are_drawn() {
        let is_constant = |feature: u32, _| feature % 3 != 1;
        check_all_at_once::<Best>((MOST_IN_CHUNK + 9, 5), 2, is_constant).unwrap();
        check_all_at_once::<Random>((MOST_IN_CHUNK + 9, 5), 2, is_constant).unwrap();
    }

    proptest! {
        #[test]
        fn remainders_are_exact(
            number in 0..=TreeRandom::MAX,
            positions in prop_oneof![1u32..9, 1..=MOST_IN_CHUNK as u32],
            near in -2i64..=2,
        ) {
            // Wholes are where a quotient that falls short is in danger.
            let whole = i64::from(number / positions * positions);
            for number in [i64::from(number), whole + near, i64::from(TreeRandom::MAX) + near] {
                let number = number.clamp(0, i64::from(TreeRandom::MAX)) as u32;
                prop_assert_eq!(remainder(number, positions, inverse(positions)), number % positions);
            }
        }
    }

    proptest! {
        #[test]
        fn fractions_tell_remainders(
            number in 0..=TreeRandom::MAX,
            positions in prop_oneof![1u32..9, 1..1000u32, 1..1u32 << 30],
            near in -2i64..=2,
            limit in any::<prop::sample::Index>(),
        ) {
            let inverse = long_inverse(positions);
            let whole = i64::from(number / positions * positions);
            for number in [i64::from(number), whole + near, i64::from(TreeRandom::MAX) + near] {
                let number = number.clamp(0, i64::from(TreeRandom::MAX)) as u32;
                let fraction = u64::from(number).wrapping_mul(inverse);
                let (remainder, positions) = ((number % positions) as usize, positions as usize);
                prop_assert_eq!(times(fraction, positions), remainder);
                for limit in [limit.index(positions), remainder, (remainder + 1).min(positions - 1)] {
                    prop_assert_eq!(reaches(fraction, limit, inverse), remainder >= limit);
                }
            }
        }
    }

    #[test]
    fn draws_go_on_until_a_feature_varies() {
        for state in 1..50 {
            let mut draws = FeatureDraws::<Best>::new(9, 2, TreeRandom::new(state));
            let drawn = features(&draw_all(&mut draws, 0, |feature| feature != 4).0);
            assert_eq!(drawn.contains(&4), *drawn.last().unwrap() == 4 || drawn.len() == 2, "{drawn:?}");
            assert!(drawn.contains(&4));
        }
    }
}
