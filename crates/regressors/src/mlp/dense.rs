//! Rows with their zeros, of which products take no notice.

use super::kernel::Rows;
use super::sparse::Entry;
use crate::vectors::vectorized;

/// Where some rows are not zero, a bit for each value. The buffer is kept from rows to rows.
#[derive(Debug, Default)]
pub(super) struct NonZeros {
    /// As many words for each row as its values need.
    words: Vec<u64>,
}

/// Rows of a matrix, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct DenseRows<'a> {
    values: &'a [f64],
    width: usize,
    non_zeros: &'a [u64],
}

impl NonZeros {
    /// Rows of `width` values each, which are looked at once.
    pub(super) fn of<'a>(&'a mut self, values: &'a [f64], width: usize) -> DenseRows<'a> {
        let n_words = width.div_ceil(u64::BITS as usize);
        self.words.resize(values.len() / width * n_words, 0);
        vectorized!({
            for (row, words) in values.chunks_exact(width).zip(self.words.chunks_exact_mut(n_words)) {
                for (values, word) in row.chunks(u64::BITS as usize).zip(words) {
                    *word = non_zeros(values);
                }
            }
        });
        DenseRows { values, width, non_zeros: &self.words }
    }
}

/// A bit for each of at most 64 values. NaN is not zero.
#[inline(always)]
fn non_zeros(values: &[f64]) -> u64 {
    let bit = |(value, at): (&f64, u32)| u64::from(*value != 0.0) << at;
    values.iter().zip(0..).fold(0, |bits, value| bits | bit(value))
}

/// Features whose ranges stay in registers while all rows pass.
const FEATURES: usize = 32;

/// The range of each of so many features over some rows, 0 included. NaN is passed over: a row that has one is NaN in
/// every unit, whichever are left out.
pub(super) fn ranges(rows: &[f64], n_features: usize) -> Vec<(f64, f64)> {
    let mut ranges = vec![(0.0, 0.0); n_features];
    vectorized!({
        for first in (0..n_features).step_by(FEATURES) {
            // The last features are looked at with some before them, unless there are none.
            let first = first.min(n_features.saturating_sub(FEATURES));
            let (mut lows, mut highs) = ([0.0; FEATURES], [0.0; FEATURES]);
            for row in rows.chunks_exact(n_features) {
                match row[first..].first_chunk::<FEATURES>() {
                    Some(values) => widen(&mut lows, &mut highs, values),
                    None => widen(&mut lows, &mut highs, row),
                }
            }
            let found = lows.into_iter().zip(highs);
            ranges[first..].iter_mut().zip(found).for_each(|(range, found)| *range = found);
        }
    });
    ranges
}

/// Widens ranges so that they hold a value each.
#[inline(always)]
fn widen(lows: &mut [f64; FEATURES], highs: &mut [f64; FEATURES], values: &[f64]) {
    for ((low, high), &value) in lows.iter_mut().zip(highs).zip(values) {
        // One instruction each, unlike `f64::min` and `f64::max`.
        *low = if value < *low { value } else { *low };
        *high = if value > *high { value } else { *high };
    }
}

impl Rows for DenseRows<'_> {
    type Entry = Entry;

    fn len(&self) -> usize {
        self.values.len() / self.width
    }

    #[inline(always)]
    fn each(&self, row: usize, mut visit: impl FnMut(Entry)) {
        let values = &self.values[row * self.width..][..self.width];
        let n_words = self.width.div_ceil(u64::BITS as usize);
        let words = &self.non_zeros[row * n_words..][..n_words];
        for (word, first) in words.iter().zip((0..).step_by(u64::BITS as usize)) {
            let mut left = *word;
            while left != 0 {
                let index = first + left.trailing_zeros() as usize;
                visit(Entry { index, value: values[index] });
                left &= left - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlp::sparse::SparseRows;
    use ndarray::{Array2, ArrayView2};

    #[test]
    fn they_have_the_entries_of_sparse_rows() {
        let special = [0.0, 1.0, -0.0, f64::NAN, 0.0, -2.5, f64::MIN_POSITIVE / 4.0, f64::INFINITY, 0.0];
        for width in [1, 7, 8, 9, 63, 64, 65, 130] {
            let values: Vec<f64> = special.into_iter().cycle().take(3 * width).collect();
            let sparse = SparseRows::from_dense(&ArrayView2::from_shape((3, width), &values).unwrap());
            // What is in the buffer from other rows is not seen.
            let mut non_zeros = NonZeros { words: vec![u64::MAX; 100] };
            let rows = non_zeros.of(&values, width);
            assert_eq!(Rows::len(&rows), 3);
            for row in 0..3 {
                let mut entries = Vec::new();
                rows.each(row, |entry| entries.push((entry.index, entry.value.to_bits())));
                let expected = sparse.row(row).iter().map(|entry| (entry.index, entry.value.to_bits()));
                assert_eq!(entries, expected.collect::<Vec<_>>(), "width {width}, row {row}");
            }
        }
    }

    #[test]
    fn ranges_are_those_of_the_sparse_rows() {
        let records =
            Array2::from_shape_fn((6, 5), |(i, j)| [0.0, 3.0, -2.0, f64::NAN, 0.5][(i * i + 2 * j) % 5]);
        let sparse = SparseRows::from_dense(&records.view());
        assert_eq!(ranges(records.as_slice().unwrap(), 5), sparse.ranges(5));
        assert_eq!(ranges(&[4.0, -1.0], 2), [(0.0, 4.0), (-1.0, 0.0)]);
        for n_features in [FEATURES - 1, FEATURES, FEATURES + 1, 2 * FEATURES + 3] {
            let records =
                Array2::from_shape_fn((3, n_features), |(i, j)| ((7 * i + 5 * j) % 11) as f64 - 4.0);
            let sparse = SparseRows::from_dense(&records.view());
            assert_eq!(ranges(records.as_slice().unwrap(), n_features), sparse.ranges(n_features));
        }
    }
}
