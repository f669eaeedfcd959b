//! `OUT/runs/<id>.json`: a small record of every run, which later ones are compared with.
//!
//! Records are never hashed and decide nothing: they hold the time and how long things took.

mod diff;
mod store;

pub use diff::{Change, changes, check_label};
pub use store::{FOLDER, find, list, make_folder, read, write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::RunRecord;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// One model's scores on one split.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Score {
    /// Name of the model.
    pub model: String,
    /// `train`, `val`, `test`, or `test_unseen`: test rows without a twin among the train rows.
    pub split: String,
    /// Root mean squared error, in units of the label.
    pub rmse: f64,
    /// Mean absolute error, in units of the label.
    pub mae: f64,
    /// Coefficient of determination; `None` for fewer than two rows.
    pub r2: Option<f64>,
    /// Mean absolute percentage error as a fraction (scikit-learn's `mean_absolute_percentage_error`).
    pub mape: f64,
    /// Number of rows with a label.
    pub rows: u32,
}

/// A model of a run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Hyperparameters under scikit-learn's names, seeds among them.
    pub parameters: Map<String, Value>,
    /// How long its fit took, if that was recorded.
    pub seconds: Option<f64>,
}

/// What a run was made from, and what came of it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Run {
    /// Version of this schema.
    pub version: u32,
    /// Name of the run and of its file.
    pub id: String,
    /// When it was recorded: RFC 3339, UTC.
    pub created: String,
    /// Version of the program that recorded it.
    pub program: String,
    /// Name of the label; empty of scores alone.
    pub label: String,
    /// Hash of the configuration with its overrides.
    pub configuration: String,
    /// By stage: one hash of all artifacts that the run was evaluated from.
    pub inputs: BTreeMap<String, String>,
    /// The models, in the order of the configuration.
    pub models: Vec<Model>,
    /// Every model's scores on every split.
    pub metrics: Vec<Score>,
    /// What each stage recorded of its last success: seconds, memory, threads; of evaluate, what it could say before
    /// it wrote this.
    pub stages: Vec<RunRecord>,
}

impl Run {
    /// The version of the schema that this program writes and reads.
    pub const VERSION: u32 = 1;
}

/// A moment as RFC 3339, UTC, to the millisecond.
pub fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}
