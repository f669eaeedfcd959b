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

/// Some rows of a matrix, or all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    from: &'a SparseRows,
    rows: Option<&'a [usize]>,
}

impl<'a> Chosen<'a> {
    pub(super) fn len(&self) -> usize {
        self.rows.map_or(self.from.len(), <[usize]>::len)
    }

    pub(super) fn row(&self, row: usize) -> &'a [Entry] {
        self.from.row(self.rows.map_or(row, |rows| rows[row]))
    }
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

    pub(super) fn all(&self) -> Chosen<'_> {
        Chosen { from: self, rows: None }
    }

    pub(super) fn choose<'a>(&'a self, rows: &'a [usize]) -> Chosen<'a> {
        Chosen { from: self, rows: Some(rows) }
    }

    pub(super) fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    fn clear(&mut self) {
        self.starts.truncate(1);
        self.entries.clear();
    }

    /// Appends a row. NaN is kept: it is not zero.
    fn push(&mut self, values: impl ExactSizeIterator<Item = f64>) {
        let start = self.entries.len();
        self.entries.resize(start + values.len(), Entry { index: 0, value: 0.0 });
        let (row, mut end) = (&mut self.entries[start..], 0);
        for (index, value) in values.enumerate() {
            // Zeros are written too, and overwritten: no branch on them could be predicted.
            row[end] = Entry { index, value };
            end += usize::from(value != 0.0);
        }
        self.entries.truncate(start + end);
        self.starts.push(start + end);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn zeros_are_left_out_and_nan_is_not() {
        let rows = SparseRows::from_dense(&array![[0.0, -0.0, f64::NAN]].view());
        assert_eq!((rows.len(), rows.row(0).len()), (1, 1));
    }
}
