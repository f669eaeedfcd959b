//! The hyperparameters that every tree learner has, with scikit-learn's names, defaults and domains.

use super::packed::Sums;
use crate::Result;
use crate::input::{require, written};

/// How many features a node looks at before it settles for its best split.
///
/// If none of them varies in the node, it goes on until one does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxFeatures {
    /// Every feature: scikit-learn's `None`, and 1.0.
    All,
    /// A share of the features, in `(0, 1]`; at least one.
    Fraction(f64),
    /// A number of features, at least 1; 1 is not [`Self::Fraction`] of 1.0.
    Count(usize),
    /// The square root of the number of features.
    Sqrt,
    /// The binary logarithm of the number of features.
    Log2,
}

impl MaxFeatures {
    fn resolve(self, n_features: usize) -> usize {
        match self {
            Self::All => n_features,
            Self::Fraction(fraction) => ((fraction * n_features as f64) as usize).max(1),
            Self::Count(count) => count,
            Self::Sqrt => n_features.isqrt().max(1),
            Self::Log2 => (n_features.max(1).ilog2() as usize).max(1),
        }
    }
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Samples {
    /// That many rows.
    Count(usize),
    /// A share of the training rows.
    Fraction(f64),
}

/// How trees are grown: the hyperparameters that every tree learner shares.
///
/// Any values can be set; `check` of the learner's parameters refuses those outside scikit-learn's domains.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Most edges from the root to a leaf, at least 1.
    pub max_depth: Option<usize>,
    /// Fewest rows of a node that may be split: at least 2, or a share in `(0, 1]`.
    pub min_samples_split: Samples,
    /// Fewest rows of a leaf: at least 1, or a share in `(0, 1)`.
    pub min_samples_leaf: Samples,
    /// Least share of the sum of weights in a leaf, in `[0, 0.5]`.
    pub min_weight_fraction_leaf: f64,
    /// How many features a node looks at.
    pub max_features: MaxFeatures,
    /// Most leaves of a tree, at least 2; with a limit, nodes are split in the order of their improvement.
    pub max_leaf_nodes: Option<usize>,
    /// Least weighted decrease of the impurity by a split, in squared units of the targets; not negative.
    pub min_impurity_decrease: f64,
    /// Where all draws of a fit start.
    pub random_state: u32,
}

impl Default for Growth {
    /// scikit-learn's defaults for trees, and `random_state` 0 where scikit-learn would draw a seed.
    fn default() -> Self {
        Self {
            max_depth: None,
            min_samples_split: Samples::Count(2),
            min_samples_leaf: Samples::Count(1),
            min_weight_fraction_leaf: 0.0,
            max_features: MaxFeatures::All,
            max_leaf_nodes: None,
            min_impurity_decrease: 0.0,
            random_state: 0,
        }
    }
}

impl Growth {
    /// Refuses values outside scikit-learn's domains.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(n) = self.max_depth {
            require(n >= 1, "max_depth", n, "at least 1")?;
        }
        if let Some(n) = self.max_leaf_nodes {
            require(n >= 2, "max_leaf_nodes", n, "at least 2")?;
        }
        match self.min_samples_split {
            Samples::Count(n) => require(n >= 2, "min_samples_split", n, "at least 2")?,
            Samples::Fraction(share) => {
                let requirement = "a share in (0, 1] or a number of rows";
                require(share > 0.0 && share <= 1.0, "min_samples_split", written(share), requirement)?;
            }
        }
        match self.min_samples_leaf {
            Samples::Count(n) => require(n >= 1, "min_samples_leaf", n, "at least 1")?,
            Samples::Fraction(share) => {
                let requirement = "a share in (0, 1) or a number of rows";
                require(share > 0.0 && share < 1.0, "min_samples_leaf", written(share), requirement)?;
            }
        }
        match self.max_features {
            MaxFeatures::Count(n) => require(n >= 1, "max_features", n, "at least 1")?,
            MaxFeatures::Fraction(share) => {
                let requirement = "a share in (0, 1] or a number of features";
                require(share > 0.0 && share <= 1.0, "max_features", written(share), requirement)?;
            }
            MaxFeatures::All | MaxFeatures::Sqrt | MaxFeatures::Log2 => {}
        }
        let share = self.min_weight_fraction_leaf;
        require((0.0..=0.5).contains(&share), "min_weight_fraction_leaf", share, "in [0, 0.5]")?;
        let decrease = self.min_impurity_decrease;
        let is_valid = decrease.is_finite() && decrease >= 0.0;
        require(is_valid, "min_impurity_decrease", decrease, "finite and at least 0")
    }

    /// The limits of trees on records of the given shape, rows without weight included; `scale` multiplies
    /// the targets.
    pub(crate) fn limits(&self, (n_samples, n_features): (usize, usize), scale: f64) -> Limits {
        let share = |share: f64| (share * n_samples as f64).ceil() as usize;
        let min_samples_leaf = match self.min_samples_leaf {
            Samples::Count(count) => count,
            Samples::Fraction(fraction) => share(fraction),
        };
        let min_samples_split = match self.min_samples_split {
            Samples::Count(count) => count,
            Samples::Fraction(fraction) => share(fraction).max(2),
        };
        Limits {
            max_depth: self.max_depth.unwrap_or(usize::MAX),
            min_samples_split: min_samples_split.max(min_samples_leaf.saturating_mul(2)),
            min_samples_leaf,
            min_weight_fraction_leaf: self.min_weight_fraction_leaf,
            max_features: self.max_features.resolve(n_features),
            max_leaf_nodes: self.max_leaf_nodes,
            min_impurity_decrease: self.min_impurity_decrease * (scale * scale),
        }
    }
}

/// What a split must leave on each side.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeafLimits {
    pub(super) min_samples: i64,
    pub(super) min_weight: f64,
}

impl LeafLimits {
    /// Whether there is any split that they do not allow.
    pub(super) fn restrict(self) -> bool {
        self.min_samples > 1 || self.min_weight > 0.0
    }

    /// Whether a split with these sides is allowed.
    #[inline]
    pub(super) fn allow(self, left: Sums, right: Sums) -> bool {
        left.count.min(right.count) >= self.min_samples
            && left.weight.min(right.weight) as f64 >= self.min_weight
    }
}

/// [`Growth`] in numbers of rows and features.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) max_depth: usize,
    pub(crate) min_samples_split: usize,
    pub(crate) min_samples_leaf: usize,
    pub(crate) min_weight_fraction_leaf: f64,
    pub(crate) max_features: usize,
    pub(crate) max_leaf_nodes: Option<usize>,
    pub(crate) min_impurity_decrease: f64,
}

/// The setters of [`Growth`] on a learner's parameters; bring the trait into scope to use them.
///
/// ```
/// use regressors::{RandomForest, tree::{MaxFeatures, TreeParams}};
///
/// let params = RandomForest::params().max_depth(12).max_features(MaxFeatures::Sqrt).random_state(42);
/// ```
pub trait TreeParams: Sized {
    /// The parameters to set.
    fn growth_mut(&mut self) -> &mut Growth;

    /// Sets all of them at once.
    fn growth(mut self, growth: Growth) -> Self {
        *self.growth_mut() = growth;
        self
    }

    /// Sets [`Growth::max_depth`].
    fn max_depth(mut self, max_depth: impl Into<Option<usize>>) -> Self {
        self.growth_mut().max_depth = max_depth.into();
        self
    }

    /// Sets [`Growth::min_samples_split`].
    fn min_samples_split(mut self, min_samples_split: Samples) -> Self {
        self.growth_mut().min_samples_split = min_samples_split;
        self
    }

    /// Sets [`Growth::min_samples_leaf`].
    fn min_samples_leaf(mut self, min_samples_leaf: Samples) -> Self {
        self.growth_mut().min_samples_leaf = min_samples_leaf;
        self
    }

    /// Sets [`Growth::min_weight_fraction_leaf`].
    fn min_weight_fraction_leaf(mut self, min_weight_fraction_leaf: f64) -> Self {
        self.growth_mut().min_weight_fraction_leaf = min_weight_fraction_leaf;
        self
    }

    /// Sets [`Growth::max_features`].
    fn max_features(mut self, max_features: MaxFeatures) -> Self {
        self.growth_mut().max_features = max_features;
        self
    }

    /// Sets [`Growth::max_leaf_nodes`].
    fn max_leaf_nodes(mut self, max_leaf_nodes: impl Into<Option<usize>>) -> Self {
        self.growth_mut().max_leaf_nodes = max_leaf_nodes.into();
        self
    }

    /// Sets [`Growth::min_impurity_decrease`].
    fn min_impurity_decrease(mut self, min_impurity_decrease: f64) -> Self {
        self.growth_mut().min_impurity_decrease = min_impurity_decrease;
        self
    }

    /// Sets [`Growth::random_state`].
    fn random_state(mut self, random_state: u32) -> Self {
        self.growth_mut().random_state = random_state;
        self
    }
}

impl Limits {
    /// The most nodes that a tree of so many rows can have.
    pub(super) fn most_nodes(&self, n_rows: usize) -> usize {
        let of_depth = u32::try_from(self.max_depth).ok().and_then(|depth| 1_usize.checked_shl(depth));
        let of_rows = n_rows / self.min_samples_leaf.max(1);
        let leaves = [of_depth, self.max_leaf_nodes].into_iter().flatten().fold(of_rows, usize::min);
        2 * leaves.max(1) - 1
    }

    /// What splits of a tree of the given total weight must leave on each side.
    pub(super) fn leaf(&self, total_weight: f64) -> LeafLimits {
        LeafLimits {
            min_samples: i64::try_from(self.min_samples_leaf).unwrap_or(i64::MAX),
            min_weight: self.min_weight_fraction_leaf * total_weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_tree_has_no_more_nodes_than_its_limits_allow() {
        let most_nodes = |growth: Growth, n_rows| growth.limits((n_rows, 1), 1.0).most_nodes(n_rows);
        let full = Growth::default;
        assert_eq!([0, 1, 5].map(|n_rows| most_nodes(full(), n_rows)), [1, 1, 9]);
        assert_eq!(most_nodes(Growth { max_depth: Some(2), ..full() }, 100), 7);
        assert_eq!(most_nodes(Growth { max_depth: Some(100), ..full() }, 100), 199);
        assert_eq!(most_nodes(Growth { max_leaf_nodes: Some(3), ..full() }, 100), 5);
        assert_eq!(most_nodes(Growth { min_samples_leaf: Samples::Count(40), ..full() }, 100), 3);
        assert_eq!(most_nodes(Growth { min_samples_leaf: Samples::Count(101), ..full() }, 100), 1);
    }

    #[test]
    fn shares_resolve_as_in_scikit_learn() {
        let resolved = [
            (MaxFeatures::All, 10),
            (MaxFeatures::Fraction(1.0), 10),
            (MaxFeatures::Fraction(0.33), 3),
            (MaxFeatures::Fraction(0.01), 1),
            (MaxFeatures::Count(1), 1),
            (MaxFeatures::Sqrt, 3),
            (MaxFeatures::Log2, 3),
        ];
        for (max_features, count) in resolved {
            assert_eq!(max_features.resolve(10), count, "{max_features:?}");
        }
        let growth = Growth { min_samples_leaf: Samples::Fraction(0.031), ..Growth::default() };
        assert_eq!(growth.limits((100, 1), 1.0).min_samples_leaf, 4);
        assert_eq!(growth.limits((100, 1), 1.0).min_samples_split, 8);
        let growth = Growth { min_samples_split: Samples::Fraction(0.001), ..Growth::default() };
        assert_eq!(growth.limits((100, 1), 1.0).min_samples_split, 2);
    }

    #[test]
    fn values_outside_their_domain_are_refused() {
        let default = Growth::default;
        let bad = [
            ("max_depth", Growth { max_depth: Some(0), ..default() }),
            ("max_leaf_nodes", Growth { max_leaf_nodes: Some(1), ..default() }),
            ("min_samples_split", Growth { min_samples_split: Samples::Count(1), ..default() }),
            ("min_samples_split", Growth { min_samples_split: Samples::Fraction(0.0), ..default() }),
            ("min_samples_leaf", Growth { min_samples_leaf: Samples::Count(0), ..default() }),
            ("min_samples_leaf", Growth { min_samples_leaf: Samples::Fraction(1.0), ..default() }),
            ("max_features", Growth { max_features: MaxFeatures::Count(0), ..default() }),
            ("max_features", Growth { max_features: MaxFeatures::Fraction(f64::NAN), ..default() }),
            ("min_weight_fraction_leaf", Growth { min_weight_fraction_leaf: 0.6, ..default() }),
            ("min_impurity_decrease", Growth { min_impurity_decrease: -1.0, ..default() }),
        ];
        assert!(default().check().is_ok());
        for (expected, growth) in bad {
            assert!(
                matches!(growth.check(), Err(Error::Parameter { name, .. }) if name == expected),
                "{expected}"
            );
        }
    }
}
