//! Which feature a node looks at next: scikit-learn's draws without replacement.

use super::splitter::{SplitRule, Splitter};
use super::stream::{AHEAD, DrawStream};
use crate::random::TreeRandom;
use pulp::Arch;
use std::marker::PhantomData;

/// A tree's permutation of the features, which carries over from node to node.
///
/// Within a node, `order` holds from the left: constants known from the ancestors, constants found in this
/// node, from `first` on the candidates not drawn yet, and from `end` on the varying features drawn.
///
/// scikit-learn draws a position among the known constants not drawn yet and the candidates. Counted from
/// the right, the candidates come first: so one comparison tells whether a draw hits one, and where. What it
/// does to the known constants that it hits, swapping them and restoring their order after the node, is
/// never read, so they are passed over here.
#[derive(Clone, Debug)]
pub(super) struct FeatureDraws<S> {
    stream: DrawStream,
    order: Vec<u32>,
    max_features: usize,
    /// The positions that a block of draws chose, counted from the right.
    from_right: [u32; AHEAD],
    splitter: PhantomData<S>,
}

/// The draws of one node.
///
/// How many positions the k-th draw chooses from does not depend on what the draws before it hit. So a block
/// of draws is turned into positions at once, unless random thresholds take numbers in between.
#[derive(Debug)]
pub(super) struct NodeDraws<'a, S> {
    draws: &'a mut FeatureDraws<S>,
    first: u32,
    end: u32,
    /// Draws before the block, at whose first draw the stream stands.
    drawn: usize,
    /// Draws in the block.
    len: usize,
    /// Draws of the block up to the last hit.
    used: usize,
    /// A bit for every later draw of the block that may hit a candidate.
    hits: u64,
    /// Position in the order of the feature drawn last.
    at: u32,
}

impl<S: Splitter> FeatureDraws<S> {
    pub(super) fn new(n_features: usize, max_features: usize, random: TreeRandom) -> Self {
        Self {
            stream: DrawStream::new(random),
            order: (0..n_features as u32).collect(),
            max_features,
            from_right: [0; AHEAD],
            splitter: PhantomData,
        }
    }

    /// Starts a node whose ancestors found `known` constants.
    #[inline(always)]
    pub(super) fn begin(&mut self, known: u32) -> NodeDraws<'_, S> {
        let end = self.order.len() as u32;
        NodeDraws { draws: self, first: known, end, drawn: 0, len: 0, used: 0, hits: 0, at: 0 }
    }

    /// Turns the next `len` draws, the first of which has `left` positions to choose from, into positions
    /// and returns a bit for each that hits one of the first `candidates`.
    fn look_ahead(&mut self, left: usize, len: usize, candidates: u32) -> u64 {
        let (numbers, from_right) = (self.stream.ahead(), &mut self.from_right);
        let hits = Arch::new().dispatch(
            #[inline(always)]
            || positions_from_right(numbers, left as u32, candidates, from_right),
        );
        hits & (u64::MAX >> (AHEAD - len))
    }
}

impl<S: Splitter> NodeDraws<'_, S> {
    /// The next candidate to look at; the caller says by [`Self::settle`] what it saw.
    ///
    /// Constants count as drawn, but the draws go on until one feature that varies has been seen.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<u32> {
        match S::RULE {
            SplitRule::Best => self.next_of_block(),
            SplitRule::Random => self.next_alone(),
        }
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
    fn next_of_block(&mut self) -> Option<u32> {
        while self.first < self.end && !self.are_enough() {
            if self.hits == 0 {
                self.leave_block(self.len);
                if !self.are_enough() {
                    self.enter_block();
                }
                continue;
            }
            let draw = self.hits.trailing_zeros() as usize;
            self.hits &= self.hits - 1;
            let from_right = self.draws.from_right[draw % AHEAD];
            if from_right < self.end - self.first {
                self.used = draw + 1;
                return Some(self.hit(from_right));
            }
        }
        self.leave_block(self.used);
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

    #[inline(always)]
    fn enter_block(&mut self) {
        let left = self.draws.order.len() - self.drawn;
        let until_enough = match self.draws.max_features.saturating_sub(self.drawn) {
            0 => left,
            draws => draws,
        };
        self.len = AHEAD.min(left).min(until_enough);
        self.hits = self.draws.look_ahead(left, self.len, self.end - self.first);
    }

    /// Goes on after the first `n` draws of the block.
    #[inline(always)]
    fn leave_block(&mut self, n: usize) {
        self.draws.stream.skip(n);
        self.drawn += n;
        (self.len, self.used, self.hits) = (0, 0, 0);
    }

    /// The tree's random numbers, for thresholds; not to be used with [`SplitRule::Best`].
    #[inline(always)]
    pub(super) fn stream(&mut self) -> &mut DrawStream {
        &mut self.draws.stream
    }

    /// The feature drawn last has one value in this node, hence in its children, or varies.
    #[inline(always)]
    pub(super) fn settle(&mut self, is_constant: bool) {
        // Both cases are a swap; choosing its target by arithmetic spares a branch that is hard to predict.
        let target = if is_constant { self.first } else { self.end - 1 };
        self.draws.order.swap(self.at as usize, target as usize);
        self.first += u32::from(is_constant);
        self.end -= u32::from(!is_constant);
    }

    /// Constants known so far, those of the ancestors included.
    pub(super) fn constants(&self) -> u32 {
        self.first
    }
}

/// Turns numbers into the positions that they choose, counted from the right, of which there are `left` for
/// the first; returns a bit for each that is less than `candidates`.
#[inline(always)]
fn positions_from_right(
    numbers: &[u32; AHEAD],
    left: u32,
    candidates: u32,
    from_right: &mut [u32; AHEAD],
) -> u64 {
    let mut is_hit = [0u8; AHEAD];
    for draw in 0..AHEAD {
        // Behind the last draw there are no positions left; what comes out then is not used.
        let positions = (left as i32 - draw as i32).max(1);
        from_right[draw] = positions as u32 - 1 - remainder(numbers[draw], positions);
        is_hit[draw] = u8::from(from_right[draw] < candidates);
    }
    let (eights, _) = is_hit.as_chunks::<8>();
    let bits = eights.iter().map(|eight| {
        // The product gathers the lowest bits of eight bytes in its highest byte.
        u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    bits.rev().fold(0, |hits, bits| hits << 8 | bits)
}

/// `number % positions` of a 31-bit number, by operations that processors do on many numbers at once.
#[inline(always)]
fn remainder(number: u32, positions: i32) -> u32 {
    // A sum with this has no bits left for a fraction: its last bits are the nearest whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let quotient = (f64::from(number as i32) / f64::from(positions) + ROUND).to_bits() as i32;
    let remainder = (number as i32).wrapping_sub(quotient.wrapping_mul(positions));
    // Rounding up leaves a negative rest.
    (remainder + (remainder >> 31 & positions)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::splitter::Best;

    fn draw_all(
        draws: &mut FeatureDraws<Best>,
        known: u32,
        is_constant: impl Fn(u32) -> bool,
    ) -> (Vec<u32>, u32) {
        let mut draws = draws.begin(known);
        let drawn = std::iter::from_fn(|| {
            let feature = draws.next()?;
            draws.settle(is_constant(feature));
            Some(feature)
        });
        let drawn = drawn.collect();
        (drawn, draws.constants())
    }

    #[test]
    fn every_feature_is_drawn_once() {
        let mut draws = FeatureDraws::new(7, 7, TreeRandom::new(3));
        let (mut drawn, constants) = draw_all(&mut draws, 0, |feature| feature % 3 == 0);
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(constants, 3);
        let (mut varying, _) = draw_all(&mut draws, 3, |_| false);
        varying.sort_unstable();
        assert_eq!(varying, [1, 2, 4, 5]);
    }

    #[test]
    fn remainders_are_exact() {
        for positions in [1, 2, 3, 67, 68, 537, 1 << 20, (1 << 31) - 1] {
            for number in [0, 1, positions - 1, positions, positions + 1, 1_774_773_328, TreeRandom::MAX] {
                let number = number.min(TreeRandom::MAX);
                assert_eq!(remainder(number, positions as i32), number % positions);
            }
        }
    }

    #[test]
    fn draws_go_on_until_a_feature_varies() {
        for state in 1..50 {
            let mut draws = FeatureDraws::new(9, 2, TreeRandom::new(state));
            let (drawn, _) = draw_all(&mut draws, 0, |feature| feature != 4);
            assert_eq!(drawn.contains(&4), *drawn.last().unwrap() == 4 || drawn.len() == 2, "{drawn:?}");
            assert!(drawn.contains(&4));
        }
    }
}
