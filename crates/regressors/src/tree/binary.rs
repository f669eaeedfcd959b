//! What a node's binary features are worth: all of them at once, before any is drawn.
//!
//! A binary feature has one split, so its score doesn't depend on a draw, not even on a random threshold.

use super::bag::Bag;
use super::columns::Columns;
use super::packed::{Layout, Packed, Sums};
use super::params::LeafLimits;
use pulp::Arch;

/// The score of a feature that is not binary: it has to be looked at on its own.
pub(super) const NOT_BINARY: f64 = f64::INFINITY;
/// The score of a split that would leave too small a leaf.
const BARRED: f64 = f64::NEG_INFINITY;

/// Scores of a node's binary features.
pub(super) trait BinaryScores {
    /// scikit-learn's proxy of the impurity decrease; NaN of a feature that is constant in the node.
    fn score(&self, feature: u32) -> f64;

    /// The sums of the node's rows with the rarer value.
    fn rarer(&self, feature: u32) -> Sums;
}

/// Scores from a histogram.
#[derive(Debug)]
pub(super) struct SlotScores<'a, P> {
    slots: &'a [P],
    layout: Layout,
    scores: &'a [f64],
}

impl<'a, P: Packed> SlotScores<'a, P> {
    /// Fills `scores`, one per feature, from the histogram of a node with the sums `total`.
    pub(super) fn new(
        columns: &Columns,
        histogram: &'a [P],
        (total, layout): (Sums, Layout),
        limits: LeafLimits,
        scores: &'a mut Vec<f64>,
    ) -> Self {
        let slots = &histogram[..columns.n_features()];
        scores.resize(slots.len(), 0.0);
        Arch::new().dispatch(
            #[inline(always)]
            || score_slots(slots, total, layout, scores),
        );
        if limits.restrict() {
            for (score, slot) in scores.iter_mut().zip(slots) {
                let part = slot.unpack(layout);
                if !score.is_nan() && !limits.allow(part, total - part) {
                    *score = BARRED;
                }
            }
        }
        columns.not_binary().iter().for_each(|feature| scores[*feature as usize] = NOT_BINARY);
        Self { slots, layout, scores }
    }
}

/// A constant feature has no rows on one side, whose score is 0/0.
#[inline(always)]
fn score_slots<P: Packed>(slots: &[P], total: Sums, layout: Layout, scores: &mut [f64]) {
    for (score, slot) in scores.iter_mut().zip(slots) {
        let part = slot.unpack(layout);
        *score = part.score() + (total - part).score();
    }
}

impl<P: Packed> BinaryScores for SlotScores<'_, P> {
    #[inline(always)]
    fn score(&self, feature: u32) -> f64 {
        self.scores[feature as usize]
    }

    fn rarer(&self, feature: u32) -> Sums {
        self.slots[feature as usize].unpack(self.layout)
    }
}

/// Bit sets over the features, reused from node to node.
#[derive(Clone, Debug, Default)]
pub(super) struct PatternBits {
    varying: Vec<u64>,
    best: Vec<u64>,
}

/// Scores of a node of up to 4 rows from the bits of its rows.
///
/// A feature divides the rows by which of them differ from the first: there are at most 7 such patterns,
/// hence at most 7 scores, and word operations tell all features with the best one. Only that score is
/// kept: no other feature can win if all are drawn.
#[derive(Debug)]
pub(super) struct PatternScores<'a, P> {
    columns: &'a Columns,
    rows: &'a [u32],
    bag: &'a Bag<'a, P>,
    bits: &'a PatternBits,
    /// By whether a feature varies and whether it is among the best.
    scores: [f64; 4],
}

impl<'a, P: Packed> PatternScores<'a, P> {
    /// Most rows of a node.
    pub(super) const MAX_ROWS: usize = 4;

    /// `rows` are 2 to 4, whose sums are `total`.
    pub(super) fn new(
        columns: &'a Columns,
        rows: &'a [u32],
        bag: &'a Bag<'a, P>,
        total: Sums,
        bits: &'a mut PatternBits,
    ) -> Self {
        let best = match rows {
            [a, b] => find_best(columns, [*a, *b, *a, *a], 1, (bag, total), bits),
            [a, b, c] => find_best(columns, [*a, *b, *c, *a], 3, (bag, total), bits),
            [a, b, c, d, ..] => find_best(columns, [*a, *b, *c, *d], 7, (bag, total), bits),
            [] | [_] => f64::NAN,
        };
        Self { columns, rows, bag, bits, scores: [f64::NAN, BARRED, NOT_BINARY, best] }
    }
}

/// Finds the varying and the best features of the given rows, of which the last may repeat the first, and
/// returns the best score; patterns are numbered by the rows, from the second on, that differ from the first.
#[inline(always)]
fn find_best<P: Packed>(
    columns: &Columns,
    rows: [u32; 4],
    n_patterns: usize,
    (bag, total): (&Bag<'_, P>, Sums),
    bits: &mut PatternBits,
) -> f64 {
    let [first, others @ ..] = rows.map(|row| columns.bits(row));
    let differing = |word: usize| others.map(|other| other[word] ^ first[word]);
    let with_pattern = |differing: [u64; 3], pattern: usize| {
        let agree = |at: usize| if pattern >> at & 1 == 1 { differing[at] } else { !differing[at] };
        agree(0) & agree(1) & agree(2)
    };
    let mut present = [0u64; 8];
    bits.varying.clear();
    for word in 0..first.len() {
        let differing = differing(word);
        bits.varying.push(differing[0] | differing[1] | differing[2]);
        for pattern in 1..=n_patterns {
            present[pattern] |= with_pattern(differing, pattern);
        }
    }
    let sums = rows.map(|row| bag.of(row));
    let mut scores = [f64::NAN; 8];
    let mut best = BARRED;
    for pattern in (1..=n_patterns).filter(|pattern| present[*pattern] != 0) {
        let mut part = P::default();
        (0..3).filter(|at| pattern >> at & 1 == 1).for_each(|at| part += sums[at + 1]);
        let part = part.unpack(bag.layout);
        scores[pattern] = part.score() + (total - part).score();
        best = best.max(scores[pattern]);
    }
    bits.best.clear();
    for (word, not_binary) in columns.not_binary_bits().iter().enumerate() {
        let differing = differing(word);
        let mut features = *not_binary;
        for pattern in 1..=n_patterns {
            if scores[pattern] == best {
                features |= with_pattern(differing, pattern);
            }
        }
        bits.best.push(features);
    }
    best
}

impl<P: Packed> BinaryScores for PatternScores<'_, P> {
    #[inline(always)]
    fn score(&self, feature: u32) -> f64 {
        let (word, bit) = (feature as usize / 64, feature % 64);
        let varying = self.bits.varying[word] >> bit & 1;
        let best = self.bits.best[word] >> bit & 1;
        self.scores[(varying | best << 1) as usize]
    }

    fn rarer(&self, feature: u32) -> Sums {
        let mut sums = P::default();
        for row in self.rows {
            if self.columns.has_bit(*row, feature) {
                sums += self.bag.of(*row);
            }
        }
        sums.unpack(self.bag.layout)
    }
}
