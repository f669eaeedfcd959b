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
    first: u32,
    end: u32,
    /// Draws of this node before the block.
    drawn: usize,
    block: Block,
    /// Position in `order` of the feature drawn last.
    at: u32,
    splitter: PhantomData<S>,
}

/// Draws that follow one another, the stream standing at the first of them.
///
/// How many positions the k-th draw of a node chooses from does not depend on what the draws before it hit.
/// So many draws are turned into positions at once, unless random thresholds take numbers in between.
#[derive(Clone, Debug)]
struct Block {
    len: usize,
    /// Draws up to the last hit.
    used: usize,
    /// A bit for every later draw that may hit a candidate.
    hits: u64,
    /// Positions, counted from the right.
    from_right: [u32; AHEAD],
}

impl<S: Splitter> FeatureDraws<S> {
    pub(super) fn new(n_features: usize, max_features: usize, random: TreeRandom) -> Self {
        Self {
            stream: DrawStream::new(random),
            order: (0..n_features as u32).collect(),
            max_features,
            first: 0,
            end: n_features as u32,
            drawn: 0,
            block: Block { len: 0, used: 0, hits: 0, from_right: [0; AHEAD] },
            at: 0,
            splitter: PhantomData,
        }
    }

    /// Starts a node whose ancestors found `known` constants.
    pub(super) fn begin(&mut self, known: u32) {
        self.first = known;
        self.end = self.order.len() as u32;
        self.drawn = 0;
    }

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
            let positions = (self.order.len() - self.drawn) as u32;
            let from_right = positions - 1 - self.stream.next() % positions;
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
            if self.block.hits == 0 {
                self.leave_block(self.block.len);
                if !self.are_enough() {
                    self.enter_block();
                }
                continue;
            }
            let draw = self.block.hits.trailing_zeros() as usize;
            self.block.hits &= self.block.hits - 1;
            let from_right = self.block.from_right[draw % AHEAD];
            if from_right < self.end - self.first {
                self.block.used = draw + 1;
                return Some(self.hit(from_right));
            }
        }
        self.leave_block(self.block.used);
        None
    }

    #[inline(always)]
    fn hit(&mut self, from_right: u32) -> u32 {
        self.at = self.end - 1 - from_right;
        self.order[self.at as usize]
    }

    /// Whether `max_features` have been drawn and one of them varies.
    #[inline(always)]
    fn are_enough(&self) -> bool {
        self.drawn + self.block.used >= self.max_features && (self.end as usize) < self.order.len()
    }

    /// Turns the next draws into positions.
    fn enter_block(&mut self) {
        let left = self.order.len() - self.drawn;
        let until_enough = match self.max_features.saturating_sub(self.drawn) {
            0 => left,
            draws => draws,
        };
        let candidates = self.end - self.first;
        let (numbers, block) = (self.stream.ahead(), &mut self.block);
        block.len = AHEAD.min(left).min(until_enough);
        let hits = Arch::new().dispatch(
            #[inline(always)]
            || positions_from_right(numbers, left as u32, candidates, &mut block.from_right),
        );
        block.hits = hits & (u64::MAX >> (AHEAD - block.len));
    }

    /// Goes on after the first `n` draws of the block.
    #[inline(always)]
    fn leave_block(&mut self, n: usize) {
        self.stream.skip(n);
        self.drawn += n;
        (self.block.len, self.block.used, self.block.hits) = (0, 0, 0);
    }

    /// A number for a random threshold, from between the draws.
    #[inline(always)]
    pub(super) fn number(&mut self) -> u32 {
        self.stream.next()
    }

    /// The feature drawn last has one value in this node, hence in its children, or varies.
    #[inline(always)]
    pub(super) fn settle(&mut self, is_constant: bool) {
        // Both cases are a swap; choosing its target by arithmetic spares a branch that is hard to predict.
        let target = if is_constant { self.first } else { self.end - 1 };
        self.order.swap(self.at as usize, target as usize);
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

    fn draw_all(draws: &mut FeatureDraws<Best>, known: u32, is_constant: impl Fn(u32) -> bool) -> Vec<u32> {
        draws.begin(known);
        std::iter::from_fn(|| {
            let feature = draws.next()?;
            draws.settle(is_constant(feature));
            Some(feature)
        })
        .collect()
    }

    #[test]
    fn every_feature_is_drawn_once() {
        let mut draws = FeatureDraws::new(7, 7, TreeRandom::new(3));
        let mut drawn = draw_all(&mut draws, 0, |feature| feature % 3 == 0);
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(draws.constants(), 3);
        let mut varying = draw_all(&mut draws, 3, |_| false);
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
            let drawn = draw_all(&mut draws, 0, |feature| feature != 4);
            assert_eq!(drawn.contains(&4), *drawn.last().unwrap() == 4 || drawn.len() == 2, "{drawn:?}");
            assert!(drawn.contains(&4));
        }
    }
}
