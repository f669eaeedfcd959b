//! `cargo xtask parity`: the stored models against scikit-learn, fitted with the same hyperparameters.
//!
//! The pipeline trains and predicts, `xtask/python/parity.py` fits scikit-learn on the same rows and
//! measures, [`promise`] judges. All of it lies in a folder of its own under cargo's target.

mod measured;
mod promise;

use crate::pipeline::{Inputs, STAGES};
use crate::{build, pipeline, python, root};
use anyhow::{Context, Result};
use measured::Measured;
use promise::Promise;
use serde::Serialize;
use stage::{Error, Kind};
use std::ffi::OsString;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Flags of `cargo xtask parity`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    inputs: Inputs,

    /// Folder of the artifacts that are compared [default: parity/ in cargo's target folder]
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Train on this Parquet file of numeric columns instead of the pipeline's split
    #[arg(long, value_name = "FILE", requires = "test", requires = "label")]
    train: Option<PathBuf>,

    /// Compare predictions for the rows of this Parquet file
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,

    /// The label column of the files of --train and --test
    #[arg(long, value_name = "NAME", requires = "train")]
    label: Option<String>,

    /// Compare some more models, whose hyperparameters are not the configuration's
    #[arg(long)]
    variants: bool,

    /// Print what was measured as JSON instead of the table
    #[arg(long)]
    json: bool,
}

/// Rows to fit on and to predict, in Parquet files.
struct Rows {
    train: PathBuf,
    test: PathBuf,
    label: String,
}

/// Models that were trained and have predicted.
struct Trained {
    models: PathBuf,
    predictions: PathBuf,
}

/// One model's line.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    measured: Measured,
    #[serde(flatten)]
    promise: Promise,
}

/// Trains, measures, and shows one line per model on stdout; exit code 1 if a promise is broken.
///
/// # Errors
/// If a stage, Python or cargo fails.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let target = build::target()?;
    let python = python::with_sklearn()?;
    let binaries = pipeline::build()?;
    let out = flags.out.clone().unwrap_or_else(|| target.join("parity"));

    let (rows, trained) = train(flags, &binaries, &out)?;
    let measure = |trained| measure(&python, &rows, trained, flags.inputs.threads);
    let mut measured = measure(&trained)?;
    if flags.variants {
        measured.extend(measure(&train_variants(flags, &rows, &binaries, &out.join("variants"))?)?);
    }
    let lines: Vec<Line> =
        measured.into_iter().map(|measured| Line { promise: promise::of(&measured), measured }).collect();
    let text = if flags.json { serde_json::to_string_pretty(&lines)? + "\n" } else { render(&lines) };
    stage::print(&text)?;
    Ok(if lines.iter().all(|line| line.promise.kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the stages on the configuration's files, or `train` alone on the files of the flags.
fn train(flags: &Flags, binaries: &Path, out: &Path) -> Result<(Rows, Trained)> {
    if let (Some(train), Some(test), Some(label)) = (&flags.train, &flags.test, &flags.label) {
        let rows = Rows { train: train.clone(), test: test.clone(), label: label.clone() };
        let trained = train_on(&rows, &flags.inputs, binaries, out)?;
        return Ok((rows, trained));
    }
    for stage in &STAGES {
        pipeline::execute(&binaries.join(stage.name), &flags.inputs.for_stage(out))?;
    }
    let split = out.join("split");
    let (train, test) = (split.join("train.parquet"), split.join("test.parquet"));
    let rows = Rows { train, test, label: pipeline::label(&flags.inputs)? };
    let predictions = out.join("evaluate/predictions.parquet");
    Ok((rows, Trained { models: out.join("train"), predictions }))
}

/// Trains the models of `xtask/parity-variants.toml` on the same rows.
fn train_variants(flags: &Flags, rows: &Rows, binaries: &Path, out: &Path) -> Result<Trained> {
    let config = root().join("xtask/parity-variants.toml");
    let inputs = Inputs { data: None, config, threads: flags.inputs.threads, set: Vec::new() };
    train_on(rows, &inputs, binaries, out)
}

/// Runs `train` on plain files.
fn train_on(rows: &Rows, inputs: &Inputs, binaries: &Path, out: &Path) -> Result<Trained> {
    let mut flags: Vec<OsString> = inputs.for_stage(out);
    flags.extend(["--train".into(), rows.train.clone().into()]);
    flags.extend(["--test".into(), rows.test.clone().into()]);
    flags.extend(["--label".into(), rows.label.clone().into()]);
    pipeline::execute(&binaries.join("train"), &flags)?;
    let models = out.join("train");
    Ok(Trained { predictions: models.join("predictions.parquet"), models })
}

/// Lets `parity.py` fit scikit-learn and compare.
fn measure(python: &Path, rows: &Rows, trained: &Trained, threads: Option<u16>) -> Result<Vec<Measured>> {
    let jobs = stage::threads(threads)?.to_string();
    let output = Command::new(python)
        .arg(root().join("xtask/python/parity.py"))
        .args([Path::new("--train"), &rows.train, Path::new("--test"), &rows.test])
        .args([Path::new("--models"), &trained.models])
        .args([Path::new("--predictions"), &trained.predictions])
        .args(["--jobs", &jobs])
        // With several threads, matrix products of a network differ from machine to machine.
        .env("OPENBLAS_NUM_THREADS", "1")
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| python.display().to_string())?;
    if !output.status.success() {
        return Err(Error::new(Kind::Internal, "parity.py failed; see above").into());
    }
    serde_json::from_slice(&output.stdout).context("parity.py wrote no list of measurements")
}

fn render(lines: &[Line]) -> String {
    let header =
        ["", "trees", "nodes", "rows to 1e-9", "largest", "RMSE", "scikit-learn", "n_iter", "", "promise"];
    let header = header.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = iter::once(header).chain(lines.iter().map(cells)).collect();
    tables::aligned(&rows, &[0, 8, 9])
}

fn cells(line: &Line) -> Vec<String> {
    let Line { measured, promise } = line;
    let dash = || "-".to_owned();
    let rmse = |rmse: Option<f64>| rmse.map_or_else(dash, |rmse| format!("{rmse:.4}"));
    let trees = measured.trees.as_ref();
    vec![
        measured.model.clone(),
        trees.map_or_else(dash, |trees| format!("{}/{}", trees.identical, trees.trees)),
        trees.map_or_else(dash, |trees| share(trees.same_nodes, trees.nodes)),
        share(measured.rows.close, measured.rows.rows),
        format!("{:.1e}", measured.rows.largest),
        rmse(measured.rmse),
        rmse(measured.rmse_sklearn),
        measured.n_iter.map_or_else(dash, |[ours, theirs]| format!("{ours}/{theirs}")),
        if promise.kept { "ok" } else { "BROKEN" }.to_owned(),
        promise.text.clone(),
    ]
}

/// A share in percent that says 100 only where nothing is missing.
fn share(part: u64, whole: u64) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    format!("{:.2} %", percent.min(99.99))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        flags: Flags,
    }

    /// What `parity.py` writes of a forest that lost a tree.
    const FOREST: &str = r#"[{"model": "Forest", "learner": "RandomForest", "parameters": {"n_estimators": 2},
        "own_parameters": {}, "parity": "exact", "target_scale": 100.0, "scales_equal": true,
        "trees": {"identical": 1, "trees": 2, "same_nodes": 9999999, "nodes": 10000000},
        "rows": {"close": 50, "rows": 50, "largest": 2e-16}, "rmse": 1.5, "rmse_sklearn": 1.5,
        "n_iter": null, "steps": null}]"#;

    fn lines() -> Vec<Line> {
        let measured: Vec<Measured> = serde_json::from_str(FOREST).unwrap();
        measured.into_iter().map(|measured| Line { promise: promise::of(&measured), measured }).collect()
    }

    #[test]
    fn a_broken_promise_shows_in_the_table() {
        let table = render(&lines());
        let cells: Vec<&str> = table.lines().nth(1).unwrap().split("  ").map(str::trim).collect();
        let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        assert_eq!(cells[..5], ["Forest", "1/2", "99.99 %", "100 %", "2.0e-16"]);
        assert_eq!(cells[8..], ["BROKEN", "trees and rows identical"]);
    }

    #[test]
    fn machines_read_the_same_as_one_object_a_model() {
        let value = serde_json::to_value(lines()).unwrap();
        assert_eq!(value[0]["model"], "Forest");
        assert_eq!(value[0]["trees"]["identical"], 1);
        assert_eq!(value[0]["kept"], false);
    }

    #[test]
    fn plain_files_come_together() {
        let parse = |line: &str| CommandLine::try_parse_from(line.split(' '));
        assert!(parse("parity --train a --test b --label y --json").is_ok_and(|line| line.flags.json));
        for line in ["parity --train a --label y", "parity --train a --test b", "parity --test b"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
