//! A fitted forest.

use super::params::ForestParams;
use crate::changes::Change;
use crate::lazy::Lazy;
use crate::target::TargetScale;
use crate::tree::{
    Best, Ensemble, PerRow, Random, Splitter, Tree, check_trees, mean_importances, predict_blocks,
    predict_changes,
};
use crate::{Error, Result};
use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix2};
use std::marker::PhantomData;

/// Averaged regression trees, fitted: a [`RandomForest`] or [`ExtraTrees`].
#[derive(Clone, Debug, PartialEq)]
pub struct Forest<S> {
    trees: Vec<Tree>,
    n_features: usize,
    target_scale: TargetScale,
    /// The trees once more, for predictions.
    ensemble: Lazy<Ensemble>,
    splitter: PhantomData<S>,
}

/// scikit-learn's `RandomForestRegressor(criterion="squared_error")`.
///
/// Trees with the best thresholds, each on a bootstrap sample of the rows. All seeds are drawn before the
/// first tree grows, so the forest is the same on any number of threads; it uses rayon's current pool.
///
/// ```
/// use linfa::traits::{Fit, Predict};
/// use linfa::Dataset;
/// use ndarray::array;
/// use regressors::{RandomForest, tree::TreeParams};
///
/// let laptops = Dataset::new(array![[4.0], [8.0], [16.0], [32.0]], array![999.0, 1999.0, 2999.0, 4999.0]);
/// let forest = RandomForest::params().n_estimators(10).random_state(42).fit(&laptops)?;
/// assert_eq!(forest.trees().len(), 10);
/// let prices = forest.predict(&laptops);
/// assert!(prices[0] < prices[3]);
/// # Ok::<(), regressors::Error>(())
/// ```
pub type RandomForest = Forest<Best>;

/// scikit-learn's `ExtraTreesRegressor(criterion="squared_error")`.
///
/// Trees with random thresholds, each on all rows unless `bootstrap` is set.
///
/// ```
/// use linfa::traits::{Fit, Predict};
/// use linfa::Dataset;
/// use ndarray::array;
/// use regressors::{ExtraTrees, tree::TreeParams};
///
/// let laptops = Dataset::new(array![[4.0], [8.0], [16.0], [32.0]], array![999.0, 1999.0, 2999.0, 4999.0]);
/// let forest = ExtraTrees::params().n_estimators(10).random_state(42).fit(&laptops)?;
/// assert_eq!(forest.predict(&laptops), array![999.0, 1999.0, 2999.0, 4999.0]);
/// # Ok::<(), regressors::Error>(())
/// ```
pub type ExtraTrees = Forest<Random>;

impl<S: Splitter> Forest<S> {
    /// 100 trees with the defaults of [`Growth`](crate::tree::Growth); a random forest draws bootstrap
    /// samples, extra trees do not.
    pub fn params() -> ForestParams<S> {
        ForestParams::new()
    }
}

impl<S> Forest<S> {
    /// A forest read back from its trees.
    ///
    /// # Errors
    /// If there are no trees, or they have different numbers of features.
    pub fn from_trees(trees: Vec<Tree>, target_scale: TargetScale) -> Result<Self> {
        let n_features = check_trees(&trees)?;
        Ok(Self { trees, n_features, target_scale, ensemble: Lazy::default(), splitter: PhantomData })
    }

    /// The forest whose consecutive trees the `parts` hold, as
    /// [`fit_range`](super::ForestValidParams::fit_range) fits them.
    ///
    /// # Errors
    /// If there are no parts, or they differ in their features or their scale.
    pub fn merge(parts: Vec<Self>) -> Result<Self> {
        let scales = parts.iter().map(|part| part.target_scale);
        let scale = scales.clone().max_by_key(TargetScale::parity);
        let scale = scale.ok_or_else(|| Error::Model("a forest of no parts".into()))?;
        if scales.clone().any(|other| other.factor() != scale.factor()) {
            return Err(Error::Model("parts of a forest differ in target_scale".into()));
        }
        Self::from_trees(parts.into_iter().flat_map(|part| part.trees).collect(), scale)
    }

    /// The trees, in the order of their seeds.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The unit of the nodes' values.
    pub fn target_scale(&self) -> TargetScale {
        self.target_scale
    }

    /// The number of features of the records.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Each feature's share of the impurity decrease, averaged over the trees, of shape `(n_features,)`.
    pub fn feature_importances(&self) -> Array1<f64> {
        let importances = |tree: &Tree| tree.feature_importances().to_vec();
        mean_importances(&self.trees, importances, self.n_features)
    }

    /// What the forest predicts for the [`changed`](crate::changes::changed) rows of `records`, to the bit.
    ///
    /// Changes of one row that follow each other share its ways through the trees, and leave them where a split sees
    /// the difference. Their number matters little then.
    ///
    /// ```
    /// use linfa::traits::{Fit, Predict};
    /// use linfa::Dataset;
    /// use ndarray::array;
    /// use regressors::changes::{Change, changed};
    /// use regressors::RandomForest;
    ///
    /// let records = array![[4.0], [8.0], [16.0], [32.0]];
    /// let laptops = Dataset::new(records.clone(), array![999.0, 1999.0, 2999.0, 4999.0]);
    /// let forest = RandomForest::params().fit(&laptops)?;
    /// let changes = [Change { row: 0, feature: 0, value: 32.0 }];
    /// let dearer = forest.predict_changed(&records, &changes);
    /// assert_eq!(dearer, forest.predict(&changed(&records, &changes)));
    /// # Ok::<(), regressors::Error>(())
    /// ```
    ///
    /// # Panics
    /// If `records` have another number of features than the forest, or lack a row or a feature of a change.
    pub fn predict_changed(&self, records: &Array2<f64>, changes: &[Change]) -> Array1<f64>
    where
        S: Sync,
    {
        assert_eq!(records.ncols(), self.n_features, "records must have as many features as the model");
        let ensemble = self.ensemble(records.view());
        predict_changes(records, changes, |rows, sums| {
            ensemble.add_changed(&self.trees, rows, sums);
            self.average(sums);
        })
    }

    /// The trees as predictions read them; the first records tell how.
    fn ensemble(&self, records: ArrayView2<'_, f64>) -> &Ensemble {
        self.ensemble.get(|| Ensemble::new(&self.trees, records))
    }

    /// Predictions from sums of the trees' values.
    fn average(&self, sums: &mut [f64]) {
        let (n_trees, scale) = (self.trees.len() as f64, self.target_scale.factor());
        sums.iter_mut().for_each(|sum| *sum = *sum / n_trees / scale);
    }
}

impl<S: Sync, D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for Forest<S> {
    /// Predicts records `(n_samples, n_features)`; each row on its own, to the bit.
    ///
    /// # Panics
    /// If the number of features is not the fitted one, or `y` is not one value per row.
    fn predict_inplace<'a>(&'a self, records: &'a ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        let ensemble = self.ensemble(records.view());
        let (n_features, work) = (self.n_features, ensemble.work(self.trees.len()));
        let per_row = PerRow { n_features, work, start: 0.0 };
        predict_blocks(records, y, per_row, |rows, sums| {
            ensemble.add(&self.trees, rows, sums, |value| value);
            self.average(sums);
        });
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(records.nrows())
    }
}
