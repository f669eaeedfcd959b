//! A fitted boosting ensemble.

use super::params::GradientBoostingParams;
use crate::lazy::Lazy;
use crate::tree::{Ensemble, PerRow, Rows, Scratch, Tree, check_trees, mean_importances, predict_blocks};
use crate::{Error, Result};
use linfa::traits::PredictInplace;
use ndarray::{Array1, ArrayBase, Data, Ix2};

/// scikit-learn's `GradientBoostingRegressor(loss="squared_error")`, fitted.
///
/// Starts from the mean target; every stage fits a tree to the residuals and adds `learning_rate` times its
/// prediction. Residuals are no decimals, so they are summed in fixed point: the same trees for any order
/// of sums and any number of threads. In scikit-learn, rounding noise decides a few of the splits.
///
/// ```
/// use linfa::traits::{Fit, Predict};
/// use linfa::Dataset;
/// use ndarray::array;
/// use regressors::GradientBoosting;
///
/// let laptops = Dataset::new(array![[4.0], [8.0], [16.0], [32.0]], array![999.0, 1999.0, 2999.0, 4999.0]);
/// let model = GradientBoosting::params().learning_rate(0.6).n_estimators(50).fit(&laptops)?;
/// assert_eq!(model.init(), 2749.0);
/// assert!((model.predict(&laptops)[3] - 4999.0).abs() < 1e-6);
/// # Ok::<(), regressors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GradientBoosting {
    init: f64,
    learning_rate: f64,
    trees: Vec<Tree>,
    n_features: usize,
    /// The trees once more, for predictions.
    ensemble: Lazy<Ensemble>,
}

impl GradientBoosting {
    /// scikit-learn's defaults: 100 stages of trees of depth 3 at learning rate 0.1 on all rows, no early
    /// stopping (else a tenth of the rows is held out, and `tol` is 0.0001), and otherwise the defaults of
    /// [`Growth`](crate::tree::Growth).
    pub fn params() -> GradientBoostingParams {
        GradientBoostingParams::new()
    }

    /// A model read back from its parts.
    ///
    /// # Errors
    /// If `init` or `learning_rate` is no number, the rate is negative, or the trees' features differ.
    pub fn from_parts(init: f64, learning_rate: f64, trees: Vec<Tree>) -> Result<Self> {
        let is_valid = init.is_finite() && learning_rate.is_finite() && learning_rate >= 0.0;
        if !is_valid {
            return Err(Error::Model(format!("init is {init}, learning_rate is {learning_rate}")));
        }
        let n_features = check_trees(&trees)?;
        Ok(Self { init, learning_rate, trees, n_features, ensemble: Lazy::default() })
    }

    /// The prediction before the first stage: the mean target.
    pub fn init(&self) -> f64 {
        self.init
    }

    /// What each tree's prediction is multiplied by.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// One tree per stage, with values in the unit of the targets; early stopping leaves fewer than
    /// `n_estimators` stages.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The number of features of the records.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Each feature's share of the impurity decrease, averaged over the stages, of shape `(n_features,)`.
    pub fn feature_importances(&self) -> Array1<f64> {
        mean_importances(&self.trees, Tree::impurity_decreases, self.n_features)
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for GradientBoosting {
    /// Predicts records `(n_samples, n_features)`; each row on its own, to the bit.
    ///
    /// # Panics
    /// If the number of features is not the fitted one, or `y` is not one value per row.
    fn predict_inplace<'a>(&'a self, records: &'a ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        let ensemble = self.ensemble.get(|| Ensemble::new(&self.trees, records.view()));
        let (n_features, work) = (self.n_features, ensemble.work(self.trees.len()));
        let per_row = PerRow { n_features, work, start: self.init };
        predict_blocks(records, y, per_row, |rows, predictions| {
            ensemble.add(&self.trees, rows, predictions, |value| self.learning_rate * value);
        });
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(records.nrows())
    }
}

/// Adds a stage to the predictions of `rows`.
pub(super) fn add_stage(predictions: &mut [f64], tree: &Tree, rows: &Rows, learning_rate: f64) {
    let mut scratch = Scratch::default();
    let mut predictions = predictions;
    for block in rows.blocks() {
        let (of_block, others) = predictions.split_at_mut(block.n_rows());
        tree.add(block, &mut scratch, of_block, |value| learning_rate * value);
        predictions = others;
    }
}
