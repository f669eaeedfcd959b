//! What an experiment found, as data: `--format json` is this, text and pages are made of it.

use crate::measure::Ratio;
use crate::memory::Counted;
use crate::misspelling::Misspelling;
use serde::Serialize;

/// All findings.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How it was measured.
    pub method: Method,
    /// By number of rows, in order of measurement.
    pub sizes: Vec<Size>,
    /// What was not measured, and why.
    pub left_out: Vec<String>,
    /// What a misspelt attribute does.
    pub misspellings: Vec<Misspelling>,
}

/// How it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Method {
    /// Folder of the raw files.
    pub data: String,
    /// Complete rows in them: the study's size.
    pub complete_rows: usize,
    /// Seed of draws, orders and bootstraps.
    pub seed: u32,
    /// Threads of the regressors.
    pub threads: usize,
    /// Seconds that were given.
    pub budget_seconds: f64,
    /// Seconds that were taken.
    pub seconds: f64,
}

/// Findings at one number of rows.
#[derive(Clone, Debug, Serialize)]
pub struct Size {
    /// Records held.
    pub rows: usize,
    /// Whether they are the study's own rows, instead of draws from them.
    pub study: bool,
    /// Bytes to hold the records, by layout.
    pub held: Vec<Held>,
    /// Tasks, in order.
    pub tasks: Vec<TaskFindings>,
}

/// Memory of a layout, or of a task on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// [`crate::layout::Layout::NAME`].
    pub layout: &'static str,
    /// What was counted.
    #[serde(flatten)]
    pub bytes: Counted,
}

/// A task at one number of rows.
#[derive(Clone, Debug, Serialize)]
pub struct TaskFindings {
    /// What it is called.
    pub task: &'static str,
    /// Timed rounds, each with one run of every layout; 0 if only memory was measured.
    pub rounds: usize,
    /// Durations: the whole task, then its phases.
    pub phases: Vec<Phase>,
    /// Memory by layout, besides what is held; empty if only time was measured.
    pub memory: Vec<Held>,
    /// Errors of models on the test rows, the same in all layouts.
    pub rmse: Vec<(&'static str, f64)>,
}

/// Durations of one phase of a task.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// What it is called; [`crate::measure::WHOLE`] for all of the task.
    pub phase: &'static str,
    /// By layout, dictionaries first.
    pub durations: Vec<Duration>,
}

/// A layout's duration.
#[derive(Clone, Debug, Serialize)]
pub struct Duration {
    /// [`crate::layout::Layout::NAME`].
    pub layout: &'static str,
    /// Median of the rounds.
    pub seconds: f64,
    /// Compared with dictionaries; none for dictionaries themselves.
    pub against_dictionaries: Option<Ratio>,
    /// Whether the interval excludes 1; none for dictionaries themselves.
    pub real: Option<bool>,
}

impl Size {
    /// A layout's bytes per record.
    pub fn per_record(&self, layout: &str) -> Option<f64> {
        let held = self.held.iter().find(|held| held.layout == layout)?;
        Some(held.bytes.retained as f64 / self.rows as f64)
    }

    /// The task of that name.
    pub fn task(&self, name: &str) -> Option<&TaskFindings> {
        self.tasks.iter().find(|task| task.task == name)
    }
}

impl TaskFindings {
    /// The whole task's durations.
    pub fn whole(&self) -> Option<&Phase> {
        self.phases.first()
    }
}

impl Phase {
    /// The layouts that are compared with dictionaries.
    pub fn compared(&self) -> impl Iterator<Item = (&Duration, &Ratio)> {
        self.durations.iter().filter_map(|d| d.against_dictionaries.as_ref().map(|ratio| (d, ratio)))
    }
}
