//! Runs of this program, and the artifacts that they leave compared.

use crate::pipeline::STAGES;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files beside a stage's artifacts that may differ between runs.
const RECORDS: [&str; 2] = ["train/fits.parquet", "evaluate/report.html"];

/// A name that shells and make would like to take apart.
const AWKWARD: &str = "a b'c\"$d{e}#f=,$(g)";

/// An override with an awkward text that changes nothing: a column to leave out, which no file has.
pub(super) fn ignored() -> String {
    format!("ingest.ignore={}", serde_json::json!(["state", AWKWARD]))
}

/// A chain that is written down for a scheduler, into a folder with an awkward name and with an awkward flag.
pub(super) struct Chain {
    scheduler: &'static str,
    /// Where the scheduler's run is to put its artifacts.
    pub(super) out: PathBuf,
    /// Artifacts of a local run with the flag.
    local: PathBuf,
}

impl Chain {
    /// Runs it locally, and submits it.
    ///
    /// # Errors
    /// If either fails.
    pub(super) fn begin(scheduler: &'static str, folder: &Path) -> Result<Self> {
        let chain = Self { scheduler, out: folder.join(AWKWARD), local: folder.join("local") };
        pipeline(&chain.local, &["--set", &ignored()])?;
        chain.submit(&[])?;
        Ok(chain)
    }

    /// Writes it down anew, with further flags.
    ///
    /// # Errors
    /// If that fails.
    pub(super) fn submit(&self, flags: &[&str]) -> Result<()> {
        let (out, ignored) = (self.out.to_string_lossy(), ignored());
        let submit = ["submit", "--to", self.scheduler, "--out", &out, "--set", &ignored];
        xtask(&[&submit, flags].concat()).map(drop)
    }

    /// Checks that the scheduler's run gave the artifacts of the local one.
    ///
    /// # Errors
    /// If one is missing, or differs.
    pub(super) fn is_local(&self) -> Result<()> {
        same(&self.local, &self.out)
    }
}

/// Runs `cargo xtask ARGUMENTS`; returns what it prints.
///
/// # Errors
/// If it fails; what it said last is the reason.
pub(super) fn xtask(arguments: &[&str]) -> Result<String> {
    let program = env::current_exe().context("cannot tell where this program lies")?;
    said(Command::new(program).args(arguments))
}

/// What a command prints.
///
/// # Errors
/// If it fails; what it said last is the reason.
pub(super) fn said(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name}: {}: {}", output.status, said.lines().last().unwrap_or("without a word"));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs the pipeline into `out`, without a scheduler.
///
/// # Errors
/// If it fails.
pub(super) fn pipeline(out: &Path, flags: &[&str]) -> Result<()> {
    let out = out.to_str().context("the folder's name is no UTF-8")?;
    xtask(&[&["pipeline", "--out", out], flags].concat()).map(drop)
}

/// Checks that two folders hold the same artifacts to the byte.
///
/// # Errors
/// If one is missing, or differs.
pub(super) fn same(expected: &Path, found: &Path) -> Result<()> {
    let (expected, found) = (artifacts(expected)?, artifacts(found)?);
    match differing(&expected, &found) {
        Some(name) => bail!("{name} is not what a local run gives"),
        None => Ok(()),
    }
}

/// Files of the stages by path, without run records.
///
/// # Errors
/// If a folder or file cannot be read.
pub(super) fn artifacts(out: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for stage in &STAGES {
        let folder = out.join(stage.name);
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = format!("{}/{}", stage.name, path.file_name().unwrap_or_default().display());
            if path.is_file() && !RECORDS.contains(&name.as_str()) && !name.contains("/.") {
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// A file that only one side has, or that differs.
pub(super) fn differing<'a>(
    one: &'a BTreeMap<String, Vec<u8>>,
    two: &'a BTreeMap<String, Vec<u8>>,
) -> Option<&'a str> {
    let names = one.keys().chain(two.keys());
    names.map(String::as_str).find(|name| one.get(*name) != two.get(*name))
}

/// A file that a process left which is gone.
///
/// # Errors
/// If a folder cannot be read.
pub(super) fn stray(out: &Path) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let found = match path.is_dir() {
            true => stray(&path)?,
            false => path.extension().is_some_and(|extension| extension == "tmp").then_some(path),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
