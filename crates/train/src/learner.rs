//! The learners behind one face: parameters that are checked, and a fit.

use artifacts::models::Regressor;
use linfa::traits::Fit;
use linfa::{Dataset, ParamGuard};
use ndarray::Ix1;
use regressors::boosting::GradientBoostingParams;
use regressors::forest::Forest;
use regressors::forest::ForestParams;
use regressors::linear::LinearRegressionParams;
use regressors::mlp::MlpParams;
use regressors::tree::{Best, Random, SingleTreeParams};
use regressors::{Error, Progress, Result};
use std::ops::Range;

/// A learner with its hyperparameters.
#[derive(Clone, Debug)]
pub(crate) enum Learner {
    Linear(LinearRegressionParams),
    Mlp { params: MlpParams, max_iter: usize },
    DecisionTree(SingleTreeParams<Best>),
    ExtraTree(SingleTreeParams<Random>),
    RandomForest { params: ForestParams<Best>, n_estimators: usize },
    ExtraTrees { params: ForestParams<Random>, n_estimators: usize },
    GradientBoosting { params: GradientBoostingParams, n_estimators: usize },
}

impl Learner {
    /// The learner's name, as configurations spell it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Linear(_) => "Linear",
            Self::Mlp { .. } => "MLP",
            Self::DecisionTree(_) => "DecisionTree",
            Self::ExtraTree(_) => "ExtraTree",
            Self::RandomForest { .. } => "RandomForest",
            Self::ExtraTrees { .. } => "ExtraTrees",
            Self::GradientBoosting { .. } => "GradientBoosting",
        }
    }

    /// Checks the hyperparameters.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Linear(params) => params.check_ref().map(drop),
            Self::Mlp { params, .. } => params.check_ref().map(drop),
            Self::DecisionTree(params) => params.check_ref().map(drop),
            Self::ExtraTree(params) => params.check_ref().map(drop),
            Self::RandomForest { params, .. } => params.check_ref().map(drop),
            Self::ExtraTrees { params, .. } => params.check_ref().map(drop),
            Self::GradientBoosting { params, .. } => params.check_ref().map(drop),
        }
    }

    /// The most steps that a fit counts; 0 if it counts none.
    pub(crate) fn steps(&self) -> u64 {
        match self {
            Self::Linear(_) | Self::DecisionTree(_) | Self::ExtraTree(_) => 0,
            Self::Mlp { max_iter: steps, .. }
            | Self::RandomForest { n_estimators: steps, .. }
            | Self::ExtraTrees { n_estimators: steps, .. }
            | Self::GradientBoosting { n_estimators: steps, .. } => *steps as u64,
        }
    }

    /// How many trees a forest has; `None` of a learner whose fit cannot be divided.
    pub(crate) fn forest(&self) -> Option<usize> {
        match self {
            Self::RandomForest { n_estimators, .. } | Self::ExtraTrees { n_estimators, .. } => {
                Some(*n_estimators)
            }
            _ => None,
        }
    }

    /// A rough guess at the time of a fit, or of some trees of it: milliseconds of one thread on the study's rows.
    pub(crate) fn cost(&self, trees: Option<&Range<usize>>) -> u64 {
        let steps = trees.map_or(self.steps(), |trees| trees.len() as u64);
        match self {
            Self::Linear(_) | Self::DecisionTree(_) | Self::ExtraTree(_) => 3,
            Self::GradientBoosting { .. } => 1 + steps / 5,
            Self::Mlp { .. } => 1 + steps / 5,
            Self::RandomForest { .. } => 2 * steps,
            Self::ExtraTrees { .. } => 3 * steps,
        }
    }

    /// A rank by expected time: what one thread must do alone comes first, so that others fill in around it.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::Mlp { .. } => 5,
            Self::ExtraTrees { .. } => 4,
            Self::RandomForest { .. } => 3,
            Self::GradientBoosting { .. } => 2,
            Self::DecisionTree(_) | Self::ExtraTree(_) => 1,
            Self::Linear(_) => 0,
        }
    }

    /// Fits on scaled rows and counts steps in `progress`; of a forest only the given `trees`.
    pub(crate) fn fit(
        &self,
        rows: &Dataset<f64, f64, Ix1>,
        trees: Option<Range<usize>>,
        progress: Progress,
    ) -> Result<Regressor> {
        Ok(match self {
            Self::Linear(params) => Regressor::Linear(params.fit(rows)?),
            Self::Mlp { params, .. } => Regressor::Mlp(params.clone().progress(progress).fit(rows)?),
            Self::DecisionTree(params) => Regressor::DecisionTree(params.fit(rows)?),
            Self::ExtraTree(params) => Regressor::ExtraTree(params.fit(rows)?),
            Self::RandomForest { params, n_estimators } => {
                let params = params.clone().progress(progress).check()?;
                Regressor::RandomForest(params.fit_range(rows, trees.unwrap_or(0..*n_estimators))?)
            }
            Self::ExtraTrees { params, n_estimators } => {
                let params = params.clone().progress(progress).check()?;
                Regressor::ExtraTrees(params.fit_range(rows, trees.unwrap_or(0..*n_estimators))?)
            }
            Self::GradientBoosting { params, .. } => {
                Regressor::GradientBoosting(params.clone().progress(progress).fit(rows)?)
            }
        })
    }
}

/// The trees at the places `within` of a forest that was fitted.
pub(crate) fn some_trees(forest: &Regressor, within: Range<usize>) -> Result<Regressor> {
    match forest {
        Regressor::RandomForest(forest) => Ok(Regressor::RandomForest(part(forest, within)?)),
        Regressor::ExtraTrees(forest) => Ok(Regressor::ExtraTrees(part(forest, within)?)),
        other => Err(Error::Model(format!("{} has no trees to take apart", other.learner()))),
    }
}

fn part<S>(forest: &Forest<S>, within: Range<usize>) -> Result<Forest<S>> {
    let trees = forest.trees().get(within);
    let trees = trees.ok_or_else(|| Error::Model("a forest has fewer trees than its part".into()))?;
    Forest::from_trees(trees.to_vec(), forest.target_scale())
}

/// The regressor whose consecutive trees the `parts` hold; of a learner other than a forest, its only part.
pub(crate) fn merge(mut parts: Vec<Regressor>) -> Result<Regressor> {
    let mixed = || Error::Model("parts of different learners".into());
    match parts.first() {
        Some(Regressor::RandomForest(_)) => {
            let take = |part| if let Regressor::RandomForest(forest) = part { Some(forest) } else { None };
            let forests = parts.into_iter().map(take).collect::<Option<Vec<_>>>().ok_or_else(mixed)?;
            Ok(Regressor::RandomForest(Forest::merge(forests)?))
        }
        Some(Regressor::ExtraTrees(_)) => {
            let take = |part| if let Regressor::ExtraTrees(forest) = part { Some(forest) } else { None };
            let forests = parts.into_iter().map(take).collect::<Option<Vec<_>>>().ok_or_else(mixed)?;
            Ok(Regressor::ExtraTrees(Forest::merge(forests)?))
        }
        _ => match (parts.pop(), parts.len()) {
            (Some(only), 0) => Ok(only),
            _ => Err(mixed()),
        },
    }
}
