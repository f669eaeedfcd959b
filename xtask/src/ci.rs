//! `cargo xtask ci`: the checks that are too slow for `cargo test`, by name. `.ci/run` runs them before parity.
//!
//! A check is a module with one function: it works in a folder of its own and says in one line what it saw,
//! or fails with what was wrong.

mod browser;
mod drawn;
mod files;
mod kills;
mod make;
mod manifests;
mod slurm;
mod snakemake;

use crate::build;
use anyhow::{Context, Result};
use stage::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// A slow check.
struct Check {
    name: &'static str,
    /// Runs in an empty folder; returns what it saw.
    run: fn(&Flags, &Path) -> Result<String>,
}

/// All checks, in order.
const CHECKS: &[Check] = &[
    Check { name: "kills", run: kills::run },
    Check { name: "trees", run: drawn::trees },
    Check { name: "linear-mlp", run: drawn::linear_mlp },
    Check { name: "browser", run: browser::run },
    Check { name: "manifests", run: manifests::run },
    Check { name: "make", run: make::run },
    Check { name: "snakemake", run: snakemake::run },
    Check { name: "slurm", run: slurm::run },
];

/// Flags of `cargo xtask ci`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Run only these checks, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// How often the check `kills` kills the pipeline
    #[arg(long, value_name = "N", default_value_t = 30)]
    kills: u32,

    /// On how many drawn tables each of the checks `trees` and `linear-mlp` fits models
    #[arg(long, value_name = "N", default_value_t = 300)]
    tables: u32,

    /// Where the draws of the checks `trees` and `linear-mlp` start
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
}

impl Flags {
    /// One check.
    pub(crate) fn only(name: &str) -> Self {
        Self { only: vec![name.to_owned()], kills: 0, tables: 0, seed: 0 }
    }
}

/// Runs the checks and prints a line for each; the first that fails ends the run.
///
/// # Errors
/// If `--only` names no check, or the disk refuses the checks' folders.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    if let Some(unknown) = flags.only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Error::usage(format!("--only {unknown}: valid are {}", names.join(", "))).into());
    }
    let wanted = |check: &&Check| flags.only.is_empty() || flags.only.iter().any(|name| name == check.name);
    for check in CHECKS.iter().filter(wanted) {
        let start = Instant::now();
        let outcome = folder(check.name).and_then(|folder| (check.run)(flags, &folder));
        let (line, passed) = match outcome {
            Ok(saw) => (saw, true),
            Err(error) => (format!("FAILED: {error:#}"), false),
        };
        let seconds = start.elapsed().as_secs_f64();
        let _ = writeln!(io::stdout().lock(), "{:<10} {line} ({seconds:.1} s)", check.name);
        if !passed {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An empty folder for the check `name`.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = build::target()?.join("ci").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}
