//! Fits, in parallel on one pool of threads: of whole models, or of some trees of a forest.

use crate::config::Planned;
use crate::learner::Learner;
use crate::progress::Bars;
use artifacts::models::Model;
use artifacts::{Names, Split};
use linfa::traits::{Fit, Transformer};
use linfa::{Dataset, DatasetBase};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use regressors::MaxAbsScaler;
use stage::Result;
use stage::log::{self, Level};
use std::ops::Range;
use std::time::Instant;

/// One fit to be done.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) planned: &'a Planned<Learner>,
    /// The trees of a forest to grow; `None` for the whole model.
    pub(crate) trees: Option<Range<usize>>,
}

/// What a fit gave.
#[derive(Debug)]
pub(crate) struct Fitted {
    /// A forest of the job's trees only, or the whole model.
    pub(crate) model: Model,
    /// Scaling and fit.
    pub(crate) seconds: f64,
    /// Threads of the pool.
    pub(crate) threads: u32,
    /// Whether nothing else was fitted at the same time.
    pub(crate) alone: bool,
}

/// Does all jobs, the slowest learners first, and hands each result, with its job's place, to `finish` as soon as it is there.
/// What is refused of the rows is said in their names.
///
/// The results keep the order of the jobs.
///
/// # Errors
/// If the rows are refused, a fit fails, or `finish` does.
pub(crate) fn all<T: Send>(
    jobs: &[Job],
    (rows, names): (&Split, &Names<'_>),
    finish: impl Fn(usize, Fitted) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let start = Instant::now();
    let scaler: MaxAbsScaler = MaxAbsScaler::params()
        .fit(&DatasetBase::from(rows.values.view()))
        .map_err(|error| names.refuse("scaling", &error))?;
    let scaled: Array2<f64> = scaler.transform(&rows.values);
    let dataset = Dataset::new(scaled, Array1::from(rows.labels()?));
    let scaling = start.elapsed().as_secs_f64();

    let threads = u32::try_from(rayon::current_num_threads()).unwrap_or(u32::MAX);
    let alone = threads == 1 || jobs.len() == 1;
    let bars = Bars::new(jobs.iter().map(|job| (job.planned.name.as_str(), job.steps())));
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(jobs[place].planned.recipe.weight()));
    let mut finished: Vec<(usize, T)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|place| {
            let job = &jobs[place];
            let Planned { name, recipe, parameters } = job.planned;
            let start = Instant::now();
            let regressor = recipe
                .fit(&dataset, job.trees.clone(), bars.progress(place))
                .map_err(|error| names.refuse(name, &error))?;
            let seconds = scaling + start.elapsed().as_secs_f64();
            bars.finish(place);
            job.log(seconds);
            let model = Model {
                parameters: parameters.clone(),
                features: rows.names.clone(),
                label_name: rows.label_name.clone(),
                scaler: scaler.clone(),
                regressor,
            };
            Ok((place, finish(place, Fitted { model, seconds, threads, alone })?))
        })
        .collect::<Result<_>>()?;
    finished.sort_by_key(|(place, _)| *place);
    Ok(finished.into_iter().map(|(_, finished)| finished).collect())
}

impl Job<'_> {
    fn steps(&self) -> u64 {
        self.trees.as_ref().map_or_else(|| self.planned.recipe.steps(), |trees| trees.len() as u64)
    }

    fn log(&self, seconds: f64) {
        let trees = self.trees.as_ref().map(|trees| format!("{}..{}", trees.start, trees.end));
        let mut fields = vec![("model", self.planned.name.as_str().into())];
        fields.extend(trees.map(|trees| ("trees", trees.into())));
        fields.push(("seconds", seconds.into()));
        log::event(Level::Info, "fitted", &fields);
    }
}
