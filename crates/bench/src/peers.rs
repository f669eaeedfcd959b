//! Learners of other crates, asked for models as close to ours as they have them.

use crate::worker::{Answer, Params, Rows};
use anyhow::{Result, anyhow, bail};
use biosphere::RandomForestParameters;
use biosphere_ndarray as nd17;
use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};
use ndarray::{Array1, Array2};
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;
use std::collections::BTreeMap;

/// The libraries, and the crates that they are.
const CRATES: [(&str, &str); 3] =
    [("biosphere", "biosphere"), ("forust", "forust-ml"), ("smartcore", "smartcore")];

/// The libraries' versions, as they are locked.
pub(crate) fn versions() -> BTreeMap<&'static str, &'static str> {
    const LOCK: &str = include_str!("../../../Cargo.lock");
    let version = |(library, krate)| {
        let (_, rest) = LOCK.split_once(&format!("name = \"{krate}\"\nversion = \""))?;
        Some((library, rest.split_once('"')?.0))
    };
    CRATES.into_iter().filter_map(version).collect()
}

/// Fits the learner `model` of a crate and predicts the test rows. Conversions of the rows are not timed.
///
/// # Errors
/// If the crate has no such learner, or its fit fails.
pub(crate) fn time(library: &str, model: &str, given: &Params, rows: &Rows) -> Result<Answer> {
    match (library, model) {
        ("biosphere", "RandomForest") => biosphere(given, rows),
        ("smartcore", "RandomForest") => smartcore(given, rows),
        ("forust", "GradientBoosting") => forust(given, rows),
        _ => bail!("'{library}' has no {model}"),
    }
}

fn biosphere(given: &Params, rows: &Rows) -> Result<Answer> {
    let convert = |x: &Array2<f64>| nd17::Array2::from_shape_vec(x.dim(), x.iter().copied().collect());
    let (train, test) = (convert(&rows.train.records)?, convert(&rows.test)?);
    let targets = nd17::Array1::from(rows.train.targets.to_vec());
    let parameters = RandomForestParameters::default()
        .with_n_estimators(given.n_estimators.unwrap_or(100))
        .with_max_depth(given.max_depth)
        .with_seed(u64::from(given.random_state))
        .with_n_jobs(Some(i32::try_from(rayon::current_num_threads())?));
    rows.time(|| {
        let mut forest = biosphere::RandomForest::new(parameters.clone());
        forest.fit(&train.view(), &targets.view());
        let test = test.view();
        Ok(move || Ok(Array1::from(forest.predict(&test).to_vec())))
    })
}

fn smartcore(given: &Params, rows: &Rows) -> Result<Answer> {
    let convert =
        |x: &Array2<f64>| DenseMatrix::new(x.nrows(), x.ncols(), x.iter().copied().collect(), false);
    let (train, test) = (convert(&rows.train.records)?, convert(&rows.test)?);
    let targets = rows.train.targets.to_vec();
    let mut parameters = RandomForestRegressorParameters::default()
        .with_n_trees(given.n_estimators.unwrap_or(100))
        .with_m(rows.test.ncols())
        .with_min_samples_leaf(1)
        .with_seed(u64::from(given.random_state));
    parameters.max_depth = given.max_depth.map(u16::try_from).transpose()?;
    rows.time(|| {
        let forest = RandomForestRegressor::fit(&train, &targets, parameters.clone())?;
        let test = &test;
        Ok(move || Ok(Array1::from(forest.predict(test)?)))
    })
}

fn forust(given: &Params, rows: &Rows) -> Result<Answer> {
    let by_column = |x: &Array2<f64>| x.t().iter().copied().collect::<Vec<f64>>();
    let (train, test) = (by_column(&rows.train.records), by_column(&rows.test));
    let targets = rows.train.targets.to_vec();
    let columns = rows.test.ncols();
    rows.time(|| {
        let mut booster = GradientBooster::default()
            .set_objective_type(ObjectiveType::SquaredLoss)
            .set_iterations(given.n_estimators.unwrap_or(100))
            .set_learning_rate(given.learning_rate.unwrap_or(0.1) as f32)
            .set_max_depth(given.max_depth.unwrap_or(3))
            .set_l2(0.0)
            .set_min_leaf_weight(1.0)
            .set_num_threads(Some(rayon::current_num_threads()));
        let matrix = Matrix::new(&train, targets.len(), columns);
        booster.fit_unweighted(&matrix, &targets, None).map_err(|error| anyhow!("forust: {error}"))?;
        let test = Matrix::new(&test, rows.test.nrows(), columns);
        Ok(move || Ok(Array1::from(booster.predict(&test, true))))
    })
}
