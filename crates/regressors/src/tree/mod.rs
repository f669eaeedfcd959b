//! Regression trees: what a fitted tree is, and how one is grown.
//!
//! Growing follows scikit-learn draw for draw, but sums integers (see [`crate::target`]), so rows need no
//! order: a feature's rows are counted by level instead of sorted, and a node's other child is a
//! subtraction. One module per step: `columns` encodes the records once per fit, `grower` takes node after
//! node, `draws` says which feature comes next, `counts` sums its rows by level, and `splitter` scores its
//! thresholds.

mod columns;
mod counts;
mod draws;
mod frontier;
mod grower;
mod model;
mod node;
mod params;
mod rows;
mod samples;
mod single;
mod splitter;

pub(crate) use columns::Columns;
pub(crate) use grower::{Grown, Training, grow};
pub use model::Tree;
pub(crate) use model::{check_trees, mean_importances};
pub use node::Node;
pub use params::{Growth, MaxFeatures, Samples, TreeParams};
pub(crate) use rows::Rows;
pub(crate) use samples::{sample_weights, samples, total_weight};
pub use single::{
    DecisionTree, DecisionTreeParams, DecisionTreeValidParams, ExtraTree, ExtraTreeParams,
    ExtraTreeValidParams, SingleTree, SingleTreeParams, SingleTreeValidParams,
};
pub use splitter::{Best, Random, SplitRule, Splitter};
