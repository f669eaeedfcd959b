//! The task machine learning: the study's regressors trained on the matrix, and scored on its test rows.

use crate::matrix::Matrices;
use crate::stopwatch::Stopwatch;
use linfa::Dataset;
use linfa::traits::{Fit, Predict, Transformer};
use ndarray::{Array1, Array2, Ix1, array};
use regressors::tree::TreeParams;
use regressors::{
    DecisionTree, ExtraTrees, GradientBoosting, LinearRegression, MaxAbsScaler, Mlp, RandomForest, Voting,
};
use stage::{Error, Result};

/// What a task trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learners {
    /// Linear only.
    Linear,
    /// All of the study, with its hyperparameters.
    All,
}

/// Errors of the models, and how long they took.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// Root mean squared error on the test rows, by model.
    pub rmse: Vec<(&'static str, f64)>,
    /// Scaling and fits.
    pub train_seconds: f64,
    /// Predictions and their errors.
    pub predict_seconds: f64,
}

/// The members of the study's vote and their weights.
const VOTE: [(&str, f64); 3] = [("GradientBoosting", 0.4), ("ExtraTrees", 0.35), ("RandomForest", 0.25)];

/// Scales, trains, predicts and scores.
///
/// # Errors
/// If a learner refuses the rows.
pub fn learn(matrices: Matrices, learners: Learners) -> Result<Learned> {
    let start = Stopwatch::start();
    let mut bench = Bench::new(matrices)?;
    bench.learned.train_seconds = start.seconds();
    bench.fit("Linear", &LinearRegression::params())?;
    if learners == Learners::All {
        bench.fit("MLP", &Mlp::params().learning_rate_init(0.6).max_iter(500).random_state(42))?;
        bench.fit("DecisionTree", &DecisionTree::params().max_depth(Some(15)).random_state(42))?;
        bench.fit("RandomForest", &RandomForest::params().random_state(42))?;
        bench.fit("GradientBoosting", &GradientBoosting::params().learning_rate(0.6).random_state(42))?;
        bench.fit("ExtraTrees", &ExtraTrees::params().random_state(42))?;
        bench.vote()?;
    }
    Ok(bench.learned)
}

/// Scaled rows, and what has been learned from them so far.
struct Bench {
    train: Dataset<f64, f64, Ix1>,
    test: Array2<f64>,
    actual: Array1<f64>,
    predictions: Vec<(&'static str, Array1<f64>)>,
    learned: Learned,
}

impl Bench {
    fn new(matrices: Matrices) -> Result<Self> {
        let Matrices { train, train_label, test, test_label } = matrices;
        let train = Dataset::new(train, train_label);
        let scaler: MaxAbsScaler = MaxAbsScaler::params().fit(&train).map_err(refused)?;
        let Dataset { records, targets, .. } = train;
        Ok(Self {
            train: Dataset::new(scaler.transform(records), targets),
            test: scaler.transform(test),
            actual: test_label,
            predictions: Vec::new(),
            learned: Learned { rmse: Vec::new(), train_seconds: 0.0, predict_seconds: 0.0 },
        })
    }

    fn fit<P, M>(&mut self, name: &'static str, params: &P) -> Result<()>
    where
        P: Fit<Array2<f64>, Array1<f64>, regressors::Error, Object = M>,
        M: for<'r> Predict<&'r Array2<f64>, Array1<f64>>,
    {
        let start = Stopwatch::start();
        let model = params.fit(&self.train).map_err(refused)?;
        self.learned.train_seconds += start.seconds();
        let start = Stopwatch::start();
        let predicted = model.predict(&self.test);
        self.score(name, predicted, start);
        Ok(())
    }

    fn vote(&mut self) -> Result<()> {
        let start = Stopwatch::start();
        let voting = Voting::new(array![VOTE[0].1, VOTE[1].1, VOTE[2].1]).map_err(refused)?;
        let member = |(name, _): &(&str, f64)| {
            let found = self.predictions.iter().find(|(other, _)| other == name);
            found.map(|(_, predicted)| predicted.view())
        };
        let combined = voting.combine(VOTE.iter().filter_map(member)).map_err(refused)?;
        self.score("Voting", combined, start);
        Ok(())
    }

    fn score(&mut self, name: &'static str, predicted: Array1<f64>, start: Stopwatch) {
        let squares: f64 = predicted.iter().zip(&self.actual).map(|(p, a)| (p - a).powi(2)).sum();
        self.learned.rmse.push((name, (squares / self.actual.len() as f64).sqrt()));
        self.learned.predict_seconds += start.seconds();
        self.predictions.push((name, predicted));
    }
}

fn refused(error: regressors::Error) -> Error {
    Error::data(format!("a learner refuses the rows: {error}"))
}
