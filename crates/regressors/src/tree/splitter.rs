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
