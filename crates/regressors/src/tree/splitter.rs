//! The search for a node's best split: features as they are drawn, thresholds all or one at random.

use super::binary::{BinaryScores, NOT_BINARY};
use super::columns::{Column, Kind, nearly_equal};
use super::draws::FeatureDraws;
use super::levels::LevelCounts;
use super::packed::{Packed, Sums};
use super::params::LeafLimits;
use crate::random::TreeRandom;
use std::fmt::Debug;
use std::marker::PhantomData;

/// How a tree picks a feature's threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRule {
    /// The best of all midpoints between neighbouring values.
    Best,
    /// One drawn uniformly between the smallest and the largest value.
    Random,
}

/// A [`SplitRule`] as a type, which tells decision trees from extra trees.
pub trait Splitter: Clone + Debug + Send + Sync + 'static {
    /// How thresholds are picked.
    const RULE: SplitRule;
    /// Whether forests of such trees draw bootstrap samples by default.
    const BOOTSTRAP: bool;
}

/// The splitter of decision trees and random forests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best;

/// The splitter of extra trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random;

impl Splitter for Best {
    const RULE: SplitRule = SplitRule::Best;
    const BOOTSTRAP: bool = true;
}

impl Splitter for Random {
    const RULE: SplitRule = SplitRule::Random;
    const BOOTSTRAP: bool = false;
}

/// A node's rows in two parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) feature: u32,
    /// Levels with a smaller code go left.
    pub(super) cut: u32,
    pub(super) threshold: f64,
    /// Where missing values go; if the node has none, to the side with more rows.
    pub(super) missing_go_to_left: Option<bool>,
    pub(super) left: Sums,
}

/// The best split of a node so far; of equal ones, the first offered.
#[derive(Debug)]
pub(super) struct Search<S> {
    limits: LeafLimits,
    total: Sums,
    score: f64,
    best: Option<Winner>,
    splitter: PhantomData<S>,
}

#[derive(Clone, Copy, Debug)]
enum Winner {
    /// A binary feature, and the number drawn for its threshold.
    Binary {
        feature: u32,
        draw: u32,
    },
    Other(Split),
}

impl<S: Splitter> Search<S> {
    pub(super) fn new(limits: LeafLimits, total: Sums) -> Self {
        Self { limits, total, score: f64::NEG_INFINITY, best: None, splitter: PhantomData }
    }

    /// Draws features until all that scikit-learn would look at are.
    ///
    /// `look_closer` offers the splits of a feature that is not binary, unless it is constant in the node,
    /// which it returns.
    #[inline]
    pub(super) fn run(
        &mut self,
        draws: &mut FeatureDraws<S>,
        binary: &impl BinaryScores,
        mut look_closer: impl FnMut(&mut Self, &mut FeatureDraws<S>, u32) -> bool,
    ) {
        while let Some(feature) = draws.next() {
            let score = binary.score(feature);
            if score > self.score {
                if score == NOT_BINARY {
                    let is_constant = look_closer(self, draws, feature);
                    draws.settle(is_constant);
                    continue;
                }
                self.score = score;
                let draw = if S::RULE == SplitRule::Random { draws.number() } else { 0 };
                self.best = Some(Winner::Binary { feature, draw });
                draws.settle(false);
            } else {
                let is_constant = score.is_nan();
                draws.settle(is_constant);
                // The threshold that such a feature would have is drawn in any case.
                if S::RULE == SplitRule::Random && !is_constant {
                    draws.number();
                }
            }
        }
    }

    /// The best split, if any is allowed.
    pub(super) fn best<'a>(
        &self,
        binary: &impl BinaryScores,
        column: impl FnOnce(u32) -> &'a Column,
    ) -> Option<Split> {
        let (feature, draw) = match self.best? {
            Winner::Other(split) => return Some(split),
            Winner::Binary { feature, draw } => (feature, draw),
        };
        let column = column(feature);
        let (Kind::Binary { rarer }, [lower, upper]) = (&column.kind, column.levels.as_slice()) else {
            return None;
        };
        let rarer_sums = binary.rarer(feature);
        let threshold = match S::RULE {
            SplitRule::Best => midpoint(*lower, *upper),
            SplitRule::Random => random_threshold(draw, *lower, *upper),
        };
        let left = if *rarer == 0 { rarer_sums } else { self.total - rarer_sums };
        Some(Split { feature, cut: 1, threshold, missing_go_to_left: None, left })
    }

    /// Offers the splits of a feature by the levels that occur in the node.
    pub(super) fn offer_levels<P: Packed>(
        &mut self,
        feature: u32,
        column: &Column,
        counts: &LevelCounts<P>,
        mut number: impl FnMut() -> u32,
    ) {
        match S::RULE {
            SplitRule::Best => self.offer_midpoints(feature, column, counts),
            SplitRule::Random => self.offer_random(feature, counts, &mut number),
        }
    }

    /// Takes the split with the given left part if it is allowed and better.
    #[inline]
    fn offer(&mut self, left: Sums, split: impl FnOnce(Sums) -> Split) {
        let right = self.total - left;
        if !self.limits.allow(left, right) {
            return;
        }
        let score = left.score() + right.score();
        if score > self.score {
            self.score = score;
            self.best = Some(Winner::Other(split(left)));
        }
    }

    /// Offers every midpoint; missing values go right in a first pass and left in a second.
    fn offer_midpoints<P: Packed>(&mut self, feature: u32, column: &Column, counts: &LevelCounts<P>) {
        self.offer_pass(feature, counts, None);
        if counts.missing.count == 0 {
            return;
        }
        let present = self.total - counts.missing;
        self.offer(present, |left| Split {
            feature,
            cut: column.missing(),
            threshold: f64::INFINITY,
            missing_go_to_left: Some(false),
            left,
        });
        self.offer_pass(feature, counts, Some(counts.missing));
    }

    /// Offers the midpoints with `missing_left` on the left side.
    fn offer_pass<P: Packed>(&mut self, feature: u32, counts: &LevelCounts<P>, missing_left: Option<Sums>) {
        let mut left = missing_left.unwrap_or_default();
        for pair in counts.levels.windows(2) {
            let [lower, upper] = pair else { continue };
            left += lower.sums;
            if nearly_equal(lower.value, upper.value) {
                continue;
            }
            self.offer(left, |left| Split {
                feature,
                cut: upper.code,
                threshold: midpoint(lower.value, upper.value),
                missing_go_to_left: (counts.missing.count > 0).then_some(missing_left.is_some()),
                left,
            });
        }
    }

    /// Draws one threshold, and a side for missing values if there are any, and offers that split.
    ///
    /// `number` makes the tree's random numbers.
    fn offer_random<P: Packed>(
        &mut self,
        feature: u32,
        counts: &LevelCounts<P>,
        number: &mut impl FnMut() -> u32,
    ) {
        let [first, ..] = counts.levels.as_slice() else { return };
        let [.., last] = counts.levels.as_slice() else { return };
        let threshold = random_threshold(number(), first.value, last.value);
        let missing_go_to_left = (counts.missing.count > 0).then(|| number() % 2 == 1);

        let mut left = if missing_go_to_left == Some(true) { counts.missing } else { Sums::default() };
        let below = counts.levels.iter().take_while(|level| f64::from(level.value) <= threshold);
        let mut cut = first.code;
        for level in below {
            left += level.sums;
            cut = level.code + 1;
        }
        self.offer(left, |left| Split { feature, cut, threshold, missing_go_to_left, left });
    }
}

/// Whether a node cannot be split by a feature with these levels.
pub(super) fn is_constant<P>(counts: &LevelCounts<P>) -> bool {
    match counts.levels.as_slice() {
        [] => true,
        [first, .., last] => counts.missing.count == 0 && nearly_equal(first.value, last.value),
        [_] => counts.missing.count == 0,
    }
}

/// scikit-learn's threshold between two neighbouring values.
fn midpoint(lower: f32, upper: f32) -> f64 {
    f64::from(lower) / 2.0 + f64::from(upper) / 2.0
}

/// scikit-learn's threshold between the smallest and the largest value, from a drawn number.
fn random_threshold(draw: u32, lowest: f32, highest: f32) -> f64 {
    let (lowest, highest) = (f64::from(lowest), f64::from(highest));
    let threshold = TreeRandom::scale(draw, lowest, highest);
    if threshold == highest { lowest } else { threshold }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Columns;
    use crate::tree::bag::Bag;
    use crate::tree::packed::Layout;
    use ndarray::ArrayView2;

    /// The best split of a node by a feature with these values; targets count up from 0.
    fn best_split<S: Splitter>(values: &[f64], min_samples: i64, random: TreeRandom) -> Option<Split> {
        let records = ArrayView2::from_shape((values.len(), 1), values).unwrap();
        let columns = Columns::new(&records).unwrap();
        let column = columns.feature(0);
        let targets: Vec<i64> = (0..values.len() as i64).collect();
        let n = values.len() as u64;
        let bag = Bag::<i64>::new(&targets, None, Layout::new(n, n, false));
        let rows: Vec<u32> = (0..values.len() as u32).collect();
        let mut counts = LevelCounts::new();
        counts.count((&columns, column), &rows, &bag, None);
        let limits = LeafLimits { min_samples, min_weight: 0.0 };
        let mut search = Search::<S>::new(limits, bag.node(&rows).sums);
        let mut random = random;
        search.offer_levels(0, column, &counts, || random.next());
        search.best.map(|winner| match winner {
            Winner::Other(split) => split,
            Winner::Binary { .. } => panic!("not offered"),
        })
    }

    fn best_midpoint(values: &[f64], min_samples: i64) -> Option<Split> {
        best_split::<Best>(values, min_samples, TreeRandom::new(1))
    }

    #[test]
    fn nearly_equal_neighbours_are_not_parted() {
        let near = [1.0, 1.0 + 1e-7, 1.0 + 2e-7, 2.0];
        let split = best_midpoint(&near, 1).unwrap();
        assert_eq!((split.left.count, split.cut), (3, 3));
        assert!(best_midpoint(&near[..3], 1).is_none());
    }

    #[test]
    fn small_leaves_are_not_offered() {
        let squares = [0.0, 1.0, 4.0, 9.0, 16.0, 25.0];
        assert_eq!(best_midpoint(&squares, 3).unwrap().threshold, 6.5);
        assert!(best_midpoint(&squares[..5], 3).is_none());
    }

    #[test]
    fn missing_values_may_stand_alone() {
        let split = best_midpoint(&[3.0, 3.0, f64::NAN, f64::NAN], 1).unwrap();
        assert_eq!((split.threshold, split.missing_go_to_left), (f64::INFINITY, Some(false)));
        assert_eq!((split.left.count, split.left.sum), (2, 1));
    }

    #[test]
    fn a_threshold_drawn_at_the_top_moves_to_the_bottom() {
        // From this state the generator draws its largest number.
        let random = TreeRandom::new(3_597_450_471);
        assert_eq!({ random }.next(), TreeRandom::MAX);
        let split = best_split::<Random>(&[0.5, 1.0, 4.0], 1, random).unwrap();
        assert_eq!((split.threshold, split.left.count), (0.5, 1));
    }
}
