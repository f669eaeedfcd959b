//! The project's learners by name.

use crate::worker::{Answer, Params, Rows};
use anyhow::{Result, bail};
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2};
use regressors::tree::TreeParams;
use regressors::{DecisionTree, ExtraTrees, GradientBoosting, LinearRegression, Mlp, RandomForest};

/// Fits the learner `model` and predicts the test rows.
///
/// # Errors
/// If there is no such learner, or the fit fails.
pub(crate) fn time(model: &str, given: &Params, rows: &Rows) -> Result<Answer> {
    let trees = given.n_estimators.unwrap_or(100);
    match model {
        "Linear" => rows.time(|| Ok(predictor(LinearRegression::params().fit(&rows.train)?, rows))),
        "MLP" => rows.time(|| {
            let params = Mlp::params()
                .learning_rate_init(given.learning_rate_init.unwrap_or(0.001))
                .max_iter(given.max_iter.unwrap_or(200))
                .random_state(given.random_state);
            Ok(predictor(params.fit(&rows.train)?, rows))
        }),
        "DecisionTree" => rows.time(|| {
            let params = DecisionTree::params().max_depth(given.max_depth).random_state(given.random_state);
            Ok(predictor(params.fit(&rows.train)?, rows))
        }),
        "RandomForest" => rows.time(|| {
            let params = RandomForest::params().n_estimators(trees);
            let params = params.max_depth(given.max_depth).random_state(given.random_state);
            Ok(predictor(params.fit(&rows.train)?, rows))
        }),
        "ExtraTrees" => rows.time(|| {
            let params = ExtraTrees::params().n_estimators(trees);
            let params = params.max_depth(given.max_depth).random_state(given.random_state);
            Ok(predictor(params.fit(&rows.train)?, rows))
        }),
        "GradientBoosting" => rows.time(|| {
            let params = GradientBoosting::params()
                .n_estimators(trees)
                .learning_rate(given.learning_rate.unwrap_or(0.1))
                .max_bins(given.max_bins)
                .max_depth(given.max_depth.unwrap_or(3))
                .random_state(given.random_state);
            Ok(predictor(params.fit(&rows.train)?, rows))
        }),
        other => bail!("there is no learner '{other}'"),
    }
}

/// A fitted model's predictions for the test rows.
fn predictor<'a, M>(model: M, rows: &'a Rows) -> impl Fn() -> Result<Array1<f64>> + use<'a, M>
where
    M: for<'r> Predict<&'r Array2<f64>, Array1<f64>> + 'a,
{
    move || Ok(model.predict(&rows.test))
}
