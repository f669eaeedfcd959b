//! What every scheduler runs: the pipeline's stages as jobs, with training as an array of tasks and a merge.

use super::resources::{Resources, Table};
use crate::pipeline::STAGES;
use anyhow::Result;
use serde_json::{Map, Value};
use stage::{Config, Error};
use std::fmt::Display;
use std::num::NonZeroU32;

/// The stage that runs as tasks.
const TRAIN: &str = "train";

/// The job that puts the tasks' results together.
const MERGE: &str = "train-merge";

/// Which part of its stage a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    /// One task of so many.
    Tasks(u32),
    /// The results of all tasks, put together.
    Merge,
}

/// A job: one run of a stage's binary, or one run a task.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// Its stage, which is its binary's name.
    pub(crate) stage: &'static str,
    pub(crate) part: Part,
    /// The jobs whose results it reads.
    pub(crate) after: Vec<&'static str>,
    pub(crate) resources: Resources,
}

impl Job {
    /// What it leaves, relative to the folder of artifacts: the stage's manifest, or a mark a task beside the parts, which
    /// the merge removes with them.
    pub(crate) fn results(&self) -> Vec<String> {
        match self.part {
            Part::Tasks(count) => (0..count).map(|task| self.mark(task, count)).collect(),
            Part::Whole | Part::Merge => vec![format!("{}/manifest.json", self.stage)],
        }
    }

    /// The mark of a task that is done.
    pub(crate) fn mark(&self, task: impl Display, count: u32) -> String {
        format!("{}/parts/{task}-of-{count}.done", self.stage)
    }
}

/// The jobs in order. Training is `tasks` tasks; without a number, as many as there are models to fit.
///
/// # Errors
/// If `[resources]` or `[train]` is refused.
pub(crate) fn jobs(config: &Config, tasks: Option<NonZeroU32>) -> Result<Vec<Job>> {
    let resources = Table::load(config)?;
    let tasks = tasks.map_or_else(|| models(config), |tasks| Ok(tasks.get()))?;
    let mut jobs = Vec::new();
    for stage in &STAGES {
        // Whoever reads the models waits for the merge.
        let after = stage.reads.iter().map(|read| if *read == TRAIN { MERGE } else { read }).collect();
        let part = if stage.name == TRAIN { Part::Tasks(tasks) } else { Part::Whole };
        let resources = resources.of(stage.name);
        jobs.push(Job { name: stage.name, stage: stage.name, part, after, resources });
        if stage.name == TRAIN {
            let (part, after) = (Part::Merge, vec![TRAIN]);
            jobs.push(Job { name: MERGE, stage: TRAIN, part, after, resources });
        }
    }
    Ok(jobs)
}

/// How many models `[train]` has; votes are composed, not fitted.
fn models(config: &Config) -> Result<u32> {
    let section: Map<String, Value> = config.section(TRAIN)?;
    let learner = |name: &str, table: &Value| match table.get("learner").and_then(Value::as_str) {
        Some(learner) => learner.to_owned(),
        None => name.to_owned(),
    };
    let fitted = section.iter().filter(|(name, table)| learner(name, table) != "Voting").count();
    match u32::try_from(fitted) {
        Ok(fitted) if fitted > 0 => Ok(fitted),
        _ => Err(Error::config(format!("{}: [train] names no model", config.path().display())).into()),
    }
}

/// The raw files that `[ingest]` names.
///
/// # Errors
/// If it does not name them as a table of texts.
pub(crate) fn raw_files(config: &Config) -> Result<Vec<String>> {
    let ingest: Map<String, Value> = config.section("ingest")?;
    let files = ingest.get("files").and_then(Value::as_object);
    let files: Option<Vec<String>> =
        files.and_then(|files| files.values().map(|file| file.as_str().map(str::to_owned)).collect());
    Ok(files
        .ok_or_else(|| config.error("ingest.files", "must name the raw files, as { all = \"a.csv\" }"))?)
}

/// Refuses a text with a control character, which no rendering could carry in one line.
///
/// # Errors
/// If it has one.
pub(crate) fn one_line(text: &str) -> Result<&str> {
    if text.chars().any(char::is_control) {
        let message = format!("{text:?}: control characters and line breaks cannot be passed on");
        return Err(Error::usage(message).into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    fn laptops(overrides: &[&str]) -> Config {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        Config::load(&root().join("data/laptops/pipeline.toml"), &overrides).unwrap()
    }

    #[test]
    fn training_is_a_task_a_model_and_a_merge_that_others_wait_for() {
        let jobs = jobs(&laptops(&[]), None).unwrap();
        let names: Vec<&str> = jobs.iter().map(|job| job.name).collect();
        assert_eq!(names, ["ingest", "feature-selection", "split", "train", "train-merge", "evaluate"]);
        assert_eq!((jobs[3].part, jobs[4].part), (Part::Tasks(6), Part::Merge));
        assert_eq!(jobs[4].after, ["train"]);
        assert_eq!(jobs[5].after, ["ingest", "feature-selection", "split", "train-merge"]);
    }

    #[test]
    fn models_are_counted_by_their_learner() {
        let config = laptops(&["train.Twin.learner=RandomForest", "train.Vote.learner=Voting"]);
        assert_eq!(models(&config).unwrap(), 7);
        assert_eq!(raw_files(&config).unwrap().len(), 3);
        let error = raw_files(&laptops(&["ingest.files=a.csv"])).unwrap_err();
        assert!(error.to_string().contains("ingest.files: must name the raw files"), "{error}");
    }
}
