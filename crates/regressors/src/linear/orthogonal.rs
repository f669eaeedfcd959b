//! Least squares by orthogonal factorisations, which lose no digits where features are nearly collinear.
//!
//! 1. With at least as many rows as features, a QR factorisation of `[A | b]`, some rows at a time, reduces
//!    the problem to the triangle `R w = Q'b` of the same least-squares solutions. With fewer rows, `A'` is
//!    factorised.
//! 2. The singular values of `R` are those of `A`. Those up to `tol` times the largest count as zero.
//! 3. If none is zero, linfa-linear solves `R w = Q'b`; else `w = V S⁺ U'Q'b`.
//!
//! The triangle of a tall matrix is found some rows at a time, as in the sequential algorithm of Demmel et al.
//! 2012 (<https://doi.org/10.1137/080731992>), which is as stable as Householder's for all rows at once.
//! linfa-linear's own intercept is not used: it appends a column of ones instead of centring, so
//! coefficients lose digits as columns move away from zero.

use super::centred::{Centred, Solution};
use crate::{Error, Result};
use faer::{Mat, MatRef};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array1, Array2, ShapeBuilder};

/// Rows that are factorised at once: enough of them to be worth it, and few enough for a cache.
const ROWS_AT_ONCE: usize = 1024;

/// With `n >= p`: `[A | b] = Q [R | Q'b]`, so that only `p x p` numbers are left to look at.
pub(super) fn solve_tall(system: &Centred<'_>, tol: f64) -> Result<Solution> {
    let p = system.records.ncols();
    let triangle = triangle(system);
    let r = triangle.get(..p, ..p);
    let projected = Array1::from_shape_fn(p, |i| triangle[(i, p)]);
    let svd = SingularValues::of(r, tol)?;
    let coefficients = if svd.rank == p {
        // linfa's Householder steps go down columns: in this layout they take half the time.
        let triangle = Array2::from_shape_fn((p, p).f(), |(i, j)| r[(i, j)]);
        let solver = linfa_linear::LinearRegression::new().with_intercept(false);
        solver.fit(&DatasetBase::new(triangle, projected))?.params().clone()
    } else {
        svd.solve(&projected)
    };
    Ok(Solution { coefficients, rank: svd.rank })
}

/// `[R | Q'b]`, from a few rows at a time: the triangle of the rows so far, on top of the next ones, has
/// the triangle of them all. So the memory needed does not grow with the rows, and stays in cache.
fn triangle(system: &Centred<'_>) -> Mat<f64> {
    let (n, width) = (system.records.nrows(), system.records.ncols() + 1);
    let (mut triangle, mut stack) = (Mat::zeros(0, width), Vec::new());
    for start in (0..n).step_by(ROWS_AT_ONCE) {
        stack.clear();
        for row in triangle.row_iter() {
            stack.extend(row.iter());
        }
        system.append(start..n.min(start + ROWS_AT_ONCE), &mut stack);
        let rows = MatRef::from_row_major_slice(&stack, stack.len() / width, width);
        triangle = rows.qr().thin_R().to_owned();
    }
    triangle
}

/// With `n < p`: `A' = QR`, so that `A w = b` is `R'v = b` with `w = Qv`, and `|w| = |v|`.
pub(super) fn solve_wide(system: &Centred<'_>, tol: f64) -> Result<Solution> {
    let (n, p) = system.records.dim();
    let mut rows = Vec::new();
    system.append(0..n, &mut rows);
    let rows = MatRef::from_row_major_slice(&rows, n, p + 1);
    let qr = rows.get(.., ..p).transpose().qr();
    let svd = SingularValues::of(qr.thin_R().transpose(), tol)?;
    let v = svd.solve(&rows.col(p).iter().copied().collect());
    let q = qr.compute_thin_Q();
    let coefficients = Array1::from_shape_fn(p, |i| (0..n).map(|j| q[(i, j)] * v[j]).sum());
    Ok(Solution { coefficients, rank: svd.rank })
}

/// The singular value decomposition of a square matrix, cut at a tolerance.
struct SingularValues {
    svd: faer::linalg::solvers::Svd<f64>,
    rank: usize,
}

impl SingularValues {
    fn of(matrix: MatRef<'_, f64>, tol: f64) -> Result<Self> {
        let svd = matrix.svd().map_err(|_| Error::Diverged("singular values did not converge"))?;
        let values = svd.S().column_vector();
        let rank = values.iter().take_while(|&&s| s > tol * values[0]).count();
        Ok(Self { svd, rank })
    }

    /// `V S⁺ U'b`, where `S⁺` inverts the first `rank` values and drops the others.
    fn solve(&self, b: &Array1<f64>) -> Array1<f64> {
        let (u, s, v) = (self.svd.U(), self.svd.S().column_vector(), self.svd.V());
        let mut solution = Array1::zeros(v.nrows());
        for k in 0..self.rank {
            let along: f64 = b.iter().zip(u.col(k).iter()).map(|(b, u)| b * u).sum();
            for (w, v) in solution.iter_mut().zip(v.col(k).iter()) {
                *w += along / s[k] * v;
            }
        }
        solution
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn factorisations_use_one_thread() {
        assert_eq!(faer::get_global_parallelism(), faer::Par::Seq);
    }
}
