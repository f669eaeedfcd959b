//! Models of drawn tables and hyperparameters against scikit-learn's.

use crate::golden::{Voting, matrix};
use crate::{mlp, voting};
use linfa::Dataset;
use linfa::traits::{Fit, Predict, Transformer};
use ndarray::{Array1, Array2};
use regressors::{LinearRegression, MaxAbsScaler, Result};
use serde::Deserialize;
use serde_json::Value;

/// A table, and what scikit-learn makes of it.
#[derive(Deserialize)]
struct Table {
    name: String,
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    weights: Option<Vec<f32>>,
    /// Records to predict.
    new: Vec<Vec<f64>>,
    fits: Vec<Model>,
    vote: Voting,
}

/// One fit.
#[derive(Deserialize)]
struct Model {
    learner: String,
    params: Value,
    /// Whether scikit-learn's own fit stays the same if values are off by a last bit.
    steady: bool,
    /// Curves and predictions of a steady fit; nothing if scikit-learn refuses it.
    answers: Option<Vec<Vec<f64>>>,
}

impl Model {
    /// The crate's answers.
    fn fit(&self, table: &Table) -> Result<Vec<Vec<f64>>> {
        let (x, new) = (matrix(&table.x), matrix(&table.new));
        let data = |x: Array2<f64>| {
            let weights = table.weights.clone().unwrap_or_default();
            Dataset::new(x, Array1::from(table.y.clone())).with_weights(weights.into())
        };
        if self.learner == "Linear" {
            let fit_intercept = self.params["fit_intercept"].as_bool().unwrap();
            let model = LinearRegression::params().fit_intercept(fit_intercept).fit(&data(x))?;
            return Ok(vec![vec![model.rank() as f64], model.predict(&new).to_vec()]);
        }
        let scaler = MaxAbsScaler::params().fit(&data(x.clone()))?;
        let params = mlp::params(&serde_json::from_value(self.params.clone()).unwrap());
        let model = params.fit(&data(scaler.transform(x)))?;
        let predictions = model.predict(&scaler.transform(new)).to_vec();
        Ok(vec![model.loss_curve().to_vec(), model.validation_scores().to_vec(), predictions])
    }
}

/// Whether they agree to 1e-9 of the largest value.
fn agree(actual: &[f64], expected: &[f64]) -> bool {
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let is_near = |(actual, expected): (&f64, &f64)| (actual - expected).abs() <= 1e-9 * largest;
    actual.len() == expected.len() && actual.iter().zip(expected).all(is_near)
}

#[test]
#[ignore = "reads the file GOLDEN_DRAWN, which golden/drawn_linear_mlp.py writes: cargo xtask ci --only linear-mlp"]
fn drawn_models_are_scikit_learns() {
    let text = std::fs::read_to_string(std::env::var("GOLDEN_DRAWN").unwrap()).unwrap();
    let tables: Vec<Table> = serde_json::from_str(&text).unwrap();
    assert!(!tables.is_empty());
    for table in &tables {
        for model in &table.fits {
            let answers = model.fit(table);
            let is_same = match (&answers, &model.answers) {
                _ if !model.steady => true,
                (Ok(actual), Some(expected)) => {
                    actual.iter().zip(expected).all(|(actual, expected)| agree(actual, expected))
                }
                (actual, expected) => actual.is_err() && expected.is_none(),
            };
            let (name, learner, params) = (&table.name, &model.learner, &model.params);
            assert!(is_same, "{learner} of {name} with {params}: {answers:?} is not {:?}", model.answers);
        }
        voting::check(&table.vote);
    }
}
