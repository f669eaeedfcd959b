//! Averages of many trees: [`RandomForest`] and [`ExtraTrees`].

use crate::input::check_fit;
use crate::random::{RandomState, TreeRandom};
use crate::sum::pairwise_sum;
use crate::target::{TargetScale, Targets};
use crate::tree::{
    Best, Columns, Growing, Grown, Growth, Random, Rows, Samples, Splitter, Tree, TreeParams, check,
    check_trees, grow, mean_importances, sample_weights, samples, total_weight,
};
use crate::{Error, Progress, Result};
use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, Data, Ix2};
use rayon::prelude::*;
use std::marker::PhantomData;
use std::ops::Range;

/// Rows that go through a tree before the next tree is taken.
const ROWS_AT_A_TIME: usize = 128;

/// Averaged regression trees, fitted: a [`RandomForest`] or [`ExtraTrees`].
#[derive(Clone, Debug, PartialEq)]
pub struct Forest<S> {
    trees: Vec<Tree>,
    n_features: usize,
    target_scale: TargetScale,
    splitter: PhantomData<S>,
}

/// scikit-learn's `RandomForestRegressor(criterion="squared_error")`.
///
/// Trees with the best thresholds, each on a bootstrap sample of the rows. All seeds are drawn before the first tree
/// grows, so the forest is the same on any number of threads; it uses rayon's current pool.
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

/// Unchecked parameters of a forest.
#[derive(Clone, Debug)]
pub struct ForestParams<S>(ForestValidParams<S>);

/// Checked parameters of a forest.
#[derive(Clone, Debug)]
pub struct ForestValidParams<S> {
    n_estimators: usize,
    bootstrap: bool,
    max_samples: Option<Samples>,
    growth: Growth,
    progress: Progress,
    splitter: PhantomData<S>,
}

/// Unchecked parameters of a [`RandomForest`].
pub type RandomForestParams = ForestParams<Best>;
/// Checked parameters of a [`RandomForest`].
pub type RandomForestValidParams = ForestValidParams<Best>;
/// Unchecked parameters of [`ExtraTrees`].
pub type ExtraTreesParams = ForestParams<Random>;
/// Checked parameters of [`ExtraTrees`].
pub type ExtraTreesValidParams = ForestValidParams<Random>;

impl<S: Splitter> Forest<S> {
    /// 100 trees with the defaults of [`Growth`]; a random forest draws bootstrap samples, extra trees do not.
    pub fn params() -> ForestParams<S> {
        ForestParams(ForestValidParams {
            n_estimators: 100,
            bootstrap: S::BOOTSTRAP,
            max_samples: None,
            growth: Growth::default(),
            progress: Progress::default(),
            splitter: PhantomData,
        })
    }
}

impl<S> Forest<S> {
    /// A forest read back from its trees.
    ///
    /// # Errors
    /// If there are no trees, or they have different numbers of features.
    pub fn from_trees(trees: Vec<Tree>, target_scale: TargetScale) -> Result<Self> {
        let n_features = check_trees(&trees)?;
        Ok(Self { trees, n_features, target_scale, splitter: PhantomData })
    }

    /// The forest whose consecutive trees the `parts` hold, as [`ForestValidParams::fit_range`] fits them.
    ///
    /// # Errors
    /// If there are no parts, or they differ in their features or their scale.
    pub fn from_parts(parts: Vec<Self>) -> Result<Self> {
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
}

impl<S> ForestParams<S> {
    /// Sets the number of trees, at least 1.
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.0.n_estimators = n_estimators;
        self
    }

    /// Sets whether every tree draws its rows with replacement, or takes them all.
    pub fn bootstrap(mut self, bootstrap: bool) -> Self {
        self.0.bootstrap = bootstrap;
        self
    }

    /// Sets how many rows a bootstrap sample draws: as many as there are (`None`), a number, or a share of the sum
    /// of weights above 0.
    pub fn max_samples(mut self, max_samples: impl Into<Option<Samples>>) -> Self {
        self.0.max_samples = max_samples.into();
        self
    }

    /// Sets the counter that each tree advances when it is grown.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.0.progress = progress;
        self
    }
}

impl<S> TreeParams for ForestParams<S> {
    fn growth_mut(&mut self) -> &mut Growth {
        &mut self.0.growth
    }
}

impl<S> ParamGuard for ForestParams<S> {
    type Checked = ForestValidParams<S>;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let params = &self.0;
        params.growth.check()?;
        check("n_estimators", params.n_estimators, |n| (1..=i32::MAX as usize).contains(n), "at least 1")?;
        match params.max_samples {
            None => Ok(()),
            Some(max_samples) if !params.bootstrap => Err(Error::Parameter {
                name: "max_samples",
                value: format!("{max_samples:?}"),
                requirement: "unset without bootstrap",
            }),
            Some(Samples::Count(n)) => {
                check("max_samples", n, |n| (1..=u32::MAX as usize).contains(n), "at least 1")
            }
            Some(Samples::Fraction(share)) => {
                check("max_samples", share, |share| *share > 0.0 && share.is_finite(), "above 0")
            }
        }?;
        Ok(params)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<S: Splitter> ForestValidParams<S> {
    /// The number of trees.
    pub fn n_estimators(&self) -> usize {
        self.n_estimators
    }

    /// How the trees are grown.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    /// Fits only the given trees of the forest, each the very tree that a fit of the whole forest has there.
    ///
    /// So the trees of a forest can be grown by several tasks and put together by [`Forest::from_parts`].
    ///
    /// # Errors
    /// As `fit`, and if the range is empty or reaches beyond `n_estimators`.
    ///
    /// ```
    /// use linfa::{Dataset, ParamGuard, traits::Fit};
    /// use ndarray::array;
    /// use regressors::{RandomForest, tree::TreeParams};
    ///
    /// let laptops = Dataset::new(array![[4.0], [8.0], [16.0], [32.0]], array![999.0, 1999.0, 2999.0, 4999.0]);
    /// let params = RandomForest::params().n_estimators(10).random_state(42).check()?;
    /// let parts = vec![params.fit_range(&laptops, 0..4)?, params.fit_range(&laptops, 4..10)?];
    /// assert_eq!(RandomForest::from_parts(parts)?, params.fit(&laptops)?);
    /// # Ok::<(), regressors::Error>(())
    /// ```
    pub fn fit_range<D, T>(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, T>,
        trees: Range<usize>,
    ) -> Result<Forest<S>>
    where
        D: Data<Elem = f64>,
        T: AsSingleTargets<Elem = f64>,
    {
        if trees.is_empty() || trees.end > self.n_estimators {
            let value = format!("{trees:?}");
            let requirement = "a non-empty range within n_estimators";
            return Err(Error::Parameter { name: "trees", value, requirement });
        }
        let (records, y) = (dataset.records.view(), dataset.as_single_targets());
        check_fit(&records, &y)?;
        let weights = sample_weights(&dataset.weights, y.len())?;
        let bootstrap = self.bootstrap.then(|| Bootstrap::new(self.max_samples, weights.as_deref(), y.len()));
        let in_bag = match &bootstrap {
            Some(bootstrap) => bootstrap.draws as u64,
            None => total_weight(weights.as_deref(), y.len()),
        };
        let targets = Targets::new(y, in_bag)?;
        let growing = Growing {
            columns: &Columns::new(&records)?,
            targets: &targets.integers,
            quantum: targets.quantum,
            limits: &self.growth.limits(records.dim(), targets.factor),
            rule: S::RULE,
        };
        let grow_tree = |seed: u32| {
            let counts = bootstrap.as_ref().map(|bootstrap| bootstrap.counts(seed));
            let samples = samples(growing.targets, counts.as_deref().or(weights.as_deref()));
            let random = TreeRandom::new(RandomState::new(seed).tree_seed());
            let grown = grow(&growing, samples, random);
            self.progress.step();
            grown
        };
        let grown: Vec<Grown> = self.seeds(trees).into_par_iter().map(grow_tree).collect();
        let exact_squares = grown.iter().all(|grown| grown.exact_squares);
        let trees = grown.into_iter().map(|grown| grown.tree).collect();
        Forest::from_trees(trees, targets.scale(exact_squares))
    }

    /// The seeds of some trees; every fit draws them from the first tree on.
    fn seeds(&self, trees: Range<usize>) -> Vec<u32> {
        let mut random = RandomState::new(self.growth.random_state);
        let mut seeds: Vec<u32> = (0..trees.end).map(|_| random.tree_seed()).collect();
        seeds.split_off(trees.start)
    }
}

/// Draws of rows with replacement.
#[derive(Clone, Debug)]
struct Bootstrap {
    n_samples: usize,
    draws: usize,
    /// With sample weights: the probability of drawing a row or one before it.
    cumulative: Option<Vec<f64>>,
}

impl Bootstrap {
    fn new(max_samples: Option<Samples>, weights: Option<&[u32]>, n_samples: usize) -> Self {
        let draws = match max_samples {
            None => n_samples,
            Some(Samples::Count(count)) => count,
            Some(Samples::Fraction(share)) => {
                ((share * total_weight(weights, n_samples) as f64) as usize).max(1)
            }
        };
        Self { n_samples, draws, cumulative: weights.map(cumulative_probabilities) }
    }

    /// How often each row is drawn by the tree with this seed.
    fn counts(&self, seed: u32) -> Vec<u32> {
        let mut random = RandomState::new(seed);
        let mut counts = vec![0; self.n_samples];
        for _ in 0..self.draws {
            let row = match &self.cumulative {
                None => random.randint(self.n_samples as u32) as usize,
                Some(cumulative) => {
                    let drawn = random.random_sample();
                    cumulative.partition_point(|probability| *probability <= drawn)
                }
            };
            counts[row] += 1;
        }
        counts
    }
}

/// numpy's `cumsum(p)`, scaled to end at 1, of the weights' shares `p`.
fn cumulative_probabilities(weights: &[u32]) -> Vec<f64> {
    let weights: Vec<f64> = weights.iter().copied().map(f64::from).collect();
    let total = pairwise_sum(&weights);
    let mut sum = 0.0;
    let mut cumulative: Vec<f64> = weights
        .iter()
        .map(|weight| {
            sum += weight / total;
            sum
        })
        .collect();
    cumulative.iter_mut().for_each(|probability| *probability /= sum);
    cumulative
}

impl<S, D, T> Fit<ArrayBase<D, Ix2>, T, Error> for ForestValidParams<S>
where
    S: Splitter,
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = Forest<S>;

    /// Grows the forest; weights of the dataset must be whole numbers, NaN in the records is a missing value.
    ///
    /// With bootstrap samples, weights are the rows' chances of being drawn.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        self.fit_range(dataset, 0..self.n_estimators)
    }
}

impl<S: Sync, D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for Forest<S> {
    fn predict_inplace<'a>(&'a self, records: &'a ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(records.nrows(), y.len(), "there must be as many targets as records");
        let rows = Rows::new(records, self.n_features);
        let (n_trees, scale) = (self.trees.len() as f64, self.target_scale.factor());
        let predict = |rows: std::slice::ChunksExact<'_, f32>| {
            let mut sums = vec![0.0; rows.len()];
            for tree in &self.trees {
                sums.iter_mut().zip(rows.clone()).for_each(|(sum, row)| *sum += tree.value(row));
            }
            sums.iter_mut().for_each(|sum| *sum = *sum / n_trees / scale);
            sums
        };
        let chunks: Vec<_> = rows.chunks(ROWS_AT_A_TIME).collect();
        let predictions: Vec<f64> = chunks.into_par_iter().flat_map_iter(predict).collect();
        y.iter_mut().zip(predictions).for_each(|(y, prediction)| *y = prediction);
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(records.nrows())
    }
}
