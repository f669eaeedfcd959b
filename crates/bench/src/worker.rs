//! A persistent worker: loads a data set once, then fits what it is asked for.
//!
//! The protocol is lines of JSON. The first line on stdout says what was loaded; then every line on stdin is a
//! [`Request`] and is answered by one line, an [`Answer`] or `{"error": "…"}`. `python/peer.py` is its twin.

use crate::{learners, memory};
use anyhow::{Context, Result};
use artifacts::Split;
use linfa::traits::{Fit, Transformer};
use linfa::{Dataset, DatasetBase};
use ndarray::{Array1, Array2, Ix1};
use regressors::MaxAbsScaler;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A fit that took less than this is made once more, and the second one counts: the first finds caches, pages and
/// threads as the other sides' turns have left them.
const SHORT: Duration = Duration::from_secs(1);

/// Predictions are repeated for this long, for one may take microseconds.
const PREDICTING: Duration = Duration::from_millis(20);

/// Flags of `bench worker`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Parquet file of numeric columns to fit on
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Parquet file with the same columns to predict
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// Name of the label's column
    #[arg(long, value_name = "NAME")]
    label: String,
    /// Threads of a fit
    #[arg(long, value_name = "N")]
    threads: usize,
}

/// A fit to be timed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Whose learner: `ours`, or a crate of the feature `peers`.
    library: String,
    /// The learner, as configurations of the pipeline name it.
    model: String,
    params: Params,
}

/// Hyperparameters by scikit-learn's names; those that are not given have its defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    pub(crate) n_estimators: Option<usize>,
    pub(crate) max_depth: Option<usize>,
    pub(crate) learning_rate: Option<f64>,
    pub(crate) max_bins: Option<usize>,
    pub(crate) learning_rate_init: Option<f64>,
    pub(crate) max_iter: Option<usize>,
    #[serde(default)]
    pub(crate) random_state: u32,
}

/// What a fit took and gave.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    /// Of the second fit, if the first was short.
    fit_seconds: f64,
    /// For all test rows.
    predict_seconds: f64,
    /// On the test rows.
    rmse: f64,
    /// The peak of memory during the first fit above what was in use before it; true in a fresh process only.
    peak_bytes: Option<u64>,
}

/// A loaded data set, scaled as the study does it.
pub(crate) struct Rows {
    pub(crate) train: Dataset<f64, f64, Ix1>,
    pub(crate) test: Array2<f64>,
    actual: Array1<f64>,
}

impl Rows {
    fn load(flags: &Flags) -> Result<Self> {
        let (train, _) = Split::from_plain_file(&flags.train, &flags.label)?;
        let (test, _) = Split::from_plain_file(&flags.test, &flags.label)?;
        let scaler: MaxAbsScaler = MaxAbsScaler::params().fit(&DatasetBase::from(train.values.view()))?;
        let labels = Array1::from(train.labels()?);
        Ok(Self {
            actual: Array1::from(test.labels()?),
            test: scaler.transform(test.values),
            train: Dataset::new(scaler.transform(train.values), labels),
        })
    }

    /// Times `fit`, which returns the function that predicts the test rows.
    ///
    /// # Errors
    /// If the fit or a prediction fails.
    pub(crate) fn time<P: Fn() -> Result<Array1<f64>>>(&self, fit: impl Fn() -> Result<P>) -> Result<Answer> {
        let timed = || {
            let start = Instant::now();
            fit().map(|predict| (predict, start.elapsed()))
        };
        let before = memory::reset();
        let (mut predict, mut fit_time) = timed()?;
        let peak_bytes = stage::peak_memory().zip(before).map(|(peak, before)| peak.saturating_sub(before));
        if fit_time < SHORT {
            drop(predict);
            (predict, fit_time) = timed()?;
        }
        // The first prediction prepares a model for all others.
        predict()?;
        let start = Instant::now();
        let mut times = 0;
        let predicted = loop {
            let predicted = predict()?;
            times += 1;
            if start.elapsed() >= PREDICTING {
                break predicted;
            }
        };
        let predict_seconds = start.elapsed().as_secs_f64() / f64::from(times);
        let errors = &predicted - &self.actual;
        let rmse = (errors.dot(&errors) / errors.len() as f64).sqrt();
        Ok(Answer { fit_seconds: fit_time.as_secs_f64(), predict_seconds, rmse, peak_bytes })
    }
}

/// Loads the data set and answers until stdin ends.
///
/// # Errors
/// If the data set is refused, or stdin or stdout break.
pub(crate) fn run(flags: &Flags) -> Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(flags.threads).build_global().context("threads")?;
    let rows = Rows::load(flags)?;
    say(&json!({
        "versions": versions(),
        "train_rows": rows.train.targets.len(),
        "test_rows": rows.actual.len(),
        "features": rows.test.ncols(),
    }))?;
    for line in io::stdin().lock().lines() {
        match answer(&line.context("stdin")?, &rows) {
            Ok(answer) => say(&answer)?,
            Err(error) => say(&json!({ "error": format!("{error:#}") }))?,
        }
    }
    Ok(())
}

fn answer(line: &str, rows: &Rows) -> Result<Answer> {
    let Request { library, model, params } = serde_json::from_str(line).context("request")?;
    match library.as_str() {
        "ours" => learners::time(&model, &params, rows),
        #[cfg(feature = "peers")]
        _ => crate::peers::time(&library, &model, &params, rows),
        #[cfg(not(feature = "peers"))]
        other => anyhow::bail!("'{other}' is not built in; build with --features peers"),
    }
}

/// Versions of the libraries that are measured.
fn versions() -> serde_json::Value {
    #[cfg(feature = "peers")]
    return json!(crate::peers::versions());
    #[cfg(not(feature = "peers"))]
    json!({})
}

fn say(answer: &impl Serialize) -> Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, answer)?;
    writeln!(out).and_then(|()| out.flush()).context("stdout")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn rows() -> Rows {
        let x = array![[0.0], [0.5], [1.0], [0.25]];
        let y = array![1.0, 2.0, 3.0, 1.5];
        Rows { train: Dataset::new(x.clone(), y.clone()), test: x, actual: y }
    }

    #[test]
    fn a_request_is_fitted_and_scored() {
        let line = r#"{"library": "ours", "model": "DecisionTree", "params": {"random_state": 42}}"#;
        let answer = answer(line, &rows()).unwrap();
        assert_eq!(answer.rmse, 0.0);
        assert!(answer.fit_seconds > 0.0 && answer.predict_seconds > 0.0);
    }

    #[test]
    fn wrong_requests_say_what_is_wrong() {
        for (line, word) in [
            ("{", "request"),
            (r#"{"library": "ours", "model": "Oracle", "params": {}}"#, "Oracle"),
            (r#"{"library": "ours", "model": "Linear", "params": {"speed": 1}}"#, "speed"),
            (r#"{"library": "numpy", "model": "Linear", "params": {}}"#, "numpy"),
        ] {
            let error = format!("{:#}", answer(line, &rows()).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }
}
