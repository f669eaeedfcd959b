//! The features of a node by its histogram.

use super::bag::Bag;
use super::codes::{self, CodeSet};
use super::columns::{Column, Columns, Kind};
use super::draws::{CONSTANT, MAY_WIN, UNKNOWN, feature};
use super::levels::LevelCounts;
use super::packed::{Layout, Packed, Sums};
use super::params::LeafLimits;
use super::search::{BARRED, Features, NOT_BINARY, Search, Split, random_threshold};
use super::sorted::SortedRows;
use super::splitter::{Best, SplitRule, Splitter};
use crate::parallel::is_parallel;
use crate::vectors::vectorized;
use rayon::prelude::*;
use std::ops::Range;

/// What the search of one feature found.
#[derive(Clone, Copy, Debug)]
enum Searched {
    Constant,
    Best(Option<(f64, Split)>),
}

/// What is known of the features of a node that was opened, in memory that is reused from node to node.
#[derive(Clone, Debug)]
pub(super) struct FeatureScores<P> {
    /// The sums of the entries of an order, padded to whole [`LANES`], and their scores.
    slots: Vec<P>,
    scores: Vec<f64>,
    /// Every feature's score, unless all are drawn.
    by_feature: Vec<f64>,
    /// What makes of a feature's marks by its own slot, which is empty unless it is binary, its right marks.
    not_binary: Vec<u32>,
    /// Every ranked feature's best split, in nodes where these are searched by several threads.
    searched: Vec<Searched>,
    /// The best score of a binary feature, and what no feature's exceeds.
    best: f64,
    bound: f64,
    levels: LevelCounts<P>,
}

/// Scores that are worked on at once.
const LANES: usize = 8;

/// Places of an order that are scored at once.
const BLOCK: usize = 64;

/// Rows of a node for which a smaller block will do.
const FEW: usize = 16;

impl<P: Packed> FeatureScores<P> {
    pub(super) fn new(columns: &Columns) -> Self {
        let n_features = columns.n_features();
        let padded = n_features.next_multiple_of(LANES);
        Self {
            slots: vec![P::default(); padded],
            scores: vec![0.0; padded],
            by_feature: vec![0.0; n_features],
            not_binary: vec![0; n_features],
            searched: Vec::new(),
            best: BARRED,
            bound: f64::INFINITY,
            levels: LevelCounts::new(),
        }
    }
}

/// The rows of a node, which are a range of the tree's, and their sums by slot.
#[derive(Clone, Debug)]
pub(super) struct Counted<'a, P> {
    pub(super) rows: &'a [u32],
    pub(super) range: Range<usize>,
    pub(super) histogram: &'a [P],
    pub(super) sorted: &'a SortedRows,
}

/// The features of a node of any size.
#[derive(Debug)]
pub(super) struct CountedNode<'a, P> {
    pub(super) columns: &'a Columns,
    pub(super) bag: &'a Bag<'a, P>,
    pub(super) node: Counted<'a, P>,
    pub(super) total: Sums,
    pub(super) limits: LeafLimits,
    /// Whether none but the best features can win.
    pub(super) all_are_drawn: bool,
    pub(super) features: &'a mut FeatureScores<P>,
}

impl<P: Packed> CountedNode<'_, P> {
    /// Gives every entry of an order the marks of its feature: [`CONSTANT`], [`MAY_WIN`], [`UNKNOWN`] or none.
    #[inline(always)]
    pub(super) fn mark(&mut self, order: &mut [u32]) {
        let none_else_varies = self.mark_not_binary();
        let FeatureScores { slots, scores, by_feature, not_binary, .. } = &mut *self.features;
        let histogram = &self.node.histogram[..not_binary.len()];
        for (entry, slot) in order.iter_mut().zip(&mut *slots) {
            let feature = feature(*entry);
            *slot = histogram[feature as usize];
            *entry = feature | not_binary[feature as usize];
        }
        let padded = order.len().next_multiple_of(LANES);
        let (slots, scores) = (&mut slots[..padded], &mut scores[..padded]);
        slots[order.len()..].fill(P::default());
        let layout = self.bag.layout;
        score_slots(slots, self.total, layout, scores);
        if self.limits.restrict() {
            for (score, slot) in scores.iter_mut().zip(slots) {
                let part = slot.unpack(layout);
                if !score.is_nan() && !self.limits.allow(part, self.total - part) {
                    *score = BARRED;
                }
            }
        }
        let best = best_of(scores);
        let least = if self.all_are_drawn { best } else { BARRED };
        for (entry, score) in order.iter_mut().zip(&*scores) {
            *entry ^= if *score >= least { MAY_WIN } else { 0 } | if score.is_nan() { CONSTANT } else { 0 };
        }
        if !self.all_are_drawn {
            for (entry, score) in order.iter().zip(&*scores) {
                by_feature[feature(*entry) as usize] = *score;
            }
        }
        self.features.best = best;
        self.features.bound = if self.all_are_drawn && none_else_varies { best } else { f64::INFINITY };
    }

    /// Finds out which features that are not binary vary; returns whether none does.
    #[inline(always)]
    fn mark_not_binary(&mut self) -> bool {
        // By its own slot, such a feature is constant.
        let [unknown, varying, constant] = [UNKNOWN, MAY_WIN, CONSTANT].map(|marks| marks ^ CONSTANT);
        let marks = &mut self.features.not_binary;
        let features = self.columns.not_binary();
        features.iter().for_each(|feature| marks[*feature as usize] = unknown);
        self.columns.coded_varying(self.node.rows, |feature, varies| {
            if self.columns.feature(feature).is_plain {
                marks[feature as usize] = if varies { varying } else { constant };
            }
        });
        features.iter().all(|feature| marks[*feature as usize] == constant)
    }

    /// Offers the splits of a coded feature without missing values, none of which is barred; its codes are less
    /// than `64 * WORDS`.
    fn look_at_codes<S: Splitter, const WORDS: usize>(
        &self,
        search: &mut Search<S>,
        (feature, column): (u32, &Column),
        slots: &[P],
        number: impl FnOnce() -> u32,
    ) -> bool {
        let codes: CodeSet<WORDS> = self.columns.codes_in(column, self.node.rows, slots);
        let Some((lowest, highest)) = codes.ends() else { return true };
        if column.are_nearly_equal(lowest, highest) {
            return true;
        }
        let level = |code: u32| column.value(code);
        let mut left = P::default();
        match S::RULE {
            SplitRule::Best => {
                let mut lower = lowest;
                codes.without(lowest).for_each(|upper| {
                    left += slots[lower as usize];
                    search.offer_between((feature, column), (lower, upper), left.unpack(self.bag.layout));
                    lower = upper;
                });
            }
            SplitRule::Random => {
                let threshold = random_threshold(number(), level(lowest), level(highest));
                let mut cut = lowest;
                codes.for_each(|code| {
                    if f64::from(level(code)) <= threshold {
                        left += slots[code as usize];
                        cut = code + 1;
                    }
                });
                let left = left.unpack(self.bag.layout);
                let split = |left| Split { feature, cut, threshold, missing_go_to_left: None, left };
                search.offer_allowed(left, split);
            }
        }
        false
    }
}

impl<P: Packed> CountedNode<'_, P> {
    /// Searches all ranked features of a large node by several threads, if none has missing values.
    ///
    /// Which of them wins is left to the draws.
    #[inline(never)]
    pub(super) fn search_orders(&mut self) {
        let total = self.total;
        self.features.searched.clear();
        let n_values = self.node.rows.len() * self.columns.n_ranked();
        if !is_parallel(n_values) || self.limits.restrict() || self.columns.has_missing_ranks() {
            return;
        }
        let ranked = self.columns.not_binary().iter().filter_map(|feature| {
            let column = self.columns.feature(*feature);
            let Kind::Ranked { at, .. } = column.kind else { return None };
            Some((*feature, column, at))
        });
        let ranked: Vec<_> = ranked.collect();
        let node = &*self;
        let searched = ranked.into_par_iter().map(|ranked| {
            let mut search = Search::<Best>::new(node.limits, total);
            match node.look_at_order(&mut search, ranked, || 0) {
                true => Searched::Constant,
                false => Searched::Best(search.scored()),
            }
        });
        self.features.searched = searched.collect();
    }

    /// Offers the splits of a ranked feature without missing values, none of which is barred.
    fn look_at_order<S: Splitter>(
        &self,
        search: &mut Search<S>,
        (feature, column, at): (u32, &Column, usize),
        number: impl FnOnce() -> u32,
    ) -> bool {
        let rows = self.node.sorted.get(at, self.node.range.clone());
        let code = |place: usize| self.columns.rank(rows[place], at);
        let level = |code: u32| column.value(code);
        let (lowest, highest) = (code(0), code(rows.len() - 1));
        if column.are_nearly_equal(lowest, highest) {
            return true;
        }
        let layout = self.bag.layout;
        match S::RULE {
            SplitRule::Best if rows.len() <= FEW => {
                self.score_order::<S, FEW>(search, (feature, column, at), rows);
            }
            SplitRule::Best => self.score_order::<S, BLOCK>(search, (feature, column, at), rows),
            SplitRule::Random => {
                let threshold = random_threshold(number(), level(lowest), level(highest));
                let goes_left = |row: &u32| f64::from(level(self.columns.rank(*row, at))) <= threshold;
                let n_left = rows.partition_point(goes_left);
                let cut = code(n_left);
                let mut left = P::default();
                rows[..n_left].iter().for_each(|row| left += self.bag.of(*row));
                let split = |left| Split { feature, cut, threshold, missing_go_to_left: None, left };
                search.offer_allowed(left.unpack(layout), split);
            }
        }
        false
    }

    /// Offers the splits of a ranked feature between its rows in their order.
    fn score_order<S: Splitter, const AT_ONCE: usize>(
        &self,
        search: &mut Search<S>,
        (feature, column, at): (u32, &Column, usize),
        rows: &[u32],
    ) {
        let code = |place: usize| self.columns.rank(rows[place], at);
        let layout = self.bag.layout;
        let mut left = P::default();
        let (mut sums, mut scores) = ([P::default(); AT_ONCE], [BARRED; AT_ONCE]);
        let places = &rows[..rows.len() - 1];
        for (block, rows) in places.chunks(AT_ONCE).enumerate() {
            let padded = rows.len().next_multiple_of(LANES);
            let (sums, scores) = (&mut sums[..padded], &mut scores[..padded]);
            // Rows lie all over the memory: looked up before any is needed, many are on their way at once.
            sums.iter_mut().zip(rows).for_each(|(sum, row)| *sum = self.bag.of(*row));
            for sum in &mut sums[..rows.len()] {
                left += *sum;
                *sum = left;
            }
            let mut best = vectorized!({
                if !may_beat(sums, self.total, layout, search.score()) {
                    return BARRED;
                }
                score_slots(sums, self.total, layout, scores);
                scores[rows.len()..].fill(BARRED);
                best_of(scores)
            });
            while best > search.score() {
                let Some(at) = scores.iter().position(|score| *score == best) else { break };
                let place = block * AT_ONCE + at;
                // Only now is it worth knowing whether there is a split at all.
                let (lower, upper) = (code(place), code(place + 1));
                if !column.are_nearly_equal(lower, upper) {
                    search.offer_scored(best, || Split {
                        feature,
                        cut: upper,
                        threshold: column.midpoint(lower, upper),
                        missing_go_to_left: None,
                        left: sums[at].unpack(layout),
                    });
                    break;
                }
                scores[at] = BARRED;
                best = vectorized!(best_of(scores));
            }
        }
    }
}

/// A constant feature has no rows on one side, whose score is 0/0.
#[inline(always)]
fn score_slots<P: Packed>(slots: &[P], total: Sums, layout: Layout, scores: &mut [f64]) {
    let scores = scores.iter_mut().zip(slots);
    if layout.has_fields() {
        let total = total.fields();
        scores.for_each(|(score, slot)| {
            let part = slot.fields(layout);
            *score = part.score() + (total - part).score();
        });
    } else {
        scores.for_each(|(score, slot)| {
            let part = slot.unpack(layout);
            *score = part.score() + (total - part).score();
        });
    }
}

/// Whether one of some slots may have a better score.
#[inline(always)]
fn may_beat<P: Packed>(slots: &[P], total: Sums, layout: Layout, score: f64) -> bool {
    if !layout.has_fields() {
        return true;
    }
    let total = total.fields();
    slots.iter().fold(false, |may, slot| {
        let left = slot.fields(layout);
        may | left.may_reach(total - left, score)
    })
}

/// The best of scores, some of which may be NaN; they are padded to whole [`LANES`].
#[inline(always)]
fn best_of(scores: &[f64]) -> f64 {
    let better = |best: f64, score: f64| if score > best { score } else { best };
    let (lanes, _) = scores.as_chunks::<LANES>();
    let mut best = [BARRED; LANES];
    for scores in lanes {
        for lane in 0..LANES {
            best[lane] = better(best[lane], scores[lane]);
        }
    }
    best.into_iter().fold(BARRED, better)
}

impl<P: Packed, S: Splitter> Features<S> for CountedNode<'_, P> {
    #[inline(always)]
    fn bound(&self) -> f64 {
        self.features.bound
    }

    #[inline(always)]
    fn score(&self, feature: u32) -> f64 {
        match self.columns.feature(feature).kind {
            Kind::Coded { .. } | Kind::Ranked { .. } => NOT_BINARY,
            Kind::Binary { .. } | Kind::Constant if self.all_are_drawn => self.features.best,
            Kind::Binary { .. } | Kind::Constant => self.features.by_feature[feature as usize],
        }
    }

    fn look_closer(&mut self, search: &mut Search<S>, feature: u32, number: impl FnMut() -> u32) -> bool {
        let column = self.columns.feature(feature);
        if !column.has_missing && !self.limits.restrict() {
            match &column.kind {
                Kind::Coded { .. } => {
                    let slots = self.columns.slots_of(column, self.node.histogram);
                    return match slots.len() {
                        ..=64 => self.look_at_codes::<S, 1>(search, (feature, column), slots, number),
                        _ => {
                            const WORDS: usize = codes::LIMIT / 64;
                            self.look_at_codes::<S, WORDS>(search, (feature, column), slots, number)
                        }
                    };
                }
                Kind::Ranked { at, .. } => {
                    return match self.features.searched.get(*at) {
                        Some(Searched::Constant) => true,
                        Some(Searched::Best(best)) => {
                            best.iter().for_each(|(score, split)| search.offer_scored(*score, || *split));
                            false
                        }
                        None => self.look_at_order(search, (feature, column, *at), number),
                    };
                }
                Kind::Constant | Kind::Binary { .. } => {}
            }
        }
        let levels = &mut self.features.levels;
        levels.count((self.columns, column), self.node.rows, self.bag, Some(self.node.histogram));
        let is_constant = levels.is_constant(column);
        if !is_constant {
            search.offer_levels(feature, column, levels, number);
        }
        is_constant
    }

    #[inline(always)]
    fn binary(&self, feature: u32) -> (&Column, Sums) {
        let sums = self.node.histogram[feature as usize].unpack(self.bag.layout);
        (self.columns.feature(feature), sums)
    }
}
