//! The loops in which training spends its time, over padded tables of units.
//!
//! `multiply` takes the widest vectors the processor has. Lanes never mix and nothing is fused, so the bits
//! are the same with any of them.

use super::sparse::{Entry, SparseRows};
use pulp::{Arch, Simd, WithSimd};

/// Units are padded to a multiple of this, a whole number of vectors on any processor.
pub(super) const LANES: usize = 8;

/// Neighbouring units of one row of a table.
pub(super) type Block = [f64; LANES];

/// Blocks for that many units.
pub(super) fn blocks(units: usize) -> usize {
    units.div_ceil(LANES)
}

/// `product = rows · table`, each sum in the order of the row's entries.
///
/// `table` has `width` blocks for each index that entries refer to, `product` as many for each row.
pub(super) fn multiply(rows: &SparseRows, table: &[Block], width: usize, product: &mut [Block]) {
    Arch::new().dispatch(Multiply { rows, table, width, product });
}

/// The operands of [`multiply`].
struct Multiply<'a> {
    rows: &'a SparseRows,
    table: &'a [Block],
    width: usize,
    product: &'a mut [Block],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    /// Goes over strips of units first and over rows second: one strip of the table stays in the first-level
    /// cache, and a row's sums in registers. Eight vectors hide the latency of an addition.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (table, _) = S::as_simd_f64s(self.table.as_flattened());
        let (product, _) = S::as_mut_simd_f64s(self.product.as_flattened_mut());
        let width = self.width * LANES / S::F64_LANES;
        let mut strip = Strip { rows: self.rows, table, width, start: 0, product };
        while width - strip.start >= 8 {
            strip.multiply::<S, 8>(simd);
        }
        if width - strip.start >= 4 {
            strip.multiply::<S, 4>(simd);
        }
        while width > strip.start {
            strip.multiply::<S, 1>(simd);
        }
    }
}

/// What is left of a product: the units from vector `start` on.
struct Strip<'a, V> {
    rows: &'a SparseRows,
    table: &'a [V],
    width: usize,
    start: usize,
    product: &'a mut [V],
}

impl<V: Copy> Strip<'_, V> {
    /// Computes the next `N` vectors of every row.
    #[inline(always)]
    fn multiply<S: Simd<f64s = V>, const N: usize>(&mut self, simd: S) {
        for row in 0..self.rows.len() {
            let mut sums = [simd.splat_f64s(0.0); N];
            for &Entry { index, value } in self.rows.row(row) {
                let value = simd.splat_f64s(value);
                let units = &self.table[index * self.width + self.start..][..N];
                for (sum, &unit) in sums.iter_mut().zip(units) {
                    *sum = simd.add_f64s(*sum, simd.mul_f64s(value, unit));
                }
            }
            self.product[row * self.width + self.start..][..N].copy_from_slice(&sums);
        }
        self.start += N;
    }
}

/// The dot product of two padded rows, summed per lane and then over lanes.
pub(super) fn dot(a: &[Block], b: &[Block]) -> f64 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

/// `sum += factor · row`.
pub(super) fn add_scaled(sum: &mut [Block], factor: f64, row: &[Block]) {
    for (sum, row) in sum.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
        *sum += factor * row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn products_have_the_same_bits_with_vectors_of_any_width() {
        let matrix =
            Array2::from_shape_fn((7, 5), |(i, j)| if (i + j) % 3 == 0 { 0.0 } else { 1.0 / (i + j) as f64 });
        let rows = SparseRows::from_dense(&matrix.view());
        for width in 1..7 {
            let number = |i: usize| (i as f64).sin();
            let table: Vec<Block> =
                (0..5 * width).map(|b| std::array::from_fn(|l| number(b * LANES + l))).collect();
            let mut widest = vec![[f64::NAN; LANES]; 7 * width];
            multiply(&rows, &table, width, &mut widest);
            let mut scalar = widest.clone();
            Multiply { rows: &rows, table: &table, width, product: &mut scalar }.with_simd(pulp::Scalar);
            assert_eq!(widest, scalar);
            let dense = |row: usize, unit: usize| -> f64 {
                (0..5).map(|index| matrix[[row, index]] * number(index * width * LANES + unit)).sum()
            };
            for (at, product) in scalar.as_flattened().iter().enumerate() {
                assert_eq!(*product, dense(at / (width * LANES), at % (width * LANES)));
            }
        }
    }
}
