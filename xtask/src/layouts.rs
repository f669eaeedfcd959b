//! `cargo xtask layouts`: builds the programs of the benchmark of layouts and runs them; or the study's own in Python.

use crate::{build, pipeline, python, root};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Flags of the command; all others go to the binary `layouts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Flags for `layouts`; `python` as the first of them runs the study's own benchmark instead
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<OsString>,
}

/// Runs the benchmark; its exit code is the command's.
///
/// # Errors
/// If a program does not build or cannot be started.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let (mut program, flags) = match flags.flags.split_first() {
        Some((first, others)) if first == "python" => (in_python()?, others),
        _ => (Command::new(pipeline::build_with(&["layouts"])?.join("layouts")), flags.flags.as_slice()),
    };
    let status = program.args(flags).status().context("cannot start the benchmark of layouts")?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

/// The study's own benchmark of classes with and without slots, in an environment of its own.
fn in_python() -> Result<Command> {
    let folder = root().join("crates/layouts/python");
    let venv = build::target()?.join("venv/layouts");
    let mut command = Command::new(python::interpreter(&venv, &folder.join("requirements.txt"))?);
    command.arg(folder.join("slots.py"));
    Ok(command)
}
