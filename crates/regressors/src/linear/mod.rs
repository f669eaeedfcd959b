//! Ordinary least squares, and the minimum-norm solution where features depend on each other.
//!
//! Full sets of one-hot columns are collinear with an intercept, and a level that no training row has is a
//! column of zeros. scikit-learn's answer is the least-squares solution of smallest norm, which also decides
//! predictions where a test row has none of the levels. Singular values up to `tol` times the largest count as
//! zero. There are two ways to that solution, both from `centred` records:
//!
//! * `normal` equations, which take a fraction of the time, and are left to where bounds show that they give
//!   the same rank and lose no digits;
//! * `orthogonal` factorisations for all other systems, with linfa-linear where features are independent.
//!
//! The intercept is `mean(y) - mean(x)·w`, as in scikit-learn.
//!
//! Nothing is random, and rows are added up in parts that do not depend on the number of threads, so the
//! result depends on the processor's vectors (in last bits) and on nothing else.

mod centred;
mod normal;
mod orthogonal;

use crate::input::{check_finite, check_fit, real_weights, require};
use crate::vectors::{dot, vectorized};
use crate::{Error, Result};
use centred::{Centred, Solution};
use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, ArrayView2, Axis, Data, Ix2};

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

    /// Singular values up to this multiple of the largest count as zero; at least 0, by default 1e-6. As in LAPACK's
    /// `gelsd`, which scikit-learn calls, 0, 1 and more stand for half of [`f64::EPSILON`].
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
        let weights = match dataset.weights.is_empty() {
            true => None,
            false => Some(real_weights(&dataset.weights, records.nrows())?),
        };
        let mut system = Centred::new((records, targets), weights);
        let solution = match self.solve_by_products(&mut system) {
            Some(solution) => solution,
            None => {
                // A number that is not finite leaves no products that could be solved.
                check_finite(&records)?;
                let scale = scale_of(&records);
                if scale != 1.0 {
                    let scaled = DatasetBase::new(records.mapv(|value| value * scale), targets);
                    let model = self.fit(&scaled.with_weights(dataset.weights.clone()))?;
                    let coefficients = model.coefficients * scale;
                    return Self::checked(LinearRegression { coefficients, ..model });
                }
                self.solve_by_factors(&mut system)?
            }
        };
        let Solution { coefficients, rank } = solution;
        let (means, target_mean) = system.means.view().split_at(Axis(0), records.ncols());
        let intercept = target_mean[0] - means.dot(&coefficients);
        Self::checked(LinearRegression { coefficients, intercept, rank })
    }
}

impl LinearRegressionValidParams {
    /// The share of the largest singular value up to which others count as zero: LAPACK's for what is none.
    fn cut(&self) -> f64 {
        if self.tol > 0.0 && self.tol < 1.0 { self.tol } else { f64::EPSILON / 2.0 }
    }

    /// Centres rows if there is to be an intercept, and solves their system by products, unless it has fewer rows
    /// than columns or would lose digits.
    fn solve_by_products(&self, system: &mut Centred<'_>) -> Option<Solution> {
        let is_wide = system.records.nrows() < system.records.ncols();
        if is_wide { None } else { normal::solve(system, self.fit_intercept, self.cut()) }
    }

    /// Solves a system that could not be solved by products.
    fn solve_by_factors(&self, system: &mut Centred<'_>) -> Result<Solution> {
        if system.records.nrows() >= system.records.ncols() {
            return orthogonal::solve_tall(system, self.cut());
        }
        if self.fit_intercept {
            system.centre();
        }
        orthogonal::solve_wide(system, self.cut())
    }

    fn checked(model: LinearRegression) -> Result<LinearRegression> {
        if !model.intercept.is_finite() || model.coefficients.iter().any(|w| !w.is_finite()) {
            return Err(Error::Diverged("coefficients are not finite"));
        }
        Ok(model)
    }
}

/// The power of two that brings records to a size near 1 if their products might leave the range of `f64`; else 1.
fn scale_of(records: &ArrayView2<'_, f64>) -> f64 {
    let largest = records.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let is_far = largest > 0.0 && !(1e-100..1e100).contains(&largest);
    // A factor has an exponent of its own, too.
    if is_far { 2f64.powi((-largest.log2()).clamp(-1000.0, 1000.0) as i32) } else { 1.0 }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for LinearRegression {
    /// Predicts records `(n_samples, n_features)`; each row on its own.
    ///
    /// # Panics
    /// If the number of features is not the fitted one, or `y` is not one value per row.
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.ncols(), self.coefficients.len(), "the model was fitted on another number of features");
        assert_eq!(x.nrows(), y.len(), "one prediction per row");
        let (x, coefficients) = (x.as_standard_layout(), self.coefficients.as_standard_layout());
        let (Some(x), Some(coefficients)) = (x.as_slice(), coefficients.as_slice()) else { return };
        vectorized!({
            for (prediction, row) in y.iter_mut().zip(x.chunks_exact(coefficients.len())) {
                *prediction = dot(row, coefficients) + self.intercept;
            }
        });
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
