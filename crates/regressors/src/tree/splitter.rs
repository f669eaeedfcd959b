//! Scores of a node's thresholds: all of a feature's, or one at random.

use super::columns::Column;
use super::counts::{Level, LevelCounts};
use super::params::Limits;
use super::samples::Sums;
use crate::random::TreeRandom;
use std::fmt::Debug;

/// Values closer than this count as equal, added in `f32`.
const FEATURE_THRESHOLD: f32 = 1e-7;

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
    pub(super) missing_go_to_left: bool,
    pub(super) left: Sums,
}

/// The best split of a node so far; of equal ones, the first offered.
#[derive(Debug)]
pub(super) struct Search<'a> {
    limits: &'a Limits,
    min_weight_leaf: f64,
    total: Sums,
    score: f64,
    pub(super) best: Option<Split>,
}

impl<'a> Search<'a> {
    pub(super) fn new(limits: &'a Limits, min_weight_leaf: f64, total: Sums) -> Self {
        Self { limits, min_weight_leaf, total, score: f64::NEG_INFINITY, best: None }
    }

    /// Takes the split with the given left part if it is allowed and better.
    #[inline]
    fn offer(&mut self, left: Sums, split: impl FnOnce(Sums, Sums) -> Split) {
        let right = self.total - left;
        let smaller = left.count.min(right.count) as usize;
        if smaller < self.limits.min_samples_leaf {
            return;
        }
        if (left.weight.min(right.weight) as f64) < self.min_weight_leaf {
            return;
        }
        let score = left.score() + right.score();
        if score > self.score {
            self.score = score;
            self.best = Some(split(left, right));
        }
    }
}

/// Whether a node cannot be split by a feature.
pub(super) fn is_constant(counts: &LevelCounts) -> bool {
    match counts.levels.as_slice() {
        [] => true,
        [first, .., last] => counts.missing.count == 0 && nearly_equal(first, last),
        [_] => counts.missing.count == 0,
    }
}

fn nearly_equal(lower: &Level, upper: &Level) -> bool {
    upper.value <= lower.value + FEATURE_THRESHOLD
}

/// Offers every midpoint; missing values go right in a first pass and left in a second.
pub(super) fn offer_midpoints(search: &mut Search<'_>, feature: u32, column: &Column, counts: &LevelCounts) {
    offer_pass(search, feature, counts, None);
    if counts.missing.count == 0 {
        return;
    }
    let present = search.total - counts.missing;
    search.offer(present, |left, _| Split {
        feature,
        cut: column.missing(),
        threshold: f64::INFINITY,
        missing_go_to_left: false,
        left,
    });
    offer_pass(search, feature, counts, Some(counts.missing));
}

/// Offers the midpoints with `missing_left` on the left side.
fn offer_pass(search: &mut Search<'_>, feature: u32, counts: &LevelCounts, missing_left: Option<Sums>) {
    let mut left = missing_left.unwrap_or_default();
    for pair in counts.levels.windows(2) {
        let [lower, upper] = pair else { continue };
        left += lower.sums;
        if nearly_equal(lower, upper) {
            continue;
        }
        search.offer(left, |left, right| Split {
            feature,
            cut: upper.code,
            threshold: f64::from(lower.value) / 2.0 + f64::from(upper.value) / 2.0,
            missing_go_to_left: match counts.missing.count {
                0 => left.count > right.count,
                _ => missing_left.is_some(),
            },
            left,
        });
    }
}

/// Draws one threshold, and a side for missing values if there are any, and offers that split.
pub(super) fn offer_random(
    search: &mut Search<'_>,
    feature: u32,
    counts: &LevelCounts,
    random: &mut TreeRandom,
) {
    let [first, ..] = counts.levels.as_slice() else { return };
    let [.., last] = counts.levels.as_slice() else { return };
    let (lowest, highest) = (f64::from(first.value), f64::from(last.value));
    let mut threshold = random.uniform(lowest, highest);
    let has_missing = counts.missing.count > 0;
    let missing_left = has_missing && random.int(0, 2) == 1;
    if threshold == highest {
        threshold = lowest;
    }

    let mut left = if missing_left { counts.missing } else { Sums::default() };
    let below = counts.levels.iter().take_while(|level| f64::from(level.value) <= threshold);
    let mut cut = first.code;
    for level in below {
        left += level.sums;
        cut = level.code + 1;
    }
    search.offer(left, |left, right| Split {
        feature,
        cut,
        threshold,
        missing_go_to_left: if has_missing { missing_left } else { left.count > right.count },
        left,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::params::Growth;
    use crate::tree::samples::{NodeSums, samples};
    use crate::tree::{Columns, Samples};
    use ndarray::ArrayView2;

    /// The best split of a node by a feature with these values, by `offer`; targets count up from 0.
    fn best_split(
        values: &[f64],
        growth: &Growth,
        offer: impl FnOnce(&mut Search<'_>, &Column, &LevelCounts),
    ) -> Option<Split> {
        let records = ArrayView2::from_shape((values.len(), 1), values).unwrap();
        let columns = Columns::new(&records).unwrap();
        let targets: Vec<i64> = (0..values.len() as i64).collect();
        let samples = samples(&targets, None);
        let total = NodeSums::of(&samples, &targets).sums;
        let mut counts = LevelCounts::default();
        counts.count(columns.feature(0), &samples, total);
        let limits = growth.limits(records.dim(), 1.0);
        let mut search = Search::new(&limits, 0.0, total);
        offer(&mut search, columns.feature(0), &counts);
        search.best
    }

    fn best_midpoint(values: &[f64], growth: &Growth) -> Option<Split> {
        best_split(values, growth, |search, column, counts| offer_midpoints(search, 0, column, counts))
    }

    #[test]
    fn nearly_equal_neighbours_are_not_parted() {
        let near = [1.0, 1.0 + 1e-7, 1.0 + 2e-7, 2.0];
        let split = best_midpoint(&near, &Growth::default()).unwrap();
        assert_eq!((split.left.count, split.cut), (3, 3));
        assert!(best_midpoint(&near[..3], &Growth::default()).is_none());
    }

    #[test]
    fn small_leaves_are_not_offered() {
        let growth = Growth { min_samples_leaf: Samples::Count(3), ..Growth::default() };
        let squares = [0.0, 1.0, 4.0, 9.0, 16.0, 25.0];
        assert_eq!(best_midpoint(&squares, &growth).unwrap().threshold, 6.5);
        assert!(best_midpoint(&squares[..5], &growth).is_none());
    }

    #[test]
    fn missing_values_may_stand_alone() {
        let split = best_midpoint(&[3.0, 3.0, f64::NAN, f64::NAN], &Growth::default()).unwrap();
        assert_eq!((split.threshold, split.missing_go_to_left), (f64::INFINITY, false));
        assert_eq!((split.left.count, split.left.sum), (2, 1));
    }

    #[test]
    fn a_threshold_drawn_at_the_top_moves_to_the_bottom() {
        // From this state the generator draws its largest number.
        let mut random = TreeRandom::new(3_597_450_471);
        assert_eq!({ random }.next(), TreeRandom::MAX);
        let split = best_split(&[0.5, 1.0, 4.0], &Growth::default(), |search, _, counts| {
            offer_random(search, 0, counts, &mut random);
        });
        let split = split.unwrap();
        assert_eq!((split.threshold, split.left.count), (0.5, 1));
    }
}
