//! How trees pick thresholds, as types.

use std::fmt::Debug;

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
