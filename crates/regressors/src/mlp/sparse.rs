//! Rows without their zeros.
//!
//! Most cells of one-hot data are zero, and most activations of a relu network.

use super::kernel::{Block, blocks};
use ndarray::ArrayView2;

/// A value other than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) value: f64,
}

/// Compressed sparse rows: the entries of all rows, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SparseRows {
    /// Where each row begins, and where the last one ends.
    starts: Vec<usize>,
    entries: Vec<Entry>,
}

impl Default for SparseRows {
    fn default() -> Self {
        Self { starts: vec![0], entries: Vec::new() }
    }
}

impl SparseRows {
    /// The rows of a matrix.
    pub(super) fn from_dense(matrix: &ArrayView2<'_, f64>) -> Self {
        let mut rows = Self::default();
        for row in matrix.rows() {
            rows.push(row.iter().copied());
        }
        rows
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(super) fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    fn clear(&mut self) {
        self.starts.truncate(1);
        self.entries.clear();
    }

    /// Appends a row. NaN is kept: it is not zero.
    fn push(&mut self, values: impl Iterator<Item = f64>) {
        let entries = values.enumerate().map(|(index, value)| Entry { index, value });
        self.entries.extend(entries.filter(|entry| entry.value != 0.0));
        self.starts.push(self.entries.len());
    }

    /// Replaces the content with chosen rows of another matrix.
    pub(super) fn select(&mut self, from: &SparseRows, rows: &[usize]) {
        self.clear();
        for &row in rows {
            self.entries.extend_from_slice(from.row(row));
            self.starts.push(self.entries.len());
        }
    }

    /// Replaces the content with the first `units` values of each row of a padded table.
    pub(super) fn compress(&mut self, table: &[Block], units: usize) {
        self.clear();
        for row in table.chunks_exact(blocks(units)) {
            self.push(row.as_flattened()[..units].iter().copied());
        }
    }

    /// Replaces the content with the columns of a matrix of `width` columns, rows in ascending order.
    pub(super) fn transpose(&mut self, from: &SparseRows, width: usize) {
        self.starts.clear();
        // Two more than the columns: counts go two places up, so that after the summation below every
        // column's start stands one place up, and filling the column moves it on to the next column's
        // start.
        self.starts.resize(width + 2, 0);
        for entry in &from.entries {
            self.starts[entry.index + 2] += 1;
        }
        for column in 2..self.starts.len() {
            self.starts[column] += self.starts[column - 1];
        }
        self.entries.clear();
        self.entries.resize(from.entries.len(), Entry { index: 0, value: 0.0 });
        for row in 0..from.len() {
            for entry in from.row(row) {
                let next = &mut self.starts[entry.index + 1];
                self.entries[*next] = Entry { index: row, value: entry.value };
                *next += 1;
            }
        }
        self.starts.truncate(width + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_the_rows_of_the_transpose() {
        let matrix = array![[0.0, 2.0, 0.0, -1.0], [0.0, 0.5, 0.0, 0.0], [3.0, f64::INFINITY, 0.0, -0.0]];
        let mut columns = SparseRows::from_dense(&array![[7.0]].view());
        columns.transpose(&SparseRows::from_dense(&matrix.view()), 4);
        assert_eq!(columns, SparseRows::from_dense(&matrix.t()));
    }

    #[test]
    fn zeros_are_left_out_and_nan_is_not() {
        let rows = SparseRows::from_dense(&array![[0.0, -0.0, f64::NAN]].view());
        assert_eq!((rows.len(), rows.row(0).len()), (1, 1));
    }
}
