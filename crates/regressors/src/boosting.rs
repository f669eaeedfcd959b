//! Trees that each fit what the trees before them left over: [`GradientBoosting`].

use crate::input::{check_finite, check_fit};
use crate::random::{RandomState, TreeRandom, train_test_split};
use crate::sum::pairwise_sum;
use crate::target::Targets;
use crate::tree::{
    Columns, Growing, Growth, Rows, SplitRule, Tree, TreeParams, check, check_trees, finite_not_negative,
    grow, mean_importances, sample_weights, samples, total_weight,
};
use crate::{Error, Progress, Result};
use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, ArrayView2, Axis, Data, Ix2};

/// Residuals beyond this have squares whose sums overflow.
const LARGEST_RESIDUAL: f64 = 1e150;

/// scikit-learn's `GradientBoostingRegressor(loss="squared_error")`, fitted.
///
/// Starts from the mean target; every stage fits a tree to the residuals and adds `learning_rate` times its
/// prediction. Residuals are no decimals, so they are summed in fixed point: the same trees for any order of sums and
/// any number of threads, where scikit-learn's depend on rounding noise for a split now and then.
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
}

/// Unchecked parameters of [`GradientBoosting`].
#[derive(Clone, Debug)]
pub struct GradientBoostingParams(GradientBoostingValidParams);

/// Checked parameters of [`GradientBoosting`].
#[derive(Clone, Debug)]
pub struct GradientBoostingValidParams {
    learning_rate: f64,
    n_estimators: usize,
    subsample: f64,
    n_iter_no_change: Option<usize>,
    validation_fraction: f64,
    tol: f64,
    growth: Growth,
    progress: Progress,
}

impl GradientBoosting {
    /// scikit-learn's defaults: 100 stages of trees of depth 3 at learning rate 0.1 on all rows, no early stopping
    /// (if it is on, on a tenth of the rows and with tolerance 0.0001), and otherwise those of [`Growth`].
    pub fn params() -> GradientBoostingParams {
        GradientBoostingParams(GradientBoostingValidParams {
            learning_rate: 0.1,
            n_estimators: 100,
            subsample: 1.0,
            n_iter_no_change: None,
            validation_fraction: 0.1,
            tol: 1e-4,
            growth: Growth { max_depth: Some(3), ..Growth::default() },
            progress: Progress::default(),
        })
    }

    /// A model read back from its parts.
    ///
    /// # Errors
    /// If `init` or `learning_rate` are no numbers, the rate is negative, or the trees differ in their features.
    pub fn from_parts(init: f64, learning_rate: f64, trees: Vec<Tree>) -> Result<Self> {
        if !init.is_finite() || !finite_not_negative(&learning_rate) {
            return Err(Error::Model(format!("init is {init}, learning_rate is {learning_rate}")));
        }
        let n_features = check_trees(&trees)?;
        Ok(Self { init, learning_rate, trees, n_features })
    }

    /// The prediction before the first stage: the mean target.
    pub fn init(&self) -> f64 {
        self.init
    }

    /// What each tree's prediction is multiplied by.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// One tree per stage; their values are in the targets' unit. Early stopping may have left less than
    /// `n_estimators`.
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

impl GradientBoostingParams {
    /// Sets what each tree's prediction is multiplied by, not negative.
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.0.learning_rate = learning_rate;
        self
    }

    /// Sets the number of stages, at least 1.
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.0.n_estimators = n_estimators;
        self
    }

    /// Sets the share of the rows, in `(0, 1]`, that each stage draws without replacement.
    pub fn subsample(mut self, subsample: f64) -> Self {
        self.0.subsample = subsample;
        self
    }

    /// Sets after how many stages that do not improve the loss of held-out rows the fit stops.
    pub fn n_iter_no_change(mut self, n_iter_no_change: impl Into<Option<usize>>) -> Self {
        self.0.n_iter_no_change = n_iter_no_change.into();
        self
    }

    /// Sets the share of the rows, in `(0, 1)`, that early stopping holds out.
    pub fn validation_fraction(mut self, validation_fraction: f64) -> Self {
        self.0.validation_fraction = validation_fraction;
        self
    }

    /// Sets by how much the loss must fall to count as improved, not negative.
    pub fn tol(mut self, tol: f64) -> Self {
        self.0.tol = tol;
        self
    }

    /// Sets the counter that each stage advances.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.0.progress = progress;
        self
    }
}

impl TreeParams for GradientBoostingParams {
    fn growth_mut(&mut self) -> &mut Growth {
        &mut self.0.growth
    }
}

impl ParamGuard for GradientBoostingParams {
    type Checked = GradientBoostingValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let params = &self.0;
        params.growth.check()?;
        check("learning_rate", params.learning_rate, finite_not_negative, "finite and at least 0")?;
        check("n_estimators", params.n_estimators, |n| *n >= 1, "at least 1")?;
        check("subsample", params.subsample, |share| *share > 0.0 && *share <= 1.0, "in (0, 1]")?;
        check("n_iter_no_change", params.n_iter_no_change.unwrap_or(1), |n| *n >= 1, "at least 1")?;
        let share = |share: &f64| *share > 0.0 && *share < 1.0;
        check("validation_fraction", params.validation_fraction, share, "in (0, 1)")?;
        check("tol", params.tol, finite_not_negative, "finite and at least 0")?;
        Ok(params)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<D, T> Fit<ArrayBase<D, Ix2>, T, Error> for GradientBoostingValidParams
where
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = GradientBoosting;

    /// Fits the stages; weights of the dataset must be whole numbers, and NaN in the records is refused.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        let (records, y) = (dataset.records.view(), dataset.as_single_targets());
        check_fit(&records, &y)?;
        check_finite(&records)?;
        let weights = sample_weights(&dataset.weights, y.len())?;
        let all = Weighted::new(y.to_vec(), weights);
        if self.n_iter_no_change.is_none() {
            return self.fit_stages(&records, all, None);
        }
        let mut random = RandomState::new(self.growth.random_state);
        let parts = train_test_split(y.len(), self.validation_fraction, &mut random);
        if parts.train.is_empty() {
            return Err(Error::Empty("rows left to fit after early stopping holds some out"));
        }
        let held_out = records.select(Axis(0), &parts.test);
        let validation = Validation::new(&held_out.view(), all.select(&parts.test));
        let train = records.select(Axis(0), &parts.train);
        self.fit_stages(&train.view(), all.select(&parts.train), Some(validation))
    }
}

impl GradientBoostingValidParams {
    /// How the trees are grown.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    fn fit_stages(
        &self,
        records: &ArrayView2<'_, f64>,
        train: Weighted,
        mut validation: Option<Validation>,
    ) -> Result<GradientBoosting> {
        let init = train.mean(&train.y);
        let mut stages = Stages {
            params: self,
            columns: Columns::new(records)?,
            rows: Rows::new(records, records.ncols()),
            predictions: vec![init; train.y.len()],
            random: RandomState::new(self.growth.random_state),
            train,
        };
        if let Some(validation) = &mut validation {
            validation.predictions = vec![init; validation.held_out.y.len()];
        }
        let mut losses = vec![f64::INFINITY; self.n_iter_no_change.unwrap_or(0)];
        let mut trees = Vec::new();
        for stage in 0..self.n_estimators {
            let tree = stages.fit_next()?;
            let loss = validation.as_mut().map(|validation| validation.add(&tree, self.learning_rate));
            trees.push(tree);
            self.progress.step();
            let Some(loss) = loss else { continue };
            // The loss must be better than at least one of the last `n_iter_no_change`.
            if !losses.iter().any(|earlier| loss + self.tol < *earlier) {
                break;
            }
            let at = stage % losses.len();
            losses[at] = loss;
        }
        GradientBoosting::from_parts(init, self.learning_rate, trees)
    }
}

/// Targets, with whole-numbered weights if the dataset has some.
#[derive(Debug)]
struct Weighted {
    y: Vec<f64>,
    weights: Option<Vec<u32>>,
}

impl Weighted {
    fn new(y: Vec<f64>, weights: Option<Vec<u32>>) -> Self {
        Self { y, weights }
    }

    fn select(&self, rows: &[usize]) -> Self {
        let weights = self.weights.as_ref().map(|weights| rows.iter().map(|row| weights[*row]).collect());
        Self { y: rows.iter().map(|row| self.y[*row]).collect(), weights }
    }

    /// numpy's `average` of values by these weights.
    fn mean(&self, values: &[f64]) -> f64 {
        match &self.weights {
            None => pairwise_sum(values) / values.len() as f64,
            Some(weights) => {
                let weighted = values.iter().zip(weights).map(|(value, weight)| value * f64::from(*weight));
                let weighted: Vec<f64> = weighted.collect();
                pairwise_sum(&weighted) / total_weight(Some(weights), values.len()) as f64
            }
        }
    }
}

/// Rows that early stopping holds out, with their predictions so far.
#[derive(Debug)]
struct Validation {
    rows: Rows,
    held_out: Weighted,
    predictions: Vec<f64>,
}

impl Validation {
    fn new(records: &ArrayView2<'_, f64>, held_out: Weighted) -> Self {
        Self { rows: Rows::new(records, records.ncols()), held_out, predictions: Vec::new() }
    }

    /// Adds a stage and returns the mean squared error after it.
    fn add(&mut self, tree: &Tree, learning_rate: f64) -> f64 {
        add_stage(&mut self.predictions, tree, &self.rows, learning_rate);
        let halves = self.predictions.iter().zip(&self.held_out.y).map(|(predicted, y)| {
            let error = predicted - y;
            0.5 * error * error
        });
        2.0 * self.held_out.mean(&halves.collect::<Vec<f64>>())
    }
}

/// The training rows between two stages.
struct Stages<'a> {
    params: &'a GradientBoostingValidParams,
    columns: Columns,
    rows: Rows,
    train: Weighted,
    predictions: Vec<f64>,
    random: RandomState,
}

impl Stages<'_> {
    /// Fits a tree to the residuals and adds it to the predictions.
    fn fit_next(&mut self) -> Result<Tree> {
        let n = self.train.y.len();
        let weights = self.stage_weights();
        let residuals: Array1<f64> =
            self.train.y.iter().zip(&self.predictions).map(|(y, predicted)| y - predicted).collect();
        if !residuals.iter().all(|residual| residual.abs() <= LARGEST_RESIDUAL) {
            return Err(Error::Diverged("residuals grow without bound; lower learning_rate"));
        }
        let targets = Targets::fixed_point(residuals.view(), total_weight(weights.as_deref(), n));
        let growing = Growing {
            columns: &self.columns,
            targets: &targets.integers,
            quantum: targets.quantum,
            limits: &self.params.growth.limits((n, self.columns.n_features()), targets.factor),
            rule: SplitRule::Best,
        };
        let random = TreeRandom::new(self.random.tree_seed());
        let tree = grow(&growing, samples(&targets.integers, weights.as_deref()), random).tree;
        add_stage(&mut self.predictions, &tree, &self.rows, self.params.learning_rate);
        Ok(tree)
    }

    /// The weights of a stage's rows: 0 where the subsample leaves a row out.
    fn stage_weights(&mut self) -> Option<Vec<u32>> {
        if self.params.subsample >= 1.0 {
            return self.train.weights.clone();
        }
        let n = self.train.y.len();
        let in_bag = ((self.params.subsample * n as f64) as usize).max(1);
        let mask = subsample(n, in_bag, &mut self.random);
        Some(match &self.train.weights {
            None => mask,
            Some(weights) => weights.iter().zip(mask).map(|(weight, mask)| weight * mask).collect(),
        })
    }
}

fn add_stage(predictions: &mut [f64], tree: &Tree, rows: &Rows, learning_rate: f64) {
    predictions
        .iter_mut()
        .zip(rows.iter())
        .for_each(|(predicted, row)| *predicted += learning_rate * tree.value(row));
}

/// 1 for the `in_bag` rows that scikit-learn draws without replacement, 0 for the others.
fn subsample(n: usize, in_bag: usize, random: &mut RandomState) -> Vec<u32> {
    let mut missing = in_bag;
    let draws: Vec<f64> = (0..n).map(|_| random.random_sample()).collect();
    let take = |(row, draw): (usize, f64)| {
        let taken = draw * ((n - row) as f64) < missing as f64;
        missing -= usize::from(taken);
        u32::from(taken)
    };
    draws.into_iter().enumerate().map(take).collect()
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for GradientBoosting {
    fn predict_inplace<'a>(&'a self, records: &'a ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(records.nrows(), y.len(), "there must be as many targets as records");
        let rows = Rows::new(records, self.n_features);
        let mut predictions = vec![self.init; y.len()];
        for tree in &self.trees {
            add_stage(&mut predictions, tree, &rows, self.learning_rate);
        }
        y.iter_mut().zip(predictions).for_each(|(y, prediction)| *y = prediction);
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(records.nrows())
    }
}
