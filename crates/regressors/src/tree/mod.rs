//! Regression trees: what a fitted tree is, and how one is grown.
//!
//! Growing follows scikit-learn draw for draw, but sums integers (see [`crate::target`]), so rows need no
//! order: they are counted by level instead of sorted, and a node's other child is a subtraction. One module
//! per step:
//!
//! * `params` and `splitter` say how trees may grow, `model` and `node` what a fitted one is, and `single` fits one;
//! * `columns` encodes the records once per fit, by their `values`, so that a row lists the few sums it
//!   counts in;
//! * `bag` holds the rows of one tree and what each adds to a sum, `packed` into one integer;
//! * `training` has what the trees of a fit share; `grower` takes node after node of one, depth first or by
//!   `frontier` best first: it marks a node's features, has them drawn, and the rows parted (`partition`);
//! * `histogram` sums a node's rows, or takes them from its parent's and its sibling's sums; for a root, rows
//!   may be listed `by_slot`. Features with many values keep their rows `sorted` instead;
//! * `search` draws features and keeps the best split: of a node `counted` in a histogram, where features
//!   with two values are scored all at once and others by their `codes` or `levels`, or of a `small` one by
//!   bits;
//! * `draws` says which feature comes next, by a `stream` of random numbers; two trees may draw `abreast`.
//!
//! Predictions take the records in blocks of `rows` and read a tree's `descent` instead of its nodes, or those
//! of an `ensemble`, to which rows with a `changed` value are known.

mod abreast;
mod bag;
mod by_slot;
mod changed;
mod codes;
mod columns;
mod counted;
mod descent;
mod draws;
mod ensemble;
mod frontier;
mod grower;
mod histogram;
mod levels;
mod model;
mod node;
mod packed;
mod params;
mod partition;
mod rows;
mod search;
mod single;
mod small;
mod sorted;
mod splitter;
mod stream;
mod training;
mod values;

pub(crate) use bag::{sample_weights, total_weight};
pub(crate) use changed::predict_changes;
pub(crate) use columns::Columns;
pub(crate) use descent::Scratch;
pub(crate) use ensemble::Ensemble;
pub use model::Tree;
pub(crate) use model::{check_trees, mean_importances};
pub use node::Node;
pub use params::{Growth, MaxFeatures, Samples, TreeParams};
pub(crate) use rows::{PerRow, Rows, predict_blocks};
pub use single::{
    DecisionTree, DecisionTreeParams, DecisionTreeValidParams, ExtraTree, ExtraTreeParams,
    ExtraTreeValidParams, SingleTree, SingleTreeParams, SingleTreeValidParams,
};
pub use splitter::{Best, Random, SplitRule, Splitter};
pub(crate) use training::{Grown, Memory, Training, grow, grow_some};
