//! The loops in which training and predictions spend their time, over padded tables of units.
//!
//! They run with the widest vectors the processor has. Lanes never mix and nothing is fused, so the bits are
//! the same with any of them.

use super::activation::Activation;
use super::sparse::{Chosen, Entry, SparseRows, Unit};
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
pub(super) struct Multiply<'a, R> {
    pub(super) rows: R,
    /// What every sum starts from. It has as many blocks as a row of the product.
    pub(super) start: &'a [Block],
    /// A row of blocks for each index that entries refer to; those beyond the product's are not looked at.
    pub(super) table: &'a [Block],
    /// Blocks of a row of the table.
    pub(super) table_width: usize,
    /// Whether sums below zero become zero, as relu units want it. Unlike with `f64::max`, NaN stays, by which
    /// a diverging fit is recognised.
    pub(super) clip: bool,
    /// A row of blocks for each row.
    pub(super) product: &'a mut [Block],
}

/// `sum += rowsᵀ · table`, each sum in the order of the rows.
pub(super) struct AddTransposed<'a, E = Entry> {
    pub(super) rows: Chosen<'a, E>,
    /// A row of blocks for each row.
    pub(super) table: &'a [Block],
    /// Blocks of a row of the table.
    pub(super) table_width: usize,
    /// A row of blocks for each index that entries refer to; those beyond the table's are left as they are.
    pub(super) sum: &'a mut [Block],
    /// Blocks of a row of the sum.
    pub(super) sum_width: usize,
}

/// The deltas of the last hidden layer, and what its units and output weights get of the gradient.
pub(super) struct LastDeltas<'a> {
    pub(super) activation: Activation,
    /// The derivative of the loss by the output of each row.
    pub(super) outputs: &'a [f64],
    /// The output weights. They have as many blocks as a row of the activations.
    pub(super) weights: &'a [Block],
    /// A row of blocks for each row.
    pub(super) activations: &'a [Block],
    /// A row of blocks for each row, set to the derivatives by the weighted inputs.
    pub(super) deltas: &'a mut [Block],
    /// Set to the sums over rows of the derivatives by the output weights.
    pub(super) of_weights: &'a mut [Block],
    /// Set to the sums over rows of the deltas.
    pub(super) of_biases: &'a mut [Block],
}

/// `table[row] = Σ value · table[index]` over the entries of each row that has any: rows add up earlier ones.
pub(super) struct AddUp<'a> {
    pub(super) rows: &'a SparseRows,
    /// A row of blocks for each row.
    pub(super) table: &'a mut [Block],
    /// Blocks of a row of the table.
    pub(super) width: usize,
}

/// The transpose of [`AddUp`], the last row first: `table[index] += value · table[row]` over the entries of each
/// row that has any, which is zero from then on.
pub(super) struct HandDown<'a> {
    pub(super) rows: &'a SparseRows,
    /// A row of blocks for each row.
    pub(super) table: &'a mut [Block],
    /// Blocks of a row of the table.
    pub(super) width: usize,
}

/// Some rows of a matrix.
pub(super) trait Rows: Copy {
    type Entry: Scale;

    fn len(&self) -> usize;

    /// Visits the entries of a row that are not zero.
    fn each(&self, row: usize, visit: impl FnMut(Self::Entry));
}

/// An entry of a row.
pub(super) trait Scale: Copy {
    fn index(self) -> usize;

    /// What multiplies numbers by the entry's value.
    fn scale<S: Simd>(self, simd: S) -> impl Fn(S::f64s) -> S::f64s;
}

impl Scale for Entry {
    #[inline(always)]
    fn index(self) -> usize {
        self.index
    }

    #[inline(always)]
    fn scale<S: Simd>(self, simd: S) -> impl Fn(S::f64s) -> S::f64s {
        let value = simd.splat_f64s(self.value);
        #[inline(always)]
        move |numbers| simd.mul_f64s(value, numbers)
    }
}

impl Scale for Unit {
    #[inline(always)]
    fn index(self) -> usize {
        self.0 as usize
    }

    #[inline(always)]
    fn scale<S: Simd>(self, _: S) -> impl Fn(S::f64s) -> S::f64s {
        #[inline(always)]
        |numbers| numbers
    }
}

/// Most vectors of a strip: their sums leave four of the 16 registers that any processor has for what is added.
const STRIP: usize = 12;

/// Goes over strips of units first and over rows second: one strip of a table stays in the first-level cache,
/// and a row's part of it in registers.
pub(super) trait Strips: Sized {
    /// Blocks of a row that are worked on.
    fn blocks(&self) -> usize;

    /// Works on `N` vectors of every row, from vector `first` on.
    fn strip<S: Simd, const N: usize>(&mut self, simd: S, first: usize);

    /// Works on all strips.
    fn run(self) {
        Arch::new().dispatch(AllStrips(self));
    }
}

/// All strips of some work, with the vectors at hand.
struct AllStrips<W>(W);

impl<W: Strips> WithSimd for AllStrips<W> {
    type Output = ();

    /// Strips are about as wide as each other: in a narrow one additions would wait for each other.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(mut work) = self;
        let (width, mut first) = (in_vectors::<S>(work.blocks()), 0);
        for left in (1..=width.div_ceil(STRIP)).rev() {
            let vectors = (width - first).div_ceil(left);
            match vectors {
                1 => work.strip::<S, 1>(simd, first),
                2 => work.strip::<S, 2>(simd, first),
                3 => work.strip::<S, 3>(simd, first),
                4 => work.strip::<S, 4>(simd, first),
                5 => work.strip::<S, 5>(simd, first),
                6 => work.strip::<S, 6>(simd, first),
                7 => work.strip::<S, 7>(simd, first),
                8 => work.strip::<S, 8>(simd, first),
                9 => work.strip::<S, 9>(simd, first),
                10 => work.strip::<S, 10>(simd, first),
                11 => work.strip::<S, 11>(simd, first),
                _ => work.strip::<S, STRIP>(simd, first),
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

impl<R: Rows> Strips for Multiply<'_, R> {
    fn blocks(&self) -> usize {
        self.start.len()
    }

    #[inline(always)]
    fn strip<S: Simd, const N: usize>(&mut self, simd: S, first: usize) {
        let (start, _) = S::as_simd_f64s(self.start.as_flattened());
        let (table, _) = S::as_simd_f64s(self.table.as_flattened());
        let (product, _) = S::as_mut_simd_f64s(self.product.as_flattened_mut());
        let table_width = in_vectors::<S>(self.table_width);
        for (row, product) in product.chunks_exact_mut(start.len()).enumerate() {
            let mut sums = [simd.splat_f64s(0.0); N];
            sums.copy_from_slice(&start[first..][..N]);
            self.rows.each(
                row,
                #[inline(always)]
                |entry| {
                    let scale = entry.scale(simd);
                    let units = &table[entry.index() * table_width + first..][..N];
                    for (sum, &unit) in sums.iter_mut().zip(units) {
                        *sum = simd.add_f64s(*sum, scale(unit));
                    }
                },
            );
            if self.clip {
                let zero = simd.splat_f64s(0.0);
                for sum in &mut sums {
                    *sum = simd.select_f64s(simd.less_than_f64s(*sum, zero), zero, *sum);
                }
            }
            product[first..][..N].copy_from_slice(&sums);
        }
    }
}

impl<E: Scale> Strips for AddTransposed<'_, E> {
    fn blocks(&self) -> usize {
        self.table_width
    }

    #[inline(always)]
    fn strip<S: Simd, const N: usize>(&mut self, simd: S, first: usize) {
        let (table, _) = S::as_simd_f64s(self.table.as_flattened());
        let (sum, _) = S::as_mut_simd_f64s(self.sum.as_flattened_mut());
        let sum_width = in_vectors::<S>(self.sum_width);
        for (row, table) in table.chunks_exact(in_vectors::<S>(self.table_width)).enumerate() {
            let mut units = [simd.splat_f64s(0.0); N];
            units.copy_from_slice(&table[first..][..N]);
            for entry in self.rows.row(row) {
                let scale = entry.scale(simd);
                let sums = &mut sum[entry.index() * sum_width + first..][..N];
                for (sum, &unit) in sums.iter_mut().zip(&units) {
                    *sum = simd.add_f64s(*sum, scale(unit));
                }
            }
        }
    }
}

impl Strips for LastDeltas<'_> {
    fn blocks(&self) -> usize {
        self.weights.len()
    }

    #[inline(always)]
    fn strip<S: Simd, const N: usize>(&mut self, simd: S, first: usize) {
        let (weights, _) = S::as_simd_f64s(self.weights.as_flattened());
        let (activations, _) = S::as_simd_f64s(self.activations.as_flattened());
        let (deltas, _) = S::as_mut_simd_f64s(self.deltas.as_flattened_mut());
        let rows = activations.chunks_exact(weights.len()).zip(deltas.chunks_exact_mut(weights.len()));
        let mut of_weights = [simd.splat_f64s(0.0); N];
        let mut of_biases = of_weights;
        for ((activations, deltas), &output) in rows.zip(self.outputs) {
            let output = simd.splat_f64s(output);
            for at in 0..N {
                let (activation, weight) = (activations[first + at], weights[first + at]);
                let delta = self.activation.delta(simd, activation, simd.mul_f64s(output, weight));
                deltas[first + at] = delta;
                of_biases[at] = simd.add_f64s(of_biases[at], delta);
                of_weights[at] = simd.add_f64s(of_weights[at], simd.mul_f64s(output, activation));
            }
        }
        let (sums, _) = S::as_mut_simd_f64s(self.of_weights.as_flattened_mut());
        sums[first..][..N].copy_from_slice(&of_weights);
        let (sums, _) = S::as_mut_simd_f64s(self.of_biases.as_flattened_mut());
        sums[first..][..N].copy_from_slice(&of_biases);
    }
}

impl Strips for AddUp<'_> {
    fn blocks(&self) -> usize {
        self.width
    }

    #[inline(always)]
    fn strip<S: Simd, const N: usize>(&mut self, simd: S, first: usize) {
        let (table, _) = S::as_mut_simd_f64s(self.table.as_flattened_mut());
        let width = in_vectors::<S>(self.width);
        for row in 0..self.rows.len() {
            let entries = self.rows.row(row);
            if entries.is_empty() {
                continue;
            }
            let mut sums = [simd.splat_f64s(0.0); N];
            for entry in entries {
                let scale = entry.scale(simd);
                for (sum, &part) in sums.iter_mut().zip(&table[entry.index * width + first..][..N]) {
                    *sum = simd.add_f64s(*sum, scale(part));
                }
            }
            table[row * width + first..][..N].copy_from_slice(&sums);
        }
    }
}

impl Strips for HandDown<'_> {
    fn blocks(&self) -> usize {
        self.width
    }

    #[inline(always)]
    fn strip<S: Simd, const N: usize>(&mut self, simd: S, first: usize) {
        let (table, _) = S::as_mut_simd_f64s(self.table.as_flattened_mut());
        let width = in_vectors::<S>(self.width);
        for row in (0..self.rows.len()).rev() {
            let entries = self.rows.row(row);
            if entries.is_empty() {
                continue;
            }
            let zeros = [simd.splat_f64s(0.0); N];
            let mut units = zeros;
            let here = &mut table[row * width + first..][..N];
            units.copy_from_slice(here);
            here.copy_from_slice(&zeros);
            for entry in entries {
                let scale = entry.scale(simd);
                let parts = &mut table[entry.index * width + first..][..N];
                for (part, &unit) in parts.iter_mut().zip(&units) {
                    *part = simd.add_f64s(*part, scale(unit));
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

/// `sum += row`.
#[inline]
pub(super) fn add(sum: &mut [Block], row: &[Block]) {
    for (sum, row) in sum.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
        *sum += row;
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
        for ((table_width, used), clip) in widths().flat_map(|width| [(width, false), (width, true)]) {
            let (start, table) = (table(used), table(COLUMNS * table_width));
            let run = |work: fn(Multiply<'_, Chosen<'_>>)| {
                let mut product = vec![[f64::NAN; LANES]; ROWS * used];
                work(Multiply {
                    rows: rows.all(),
                    start: &start,
                    table: &table,
                    table_width,
                    clip,
                    product: &mut product,
                });
                product
            };
            let product = run(|widest| widest.run());
            assert_eq!(product, run(|scalar| AllStrips(scalar).with_simd(pulp::Scalar)));
            for (at, actual) in product.as_flattened().iter().enumerate() {
                let (row, unit) = (at / (used * LANES), at % (used * LANES));
                let weight = |column: usize| number(column * table_width * LANES + unit);
                let add = |sum, column| sum + matrix[[row, column]] * weight(column);
                let sum = (0..COLUMNS).fold(number(unit), add);
                assert_eq!(*actual, if clip && sum < 0.0 { 0.0 } else { sum });
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
            assert_eq!(sum, run(|scalar| AllStrips(scalar).with_simd(pulp::Scalar)));
            for (at, actual) in sum.as_flattened().iter().enumerate() {
                let (column, unit) = (at / (sum_width * LANES), at % (sum_width * LANES));
                let delta = |row: usize| number(row * table_width * LANES + unit);
                let add = |sum, row| sum + matrix[[row, column]] * delta(row);
                let rows = if unit < table_width * LANES { 0..ROWS } else { 0..0 };
                assert_eq!(*actual, rows.fold(number(at), add));
            }
        }
    }

    /// Rows that add up earlier ones.
    fn triangle() -> SparseRows {
        let mut rows = SparseRows::default();
        for row in [&[][..], &[], &[(0, 1.0), (1, 0.5)], &[(2, 1.0)], &[], &[(0, -3.0), (3, 1.0), (4, 2.0)]] {
            let entries = row.iter().map(|&(index, value)| Entry { index, value });
            rows.push_row(&entries.collect::<Vec<_>>());
        }
        rows
    }

    #[test]
    fn rows_add_up_and_hand_down_with_the_same_bits_with_vectors_of_any_width() {
        let rows = triangle();
        for width in 1..20 {
            let before = table(rows.len() * width);
            let run = |work: fn(&SparseRows, &mut [Block], usize)| {
                let mut table = before.clone();
                work(&rows, &mut table, width);
                table
            };
            let up = run(|rows, table, width| AddUp { rows, table, width }.run());
            let up_one_by_one =
                run(|rows, table, width| AllStrips(AddUp { rows, table, width }).with_simd(pulp::Scalar));
            let down = run(|rows, table, width| HandDown { rows, table, width }.run());
            let down_one_by_one =
                run(|rows, table, width| AllStrips(HandDown { rows, table, width }).with_simd(pulp::Scalar));
            assert_eq!(up, up_one_by_one);
            assert_eq!(down, down_one_by_one);
            for unit in 0..width * LANES {
                let of_unit = |table: &[Block]| -> Vec<f64> {
                    table.as_flattened()[unit..].iter().step_by(width * LANES).copied().collect()
                };
                let mut expected = of_unit(&before);
                expected[2] = 0.0 + expected[0] + 0.5 * expected[1];
                expected[3] = 0.0 + expected[2];
                expected[5] = 0.0 + -3.0 * expected[0] + expected[3] + 2.0 * expected[4];
                assert_eq!(of_unit(&up), expected);

                let mut expected = of_unit(&before);
                let last = std::mem::take(&mut expected[5]);
                expected[0] += -3.0 * last;
                expected[3] += last;
                expected[4] += 2.0 * last;
                expected[2] += std::mem::take(&mut expected[3]);
                let middle = std::mem::take(&mut expected[2]);
                expected[0] += middle;
                expected[1] += 0.5 * middle;
                assert_eq!(of_unit(&down), expected);
            }
        }
    }

    #[test]
    fn units_are_entries_of_value_1() {
        let (mut units, mut entries) = (SparseRows::<Unit>::default(), SparseRows::default());
        for row in [&[0, 3][..], &[], &[4, 1, 2]] {
            units.push_row(&row.iter().map(|index| Unit(*index)).collect::<Vec<_>>());
            let entry = |index: &u32| Entry { index: *index as usize, value: 1.0 };
            entries.push_row(&row.iter().map(entry).collect::<Vec<_>>());
        }
        fn products<E: Scale>(rows: &SparseRows<E>) -> [Vec<Block>; 2] {
            let (start, of_columns, of_rows) = (table(2), table(2 * COLUMNS), table(2 * 3));
            let (mut product, mut sum) = (table(2 * 3), table(2 * COLUMNS));
            let (table_width, sum_width, clip) = (2, 2, true);
            let [one, other] = [&start, &of_columns];
            Multiply { rows: rows.all(), start: one, table: other, table_width, clip, product: &mut product }
                .run();
            AddTransposed { rows: rows.all(), table: &of_rows, table_width, sum: &mut sum, sum_width }.run();
            [product, sum]
        }
        assert_eq!(products(&units), products(&entries));
    }

    #[test]
    fn clipping_does_not_hide_nan() {
        let rows = SparseRows::from_dense(&ndarray::array![[0.0]].view());
        let start = [[-1.0, 2.0, f64::NAN, f64::NEG_INFINITY, 0.0, -0.5, 0.5, f64::INFINITY]];
        let mut product = [[9.0; LANES]];
        let table = &[];
        Multiply {
            rows: rows.all(),
            start: &start,
            table,
            table_width: 1,
            clip: true,
            product: &mut product,
        }
        .run();
        let [[a, b, c, d, rest @ ..]] = product;
        assert_eq!((a, b, d, rest), (0.0, 2.0, 0.0, [0.0, 0.0, 0.5, f64::INFINITY]));
        assert!(c.is_nan());
    }
}
