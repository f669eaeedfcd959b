//! Trees that each fit what the trees before them left over: [`GradientBoosting`].
//!
//! Residuals are no decimals, so every stage sums them in fixed point: the sum of their magnitudes and the
//! weight of the rows share 62 bits.
//! scikit-learn's own splits hang on the rounding noise of its sums where two columns part a node's rows
//! alike; there the first one drawn is taken here. With all features and all rows at every stage this
//! changes a prediction in a thousand; with `subsample` or `max_features` a swapped pair of children draws
//! other features from then on, so that fits agree in quality and not in rows.

mod fit;
mod model;
mod params;

pub use model::GradientBoosting;
pub use params::{GradientBoostingParams, GradientBoostingValidParams};
