//! The features of a node by its histogram.

use super::bag::Bag;
use super::columns::{Column, Columns};
use super::levels::LevelCounts;
use super::packed::{Layout, Packed, Sums};
use super::params::LeafLimits;
use super::search::{BARRED, Features, NOT_BINARY, Search};
use super::splitter::Splitter;
use super::stream::DrawStream;
use pulp::Arch;

/// Memory for the features of a node, reused from node to node.
#[derive(Clone, Debug)]
pub(super) struct FeatureScores<P> {
    scores: Vec<f64>,
    levels: LevelCounts<P>,
}

impl<P: Packed> FeatureScores<P> {
    pub(super) fn new(n_features: usize) -> Self {
        Self { scores: vec![0.0; n_features], levels: LevelCounts::new() }
    }
}

/// The features of a node of any size.
#[derive(Debug)]
pub(super) struct CountedNode<'a, P> {
    pub(super) columns: &'a Columns,
    pub(super) rows: &'a [u32],
    pub(super) bag: &'a Bag<'a, P>,
    pub(super) histogram: &'a [P],
    features: &'a mut FeatureScores<P>,
}

impl<'a, P: Packed> CountedNode<'a, P> {
    /// Scores all binary features of a node with the given rows and histogram, whose sums are `total`.
    pub(super) fn new(
        columns: &'a Columns,
        bag: &'a Bag<'a, P>,
        (rows, histogram): (&'a [u32], &'a [P]),
        (total, limits): (Sums, LeafLimits),
        features: &'a mut FeatureScores<P>,
    ) -> Self {
        let (scores, slots, layout) = (&mut features.scores, &histogram[..columns.n_features()], bag.layout);
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
        Self { columns, rows, bag, histogram, features }
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

impl<P: Packed, S: Splitter> Features<S> for CountedNode<'_, P> {
    #[inline(always)]
    fn score(&self, feature: u32) -> f64 {
        self.features.scores[feature as usize]
    }

    fn look_closer(&mut self, search: &mut Search<S>, feature: u32, stream: &mut DrawStream) -> bool {
        let column = self.columns.feature(feature);
        let levels = &mut self.features.levels;
        levels.count((self.columns, column), self.rows, self.bag, Some(self.histogram));
        let is_constant = levels.is_constant();
        if !is_constant {
            search.offer_levels(feature, column, levels, stream);
        }
        is_constant
    }

    fn binary(&self, feature: u32) -> (&Column, Sums) {
        let sums = self.histogram[feature as usize].unpack(self.bag.layout);
        (self.columns.feature(feature), sums)
    }
}
