//! Records at prediction.

use ndarray::{ArrayBase, Data, Ix2};

/// Records as trees see them: `f32`, row after row.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    values: Vec<f32>,
    n_features: usize,
}

impl Rows {
    /// # Panics
    /// If `records` do not have `n_features` features.
    pub(crate) fn new<D: Data<Elem = f64>>(records: &ArrayBase<D, Ix2>, n_features: usize) -> Self {
        assert_eq!(records.ncols(), n_features, "records must have as many features as the model");
        Self { values: records.iter().map(|value| *value as f32).collect(), n_features }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.n_features)
    }

    /// Some `n` rows at a time.
    pub(crate) fn chunks(&self, n: usize) -> impl Iterator<Item = std::slice::ChunksExact<'_, f32>> {
        self.values.chunks(n * self.n_features).map(|rows| rows.chunks_exact(self.n_features))
    }
}
