//! The check `snakemake`: the Snakefile that `cargo xtask submit --to snakemake` writes, run by Snakemake.

use super::make::{AWKWARD, ignored};
use super::{Flags, files};
use crate::{build, python, root};
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;

/// Runs the chain into a folder with an awkward name, with an awkward flag; runs it again, and with another flag.
///
/// # Errors
/// If Snakemake cannot be had or fails, the artifacts are not those of a local run, or something is made in vain.
pub(super) fn run(_: &Flags, folder: &Path) -> Result<String> {
    let requirements = root().join("xtask/python/snakemake-requirements.txt");
    let python = python::interpreter(&build::target()?.join("venv/snakemake"), &requirements)?;
    let ignored = ignored(AWKWARD);
    let local = folder.join("local");
    files::pipeline(&local, &["--set", &ignored])?;

    let out = folder.join(AWKWARD);
    let target = out.to_string_lossy().into_owned();
    let submit = |more: &[&str]| {
        files::xtask(&[&["submit", "--to", "snakemake", "--out", &target, "--set", &ignored], more].concat())
    };
    let snakemake = |more: &[&str]| {
        let mut command = Command::new(python.with_file_name("snakemake"));
        // It leaves its records in the folder that it is started in.
        command.current_dir(folder);
        command.args(["--cores", "2", "--snakefile"]).arg(out.join("Snakefile")).args(more);
        files::said(&mut command)
    };
    submit(&[])?;
    snakemake(&[])?;
    files::same(&local, &out)?;
    // Snakemake says on stdout, of a dry run only, what there is to do.
    let again = snakemake(&["--dry-run"])?;
    ensure!(again.contains("Nothing to be done"), "run again, Snakemake would do {again}");
    submit(&["--set", "split.random_state=1"])?;
    let other = snakemake(&["--dry-run", "--quiet", "rules"])?;
    ensure!(!other.contains("Nothing to be done"), "another flag makes nothing anew");
    Ok("artifacts as of a local run, nothing to do the second time".to_owned())
}
