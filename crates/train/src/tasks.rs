//! Training by several tasks: what there is to do, one task's share of it, and the merge.

use crate::config::Planned;
use crate::fit::{self, Fitted, Job};
use crate::learner::{self, Learner};
use crate::outputs::Output;
use crate::units::{self, Unit};
use crate::{Arguments, STAGE};
use artifacts::Split;
use artifacts::models::Model;
use artifacts::parts::{Part, Parts, Source};
use rayon::prelude::*;
use serde_json::json;
use stage::{Error, Kind, Result, Summary, Task, Written};

/// Prints the units as JSON on stdout; with `count`, which of so many tasks does each.
///
/// # Errors
/// If stdout refuses it.
pub(crate) fn list(models: &[Planned<Learner>], count: Option<u32>) -> Result<Summary> {
    let units = units::units(models);
    let tasks = count.map(|count| units::tasks(&units, count));
    let rows = units.iter().enumerate().map(|(index, unit)| {
        json!({
            "index": index,
            "name": unit.name(),
            "model": unit.planned.name,
            "learner": unit.planned.recipe.name(),
            "trees": unit.trees.as_ref().map(|trees| [trees.start, trees.end]),
            "cost": unit.cost,
            "task": tasks.as_ref().map(|tasks| tasks[index]),
        })
    });
    let rows: Vec<String> = rows.map(|row| format!("  {row}")).collect();
    let text = format!("[\n{}\n]\n", rows.join(",\n"));
    stage::print(&text)?;
    Ok(Summary { text: format!("{} tasks at most", units.len()), written: Vec::new() })
}

/// Fits the units of `task` on rows, given with the hash of their file, and stores them as parts; those that are there
/// already, from the same source, stay.
///
/// # Errors
/// If the rows are refused, a fit fails, or the disk refuses a part.
pub(crate) fn run(
    task: Task,
    models: &[Planned<Learner>],
    rows: (&Split, &str),
    arguments: &Arguments,
) -> Result<Summary> {
    let units = units::of_task(&units::units(models), task);
    let (parts, sources) = (Parts::new(&arguments.stage.folder(STAGE)), Sources::of(rows)?);
    let (rows, _) = rows;
    // A part that is refused is made anew.
    let is_there = |unit: &Unit| matches!(parts.read(&unit.name(), &sources.of_unit(unit)), Ok(Some(_)));
    let missing: Vec<Unit> = units.iter().filter(|unit| !is_there(unit)).cloned().collect();
    let runs: Vec<&[Unit]> = missing.chunk_by(Unit::is_followed_by).collect();
    let jobs: Vec<Job> = runs.iter().map(|run| job(run)).collect();
    let written = fit::all(&jobs, (rows, &crate::names(arguments, rows)), |place, fitted| {
        runs[place]
            .iter()
            .map(|unit| {
                let part = part(unit, &jobs[place], &fitted)?;
                parts.write(&unit.name(), sources.of_unit(unit), &part)
            })
            .collect::<Result<Vec<Written>>>()
    })?;
    let kept = match units.len() - missing.len() {
        0 => String::new(),
        kept => format!(", {kept} there already"),
    };
    let text = format!("task {task}: {} parts on {} rows{kept}", units.len(), rows.row_id.len());
    Ok(Summary { text, written: written.into_iter().flatten().collect() })
}

/// Neighbouring units as one fit.
fn job<'a>(run: &[Unit<'a>]) -> Job<'a> {
    let ends =
        run.first().and_then(|unit| unit.trees.clone()).zip(run.last().and_then(|unit| unit.trees.clone()));
    Job { planned: run[0].planned, trees: ends.map(|(first, last)| first.start..last.end) }
}

/// A unit's share of a fit.
fn part(unit: &Unit, job: &Job, Fitted { model, seconds, threads, alone }: &Fitted) -> Result<Part> {
    let (regressor, share) = match (&unit.trees, &job.trees) {
        (Some(trees), Some(all)) => {
            let within = trees.start - all.start..trees.end - all.start;
            let regressor = learner::some_trees(&model.regressor, within).map_err(Error::internal)?;
            (regressor, trees.len() as f64 / all.len() as f64)
        }
        _ => (model.regressor.clone(), 1.0),
    };
    let model = Model {
        parameters: model.parameters.clone(),
        features: model.features.clone(),
        label_name: model.label_name.clone(),
        scaler: model.scaler.clone(),
        regressor,
    };
    Ok(Part { model, seconds: seconds * share, threads: *threads, alone: *alone })
}

/// Reads all parts and puts the models together, in the order of the configuration; `None` if parts are missing since
/// another merge has published what they would give.
///
/// # Errors
/// If parts are missing, damaged, or made from something else.
pub(crate) fn merge(
    models: &[Planned<Learner>],
    rows: (&Split, &str),
    arguments: &Arguments,
    are_published: impl Fn() -> Result<bool>,
    output: impl Fn(&str, &Fitted) -> Result<Output> + Sync,
) -> Result<Option<Vec<Output>>> {
    let (parts, sources) = (Parts::new(&arguments.stage.folder(STAGE)), Sources::of(rows)?);
    let units = units::units(models);
    let wanted: Vec<(String, Source)> =
        units.iter().map(|unit| (unit.name(), sources.of_unit(unit))).collect();
    let read = || match parts.read_all(&wanted) {
        Err(error) if error.kind() == Kind::Missing && are_published()? => Ok(None),
        read => read.map(Some),
    };
    let Some(parts) = arguments.stage.patience().wait(&[Kind::Missing], read)? else { return Ok(None) };
    let mut parts = parts.into_iter();
    let of_model = |run: &[Unit]| (run[0].planned.name.clone(), parts.by_ref().take(run.len()).collect());
    let of_models: Vec<(String, Vec<Part>)> =
        units.chunk_by(|a, b| a.planned.name == b.planned.name).map(of_model).collect();
    let put_together = |(name, parts): (String, Vec<Part>)| output(&name, &put_together(&name, parts)?);
    of_models.into_par_iter().map(put_together).collect::<Result<_>>().map(Some)
}

/// The model of which `parts` are all parts.
fn put_together(name: &str, mut parts: Vec<Part>) -> Result<Fitted> {
    let threads = parts.iter().map(|part| part.threads).max().unwrap_or(0);
    let alone = parts.len() == 1 && parts.iter().all(|part| part.alone);
    let seconds = parts.iter().map(|part| part.seconds).sum();
    let last = parts.pop().ok_or_else(|| Error::internal(format!("{name} has no parts")))?;
    let mut model = last.model;
    let regressors = parts.into_iter().map(|part| part.model.regressor).chain([model.regressor]).collect();
    model.regressor = learner::merge(regressors).map_err(|error| Error::data(format!("{name}: {error}")))?;
    Ok(Fitted { model, seconds, threads, alone })
}

/// What all parts of this training are made from.
struct Sources {
    tool: String,
    rows: String,
    label: String,
}

impl Sources {
    fn of((rows, hash): (&Split, &str)) -> Result<Self> {
        Ok(Self { tool: stage::tool()?, rows: hash.to_owned(), label: rows.label_name.clone() })
    }

    fn of_unit(&self, unit: &Unit) -> Source {
        Source {
            tool: self.tool.clone(),
            rows: self.rows.clone(),
            label: self.label.clone(),
            learner: unit.planned.recipe.name().to_owned(),
            parameters: unit.planned.parameters.clone(),
            trees: unit.trees.as_ref().map(|trees| (trees.start, trees.end)),
        }
    }
}
