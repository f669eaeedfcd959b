//! What `parity.py` measures of one model.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One model, ours and scikit-learn's.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    pub(crate) model: String,
    pub(crate) learner: String,
    /// Hyperparameters of both.
    pub(crate) parameters: Map<String, Value>,
    /// Those that scikit-learn does not have.
    pub(crate) own_parameters: Map<String, Value>,
    /// What a tree or forest says of itself: exact, structure or fixed-point.
    pub(crate) parity: Option<String>,
    pub(crate) target_scale: Option<f64>,
    /// Whether the divisors of the features are the same to the bit.
    pub(crate) scales_equal: bool,
    pub(crate) trees: Option<Trees>,
    pub(crate) rows: Rows,
    /// On the test rows; without labels there is none.
    pub(crate) rmse: Option<f64>,
    pub(crate) rmse_sklearn: Option<f64>,
    /// Epochs of both networks.
    pub(crate) n_iter: Option<[u64; 2]>,
    /// Steps of a network's optimizer.
    pub(crate) steps: Option<u64>,
}

/// Trees against trees.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Trees {
    /// Trees that are the same to the bit; for parity "structure" without impurities, for "fixed-point" and boosting
    /// without values, too.
    pub(crate) identical: u64,
    pub(crate) trees: u64,
    /// Nodes that are the same at the same path from the root.
    pub(crate) same_nodes: u64,
    pub(crate) nodes: u64,
}

/// Predictions against predictions.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Rows {
    /// Rows within 1e-9, relative.
    pub(crate) close: u64,
    pub(crate) rows: u64,
    /// The largest relative difference.
    pub(crate) largest: f64,
}
