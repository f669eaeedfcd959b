//! Checks of records and targets that every learner makes before it fits.

use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2};

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
    match records.indexed_iter().find(|(_, x)| !x.is_finite()) {
        Some(((row, feature), &value)) => Err(Error::Feature { row, feature, value, reason: "not finite" }),
        None => Ok(()),
    }
}
