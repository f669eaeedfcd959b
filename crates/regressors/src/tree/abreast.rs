//! The draws of two trees, made by turns.
//!
//! Where a random threshold's number stands in the stream depends on what all draws before it hit, so a tree's draws
//! wait for each other, and for most of the time the processor with them. It makes those of another tree meanwhile.

use super::draws::{BLOCK, CONSTANT, FeatureDraws, remainder};
use super::splitter::Splitter;
use super::stream::AHEAD;
use crate::vectors::Avx512;
use std::array;

/// Makes draws of two trees until one or both are settled, as [`FeatureDraws::settle`] would.
#[inline(always)]
pub(super) fn settle_abreast<S: Splitter>(avx512: Avx512, trees: [&mut FeatureDraws<S>; 2]) {
    let [a, b] = trees;
    while !a.are_settled() && !b.are_settled() {
        let (mut of_a, mut of_b) = (Draws::of(a), Draws::of(b));
        while of_a.go_on() && of_b.go_on() {
            of_a.make(avx512);
            of_b.make(avx512);
        }
        let reached = [of_a.reached, of_b.reached];
        a.keep(reached[0]);
        b.keep(reached[1]);
    }
}

/// How far the draws of a node have come.
#[derive(Clone, Copy, Debug)]
struct Reached {
    first: usize,
    end: usize,
    /// Draws of features, and of thresholds, out of the numbers shown.
    features: usize,
    thresholds: usize,
}

/// Some draws of a node, as many as its stream shows numbers for.
struct Draws<'a> {
    numbers: &'a [u32],
    /// The number of positions that each draw chooses from, and its inverse.
    positions: &'a [u32],
    inverses: &'a [u32],
    order: &'a mut [u32],
    threshold_numbers: &'a mut [u32],
    reached: Reached,
}

impl<'a> Draws<'a> {
    #[inline(always)]
    fn of<S: Splitter>(draws: &'a mut FeatureDraws<S>) -> Self {
        let n_features = draws.order.len();
        let positions = &draws.positions[draws.drawn..];
        Self {
            numbers: draws.stream.ahead(),
            positions,
            // Slices known to be equally long share a check.
            inverses: &draws.inverses[draws.drawn..][..positions.len()],
            order: &mut draws.order,
            threshold_numbers: &mut draws.threshold_numbers[..n_features],
            reached: Reached {
                first: draws.first as usize,
                end: draws.end as usize,
                features: 0,
                thresholds: 0,
            },
        }
    }

    /// Whether there are draws to be made, and numbers for them.
    #[inline(always)]
    fn go_on(&self) -> bool {
        let Reached { first, end, features, thresholds } = self.reached;
        first < end && features + thresholds + BLOCK < AHEAD
    }

    /// Goes on to the next draw that hits a candidate, or by a block if there is none.
    ///
    /// Nothing here is a branch, because none could be predicted.
    #[inline(always)]
    fn make(&mut self, avx512: Avx512) {
        let Reached { first, end, features, thresholds } = self.reached;
        let numbers = &self.numbers[features + thresholds..][..=BLOCK];
        let of_features = block(numbers);
        let (positions, inverses) = (block(&self.positions[features..]), block(&self.inverses[features..]));
        let from_right = array::from_fn(|draw| {
            positions[draw] - 1 - remainder(of_features[draw], positions[draw], inverses[draw])
        });
        let (draw, from_right) = avx512.first_below(from_right, (end - first) as u32);
        let is_hit = draw < BLOCK;
        let at = end - 1 - from_right as usize;
        let entry = self.order[at];
        let is_constant = entry & CONSTANT != 0;
        let side = if is_constant { first } else { end - 1 };
        let target = if is_hit { side } else { at };
        self.order[at] = self.order[target];
        self.order[target] = entry;
        let drawn = draw + usize::from(is_hit);
        // That of a constant is not read.
        self.threshold_numbers[target] = numbers[drawn];
        let varies = usize::from(is_hit & !is_constant);
        self.reached = Reached {
            first: first + usize::from(is_hit & is_constant),
            end: end - varies,
            features: features + drawn,
            thresholds: thresholds + varies,
        };
    }
}

#[inline(always)]
fn block(values: &[u32]) -> &[u32; BLOCK] {
    &values.as_chunks().0[0]
}

impl<S: Splitter> FeatureDraws<S> {
    #[inline(always)]
    fn keep(&mut self, reached: Reached) {
        (self.first, self.end) = (reached.first as u32, reached.end as u32);
        self.drawn += reached.features;
        self.stream.skip(reached.features + reached.thresholds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::TreeRandom;
    use crate::tree::draws::feature;
    use crate::tree::splitter::Random;
    use proptest::prelude::*;

    /// Opens a node whose constants are those features that `seed` chooses, by `odds` in 16.
    fn open(draws: &mut FeatureDraws<Random>, known: u32, (seed, odds): (u32, u32)) {
        for entry in draws.open(known) {
            let feature = feature(*entry);
            let is_constant = TreeRandom::new(seed ^ feature << 8).next() >> 8 & 15 < odds;
            *entry = feature | if is_constant { CONSTANT } else { 0 };
        }
    }

    proptest! {
        /// Two trees take turns at nodes of their own; whichever is settled first opens its next one.
        #[test]
        fn trees_draw_abreast_as_they_do_alone(
            n_features in 1usize..700,
            seeds: [u32; 2],
            nodes in prop::array::uniform2(prop::collection::vec((any::<u32>(), 0u32..8), 1..12)),
        ) {
            let Some(avx512) = Avx512::or_skipped() else { return Ok(()) };
            let new = |seed| FeatureDraws::<Random>::new(n_features, n_features, TreeRandom::new(seed));
            let mut abreast = seeds.map(new);
            let mut alone = abreast.clone();
            let mut opened = [0; 2];
            'nodes: loop {
                for tree in 0..2 {
                    let (abreast, alone) = (&mut abreast[tree], &mut alone[tree]);
                    if opened[tree] > 0 && !abreast.are_settled() {
                        continue;
                    }
                    if opened[tree] > 0 {
                        alone.settle();
                        prop_assert!(abreast.varying().eq(alone.varying()));
                        prop_assert_eq!(abreast.constants(), alone.constants());
                    }
                    let Some(node) = nodes[tree].get(opened[tree]) else { break 'nodes };
                    opened[tree] += 1;
                    let known = if opened[tree] % 4 == 1 { 0 } else { alone.constants() };
                    open(abreast, known, *node);
                    open(alone, known, *node);
                }
                let [a, b] = &mut abreast;
                settle_abreast(avx512, [a, b]);
            }
        }
    }
}
