//! Least squares by the normal equations `A'A w = A'b`, for systems that are far from losing digits by it.
//!
//! Products of rows cost a fraction of an orthogonal factorisation, but square the condition number. So:
//!
//! 1. Cholesky's factorisation of `G = A'A` with pivots picks independent columns, until what is left of the
//!    others is rounding noise: `G = U'U` with a row of `U` for each.
//! 2. Two bounds show that the rank is the one that singular values would give, and a third that the
//!    solution keeps its digits. Where one does not hold, nothing is returned.
//! 3. The triangles are solved for the independent columns, and once more for the residuals of that solution
//!    against the rows themselves, after which its error is the one that rounded rows imply.
//! 4. A dependent column is a known combination of independent ones: projecting on what is orthogonal to all
//!    such relations gives the solution of smallest norm. The rows must obey them.

use super::centred::{Centred, Solution};
use crate::vectors::vectorized;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::reborrow::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use std::ops::Range;

/// Pivots below this share of the largest are rounding noise.
const NOISE: f64 = 1e-13;

/// Largest condition number, of columns scaled to equal norms, that is left to this way. Its square times the
/// machine epsilon is the error that refinement starts from, and that of the relations between columns.
const CONDITION: f64 = 1e3;

/// Rows whose products are summed at once.
const ROWS_AT_ONCE: usize = 256;

/// Times its own products that those of a column's mean less the origin may be: as many digits are lost by the
/// difference.
const LOST: f64 = 1e3;

/// How far, relative to all of them, rows may be from a relation between columns that holds.
const RELATION: f64 = 1e-12;

/// Sizes of the largest product that are far from where smaller ones are lost, or their own products.
const SIZES: Range<f64> = 1e-150..1e150;

/// `A'A` and `A'b`.
struct Products {
    gram: Array2<f64>,
    moments: Array1<f64>,
}

/// Independent columns of `A` and what the factorisation says of all of them.
struct Factor {
    /// The independent columns, in the order of their pivots.
    columns: Vec<usize>,
    /// `U`, a row for each independent column: `G = U'U` but for noise.
    upper: Array2<f64>,
    /// The inverse of the independent columns of `U`, an upper triangle.
    inverse: Array2<f64>,
}

/// Centres a system with at least as many rows as columns if there is to be an intercept, and solves it; `None`
/// if it is better solved otherwise.
pub(super) fn solve(system: &mut Centred<'_>, fit_intercept: bool, tol: f64) -> Option<Solution> {
    let Products { gram, moments } = products(system, fit_intercept)?;
    let factor = Factor::of(&gram, tol)?;
    let mut solution = Array1::zeros(gram.nrows());
    factor.add_solution(&moments, &mut solution);
    let null = factor.null_space();
    let residuals = residuals(system, &solution, &null);
    if residuals.along_null > RELATION * RELATION * gram.diag().sum() {
        return None;
    }
    factor.add_solution(&residuals.moments, &mut solution);
    for direction in null.rows() {
        solution.scaled_add(-direction.dot(&solution), &direction);
    }
    Some(Solution { coefficients: solution, rank: factor.columns.len() })
}

/// Centres a system if there is to be an intercept; `None` if its products lose digits by that or by their size.
///
/// The rows are visited once: products of what they are more than an origin near the means, less those of the
/// means less the origin.
fn products(system: &mut Centred<'_>, fit_intercept: bool) -> Option<Products> {
    if fit_intercept {
        system.means = system.origin();
    }
    let width = system.means.len();
    let sums = system.sum_parts(width * (width + 1), |rows, sums| {
        let (sums, products) = sums.split_at_mut(width);
        for_each_block(system, rows, |rows, block| {
            vectorized!({
                for (at, row) in rows.zip(block.chunks_exact(width)) {
                    add_scaled(sums, system.weight(at).sqrt(), row);
                }
            });
            add_products(products, block, width);
        });
    });
    let (sums, products) = sums.split_at(width);
    let total = system.total_weight();
    // Column by column the upper triangle is, row by row, the lower one.
    let product = |i: usize, j: usize| products[i.max(j) * width + i.min(j)];
    let of_means = |i: usize, j: usize| if fit_intercept { sums[i] * sums[j] / total } else { 0.0 };
    let centred = |i: usize, j: usize| product(i, j) - of_means(i, j);
    if fit_intercept {
        let origin = system.means.clone();
        system.set_means(&origin, sums);
    }
    let p = width - 1;
    let largest = (0..p).map(|i| product(i, i)).fold(0.0, f64::max);
    if !SIZES.contains(&largest) {
        return None;
    }
    let keeps_digits = |i: usize| of_means(i, i) <= LOST * centred(i, i) || product(i, i) == 0.0;
    (0..p).all(keeps_digits).then(|| Products {
        gram: Array2::from_shape_fn((p, p), |(i, j)| centred(i, j)),
        moments: Array1::from_shape_fn(p, |i| centred(i, p)),
    })
}

/// Adds the products of the columns of some rows, column by column the upper triangle.
fn add_products(products: &mut [f64], rows: &[f64], width: usize) {
    let products = MatMut::from_column_major_slice_mut(products, width, width);
    let rows = MatRef::from_row_major_slice(rows, rows.len() / width, width);
    let (triangle, full) = (BlockStructure::TriangularUpper, BlockStructure::Rectangular);
    triangular::matmul(products, triangle, Accum::Add, rows.transpose(), full, rows, full, 1.0, Par::Seq);
}

/// Visits some rows of `[A | b]`, as many at once as stay in cache.
fn for_each_block(system: &Centred<'_>, rows: Range<usize>, mut visit: impl FnMut(Range<usize>, &[f64])) {
    let mut block = Vec::new();
    for start in rows.clone().step_by(ROWS_AT_ONCE) {
        let rows = start..rows.end.min(start + ROWS_AT_ONCE);
        block.clear();
        system.append(rows.clone(), &mut block);
        visit(rows, &block);
    }
}

/// What the rows themselves say of a solution of the normal equations.
struct Residuals {
    /// `A'(b - A w)`.
    moments: Array1<f64>,
    /// The sum of the squares of rows along directions that should be orthogonal to all of them: products of
    /// rows cannot tell a relation between columns from one that only almost holds.
    along_null: f64,
}

fn residuals(system: &Centred<'_>, w: &Array1<f64>, null: &Array2<f64>) -> Residuals {
    let width = system.means.len();
    // What a row is multiplied by: the solution, for which the last column is b, and each direction.
    let mut factors: Vec<f64> = w.iter().map(|w| -w).chain([1.0]).collect();
    for direction in null.rows() {
        factors.extend(direction.iter().copied().chain([0.0]));
    }
    let factors = MatRef::from_row_major_slice(&factors, factors.len() / width, width);
    let mut sums = system.sum_parts(width + 1, |rows, sums| {
        let (along_null, moments) = sums.split_at_mut(1);
        let mut products = Mat::zeros(ROWS_AT_ONCE, factors.nrows());
        for_each_block(system, rows, |rows, block| {
            let mut products = products.as_mut().subrows_mut(0, rows.len());
            let rows = MatRef::from_row_major_slice(block, rows.len(), width);
            matmul(products.rb_mut(), Accum::Replace, rows, factors.transpose(), 1.0, Par::Seq);
            let products = products.as_ref();
            let residuals = products.col(0).iter();
            vectorized!({
                for (row, residual) in block.chunks_exact(width).zip(residuals) {
                    add_scaled(moments, *residual, row);
                }
            });
            along_null[0] += products.subcols(1, null.nrows()).squared_norm_l2();
        });
    });
    let along_null = sums.remove(0);
    sums.truncate(width - 1);
    Residuals { moments: sums.into(), along_null }
}

impl Factor {
    /// `None` if the rank is not certain, or the independent columns are too close to dependent ones.
    fn of(gram: &Array2<f64>, tol: f64) -> Option<Self> {
        let mut left = gram.clone();
        let diagonal = gram.diag();
        let (largest, trace) = (diagonal.fold(0.0, |a: f64, b| a.max(*b)), diagonal.sum());
        let mut rest: Vec<usize> = (0..gram.nrows()).collect();
        let (mut columns, mut upper) = (Vec::new(), Vec::new());
        while let Some((at, pivot)) =
            largest_pivot(&left, &rest).filter(|(_, pivot)| *pivot > NOISE * largest)
        {
            let column = rest.swap_remove(at);
            let row: Vec<f64> = left.row(column).iter().map(|x| x / pivot.sqrt()).collect();
            vectorized!({
                for other in &rest {
                    let mut left = left.row_mut(*other);
                    add_scaled(left.as_slice_mut().unwrap_or_default(), -row[*other], &row);
                }
            });
            columns.push(column);
            upper.push(row);
        }
        let rank = columns.len();
        let upper = Array2::from_shape_vec((rank, gram.nrows()), upper.concat()).ok()?;
        let inverse = inverse(&upper.select(Axis(1), &columns));
        // No singular value beyond the rank is larger than the root of the first sum, and none of the rank's is
        // smaller than that of the other; the largest of all lies between those of `largest` and of `trace`.
        let noise: f64 = rest.iter().map(|column| left[(*column, *column)].max(0.0)).sum();
        let inverse_squares: f64 = inverse.iter().map(|x| x * x).sum();
        let is_rank = noise <= tol * tol * largest && tol * tol * trace * inverse_squares < 1.0;
        let scaled = |(row, column): (ArrayView1<'_, f64>, &usize)| row.dot(&row) * gram[(*column, *column)];
        let scaled_squares: f64 = inverse.axis_iter(Axis(1)).zip(&columns).map(scaled).sum();
        let is_well_conditioned = scaled_squares * rank as f64 <= CONDITION * CONDITION;
        (is_rank && is_well_conditioned).then_some(Self { columns, upper, inverse })
    }

    /// Adds the solution for `A'b` that is zero for dependent columns.
    fn add_solution(&self, moments: &Array1<f64>, solution: &mut Array1<f64>) {
        let independent = self.inverse.dot(&self.inverse.t().dot(&moments.select(Axis(0), &self.columns)));
        for (column, value) in self.columns.iter().zip(independent) {
            solution[*column] += value;
        }
    }

    /// Orthonormal directions that lead nowhere, a row for each dependent column.
    fn null_space(&self) -> Array2<f64> {
        let p = self.upper.ncols();
        let dependent: Vec<usize> = (0..p).filter(|column| !self.columns.contains(column)).collect();
        // Column d of A is the sum of the independent ones times that of `relations`.
        let relations = self.inverse.dot(&self.upper.select(Axis(1), &dependent));
        let mut null = Array2::zeros((dependent.len(), p));
        for (at, column) in dependent.iter().enumerate() {
            null[(at, *column)] = 1.0;
            for (independent, share) in self.columns.iter().zip(relations.column(at)) {
                null[(at, *independent)] = -share;
            }
        }
        // Orthogonalised twice, which is enough.
        for at in 0..null.nrows() {
            let (before, mut row) = null.view_mut().split_at(Axis(0), at);
            let mut row = row.row_mut(0);
            for _ in 0..2 {
                before.rows().into_iter().for_each(|other| row.scaled_add(-other.dot(&row), &other));
            }
            let norm = row.dot(&row).sqrt();
            row /= norm;
        }
        null
    }
}

/// The place of the largest remaining pivot, the first of equal ones, and its value.
fn largest_pivot(left: &Array2<f64>, rest: &[usize]) -> Option<(usize, f64)> {
    let pivots = rest.iter().map(|column| left[(*column, *column)]).enumerate();
    pivots.reduce(|best, other| if other.1 > best.1 { other } else { best })
}

/// The inverse of an upper triangle.
fn inverse(upper: &Array2<f64>) -> Array2<f64> {
    let n = upper.nrows();
    let mut inverse = Array2::zeros((n, n));
    for i in (0..n).rev() {
        let (mut rows, below) = inverse.view_mut().split_at(Axis(0), i + 1);
        let mut row = rows.row_mut(i);
        row[i] = 1.0;
        for j in i + 1..n {
            row.scaled_add(-upper[(i, j)], &below.row(j - i - 1));
        }
        row /= upper[(i, i)];
    }
    inverse
}

#[inline(always)]
fn add_scaled(sum: &mut [f64], factor: f64, row: &[f64]) {
    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::orthogonal::solve_tall;
    use ndarray::array;
    use proptest::prelude::*;

    const TOL: f64 = 1e-6;

    fn rows<'a>(x: &'a Array2<f64>, y: &'a Array1<f64>) -> Centred<'a> {
        Centred::new((x.view(), y.view()), None)
    }

    proptest! {
        #[test]
        fn both_ways_lead_to_the_same_solution(
            (x, y) in (6usize..40, 1usize..6).prop_flat_map(|(n, p)| {
                // Few values make columns likely that depend on others.
                let cells = prop::collection::vec((0i8..3).prop_map(f64::from), n * p);
                (cells, prop::collection::vec(-10.0..10.0, n)).prop_map(move |(cells, y)| {
                    (Array2::from_shape_vec((n, p), cells).unwrap(), Array1::from(y))
                })
            })
        ) {
            let mut system = rows(&x, &y);
            let solution = solve(&mut system, true, TOL);
            let expected = solve_tall(&system, TOL).unwrap();
            prop_assert!(solution.is_some());
            let solution = solution.unwrap();
            prop_assert_eq!(solution.rank, expected.rank);
            let differences = &solution.coefficients - &expected.coefficients;
            prop_assert!(differences.iter().all(|difference| difference.abs() < 1e-10));
        }
    }

    #[test]
    fn nearly_dependent_columns_are_left_to_the_other_way() {
        let y = array![1.0, 2.0, 4.0, 8.0];
        for nearly in [1e-4, 1e-6, 1e-8] {
            let x = array![[0.0, nearly], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]];
            assert!(solve(&mut rows(&x, &y), true, TOL).is_none(), "{nearly}");
        }
        let x = array![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]];
        assert_eq!(solve(&mut rows(&x, &y), true, TOL).unwrap().rank, 1);
    }

    #[test]
    fn an_origin_far_from_the_mean_is_noticed() {
        // Just the rows that the origin is chosen from are far from the others.
        let x = Array2::from_shape_fn((20_000, 1), |(i, _)| if i % 1250 == 0 { 1e6 } else { (i % 2) as f64 });
        let y = 2.0 * &x.column(0) + 1.0;
        let mut system = rows(&x, &y);
        assert!(solve(&mut system, true, TOL).is_none());
        assert!((system.means[0] - x.mean().unwrap()).abs() < 1e-9);
        assert!((solve_tall(&system, TOL).unwrap().coefficients[0] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn parts_do_not_change_the_means() {
        let x = Array2::from_shape_fn((5000, 2), |(i, j)| (i * (j + 1) % 17) as f64);
        let y = x.column(0).to_owned();
        let mut system = rows(&x, &y);
        products(&mut system, true).unwrap();
        for (mean, column) in system.means.iter().zip([x.column(0), x.column(1), y.view()]) {
            assert!((mean - column.mean().unwrap()).abs() < 1e-12);
        }
    }
}
