//! The learners behind one face: parameters that are checked, and a fit.

use artifacts::models::Regressor;
use linfa::traits::Fit;
use linfa::{Dataset, ParamGuard};
use ndarray::Ix1;
use regressors::boosting::GradientBoostingParams;
use regressors::forest::ForestParams;
use regressors::linear::LinearRegressionParams;
use regressors::mlp::MlpParams;
use regressors::tree::{Best, Random, SingleTreeParams};
use regressors::{Progress, Result};

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

    /// Fits on scaled rows and counts steps in `progress`.
    pub(crate) fn fit(&self, rows: &Dataset<f64, f64, Ix1>, progress: Progress) -> Result<Regressor> {
        Ok(match self {
            Self::Linear(params) => Regressor::Linear(params.fit(rows)?),
            Self::Mlp { params, .. } => Regressor::Mlp(params.clone().progress(progress).fit(rows)?),
            Self::DecisionTree(params) => Regressor::DecisionTree(params.fit(rows)?),
            Self::ExtraTree(params) => Regressor::ExtraTree(params.fit(rows)?),
            Self::RandomForest { params, .. } => {
                Regressor::RandomForest(params.clone().progress(progress).fit(rows)?)
            }
            Self::ExtraTrees { params, .. } => {
                Regressor::ExtraTrees(params.clone().progress(progress).fit(rows)?)
            }
            Self::GradientBoosting { params, .. } => {
                Regressor::GradientBoosting(params.clone().progress(progress).fit(rows)?)
            }
        })
    }
}
