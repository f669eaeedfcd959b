//! Rows without their zeros.
//!
//! Most cells of one-hot data are zero, and most activations of a relu network.

use super::kernel::{Block, Rows, Scale, blocks};
use ndarray::ArrayView2;

/// A value other than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) value: f64,
}

/// The place of a value that is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit(pub(super) u32);

/// Compressed sparse rows: the entries of all rows, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SparseRows<E = Entry> {
    /// Where each row begins, and where the last one ends.
    starts: Vec<usize>,
    entries: Vec<E>,
}

/// Some rows of a matrix, or all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a, E = Entry> {
    from: &'a SparseRows<E>,
    rows: Option<&'a [usize]>,
}

impl<'a, E> Chosen<'a, E> {
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &'a [E] {
        self.from.row(self.rows.map_or(row, |rows| rows[row]))
    }
}

impl<E: Scale> Rows for Chosen<'_, E> {
    type Entry = E;

    fn len(&self) -> usize {
        self.rows.map_or(self.from.len(), <[usize]>::len)
    }

    #[inline(always)]
    fn each(&self, row: usize, mut visit: impl FnMut(E)) {
        for entry in self.row(row) {
            visit(*entry);
        }
    }
}

impl<E> Default for SparseRows<E> {
    fn default() -> Self {
        Self { starts: vec![0], entries: Vec::new() }
    }
}

impl<E: Copy> SparseRows<E> {
    /// Appends a row.
    pub(super) fn push_row(&mut self, entries: &[E]) {
        self.entries.extend_from_slice(entries);
        self.starts.push(self.entries.len());
    }

    /// Replaces the content with chosen rows of another matrix.
    pub(super) fn select(&mut self, from: &Self, rows: &[usize]) {
        self.clear();
        rows.iter().for_each(|&row| self.push_row(from.row(row)));
    }
}

impl<E> SparseRows<E> {
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(super) fn n_entries(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn all(&self) -> Chosen<'_, E> {
        Chosen { from: self, rows: None }
    }

    pub(super) fn choose<'a>(&'a self, rows: &'a [usize]) -> Chosen<'a, E> {
        Chosen { from: self, rows: Some(rows) }
    }

    /// The number of entries of each row.
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.starts.windows(2).map(|row| row[1] - row[0]).collect()
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[E] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    fn clear(&mut self) {
        self.starts.truncate(1);
        self.entries.clear();
    }
}

impl SparseRows {
    /// The rows of a matrix.
    pub(super) fn from_dense(matrix: &ArrayView2<'_, f64>) -> Self {
        let mut rows = Self::default();
        let matrix = matrix.as_standard_layout();
        let values = matrix.as_slice().unwrap_or_default();
        values.chunks_exact(matrix.ncols().max(1)).for_each(|row| rows.push(row));
        rows
    }

    /// The range of each of so many features, 0 included.
    pub(super) fn ranges(&self, features: usize) -> Vec<(f64, f64)> {
        let mut ranges = vec![(0.0_f64, 0.0_f64); features];
        for entry in &self.entries {
            let (low, high) = ranges[entry.index];
            ranges[entry.index] = (low.min(entry.value), high.max(entry.value));
        }
        ranges
    }

    /// Appends a row. NaN is kept: it is not zero.
    fn push(&mut self, values: &[f64]) {
        let start = self.entries.len();
        self.entries.resize(start + values.len(), Entry { index: 0, value: 0.0 });
        let (row, mut end) = (&mut self.entries[start..], 0);
        for (index, &value) in values.iter().enumerate() {
            // Zeros are written too, and overwritten: no branch on them could be predicted.
            row[end] = Entry { index, value };
            end += usize::from(value != 0.0);
        }
        self.entries.truncate(start + end);
        self.starts.push(start + end);
    }

    /// Replaces the content with the first `units` values of each row of a padded table.
    pub(super) fn compress(&mut self, table: &[Block], units: usize) {
        self.clear();
        for row in table.chunks_exact(blocks(units)) {
            self.push(&row.as_flattened()[..units]);
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
