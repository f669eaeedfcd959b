//! The learners that are one tree: [`DecisionTree`] and [`ExtraTree`].

use super::bag::{sample_weights, total_weight};
use super::columns::Columns;
use super::descent::{Scratch, WORK_OF_MANY};
use super::model::Tree;
use super::params::{Growth, TreeParams};
use super::rows::{PerRow, predict_blocks};
use super::splitter::{Best, Random, Splitter};
use super::training::{Memory, Training, grow};
use crate::input::check_fit;
use crate::parallel::in_pool;
use crate::random::{RandomState, TreeRandom};
use crate::target::{InBag, TargetScale, Targets};
use crate::{Error, Result};
use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, Data, Ix2};
use std::marker::PhantomData;

/// One regression tree, fitted: a [`DecisionTree`] or an [`ExtraTree`].
#[derive(Clone, Debug, PartialEq)]
pub struct SingleTree<S> {
    tree: Tree,
    target_scale: TargetScale,
    splitter: PhantomData<S>,
}

/// scikit-learn's `DecisionTreeRegressor(criterion="squared_error")`.
///
/// Every node takes the best threshold of all features, or of [`Growth::max_features`] drawn ones; of
/// equally good ones, the first drawn. Fitting takes time `O(n_samples * n_features * depth)` for features
/// with few levels.
///
/// ```
/// use linfa::traits::{Fit, Predict};
/// use linfa::Dataset;
/// use ndarray::array;
/// use regressors::{DecisionTree, tree::TreeParams};
///
/// let laptops = Dataset::new(array![[8.0, 0.0], [16.0, 0.0], [16.0, 1.0]], array![1999.0, 2499.99, 3499.0]);
/// let model = DecisionTree::params().max_depth(15).random_state(42).fit(&laptops)?;
/// assert_eq!(model.predict(&laptops), array![1999.0, 2499.99, 3499.0]);
/// assert_eq!(model.target_scale().factor(), 100.0);
/// # Ok::<(), regressors::Error>(())
/// ```
pub type DecisionTree = SingleTree<Best>;

/// scikit-learn's `ExtraTreeRegressor(criterion="squared_error")`.
///
/// Every node draws one threshold for each feature and takes the best of these.
///
/// ```
/// use linfa::traits::Fit;
/// use linfa::Dataset;
/// use ndarray::array;
/// use regressors::{ExtraTree, tree::TreeParams};
///
/// let laptops = Dataset::new(array![[8.0, 0.0], [16.0, 0.0], [16.0, 1.0]], array![1999.0, 2499.99, 3499.0]);
/// let model = ExtraTree::params().random_state(42).fit(&laptops)?;
/// assert_eq!(model.tree().n_leaves(), 3);
/// # Ok::<(), regressors::Error>(())
/// ```
pub type ExtraTree = SingleTree<Random>;

/// Unchecked parameters of one tree.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleTreeParams<S>(SingleTreeValidParams<S>);

/// Checked parameters of one tree.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleTreeValidParams<S> {
    growth: Growth,
    splitter: PhantomData<S>,
}

/// Unchecked parameters of a [`DecisionTree`].
pub type DecisionTreeParams = SingleTreeParams<Best>;
/// Checked parameters of a [`DecisionTree`].
pub type DecisionTreeValidParams = SingleTreeValidParams<Best>;
/// Unchecked parameters of an [`ExtraTree`].
pub type ExtraTreeParams = SingleTreeParams<Random>;
/// Checked parameters of an [`ExtraTree`].
pub type ExtraTreeValidParams = SingleTreeValidParams<Random>;

impl<S: Splitter> SingleTree<S> {
    /// Parameters with the defaults of [`Growth`]; [`TreeParams`] has the setters.
    pub fn params() -> SingleTreeParams<S> {
        SingleTreeParams(SingleTreeValidParams { growth: Growth::default(), splitter: PhantomData })
    }

    /// A model read back from its parts, which are checked already.
    pub fn from_tree(tree: Tree, target_scale: TargetScale) -> Self {
        Self { tree, target_scale, splitter: PhantomData }
    }

    /// The nodes.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The unit of the nodes' values.
    pub fn target_scale(&self) -> TargetScale {
        self.target_scale
    }

    /// The number of features of the records.
    pub fn n_features(&self) -> usize {
        self.tree.n_features()
    }

    /// Each feature's share of the impurity decrease, of shape `(n_features,)`.
    pub fn feature_importances(&self) -> Array1<f64> {
        self.tree.feature_importances()
    }
}

impl<S> TreeParams for SingleTreeParams<S> {
    fn growth_mut(&mut self) -> &mut Growth {
        &mut self.0.growth
    }
}

impl<S> SingleTreeValidParams<S> {
    /// How the tree is grown.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }
}

impl<S> ParamGuard for SingleTreeParams<S> {
    type Checked = SingleTreeValidParams<S>;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        self.0.growth.check()?;
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<S, D, T> Fit<ArrayBase<D, Ix2>, T, Error> for SingleTreeValidParams<S>
where
    S: Splitter,
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = SingleTree<S>;

    /// Grows the tree on records `(n_samples, n_features)` and targets `(n_samples,)`; weights of the dataset must be
    /// whole numbers, NaN in the records is a missing value.
    ///
    /// # Errors
    /// On empty data, lengths that differ, targets that are not finite or too large to square, records that are infinite
    /// or too large for a 32-bit float, and weights that are no whole numbers or all zero.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        let (records, y) = (dataset.records.view(), dataset.as_single_targets());
        check_fit(&records, &y)?;
        let weights = sample_weights(&dataset.weights, y.len())?;
        let in_bag = InBag::rows(weights.as_deref(), total_weight(weights.as_deref(), y.len()));
        let targets = Targets::new(y, in_bag)?;
        let training = Training {
            columns: &Columns::new(&records, None)?,
            targets: &targets.integers,
            quantum: targets.quantum,
            limits: &self.growth.limits(records.dim(), targets.factor),
        };
        let seed = RandomState::new(self.growth.random_state).tree_seed();
        let mut grown = in_pool(records.len(), || {
            grow::<S>(&training, weights.as_deref(), TreeRandom::new(seed), &mut Memory::default())
        });
        if let Some(fine) = targets.finer(y) {
            grown.take_means(&fine, weights.as_deref());
        }
        Ok(SingleTree::from_tree(grown.tree, targets.scale(grown.exact_squares)))
    }
}

impl<S, D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for SingleTree<S> {
    /// Predicts records `(n_samples, n_features)`; each row on its own, to the bit.
    ///
    /// # Panics
    /// If the number of features is not the fitted one, or `y` is not one value per row.
    fn predict_inplace<'a>(&'a self, records: &'a ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        let (tree, scale) = (&self.tree, self.target_scale.factor());
        // Records are read as they are, whatever the tree. Any value added to -0 stays what it is, even -0.
        let per_row = PerRow { n_features: tree.n_features(), work: WORK_OF_MANY, start: -0.0 };
        predict_blocks(records, y, per_row, |rows, predictions| {
            tree.add_records(rows, &mut Scratch::default(), predictions, |value| value / scale);
        });
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(records.nrows())
    }
}
