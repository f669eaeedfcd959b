//! The loops in which training spends its time, over padded tables of units.
//!
//! They run with the widest vectors the processor has. Lanes never mix and nothing is fused, so the bits are
//! the same with any of them.

use super::sparse::{Chosen, Entry};
use pulp::{Arch, Simd, WithSimd};

/// Units are padded to a multiple of this, a whole number of vectors on any processor.
pub(super) const LANES: usize = 8;

/// Neighbouring units of one row of a table.
pub(super) type Block = [f64; LANES];

/// Blocks for that many units.
pub(super) fn blocks(units: usize) -> usize {
    units.div_ceil(LANES)
}

/// `product = start + rows · table`, each sum in the order of the row's entries.
pub(super) struct Multiply<'a> {
    pub(super) rows: Chosen<'a>,
    /// What every sum starts from. It has as many blocks as a row of the product.
    pub(super) start: &'a [Block],
    /// A row of blocks for each index that entries refer to; those beyond the product's are not looked at.
    pub(super) table: &'a [Block],
    /// Blocks of a row of the table.
    pub(super) table_width: usize,
    /// A row of blocks for each row.
    pub(super) product: &'a mut [Block],
}

/// `sum += rowsᵀ · table`, each sum in the order of the rows.
pub(super) struct AddTransposed<'a> {
    pub(super) rows: Chosen<'a>,
    /// A row of blocks for each row.
    pub(super) table: &'a [Block],
    /// Blocks of a row of the table.
    pub(super) table_width: usize,
    /// A row of blocks for each index that entries refer to; those beyond the table's are left as they are.
    pub(super) sum: &'a mut [Block],
    /// Blocks of a row of the sum.
    pub(super) sum_width: usize,
}

impl Multiply<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl AddTransposed<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

/// Most vectors of a strip: their sums leave four of the 16 registers that any processor has for what is added.
const STRIP: usize = 12;

/// Goes over strips of units first and over rows second: one strip of a table stays in the first-level cache,
/// and a row's part of it in registers.
trait Strips<S: Simd> {
    /// Works on `N` vectors of every row, from vector `first` on.
    fn strip<const N: usize>(&mut self, simd: S, first: usize);

    /// Works on that many blocks of every row. Strips are about as wide as each other: in a narrow one
    /// additions would wait for each other.
    #[inline(always)]
    fn strips(&mut self, simd: S, blocks: usize) {
        let (width, mut first) = (in_vectors::<S>(blocks), 0);
        for left in (1..=width.div_ceil(STRIP)).rev() {
            let vectors = (width - first).div_ceil(left);
            match vectors {
                1 => self.strip::<1>(simd, first),
                2 => self.strip::<2>(simd, first),
                3 => self.strip::<3>(simd, first),
                4 => self.strip::<4>(simd, first),
                5 => self.strip::<5>(simd, first),
                6 => self.strip::<6>(simd, first),
                7 => self.strip::<7>(simd, first),
                8 => self.strip::<8>(simd, first),
                9 => self.strip::<9>(simd, first),
                10 => self.strip::<10>(simd, first),
                11 => self.strip::<11>(simd, first),
                _ => self.strip::<STRIP>(simd, first),
            }
            first += vectors;
        }
    }
}

/// The vectors in that many blocks.
#[inline(always)]
fn in_vectors<S: Simd>(blocks: usize) -> usize {
    blocks * (LANES / S::F64_LANES)
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let blocks = self.start.len();
        self.strips(simd, blocks);
    }
}

impl<S: Simd> Strips<S> for Multiply<'_> {
    #[inline(always)]
    fn strip<const N: usize>(&mut self, simd: S, first: usize) {
        let (start, _) = S::as_simd_f64s(self.start.as_flattened());
        let (table, _) = S::as_simd_f64s(self.table.as_flattened());
        let (product, _) = S::as_mut_simd_f64s(self.product.as_flattened_mut());
        let table_width = in_vectors::<S>(self.table_width);
        for (row, product) in product.chunks_exact_mut(start.len()).enumerate() {
            let mut sums = [simd.splat_f64s(0.0); N];
            sums.copy_from_slice(&start[first..][..N]);
            for &Entry { index, value } in self.rows.row(row) {
                let value = simd.splat_f64s(value);
                let units = &table[index * table_width + first..][..N];
                for (sum, &unit) in sums.iter_mut().zip(units) {
                    *sum = simd.add_f64s(*sum, simd.mul_f64s(value, unit));
                }
            }
            product[first..][..N].copy_from_slice(&sums);
        }
    }
}

impl WithSimd for AddTransposed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let blocks = self.table_width;
        self.strips(simd, blocks);
    }
}

impl<S: Simd> Strips<S> for AddTransposed<'_> {
    #[inline(always)]
    fn strip<const N: usize>(&mut self, simd: S, first: usize) {
        let (table, _) = S::as_simd_f64s(self.table.as_flattened());
        let (sum, _) = S::as_mut_simd_f64s(self.sum.as_flattened_mut());
        let sum_width = in_vectors::<S>(self.sum_width);
        for (row, table) in table.chunks_exact(in_vectors::<S>(self.table_width)).enumerate() {
            let mut units = [simd.splat_f64s(0.0); N];
            units.copy_from_slice(&table[first..][..N]);
            for &Entry { index, value } in self.rows.row(row) {
                let value = simd.splat_f64s(value);
                let sums = &mut sum[index * sum_width + first..][..N];
                for (sum, &unit) in sums.iter_mut().zip(&units) {
                    *sum = simd.add_f64s(*sum, simd.mul_f64s(value, unit));
                }
            }
        }
    }
}

/// The dot product of two padded rows, summed per lane and then over lanes.
#[inline]
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
#[inline]
pub(super) fn add_scaled(sum: &mut [Block], factor: f64, row: &[Block]) {
    for (sum, row) in sum.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
        *sum += factor * row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlp::sparse::SparseRows;
    use ndarray::Array2;

    const ROWS: usize = 7;
    const COLUMNS: usize = 5;

    /// The value at a place of any table.
    fn number(at: usize) -> f64 {
        (at as f64).sin()
    }

    fn table(blocks: usize) -> Vec<Block> {
        (0..blocks).map(|block| std::array::from_fn(|lane| number(block * LANES + lane))).collect()
    }

    fn matrix() -> Array2<f64> {
        let value = |(i, j)| if (i + j) % 3 == 0 { 0.0 } else { 1.0 / (i + j) as f64 };
        Array2::from_shape_fn((ROWS, COLUMNS), value)
    }

    /// Widths of a table, and how much of it is used.
    fn widths() -> impl Iterator<Item = (usize, usize)> {
        (1_usize..20).flat_map(|width| [(width, 1), (width, width.div_ceil(2)), (width, width)])
    }

    #[test]
    fn products_have_the_same_bits_with_vectors_of_any_width() {
        let (matrix, rows) = (matrix(), SparseRows::from_dense(&matrix().view()));
        for (table_width, used) in widths() {
            let (start, table) = (table(used), table(COLUMNS * table_width));
            let run = |work: fn(Multiply<'_>)| {
                let mut product = vec![[f64::NAN; LANES]; ROWS * used];
                work(Multiply {
                    rows: rows.all(),
                    start: &start,
                    table: &table,
                    table_width,
                    product: &mut product,
                });
                product
            };
            let product = run(|widest| widest.run());
            assert_eq!(product, run(|scalar| scalar.with_simd(pulp::Scalar)));
            for (at, actual) in product.as_flattened().iter().enumerate() {
                let (row, unit) = (at / (used * LANES), at % (used * LANES));
                let weight = |column: usize| number(column * table_width * LANES + unit);
                let add = |sum, column| sum + matrix[[row, column]] * weight(column);
                assert_eq!(*actual, (0..COLUMNS).fold(number(unit), add));
            }
        }
    }

    #[test]
    fn transposed_products_have_the_same_bits_with_vectors_of_any_width() {
        let (matrix, rows) = (matrix(), SparseRows::from_dense(&matrix().view()));
        for (sum_width, table_width) in widths() {
            let table_of_rows = table(ROWS * table_width);
            let run = |work: fn(AddTransposed<'_>)| {
                let mut sum = table(COLUMNS * sum_width);
                let table = &table_of_rows;
                work(AddTransposed { rows: rows.all(), table, table_width, sum: &mut sum, sum_width });
                sum
            };
            let sum = run(|widest| widest.run());
            assert_eq!(sum, run(|scalar| scalar.with_simd(pulp::Scalar)));
            for (at, actual) in sum.as_flattened().iter().enumerate() {
                let (column, unit) = (at / (sum_width * LANES), at % (sum_width * LANES));
                let delta = |row: usize| number(row * table_width * LANES + unit);
                let add = |sum, row| sum + matrix[[row, column]] * delta(row);
                let rows = if unit < table_width * LANES { 0..ROWS } else { 0..0 };
                assert_eq!(*actual, rows.fold(number(at), add));
            }
        }
    }
}
