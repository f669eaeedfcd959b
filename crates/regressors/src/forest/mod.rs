//! Averages of many trees: [`RandomForest`] and [`ExtraTrees`].
//!
//! All seeds are drawn before the first tree grows, and every tree starts its own generators from its seed.
//! So a forest is the same on any number of threads, and any range of its trees can be grown apart.

mod bootstrap;
mod fit;
mod model;
mod params;

pub use model::{ExtraTrees, Forest, RandomForest};
pub use params::{
    ExtraTreesParams, ExtraTreesValidParams, ForestParams, ForestValidParams, RandomForestParams,
    RandomForestValidParams,
};
