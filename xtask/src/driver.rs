//! Runs what is stale of the stages, in order, and says why.

use crate::children;
use crate::freshness::{Project, Report};
use crate::log::Log;
use crate::pipeline::{Failed, Inputs, STAGES, Stage};
use crate::status;
use anyhow::Result;
use stage::{Hold, Kind, LOGS, Lock, LogFlags};
use std::ffi::OsString;
use std::path::Path;
use std::process::Child;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How to run stages.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Manner {
    /// Run every stage, whatever lies in OUT
    #[arg(long)]
    pub(crate) force: bool,

    /// Train at most N models at once, each in a process of its own with its share of the threads [default: all
    /// in one process, which shares its threads among them]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// After a failure, go on with what does not depend on it; a model that fails does not stop the others, but a wrong configuration
    /// does
    #[arg(long)]
    keep_going: bool,

    /// If another run is at work in OUT, fail (exit code 75) instead of waiting for it
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    pub(crate) log: LogFlags,
}

/// A run of stages on a folder that it holds.
pub(crate) struct Driver<'a> {
    project: &'a Project,
    inputs: &'a Inputs,
    manner: Manner,
    log: &'a Log,
    lock: Lock,
    /// Stages that failed, or depend on one that did.
    failed: Vec<&'static str>,
    /// The first failure.
    failure: Option<anyhow::Error>,
}

impl<'a> Driver<'a> {
    /// Takes OUT, waiting for others unless told otherwise, and clears what killed runs left.
    ///
    /// # Errors
    /// If others hold it, or the disk refuses.
    pub(crate) fn new(
        project: &'a Project,
        inputs: &'a Inputs,
        manner: Manner,
        log: &'a Log,
    ) -> Result<Self> {
        children::end_with_us()?;
        let lock = hold(&project.out, manner.no_wait, log)?;
        for folder in STAGES.map(|stage| stage.name).into_iter().chain(["train/parts", LOGS, runs::FOLDER]) {
            stage::sweep(&project.out.join(folder))?;
        }
        Ok(Self { project, inputs, manner, log, lock, failed: Vec::new(), failure: None })
    }

    /// Runs what is stale of `stage`.
    ///
    /// # Errors
    /// If it fails, unless the run is to go on.
    pub(crate) fn run(&mut self, stage: &'static Stage) -> Result<()> {
        if let Some(failed) = stage.reads.iter().find(|read| self.failed.contains(read)) {
            self.log.stage(stage.name, &format!("not run: {failed} failed"));
            self.failed.push(stage.name);
            return Ok(());
        }
        let mut report = self.project.check(stage);
        if self.manner.force {
            report.force();
        }
        status::lines(&report).iter().for_each(|line| self.log.stage(stage.name, line));
        if report.is_fresh() {
            return Ok(());
        }
        let outcome = if stage.per_model {
            self.models(stage, &report)
        } else {
            self.stage(stage, &self.baseline(stage))
        };
        match outcome {
            Err(error) if self.manner.keep_going => {
                self.failed.push(stage.name);
                self.failure.get_or_insert(error);
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// The first failure of a run that went on.
    ///
    /// # Errors
    /// If there was one.
    pub(crate) fn finish(self) -> Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    /// The flag by which a stage learns what to compare with.
    fn baseline(&self, stage: &Stage) -> Vec<OsString> {
        let flag = |path: &Path| vec!["--baseline".into(), path.into()];
        self.project.baseline(stage).map(flag).unwrap_or_default()
    }

    /// Runs a stage as one process.
    fn stage(&self, stage: &Stage, more: &[OsString]) -> Result<()> {
        children::wait(self.start(stage, self.inputs, more)?, stage.name)
    }

    fn start(&self, stage: &Stage, inputs: &Inputs, more: &[OsString]) -> Result<Child> {
        let mut flags = inputs.for_stage(&self.project.out);
        flags.extend(["--run-id".into(), (&self.log.run_id).into()]);
        flags.extend(self.manner.log.to_flags());
        flags.extend_from_slice(more);
        children::start(&self.project.binaries.join(stage.name), &flags, &self.lock)
    }

    /// Makes the stale units of a stage that makes one per model.
    fn models(&self, stage: &Stage, report: &Report) -> Result<()> {
        let stale = report.units.iter().filter(|state| !state.is_fresh());
        let stale: Vec<&str> = stale.map(|state| state.unit.as_str()).collect();
        if stale.is_empty() && !report.units.is_empty() {
            return self.stage(stage, &["--model".into(), "none".into()]);
        }
        if self.manner.jobs.is_none() && !self.manner.keep_going {
            let all = stale.len() == report.units.len();
            let only = ["--model".into(), stale.join(",").into()];
            return self.stage(stage, if all { &[] } else { &only });
        }
        // Votes come after their members.
        let members = |model: &&str| self.project.members(stage, model);
        let (models, votes): (Vec<&str>, Vec<&str>) =
            stale.into_iter().partition(|model| members(model).is_empty());
        let mut failures = self.one_by_one(stage, &models)?;
        if self.goes_on(&failures) {
            let lost =
                |vote: &&str| members(vote).iter().any(|m| failures.iter().any(|(failed, _)| failed == m));
            let (lost, votes): (Vec<&str>, Vec<&str>) = votes.into_iter().partition(lost);
            lost.iter()
                .for_each(|vote| self.log.stage(stage.name, &format!("{vote}: not run: a member failed")));
            failures.extend(self.one_by_one(stage, &votes)?);
        }
        failures.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Whether models are still to be made after these failures: every process refuses a wrong configuration.
    fn goes_on(&self, failures: &[(String, anyhow::Error)]) -> bool {
        let is_config = |error: &anyhow::Error| {
            error.downcast_ref::<Failed>().is_some_and(|failed| failed.code == Kind::Config as u8)
        };
        failures.is_empty() || (self.manner.keep_going && !failures.iter().any(|(_, error)| is_config(error)))
    }

    /// Makes each model in a process of its own, at most `--jobs` at once; returns those that failed.
    fn one_by_one(&self, stage: &Stage, models: &[&str]) -> Result<Vec<(String, anyhow::Error)>> {
        let jobs = self.manner.jobs.unwrap_or(1);
        let threads = (stage::threads(self.inputs.threads)? / usize::from(jobs)).max(1);
        let inputs = Inputs { threads: Some(u16::try_from(threads)?), ..self.inputs.clone() };
        let (ended, ends) = mpsc::channel();
        let mut waiting = models.iter();
        let mut running = 0;
        let mut failures = Vec::new();
        loop {
            while running < jobs && self.goes_on(&failures) {
                let Some(model) = waiting.next() else { break };
                let child = self.start(stage, &inputs, &["--model".into(), (*model).into()])?;
                let (ended, model) = (ended.clone(), (*model).to_owned());
                thread::spawn(move || {
                    let outcome = children::wait(child, &model);
                    let _ = ended.send((model, outcome));
                });
                running += 1;
            }
            if running == 0 {
                return Ok(failures);
            }
            let (model, outcome) = ends.recv()?;
            running -= 1;
            failures.extend(outcome.err().map(|error| (model, error)));
        }
    }
}

/// Takes OUT; says whom it waits for.
fn hold(out: &Path, no_wait: bool, log: &Log) -> Result<Lock> {
    let take = |wait| Lock::hold(out, Hold::Alone, "cargo xtask pipeline", wait);
    match take(Duration::ZERO) {
        Err(error) if error.kind() == Kind::Temporary && !no_wait => {
            log.waiting(error);
            Ok(take(Duration::MAX)?)
        }
        outcome => Ok(outcome?),
    }
}
