//! The search for a node's best split: features as they are drawn, thresholds all or one at random.

use super::columns::{Column, Kind, midpoint};
use super::draws::{CONSTANT, FeatureDraws, MAY_WIN, UNKNOWN, feature};
use super::levels::LevelCounts;
use super::packed::Sums;
use super::params::LeafLimits;
use super::splitter::{SplitRule, Splitter};
use crate::random::TreeRandom;
use std::marker::PhantomData;

/// The score of a feature that is not binary: it has to be looked at on its own.
pub(super) const NOT_BINARY: f64 = f64::INFINITY;
/// The score of a split that would leave too small a leaf, or that cannot win.
pub(super) const BARRED: f64 = f64::NEG_INFINITY;

/// What the features of a node are worth, which was opened.
///
/// A binary feature has one split, so its score doesn't depend on a draw, not even on a random threshold.
pub(super) trait Features<S> {
    /// No split of a marked feature has a larger score.
    fn bound(&self) -> f64;

    /// scikit-learn's proxy of the impurity decrease by a binary feature that may win, [`NOT_BINARY`] for
    /// another feature.
    fn score(&self, feature: u32) -> f64;

    /// Offers the splits of a feature that is not binary; returns whether it is constant in the node. `number` gives
    /// the tree's next random number, for which a feature without missing values asks once at most.
    fn look_closer(&mut self, search: &mut Search<S>, feature: u32, number: impl FnMut() -> u32) -> bool;

    /// A binary feature, and the sums of the node's rows with its rarer value.
    fn binary(&self, feature: u32) -> (&Column, Sums);
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
    /// A binary feature, and the random number of its threshold.
    Binary {
        feature: u32,
        number: u32,
    },
    Other(Split),
}

impl<S: Splitter> Search<S> {
    pub(super) fn new(limits: LeafLimits, total: Sums) -> Self {
        Self { limits, total, score: f64::NEG_INFINITY, best: None, splitter: PhantomData }
    }

    /// The best split of a node that is open, if any is allowed, and the number of constants known then.
    ///
    /// Unless its draws are settled, features are drawn until all that scikit-learn would look at are.
    #[inline(always)]
    pub(super) fn run(
        self,
        draws: &mut FeatureDraws<S>,
        is_settled: bool,
        features: impl Features<S>,
    ) -> (Option<Split>, u32) {
        if is_settled { self.of_settled(draws, features) } else { self.one_by_one(draws, features) }
    }

    #[inline(always)]
    fn of_settled(mut self, draws: &FeatureDraws<S>, mut features: impl Features<S>) -> (Option<Split>, u32) {
        let bound = features.bound();
        for (entry, number) in draws.varying().filter(|(entry, _)| entry & MAY_WIN != 0) {
            let feature = feature(entry);
            match features.score(feature) {
                NOT_BINARY => _ = features.look_closer(&mut self, feature, || number),
                score => self.offer_binary(score, feature, number),
            }
            if self.score >= bound {
                break;
            }
        }
        (self.best(&features), draws.constants())
    }

    #[inline(always)]
    fn one_by_one(
        mut self,
        draws: &mut FeatureDraws<S>,
        mut features: impl Features<S>,
    ) -> (Option<Split>, u32) {
        let mut draws = draws.one_by_one();
        let bound = features.bound();
        while let Some(entry) = draws.next() {
            let cannot_win = entry & MAY_WIN == 0 || self.score >= bound;
            if cannot_win && entry & UNKNOWN != UNKNOWN {
                let is_constant = entry & CONSTANT != 0;
                draws.note(is_constant);
                // The threshold that such a feature would have is drawn in any case.
                if S::RULE == SplitRule::Random && !is_constant {
                    draws.stream().next();
                }
                continue;
            }
            let feature = feature(entry);
            let score = features.score(feature);
            if score == NOT_BINARY {
                let is_constant = features.look_closer(&mut self, feature, || draws.stream().next());
                draws.note(is_constant);
                continue;
            }
            draws.note(false);
            let number = if S::RULE == SplitRule::Random { draws.stream().next() } else { 0 };
            self.offer_binary(score, feature, number);
        }
        (self.best(&features), draws.constants())
    }

    /// Takes the split of a binary feature if it is better.
    fn offer_binary(&mut self, score: f64, feature: u32, number: u32) {
        if score > self.score {
            self.score = score;
            self.best = Some(Winner::Binary { feature, number });
        }
    }

    #[inline(always)]
    fn best(&self, features: &impl Features<S>) -> Option<Split> {
        self.best.and_then(|winner| match winner {
            Winner::Other(split) => Some(split),
            Winner::Binary { feature, number } => {
                let (column, rarer) = features.binary(feature);
                self.binary_split(feature, number, column, rarer)
            }
        })
    }

    #[inline(always)]
    fn binary_split(&self, feature: u32, number: u32, column: &Column, rarer: Sums) -> Option<Split> {
        let (Kind::Binary { rarer_level }, [lower, upper]) = (&column.kind, column.levels.as_slice()) else {
            return None;
        };
        let threshold = match S::RULE {
            SplitRule::Best => midpoint(*lower, *upper),
            SplitRule::Random => random_threshold(number, *lower, *upper),
        };
        let left = if *rarer_level == 0 { rarer } else { self.total - rarer };
        Some(Split { feature, cut: 1, threshold, missing_go_to_left: None, left })
    }

    /// The score of the best split offered so far.
    #[inline(always)]
    pub(super) fn score(&self) -> f64 {
        self.score
    }

    /// The best split offered so far, which is of a feature that is not binary.
    pub(super) fn scored(&self) -> Option<(f64, Split)> {
        match self.best {
            Some(Winner::Other(split)) => Some((self.score, split)),
            _ => None,
        }
    }

    /// Takes the split between two neighbouring codes of a node if these can be parted, and it is better; no
    /// limit bars it, and no value is missing.
    #[inline(always)]
    pub(super) fn offer_between(
        &mut self,
        (feature, column): (u32, &Column),
        (lower, upper): (u32, u32),
        left: Sums,
    ) {
        if column.are_nearly_equal(lower, upper) {
            return;
        }
        self.offer_allowed(left, |left| Split {
            feature,
            cut: upper,
            threshold: column.midpoint(lower, upper),
            missing_go_to_left: None,
            left,
        });
    }

    /// Takes a split that no limit bars if it is better.
    #[inline(always)]
    pub(super) fn offer_allowed(&mut self, left: Sums, split: impl FnOnce(Sums) -> Split) {
        let right = self.total - left;
        if left.fields().may_reach(right.fields(), self.score) {
            self.offer_scored(left.score() + right.score(), || split(left));
        }
    }

    /// Takes a split with a known score if it is better.
    #[inline]
    pub(super) fn offer_scored(&mut self, score: f64, split: impl FnOnce() -> Split) {
        if score > self.score {
            self.score = score;
            self.best = Some(Winner::Other(split()));
        }
    }

    /// Offers the splits of a feature by the levels that occur in the node.
    pub(super) fn offer_levels<P>(
        &mut self,
        feature: u32,
        column: &Column,
        counts: &LevelCounts<P>,
        number: impl FnMut() -> u32,
    ) {
        match S::RULE {
            SplitRule::Best => self.offer_midpoints(feature, column, counts),
            SplitRule::Random => self.offer_random((feature, column), counts, number),
        }
    }

    /// Takes the split with the given left part if it is allowed and better.
    #[inline]
    fn offer(&mut self, left: Sums, split: impl FnOnce(Sums) -> Split) {
        let right = self.total - left;
        if !self.limits.allow(left, right) {
            return;
        }
        self.offer_scored(left.score() + right.score(), || split(left));
    }

    /// Offers every midpoint; missing values go right in a first pass and left in a second.
    fn offer_midpoints<P>(&mut self, feature: u32, column: &Column, counts: &LevelCounts<P>) {
        self.offer_pass((feature, column), counts, None);
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
        self.offer_pass((feature, column), counts, Some(counts.missing));
    }

    /// Offers the midpoints with `missing_left` on the left side.
    fn offer_pass<P>(
        &mut self,
        (feature, column): (u32, &Column),
        counts: &LevelCounts<P>,
        missing_left: Option<Sums>,
    ) {
        let mut left = missing_left.unwrap_or_default();
        for pair in counts.levels.windows(2) {
            let [lower, upper] = pair else { continue };
            left += lower.sums;
            if column.are_nearly_equal(lower.code, upper.code) {
                continue;
            }
            self.offer(left, |left| Split {
                feature,
                cut: upper.code,
                threshold: column.midpoint(lower.code, upper.code),
                missing_go_to_left: (counts.missing.count > 0).then_some(missing_left.is_some()),
                left,
            });
        }
    }

    /// Draws one threshold, and a side for missing values if there are any, and offers that split.
    fn offer_random<P>(
        &mut self,
        (feature, column): (u32, &Column),
        counts: &LevelCounts<P>,
        mut number: impl FnMut() -> u32,
    ) {
        let [first, ..] = counts.levels.as_slice() else { return };
        let [.., last] = counts.levels.as_slice() else { return };
        let threshold = random_threshold(number(), column.value(first.code), column.value(last.code));
        let missing_go_to_left = (counts.missing.count > 0).then(|| number() % 2 == 1);

        let mut left = if missing_go_to_left == Some(true) { counts.missing } else { Sums::default() };
        let below = counts.levels.iter().take_while(|level| f64::from(column.value(level.code)) <= threshold);
        let mut cut = first.code;
        for level in below {
            left += level.sums;
            cut = level.code + 1;
        }
        self.offer(left, |left| Split { feature, cut, threshold, missing_go_to_left, left });
    }
}

/// scikit-learn's threshold between the smallest and the largest value, from a tree's random number.
pub(super) fn random_threshold(number: u32, lowest: f32, highest: f32) -> f64 {
    let (lowest, highest) = (f64::from(lowest), f64::from(highest));
    let threshold = TreeRandom::scale(number, lowest, highest);
    if threshold == highest { lowest } else { threshold }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Columns;
    use crate::tree::bag::Bag;
    use crate::tree::packed::Layout;
    use crate::tree::splitter::{Best, Random};
    use crate::tree::stream::DrawStream;
    use ndarray::ArrayView2;

    /// The best split of a node by a feature with these values; targets count up from 0.
    fn best_split<S: Splitter>(values: &[f64], min_samples: i64, random: TreeRandom) -> Option<Split> {
        let records = ArrayView2::from_shape((values.len(), 1), values).unwrap();
        let columns = Columns::new(&records, None).unwrap();
        let column = columns.feature(0);
        let targets: Vec<i64> = (0..values.len() as i64).collect();
        let n = values.len() as u64;
        let bag = Bag::<i64>::new(&targets, None, Layout::new(n, n, n * n, false));
        let rows: Vec<u32> = (0..values.len() as u32).collect();
        let mut counts = LevelCounts::new();
        counts.count((&columns, column), &rows, &bag, None);
        let limits = LeafLimits { min_samples, min_weight: 0.0 };
        let mut search = Search::<S>::new(limits, bag.node(&rows).sums);
        let mut stream = DrawStream::new(random);
        search.offer_levels(0, column, &counts, || stream.next());
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
