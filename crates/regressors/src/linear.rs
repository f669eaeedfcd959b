//! Ordinary least squares: linfa-linear where the features are independent, the minimum-norm solution where
//! they are not.
//!
//! Full sets of one-hot columns are collinear with an intercept, and a level that no training row has is a
//! column of zeros. linfa-linear refuses such data or returns rounding noise; scikit-learn's answer is the
//! least-squares solution of smallest norm, which also decides predictions where a test row has none of the
//! levels. So one rank-revealing factorisation of the centred matrix comes first, and decides who solves:
//!
//! 1. With at least as many rows as features, a QR factorisation of `[A | b]` reduces the problem to the
//!    triangle `R w = Q'b` of the same least-squares solutions. With fewer rows, `A'` is factorised.
//! 2. The singular values of `R` are those of `A`. Those up to `tol` times the largest count as zero.
//! 3. If none is zero, linfa-linear solves `R w = Q'b`; else `w = V S⁺ U'Q'b`.
//!
//! linfa-linear's own intercept is not used: it appends a column of ones instead of centring, so
//! coefficients lose digits as columns move away from zero (columns around 1e6 ± 1: 2e-10 from the exact
//! solution, against 4e-16 by the way above). The intercept is `mean(y) - mean(x)·w`, as in scikit-learn.
//!
//! Nothing is random and everything runs on one thread, so the result depends on the processor's vector width
//! (in last bits) and on nothing else.

use crate::input::{check_finite, check_fit, real_weights, require};
use crate::{Error, Result};
use faer::{Mat, MatRef};
use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, Axis, Data, Ix2, ShapeBuilder};

/// Checked hyperparameters of [`LinearRegression`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRegressionValidParams {
    fit_intercept: bool,
    tol: f64,
}

/// Hyperparameters of [`LinearRegression`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRegressionParams(LinearRegressionValidParams);

impl LinearRegressionParams {
    /// Whether to fit an intercept; without one the plane goes through the origin.
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.0.fit_intercept = fit_intercept;
        self
    }

    /// Singular values up to this multiple of the largest count as zero; at least 0.
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

/// scikit-learn's `LinearRegression` on dense data.
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
            (records.map_axis(Axis(0), |column| mean(&column, &weights)), mean(&targets, &weights))
        } else {
            (Array1::zeros(records.ncols()), 0.0)
        };
        // A row of weight w adds w times its squared residual: that of sqrt(w) times the row.
        let roots: Vec<f64> = weights.iter().map(|weight| weight.sqrt()).collect();
        let a =
            Mat::from_fn(records.nrows(), records.ncols(), |i, j| roots[i] * (records[[i, j]] - means[j]));
        let b = Array1::from_shape_fn(targets.len(), |i| roots[i] * (targets[i] - target_mean));
        let Solution { coefficients, rank } = least_squares(a.as_ref(), &b, self.tol)?;
        let intercept = target_mean - means.dot(&coefficients);
        if !intercept.is_finite() || coefficients.iter().any(|w| !w.is_finite()) {
            return Err(Error::Diverged("coefficients are not finite"));
        }
        Ok(LinearRegression { coefficients, intercept, rank })
    }
}

/// The weighted mean, summed as differences from the first value: exact for a constant, whose centred
/// column then is exactly zero rather than noise that would pass for a direction of its own.
fn mean(values: &ArrayView1<'_, f64>, weights: &[f64]) -> f64 {
    let first = values[0];
    let sum: f64 = values.iter().zip(weights).map(|(x, weight)| weight * (x - first)).sum();
    first + sum / weights.iter().sum::<f64>()
}

/// A least-squares solution of smallest norm.
struct Solution {
    coefficients: Array1<f64>,
    rank: usize,
}

fn least_squares(a: MatRef<'_, f64>, b: &Array1<f64>, tol: f64) -> Result<Solution> {
    if a.nrows() >= a.ncols() { solve_tall(a, b, tol) } else { solve_wide(a, b, tol) }
}

/// With `n >= p`: `[A | b] = Q [R | Q'b]`, so that only `p x p` numbers are left to look at.
fn solve_tall(a: MatRef<'_, f64>, b: &Array1<f64>, tol: f64) -> Result<Solution> {
    let (n, p) = a.shape();
    let augmented = Mat::from_fn(n, p + 1, |i, j| if j < p { a[(i, j)] } else { b[i] });
    let qr = augmented.qr();
    let r = qr.R().get(..p, ..p);
    let projected = Array1::from_shape_fn(p, |i| qr.R()[(i, p)]);
    let svd = SingularValues::of(r, tol)?;
    let coefficients = if svd.rank == p {
        // linfa's Householder steps go down columns: in this layout they take half the time.
        let triangle = Array2::from_shape_fn((p, p).f(), |(i, j)| if i <= j { r[(i, j)] } else { 0.0 });
        let solver = linfa_linear::LinearRegression::new().with_intercept(false);
        solver.fit(&DatasetBase::new(triangle, projected))?.params().clone()
    } else {
        svd.solve(&projected)
    };
    Ok(Solution { coefficients, rank: svd.rank })
}

/// With `n < p`: `A' = QR`, so that `A w = b` is `R'v = b` with `w = Qv`, and `|w| = |v|`.
fn solve_wide(a: MatRef<'_, f64>, b: &Array1<f64>, tol: f64) -> Result<Solution> {
    let (n, p) = a.shape();
    let qr = a.transpose().qr();
    let svd = SingularValues::of(qr.thin_R().transpose(), tol)?;
    let v = svd.solve(b);
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
