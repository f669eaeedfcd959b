//! What is measured: one run of a task on one layout, its seconds by phase, and its outcome.

use crate::layout::Layout;
use crate::learning::{self, Learned, Learners};
use crate::listings::Sample;
use crate::stopwatch::Stopwatch;
use crate::{access, exploration, matrix};
use serde::{Deserialize, Serialize};
use stage::Result;
use std::hint::black_box;

/// A task that every layout does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// head, tail, describe, info.
    Exploration,
    /// Single attributes and whole records, read and written.
    Access,
    /// Matrix, train, predict, RMSE of Linear.
    Linear,
    /// The same of all regressors.
    Regressors,
}

/// What a task needs besides a layout.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What the layouts hold.
    pub sample: Sample,
    /// Records to read at random.
    pub visits: Vec<usize>,
}

/// One run of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Seconds by phase, in order.
    pub phases: Vec<(&'static str, f64)>,
    /// All results, with every digit: layouts must agree on it.
    pub outcome: String,
    /// Errors of models, if the task trains any; part of the outcome as well.
    pub rmse: Vec<(&'static str, f64)>,
}

impl Task {
    /// What the task is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exploration => "exploration",
            Self::Access => "attribute access",
            Self::Linear => "machine learning, Linear",
            Self::Regressors => "machine learning, all regressors",
        }
    }

    /// Runs the task once.
    ///
    /// # Errors
    /// If rows are refused.
    pub fn run<L: Layout>(self, layout: &mut L, setting: &Setting) -> Result<Run> {
        match self {
            Self::Exploration => Ok(explore(layout)),
            Self::Access => Ok(reach(layout, &setting.visits)),
            Self::Linear => learn(layout, setting, Learners::Linear),
            Self::Regressors => learn(layout, setting, Learners::All),
        }
    }
}

fn explore<L: Layout>(layout: &L) -> Run {
    let mut laps = Laps::default();
    let head = laps.time("head", || exploration::head(layout));
    let tail = laps.time("tail", || exploration::tail(layout));
    let describe = laps.time("describe", || exploration::describe(layout));
    let info = laps.time("info", || exploration::info(layout));
    Run { phases: laps.0, outcome: format!("{head:?} {tail:?} {describe:?} {info:?}"), rmse: Vec::new() }
}

fn reach<L: Layout>(layout: &mut L, visits: &[usize]) -> Run {
    let mut laps = Laps::default();
    let one = laps.time("one attribute read, in order", || access::read_one(black_box(layout)));
    let records =
        laps.time("whole records read, at random", || access::read_records(black_box(layout), visits));
    laps.time("one attribute written, twice", || access::write_one(black_box(layout)));
    Run { phases: laps.0, outcome: format!("{one:?} {records:?}"), rmse: Vec::new() }
}

fn learn<L: Layout>(layout: &L, setting: &Setting, learners: Learners) -> Result<Run> {
    let start = Stopwatch::start();
    let matrices = matrix::build(layout, &setting.sample)?;
    let seconds = start.seconds();
    let shape = matrices.train.dim();
    let Learned { rmse, train_seconds, predict_seconds } = learning::learn(matrices, learners)?;
    let phases =
        vec![("building the matrix", seconds), ("train", train_seconds), ("predict, RMSE", predict_seconds)];
    Ok(Run { phases, outcome: format!("{shape:?} {rmse:?}"), rmse })
}

/// Phases as they end.
#[derive(Default)]
struct Laps(Vec<(&'static str, f64)>);

impl Laps {
    fn time<T>(&mut self, phase: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Stopwatch::start();
        let result = black_box(work());
        self.0.push((phase, start.seconds()));
        result
    }
}
