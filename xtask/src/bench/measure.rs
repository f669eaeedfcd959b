//! Rounds of fits by all sides, in turn.

use super::report::{Line, Peer, Quantity, median};
use super::rows::{self, Data, PIPELINE_GOAL, PREDICT_GOAL, REFERENCE, Row};
use super::sets::Set;
use super::worker::{Answer, Hello, Worker};
use crate::pipeline::{self, Inputs, STAGES};
use crate::root;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A side whose fits of a row took this many seconds altogether is asked no more.
const ENOUGH: f64 = 30.0;

/// A row whose rounds so far took less than this each, on average, gets more of them: milliseconds differ most.
const SHORT: Duration = Duration::from_secs(2);

/// Times the rounds that were asked for a short row gets at most.
const MORE: u16 = 5;

/// The name of this project's side.
const OURS: &str = "ours";

/// The crates that `crates/bench` fits beside ours.
const CRATES: [&str; 3] = ["biosphere", "forust", "smartcore"];

/// What measuring needs.
pub(crate) struct Sides {
    /// The binary `bench`.
    pub(crate) bench: PathBuf,
    /// The interpreter of Python's side; without it only ours is measured.
    pub(crate) python: Option<PathBuf>,
    pub(crate) threads: u16,
    pub(crate) rounds: u16,
}

impl Sides {
    fn worker(&self, set: &Set) -> Result<Worker> {
        let mut command = Command::new(&self.bench);
        command.arg("worker");
        Worker::start(self.with_rows(command, set))
    }

    fn python_worker(&self, python: &Path, set: &Set) -> Result<Worker> {
        let mut command = self.python_command(python, "peer.py");
        command.stderr(Stdio::inherit());
        Worker::start(self.with_rows(command, set))
    }

    /// A Python program of `crates/bench`; its matrix products take one thread, which is their best on small
    /// matrices.
    fn python_command(&self, python: &Path, program: &str) -> Command {
        let mut command = Command::new(python);
        command.arg(root().join("crates/bench/python").join(program));
        command.env("OPENBLAS_NUM_THREADS", "1").env("OMP_NUM_THREADS", self.threads.to_string());
        command
    }

    fn with_rows(&self, mut command: Command, set: &Set) -> Command {
        command.args([Path::new("--train"), &set.train, Path::new("--test"), &set.test]);
        command.args(["--label", &set.label, "--threads", &self.threads.to_string()]);
        command
    }
}

/// The workers of a data set.
pub(crate) struct Workers {
    ours: Worker,
    /// Other crates have a process of their own, and so has Python.
    crates: Option<Worker>,
    python: Option<Worker>,
}

/// What the sides took for a row.
pub(crate) struct Measured {
    row: &'static Row,
    ours: Vec<Answer>,
    peers: Vec<(rows::Peer, Vec<Answer>)>,
}

impl Workers {
    /// Starts all workers on a data set.
    ///
    /// # Errors
    /// If one cannot be started or does not read the rows.
    pub(crate) fn start(set: &Set, sides: &Sides) -> Result<Self> {
        let python = sides.python.as_ref().map(|python| sides.python_worker(python, set));
        let crates = sides.python.as_ref().map(|_| sides.worker(set));
        let workers =
            Self { ours: sides.worker(set)?, crates: crates.transpose()?, python: python.transpose()? };
        let shape = |worker: &Worker| {
            let Hello { train_rows, test_rows, features, .. } = worker.hello;
            [train_rows, test_rows, features]
        };
        for other in workers.crates.iter().chain(&workers.python) {
            ensure!(
                shape(other) == shape(&workers.ours),
                "workers have read different rows of {}",
                set.train.display()
            );
        }
        Ok(workers)
    }

    /// Versions of all libraries that are measured.
    pub(crate) fn versions(&self) -> BTreeMap<String, String> {
        let all = self.crates.iter().chain(&self.python);
        all.flat_map(|worker| worker.hello.versions.clone()).collect()
    }

    /// The data set in a few words.
    pub(crate) fn describe(&self, set: &Set) -> String {
        let Hello { train_rows, test_rows, features, .. } = self.ours.hello;
        format!("{} {train_rows} + {test_rows} rows x {features} columns", set.data.name())
    }

    /// Lets all sides fit a row, in turn.
    ///
    /// # Errors
    /// If a fit fails.
    pub(crate) fn row(&mut self, row: &'static Row, sides: &Sides) -> Result<Measured> {
        let peers = if self.python.is_some() { row.peers } else { &[] };
        let mut measured =
            Measured { row, ours: Vec::new(), peers: peers.iter().map(|peer| (*peer, Vec::new())).collect() };
        let (start, mut done) = (Instant::now(), 0);
        while goes_on(done, sides.rounds, start.elapsed()) {
            ask(&mut self.ours, OURS, row, &mut measured.ours)?;
            for (peer, answers) in &mut measured.peers {
                let worker = if CRATES.contains(&peer.library) { &mut self.crates } else { &mut self.python };
                ask(worker.as_mut().context("no worker for a peer")?, peer.library, row, answers)?;
            }
            done += 1;
        }
        measured.log();
        Ok(measured)
    }
}

/// Whether there is one more round after `done` ones that took `elapsed`, where `rounds` are asked for.
fn goes_on(done: u16, rounds: u16, elapsed: Duration) -> bool {
    done < rounds || done < rounds.saturating_mul(MORE) && elapsed < SHORT * u32::from(rounds)
}

/// Lets a worker fit, unless its fits took long enough.
fn ask(worker: &mut Worker, library: &str, row: &Row, answers: &mut Vec<Answer>) -> Result<()> {
    if answers.iter().map(|answer| answer.fit_seconds).sum::<f64>() < ENOUGH {
        answers.push(worker.ask(library, row.model, row.params)?);
    }
    Ok(())
}

impl Measured {
    fn lines(
        &self,
        quantity: impl Fn(&Answer) -> f64,
        goal: impl Fn(&rows::Peer) -> Option<f64>,
    ) -> Vec<Line> {
        let value = |answers: &[Answer]| median(&answers.iter().map(&quantity).collect::<Vec<_>>());
        let rmse = |answers: &[Answer]| answers.first().map(|answer| answer.rmse);
        let line = Line {
            data: self.row.data.name().to_owned(),
            what: self.row.model.to_owned(),
            quantity: Quantity::Seconds,
            ours: value(&self.ours),
            rmse: rmse(&self.ours),
            peer: None,
        };
        if self.peers.is_empty() {
            return vec![line];
        }
        let peers = self.peers.iter().map(|(peer, answers)| Peer {
            name: peer.library.to_owned(),
            value: value(answers),
            rmse: rmse(answers),
            goal: goal(peer),
        });
        peers.map(|peer| Line { peer: Some(peer), ..line.clone() }).collect()
    }

    /// A line per peer: the time of a fit, or of a tree of it.
    pub(crate) fn fits(&self) -> Vec<Line> {
        let trees = self.row.trees;
        let mut lines = self.lines(|answer| answer.fit_seconds / f64::from(trees), |peer| peer.goal);
        if trees > 1 {
            lines.iter_mut().for_each(|line| line.what += ", a tree");
        }
        lines
    }

    /// The line against the reference, if it fits this row.
    pub(crate) fn predictions(&self) -> Vec<Line> {
        let mut lines = self.lines(|answer| answer.predict_seconds, |_| Some(PREDICT_GOAL));
        lines.retain(|line| line.peer.as_ref().is_none_or(|peer| peer.name == REFERENCE));
        lines
    }

    /// A line of progress on stderr.
    fn log(&self) {
        let seconds =
            |answers: &[Answer]| median(&answers.iter().map(|answer| answer.fit_seconds).collect::<Vec<_>>());
        let mut text = format!("{} {}: {:.4} s", self.row.data.name(), self.row.model, seconds(&self.ours));
        for (peer, answers) in &self.peers {
            text += &format!(", {} {:.4} s", peer.library, seconds(answers));
        }
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// The peak memory of a row's fit, each side in a fresh process; no line where the system does not tell.
///
/// # Errors
/// If a worker or a fit fails.
pub(crate) fn memory(row: &'static Row, set: &Set, sides: &Sides) -> Result<Option<Line>> {
    let ours = sides.worker(set)?.ask(OURS, row.model, row.params)?;
    let theirs = match &sides.python {
        Some(python) => Some(sides.python_worker(python, set)?.ask(REFERENCE, row.model, row.params)?),
        None => None,
    };
    let Some(bytes) = ours.peak_bytes else { return Ok(None) };
    let peer = theirs.and_then(|theirs| {
        Some(Peer {
            name: REFERENCE.to_owned(),
            value: theirs.peak_bytes? as f64,
            rmse: Some(theirs.rmse),
            goal: row.memory,
        })
    });
    Ok(Some(Line {
        data: row.data.name().to_owned(),
        what: row.model.to_owned(),
        quantity: Quantity::Bytes,
        ours: bytes as f64,
        rmse: Some(ours.rmse),
        peer,
    }))
}

/// The whole pipeline in its default configuration, and the study in Python from its files to its plots.
///
/// # Errors
/// If a stage or the study fails.
pub(crate) fn pipeline(sides: &Sides, laptops: Option<&Path>, out: &Path) -> Result<Line> {
    let config = root().join("data/laptops/pipeline.toml");
    let data = laptops.map_or_else(|| root().join("data/laptops"), PathBuf::from);
    let inputs = Inputs { data: Some(data.clone()), config, threads: Some(sides.threads), set: Vec::new() };
    let binaries = pipeline::build()?;
    let stages: Vec<Command> = STAGES
        .iter()
        .map(|stage| {
            let mut command = Command::new(binaries.join(stage.name));
            command.args(inputs.for_stage(out));
            command
        })
        .collect();
    let study = sides.python.as_ref().map(|python| {
        let mut command = sides.python_command(python, "study.py");
        command.arg("--data").arg(&data).arg("--plots").arg(out.join("study"));
        command.args(["--threads", &sides.threads.to_string()]);
        command
    });
    let (mut pipeline, mut study) = (Programs::new(stages), study.map(|study| Programs::new(vec![study])));
    for _ in 0..sides.rounds {
        pipeline.run()?;
        if let Some(study) = &mut study {
            study.run()?;
        }
    }
    let peer = study.map(|study| Peer {
        name: "the study in Python".to_owned(),
        value: median(&study.seconds),
        rmse: None,
        goal: Some(PIPELINE_GOAL),
    });
    let (data, what) = (Data::Laptops.name().to_owned(), "whole pipeline".to_owned());
    let ours = median(&pipeline.seconds);
    Ok(Line { data, what, quantity: Quantity::Seconds, ours, rmse: None, peer })
}

/// Programs that run one after the other, and how long all of them took, run by run.
struct Programs {
    commands: Vec<Command>,
    seconds: Vec<f64>,
}

impl Programs {
    fn new(mut commands: Vec<Command>) -> Self {
        for command in &mut commands {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        Self { commands, seconds: Vec::new() }
    }

    /// Runs them once more, unless they have run long enough.
    fn run(&mut self) -> Result<()> {
        if self.seconds.iter().sum::<f64>() >= ENOUGH {
            return Ok(());
        }
        let start = Instant::now();
        for command in &mut self.commands {
            ensure!(command.status()?.success(), "{command:?} failed; run it to see why");
        }
        self.seconds.push(start.elapsed().as_secs_f64());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_rows_get_more_rounds() {
        let rounds = |round: Duration| (0..).find(|done| !goes_on(*done, 5, round * u32::from(*done)));
        let seconds = Duration::from_secs;
        let expected = [(seconds(40), 5), (seconds(2), 5), (seconds(1), 10), (Duration::from_millis(1), 25)];
        for (round, expected) in expected {
            assert_eq!(rounds(round), Some(expected), "{round:?}");
        }
    }
}
