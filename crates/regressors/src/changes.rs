//! Rows of records with another value of one feature, as permutations of a feature ask for.

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

/// Changed rows that are made at once.
pub(crate) const CHANGES_AT_ONCE: usize = 1024;

/// A row with another value of one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The row's place in the records.
    pub row: usize,
    /// The feature.
    pub feature: usize,
    /// Its value.
    pub value: f64,
}

/// For each change its row with the other value, `(n_changes, n_features)`.
///
/// # Panics
/// If `records` lack a row or a feature of a change.
pub fn changed(records: &Array2<f64>, changes: &[Change]) -> Array2<f64> {
    let rows: Vec<usize> = changes.iter().map(|change| change.row).collect();
    let mut changed = records.select(Axis(0), &rows);
    for (mut row, change) in changed.rows_mut().into_iter().zip(changes) {
        row[change.feature] = change.value;
    }
    changed
}

/// What `predict` gives for the [`changed`] rows of `records`, `(n_changes,)`, of which few are in memory at a time.
///
/// They are spread over rayon's current pool.
///
/// # Panics
/// If `records` lack a row or a feature of a change.
pub fn predict(
    records: &Array2<f64>,
    changes: &[Change],
    predict: impl Fn(&Array2<f64>) -> Array1<f64> + Sync,
) -> Array1<f64> {
    let some = changes.par_chunks(CHANGES_AT_ONCE);
    let predicted = some.map(|changes| predict(&changed(records, changes)).to_vec());
    predicted.collect::<Vec<_>>().concat().into()
}
