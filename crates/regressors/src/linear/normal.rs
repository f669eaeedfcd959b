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
use crate::vectors::{dot, vectorized};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::reborrow::ReborrowMut;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use std::ops::Range;

/// Pivots below this share of the largest are rounding noise.
const NOISE: f64 = 1e-13;

/// Largest condition number, of columns scaled to equal norms, that is left to this way. Its square times the
/// machine epsilon is the error that refinement starts from, and that of the relations between columns.
const CONDITION: f64 = 1e3;

/// Rows whose products are summed at once.
const ROWS_AT_ONCE: usize = 256;

/// How far, relative to all of them, rows may be from a relation between columns that holds.
const RELATION: f64 = 1e-12;

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

/// Solves a system with at least as many rows as columns; `None` if it is better solved otherwise.
pub(super) fn solve(system: &Centred<'_>, tol: f64) -> Option<Solution> {
    let Products { gram, moments } = products(system);
    let factor = Factor::of(&gram, tol)?;
    let mut solution = Array1::zeros(gram.nrows());
    factor.add_solution(&moments, &mut solution);
    factor.add_solution(&residual_moments(system, &solution), &mut solution);
    let null = factor.null_space();
    if !is_null_space(system, &null, gram.diag().sum()) {
        return None;
    }
    for direction in null.rows() {
        solution.scaled_add(-direction.dot(&solution), &direction);
    }
    Some(Solution { coefficients: solution, rank: factor.columns.len() })
}

fn products(system: &Centred<'_>) -> Products {
    let width = system.means.len();
    let sums = system.sum_parts(width * width, |rows, sums| {
        let mut sums = MatMut::from_column_major_slice_mut(sums, width, width);
        let (triangle, full) = (BlockStructure::TriangularUpper, BlockStructure::Rectangular);
        for_each_block(system, rows, |block| {
            let block = MatRef::from_row_major_slice(block, block.len() / width, width);
            let sums = sums.rb_mut();
            matmul(sums, triangle, Accum::Add, block.transpose(), full, block, full, 1.0, Par::Seq);
        });
    });
    // Column by column the upper triangle is, row by row, the lower one.
    let p = width - 1;
    let product = |i: usize, j: usize| sums[i.max(j) * width + i.min(j)];
    Products {
        gram: Array2::from_shape_fn((p, p), |(i, j)| product(i, j)),
        moments: Array1::from_shape_fn(p, |i| product(i, p)),
    }
}

/// Visits some rows of `[A | b]`, as many at once as stay in cache.
fn for_each_block(system: &Centred<'_>, rows: Range<usize>, mut visit: impl FnMut(&[f64])) {
    let mut block = Vec::new();
    for start in rows.clone().step_by(ROWS_AT_ONCE) {
        block.clear();
        system.append(start..rows.end.min(start + ROWS_AT_ONCE), &mut block);
        visit(&block);
    }
}

/// `A'(b - A w)`.
fn residual_moments(system: &Centred<'_>, w: &Array1<f64>) -> Array1<f64> {
    let width = system.means.len();
    // The last column is b.
    let mut with_target: Vec<f64> = w.iter().map(|w| -w).collect();
    with_target.push(1.0);
    let mut sums = system.sum_parts(width, |rows, sums| {
        for_each_block(system, rows, |block| {
            vectorized!({
                for row in block.chunks_exact(width) {
                    let residual = dot(row, &with_target);
                    add_scaled(sums, residual, row);
                }
            });
        });
    });
    sums.truncate(width - 1);
    sums.into()
}

/// Whether all rows are orthogonal to some directions, to a few digits less than all: products of rows cannot
/// tell a relation between columns from one that only almost holds.
fn is_null_space(system: &Centred<'_>, null: &Array2<f64>, trace: f64) -> bool {
    if null.is_empty() {
        return true;
    }
    let (width, null) = (system.means.len(), null.as_standard_layout());
    let directions = null.as_slice().unwrap_or_default();
    let squares = system.sum_parts(1, |rows, squares| {
        for_each_block(system, rows, |block| {
            vectorized!({
                for row in block.chunks_exact(width) {
                    for direction in directions.chunks_exact(width - 1) {
                        let along = dot(&row[..width - 1], direction);
                        squares[0] += along * along;
                    }
                }
            });
        });
    });
    squares[0] <= RELATION * RELATION * trace
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

    fn centred<'a>(x: &'a Array2<f64>, y: &'a Array1<f64>) -> Centred<'a> {
        Centred::new((x.view(), y.view()), None, true)
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
            let system = centred(&x, &y);
            let expected = solve_tall(&system, TOL).unwrap();
            let solution = solve(&system, TOL);
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
            assert!(solve(&centred(&x, &y), TOL).is_none(), "{nearly}");
        }
        let x = array![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]];
        assert_eq!(solve(&centred(&x, &y), TOL).unwrap().rank, 1);
    }

    #[test]
    fn parts_do_not_change_the_means() {
        let x = Array2::from_shape_fn((5000, 2), |(i, j)| (i * (j + 1) % 17) as f64);
        let y = x.column(0).to_owned();
        let system = centred(&x, &y);
        for (mean, column) in system.means.iter().zip([x.column(0), x.column(1), y.view()]) {
            assert!((mean - column.mean().unwrap()).abs() < 1e-12);
        }
    }
}
