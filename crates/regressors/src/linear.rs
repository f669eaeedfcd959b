//! Ordinary least squares: linfa-linear where the features are independent, the minimum-norm solution where
//! they are not.
//!
//! Full sets of one-hot columns are collinear with an intercept, and a level that no training row has is a
//! column of zeros. linfa-linear refuses such data or returns rounding noise; scikit-learn's answer is the
//! least-squares solution of smallest norm, which also decides predictions where a test row has none of the
//! levels. So one rank-revealing factorisation of the centred matrix comes first, and decides who solves:
//!
//! 1. With at least as many rows as features, a QR factorisation of `[A | b]`, some rows at a time, reduces
//!    the problem to the triangle `R w = Q'b` of the same least-squares solutions. With fewer rows, `A'` is
//!    factorised.
//! 2. The singular values of `R` are those of `A`. Those up to `tol` times the largest count as zero.
//! 3. If none is zero, linfa-linear solves `R w = Q'b`; else `w = V S⁺ U'Q'b`.
//!
//! linfa-linear's own intercept is not used: it appends a column of ones instead of centring, so
//! coefficients lose digits as columns move away from zero (columns around 1e6 ± 1: 2e-10 from the exact
//! solution, against 4e-16 by the way above). The intercept is `mean(y) - mean(x)·w`, as in scikit-learn.
//!
//! The triangle of a tall matrix is found some rows at a time, as in the sequential algorithm of Demmel et al.
//! 2012 (<https://doi.org/10.1137/080731992>), which is as stable as Householder's for all rows at once.
//!
//! Nothing is random and everything runs on one thread, so the result depends on the processor's vector width
//! (in last bits) and on nothing else.

use crate::input::{check_finite, check_fit, real_weights, require};
use crate::{Error, Result};
use faer::{Mat, MatRef};
use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{
    Array1, Array2, ArrayBase, ArrayView1, ArrayView2, ArrayViewMut1, Axis, Data, Ix2, ShapeBuilder, Zip,
};
use std::ops::Range;

/// Rows that are factorised at once: enough of them to be worth it, and few enough for a cache.
const ROWS_AT_ONCE: usize = 1024;

/// Checked hyperparameters of [`LinearRegression`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRegressionValidParams {
    fit_intercept: bool,
    tol: f64,
}

/// Hyperparameters of [`LinearRegression`], checked by a fit or by [`ParamGuard::check`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRegressionParams(LinearRegressionValidParams);

impl LinearRegressionParams {
    /// Whether to fit an intercept (the default); without one the plane goes through the origin.
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.0.fit_intercept = fit_intercept;
        self
    }

    /// Singular values up to this multiple of the largest count as zero; at least 0, by default 1e-6.
    pub fn tol(mut self, tol: f64) -> Self {
        self.0.tol = tol;
        self
    }
}

impl ParamGuard for LinearRegressionParams {
    type Checked = LinearRegressionValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let tol = self.0.tol;
        require(tol.is_finite() && tol >= 0.0, "tol", tol, "finite and at least 0")?;
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// scikit-learn's `LinearRegression` on dense data: records `(n_samples, n_features)`, targets `(n_samples,)`.
///
/// ```
/// use linfa::Dataset;
/// use linfa::traits::{Fit, Predict};
/// use ndarray::array;
/// use regressors::LinearRegression;
///
/// // Both levels of a one-hot pair: only their difference is determined.
/// let train = Dataset::new(array![[1.0, 0.0], [0.0, 1.0]], array![1.0, 3.0]);
/// let model = LinearRegression::params().fit(&train)?;
/// assert_eq!(model.rank(), 1);
/// let neither = model.predict(&array![[0.0, 0.0]]);
/// assert!((neither[0] - 2.0).abs() < 1e-12);
/// # Ok::<(), regressors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRegression {
    coefficients: Array1<f64>,
    intercept: f64,
    rank: usize,
}

impl LinearRegression {
    /// scikit-learn's defaults: `fit_intercept = true`, `tol = 1e-6`.
    pub fn params() -> LinearRegressionParams {
        LinearRegressionParams(LinearRegressionValidParams { fit_intercept: true, tol: 1e-6 })
    }

    /// A model with stored coefficients, `(n_features,)`.
    ///
    /// ```
    /// use linfa::traits::Predict;
    /// use ndarray::array;
    /// use regressors::LinearRegression;
    ///
    /// let model = LinearRegression::from_parts(array![2.0, -1.0], 0.5, 2)?;
    /// assert_eq!(model.predict(&array![[1.0, 1.0]]), array![1.5]);
    /// # Ok::<(), regressors::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Model`] without features, with a value that is not finite, or a rank above the number of
    /// features.
    pub fn from_parts(coefficients: Array1<f64>, intercept: f64, rank: usize) -> Result<Self> {
        if coefficients.is_empty() {
            return Err(Error::Model("a linear model without features".to_owned()));
        }
        if !intercept.is_finite() || coefficients.iter().any(|w| !w.is_finite()) {
            return Err(Error::Model("a coefficient is not finite".to_owned()));
        }
        if rank > coefficients.len() {
            return Err(Error::Model(format!("rank {rank} of {} features", coefficients.len())));
        }
        Ok(Self { coefficients, intercept, rank })
    }

    /// The weight of each feature, `(n_features,)`.
    pub fn coefficients(&self) -> &Array1<f64> {
        &self.coefficients
    }

    /// The prediction for a row of zeros.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Rank of the centred training records (of the records as they are, without an intercept).
    pub fn rank(&self) -> usize {
        self.rank
    }
}

impl<D, T> Fit<ArrayBase<D, Ix2>, T, Error> for LinearRegressionValidParams
where
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = LinearRegression;

    /// Fits on records `(n_samples, n_features)` and targets `(n_samples,)` in O(n p min(n, p)).
    ///
    /// Sample weights count how often a row is there; they need not be whole numbers.
    ///
    /// # Errors
    /// On empty data, lengths that differ, values that are not finite, and weights that are negative or all
    /// zero; [`Error::Diverged`] if numbers overflow on the way.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<LinearRegression> {
        let (records, targets) = (dataset.records().view(), dataset.as_single_targets());
        check_fit(&records, &targets)?;
        check_finite(&records)?;
        let weights = real_weights(&dataset.weights, records.nrows())?;
        let (means, target_mean) = if self.fit_intercept {
            let target_column = targets.insert_axis(Axis(1));
            (means(&records, &weights), means(&target_column, &weights)[0])
        } else {
            (Array1::zeros(records.ncols()), 0.0)
        };
        let system = Centred { records, targets, weights, means, target_mean };
        let Solution { coefficients, rank } = system.least_squares(self.tol)?;
        let means = system.means;
        let intercept = target_mean - means.dot(&coefficients);
        if !intercept.is_finite() || coefficients.iter().any(|w| !w.is_finite()) {
            return Err(Error::Diverged("coefficients are not finite"));
        }
        Ok(LinearRegression { coefficients, intercept, rank })
    }
}

/// The weighted mean of each column, summed as differences from the first value: exact for a constant, whose
/// centred column then is exactly zero rather than noise that would pass for a direction of its own.
fn means(records: &ArrayView2<'_, f64>, weights: &[f64]) -> Array1<f64> {
    let first = records.row(0);
    let mut sums = Array1::zeros(records.ncols());
    for (row, weight) in records.rows().into_iter().zip(weights) {
        Zip::from(&mut sums).and(row).and(first).for_each(|sum, x, first| *sum += weight * (x - first));
    }
    sums / weights.iter().sum::<f64>() + first
}

/// A least-squares solution of smallest norm.
struct Solution {
    coefficients: Array1<f64>,
    rank: usize,
}

/// The system `A w = b` to solve: centred records, and targets.
struct Centred<'a> {
    records: ArrayView2<'a, f64>,
    targets: ArrayView1<'a, f64>,
    weights: Vec<f64>,
    means: Array1<f64>,
    target_mean: f64,
}

impl Centred<'_> {
    fn least_squares(&self, tol: f64) -> Result<Solution> {
        if self.records.nrows() >= self.records.ncols() { self.solve_tall(tol) } else { self.solve_wide(tol) }
    }

    /// Appends some rows of `[A | b]`, one after the other.
    fn append(&self, rows: Range<usize>, system: &mut Vec<f64>) {
        let width = self.records.ncols() + 1;
        for row in rows {
            // A row of weight w adds w times its squared residual: that of sqrt(w) times the row.
            let root = self.weights[row].sqrt();
            let start = system.len();
            system.resize(start + width, root * (self.targets[row] - self.target_mean));
            let (a, _b) = ArrayViewMut1::from(&mut system[start..]).split_at(Axis(0), width - 1);
            let cells = Zip::from(a).and(self.records.row(row)).and(&self.means);
            cells.for_each(|cell, x, mean| *cell = root * (x - mean));
        }
    }

    /// With `n >= p`: `[A | b] = Q [R | Q'b]`, so that only `p x p` numbers are left to look at.
    fn solve_tall(&self, tol: f64) -> Result<Solution> {
        let p = self.records.ncols();
        let triangle = self.triangle();
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
    fn triangle(&self) -> Mat<f64> {
        let (n, width) = (self.records.nrows(), self.records.ncols() + 1);
        let (mut triangle, mut stack) = (Mat::zeros(0, width), Vec::new());
        for start in (0..n).step_by(ROWS_AT_ONCE) {
            stack.clear();
            for row in triangle.row_iter() {
                stack.extend(row.iter());
            }
            self.append(start..n.min(start + ROWS_AT_ONCE), &mut stack);
            let rows = MatRef::from_row_major_slice(&stack, stack.len() / width, width);
            triangle = rows.qr().thin_R().to_owned();
        }
        triangle
    }

    /// With `n < p`: `A' = QR`, so that `A w = b` is `R'v = b` with `w = Qv`, and `|w| = |v|`.
    fn solve_wide(&self, tol: f64) -> Result<Solution> {
        let (n, p) = self.records.dim();
        let mut system = Vec::new();
        self.append(0..n, &mut system);
        let system = MatRef::from_row_major_slice(&system, n, p + 1);
        let qr = system.get(.., ..p).transpose().qr();
        let svd = SingularValues::of(qr.thin_R().transpose(), tol)?;
        let v = svd.solve(&system.col(p).iter().copied().collect());
        let q = qr.compute_thin_Q();
        let coefficients = Array1::from_shape_fn(p, |i| (0..n).map(|j| q[(i, j)] * v[j]).sum());
        Ok(Solution { coefficients, rank: svd.rank })
    }
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

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for LinearRegression {
    /// Predicts records `(n_samples, n_features)`; each row on its own.
    ///
    /// # Panics
    /// If the number of features is not the fitted one, or `y` is not one value per row.
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.ncols(), self.coefficients.len(), "the model was fitted on another number of features");
        assert_eq!(x.nrows(), y.len(), "one prediction per row");
        for (prediction, row) in y.iter_mut().zip(x.rows()) {
            *prediction = row.dot(&self.coefficients) + self.intercept;
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn factorisations_use_one_thread() {
        assert_eq!(faer::get_global_parallelism(), faer::Par::Seq);
    }
}
