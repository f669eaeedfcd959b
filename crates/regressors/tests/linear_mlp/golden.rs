//! The file of answers.

use ndarray::{Array1, Array2};
use serde::Deserialize;
use std::sync::LazyLock;

/// Everything that `golden/linear_mlp.py` asked scikit-learn.
pub(crate) static GOLDEN: LazyLock<Golden> =
    LazyLock::new(|| serde_json::from_str(include_str!("../golden/linear_mlp.json")).unwrap());

#[derive(Deserialize)]
pub(crate) struct Golden {
    pub(crate) scale: Scale,
    pub(crate) linear: Vec<Linear>,
    pub(crate) mlp: Mlp,
    pub(crate) voting: Vec<Voting>,
}

/// One matrix through `MaxAbsScaler`; null is NaN.
#[derive(Deserialize)]
pub(crate) struct Scale {
    pub(crate) x: Vec<Vec<Option<f64>>>,
    pub(crate) scale: Vec<f64>,
    pub(crate) transformed: Vec<Vec<Option<f64>>>,
}

/// One fit of `LinearRegression`.
#[derive(Deserialize)]
pub(crate) struct Linear {
    pub(crate) name: String,
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) y: Vec<f64>,
    pub(crate) x_test: Vec<Vec<f64>>,
    pub(crate) weights: Option<Vec<f32>>,
    pub(crate) fit_intercept: bool,
    pub(crate) coefficients: Vec<f64>,
    pub(crate) intercept: f64,
    pub(crate) rank: usize,
    pub(crate) predictions: Vec<f64>,
}

/// Fits of `MLPRegressor` to one data set.
#[derive(Deserialize)]
pub(crate) struct Mlp {
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) y: Vec<f64>,
    pub(crate) x_test: Vec<Vec<f64>>,
    pub(crate) weights: Vec<f32>,
    pub(crate) fits: Vec<MlpFit>,
}

/// One fit; without epochs if scikit-learn refused the result.
#[derive(Deserialize)]
pub(crate) struct MlpFit {
    pub(crate) name: String,
    pub(crate) params: MlpParams,
    /// Whether the target was the price, and not a thousandth of it.
    pub(crate) prices: bool,
    pub(crate) weighted: bool,
    pub(crate) n_iter: usize,
    pub(crate) loss_curve: Vec<f64>,
    pub(crate) validation_scores: Vec<f64>,
    pub(crate) predictions: Vec<f64>,
}

/// The hyperparameters that are not scikit-learn's defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MlpParams {
    pub(crate) hidden_layer_sizes: Option<Vec<usize>>,
    pub(crate) activation: Option<String>,
    pub(crate) solver: Option<String>,
    pub(crate) alpha: Option<f64>,
    pub(crate) batch_size: Option<usize>,
    pub(crate) learning_rate: Option<String>,
    pub(crate) learning_rate_init: Option<f64>,
    pub(crate) power_t: Option<f64>,
    pub(crate) max_iter: Option<usize>,
    pub(crate) shuffle: Option<bool>,
    pub(crate) random_state: Option<u32>,
    pub(crate) tol: Option<f64>,
    pub(crate) momentum: Option<f64>,
    pub(crate) nesterovs_momentum: Option<bool>,
    pub(crate) early_stopping: Option<bool>,
    pub(crate) validation_fraction: Option<f64>,
    pub(crate) beta_1: Option<f64>,
    pub(crate) beta_2: Option<f64>,
    pub(crate) epsilon: Option<f64>,
    pub(crate) n_iter_no_change: Option<usize>,
}

/// One average of constants.
#[derive(Deserialize)]
pub(crate) struct Voting {
    pub(crate) constants: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) prediction: f64,
}

/// Rows as a matrix.
pub(crate) fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let values: Array1<f64> = rows.iter().flatten().copied().collect();
    values.into_shape_with_order((rows.len(), rows[0].len())).unwrap()
}

/// Panics unless all values agree to a relative 1e-9, or to an absolute 1e-12 beside zero.
#[track_caller]
pub(crate) fn assert_near<'a>(name: &str, actual: impl IntoIterator<Item = &'a f64>, expected: &[f64]) {
    let actual: Vec<f64> = actual.into_iter().copied().collect();
    assert_eq!(actual.len(), expected.len(), "{name}");
    for (i, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let error = (actual - expected).abs();
        assert!(error <= 1e-9 * expected.abs() + 1e-12, "{name}, value {i}: {actual} is not {expected}");
    }
}
