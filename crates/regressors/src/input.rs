//! Checks of hyperparameters, records and targets that every learner makes before it fits.

use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// Most trees of a forest and most stages of boosting: a seed and a node of each take some 50 MB.
const MAX_ESTIMATORS: usize = 1_000_000;

/// What data lack if early stopping finds no weight in the rows that it holds out, or in those that it leaves.
pub(crate) const WEIGHT_ON_BOTH_SIDES: &str = "sample weight above 0 on one side of early stopping's split: take another \
                                               random_state or validation_fraction";

/// Refuses no trees, and more than memory could hold.
pub(crate) fn check_estimators(n: usize) -> Result<()> {
    require((1..=MAX_ESTIMATORS).contains(&n), "n_estimators", n, "1 to 1000000")
}

/// Refuses a hyperparameter unless what is required of it holds.
pub(crate) fn require(
    holds: bool,
    name: &'static str,
    value: impl ToString,
    requirement: &'static str,
) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Parameter { name, value: value.to_string(), requirement }) }
}

/// A share as a value that was given: 1.0, since 1 would be a count.
pub(crate) fn written(share: f64) -> String {
    format!("{share:?}")
}

/// Refuses empty data, targets of another length, and targets that are not finite.
pub(crate) fn check_fit(records: &ArrayView2<'_, f64>, targets: &ArrayView1<'_, f64>) -> Result<()> {
    if records.nrows() == 0 {
        return Err(Error::Empty("rows"));
    }
    if records.ncols() == 0 {
        return Err(Error::Empty("features"));
    }
    if records.nrows() != targets.len() {
        return Err(Error::Shape { what: "targets", expected: records.nrows(), actual: targets.len() });
    }
    match targets.iter().position(|y| !y.is_finite()) {
        Some(row) => Err(Error::Target { row, value: targets[row], reason: "not finite" }),
        None => Ok(()),
    }
}

/// Refuses NaN and infinite feature values.
pub(crate) fn check_finite(records: &ArrayView2<'_, f64>) -> Result<()> {
    // Without a way out of the loop, it runs in vectors.
    if records.iter().fold(true, |finite, x| finite & x.is_finite()) {
        return Ok(());
    }
    match records.indexed_iter().find(|(_, x)| !x.is_finite()) {
        Some(((row, feature), &value)) => Err(Error::Feature { row, feature, value, reason: "not finite" }),
        None => Ok(()),
    }
}

/// The weight of each of `n_samples` rows: 1 if the dataset has none.
///
/// Refuses another number of weights, weights that are negative or not finite, and weights that are all zero.
pub(crate) fn real_weights(weights: &Array1<f32>, n_samples: usize) -> Result<Vec<f64>> {
    if weights.is_empty() {
        return Ok(vec![1.0; n_samples]);
    }
    if weights.len() != n_samples {
        return Err(Error::Shape { what: "sample weights", expected: n_samples, actual: weights.len() });
    }
    if let Some(row) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
        return Err(Error::Weight { row, value: weights[row], reason: "negative or not finite" });
    }
    if weights.iter().all(|weight| *weight == 0.0) {
        return Err(Error::Empty("rows with a sample weight above 0"));
    }
    Ok(weights.iter().copied().map(f64::from).collect())
}
