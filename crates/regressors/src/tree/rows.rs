//! Records at prediction.

use ndarray::{Array1, ArrayBase, Data, Ix2};
use rayon::prelude::*;
use std::array;

/// Most rows of a block: enough to read a tree's nodes from memory once for many rows, few enough to stay
/// in cache while all trees pass.
const MOST_ROWS: usize = 2048;

/// Lengths of columns are multiples of this, which fills the widest vectors.
const LANES: usize = 16;

/// Some rows as trees see them: `f32`, column after column.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    values: Vec<f32>,
    n_rows: usize,
    /// At least `n_rows`; the values beyond are 0.
    column_len: usize,
    /// Where each feature's column begins.
    starts: Vec<usize>,
}

impl Block {
    /// `rows` hold `n_features` values each, row after row.
    pub(super) fn new(rows: &[f64], n_features: usize) -> Self {
        let all: Vec<u32> = (0..n_features as u32).collect();
        Self::of_features(rows, n_features, &all)
    }

    /// A block with the columns of some features only.
    pub(super) fn of_features(rows: &[f64], n_features: usize, features: &[u32]) -> Self {
        let n_rows = rows.len() / n_features;
        let column_len = n_rows.next_multiple_of(LANES);
        let mut values = vec![0.0; column_len * features.len()];
        // As many rows at once as make a cache line of a column.
        for (tile, rows) in rows.chunks(LANES * n_features).enumerate() {
            let n_rows = rows.len() / n_features;
            let columns = features.iter().zip(values.chunks_exact_mut(column_len));
            if n_rows == LANES {
                // A feature's values come from as many places at once as there are rows.
                let rows: [&[f64]; LANES] = array::from_fn(|row| &rows[row * n_features..][..n_features]);
                for (feature, column) in columns {
                    let feature = *feature as usize;
                    // Once for all rows.
                    assert!(feature < n_features);
                    let of_rows: [f64; LANES] = array::from_fn(|row| rows[row][feature]);
                    column[tile * LANES..][..LANES].copy_from_slice(&of_rows.map(|value| value as f32));
                }
                continue;
            }
            for (feature, column) in columns {
                let column = &mut column[tile * LANES..][..n_rows];
                let of_feature = rows[*feature as usize..].iter().step_by(n_features);
                column.iter_mut().zip(of_feature).for_each(|(value, given)| *value = *given as f32);
            }
        }
        // No tree looks at a feature that is left out.
        let mut starts = vec![0; n_features];
        features.iter().enumerate().for_each(|(at, feature)| starts[*feature as usize] = at * column_len);
        Self { values, n_rows, column_len, starts }
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// `n_rows` rounded up to whole vectors.
    pub(super) fn column_len(&self) -> usize {
        self.column_len
    }

    /// A feature's values, of shape `(column_len,)`.
    #[inline]
    pub(super) fn column(&self, feature: usize) -> &[f32] {
        &self.values[self.starts[feature]..][..self.column_len]
    }

    #[inline]
    pub(super) fn value(&self, row: usize, feature: usize) -> f32 {
        self.values[self.starts[feature] + row]
    }
}

/// All rows of some records, in blocks.
#[derive(Clone, Debug)]
pub(crate) struct Rows(Vec<Block>);

impl Rows {
    /// # Panics
    /// If `records` do not have `n_features` features.
    pub(crate) fn new<D: Data<Elem = f64>>(records: &ArrayBase<D, Ix2>, n_features: usize) -> Self {
        check_features(records, n_features);
        let records = records.as_standard_layout();
        let rows = records.as_slice().unwrap_or_default();
        Self(rows.chunks(MOST_ROWS * n_features).map(|rows| Block::new(rows, n_features)).collect())
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.0
    }
}

/// What a model of trees needs for each row of [`predict_blocks`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerRow {
    pub(crate) n_features: usize,
    /// The time that a row takes, in that of a tree of few leaves.
    pub(crate) work: usize,
    /// Where the sums over trees start from.
    pub(crate) start: f64,
}

/// Work that is worth waking a thread: about a millisecond's.
const WORTH: usize = 1 << 19;

/// Predicts `y` of every row: `predict` turns `start` into the predictions of some rows of the
/// records.
///
/// Blocks are spread over rayon's current pool, unless there is too little to do.
///
/// # Panics
/// If `records` do not have `n_features` features, or `y` has another number of rows.
pub(crate) fn predict_blocks<D: Data<Elem = f64>>(
    records: &ArrayBase<D, Ix2>,
    y: &mut Array1<f64>,
    PerRow { n_features, work, start }: PerRow,
    predict: impl Fn(&[f64], &mut [f64]) + Sync,
) {
    assert_eq!(records.nrows(), y.len(), "there must be as many targets as records");
    check_features(records, n_features);
    let records = records.as_standard_layout();
    let rows = records.as_slice().unwrap_or_default();
    let is_parallel = y.len().saturating_mul(work) >= WORTH;
    let n_threads = if is_parallel { rayon::current_num_threads() } else { 1 };
    let n_rows = y.len().div_ceil(n_threads).clamp(1, MOST_ROWS);
    let mut predictions = vec![start; y.len()];
    if is_parallel {
        let blocks = predictions.par_chunks_mut(n_rows).zip(rows.par_chunks(n_rows * n_features));
        blocks.for_each(|(predictions, rows)| predict(rows, predictions));
    } else {
        let blocks = predictions.chunks_mut(n_rows).zip(rows.chunks(n_rows * n_features));
        blocks.for_each(|(predictions, rows)| predict(rows, predictions));
    }
    y.iter_mut().zip(predictions).for_each(|(y, prediction)| *y = prediction);
}

pub(super) fn check_features<D: Data<Elem = f64>>(records: &ArrayBase<D, Ix2>, n_features: usize) {
    assert_eq!(records.ncols(), n_features, "records must have as many features as the model");
}
