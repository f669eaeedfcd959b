//! The check `snakemake`: the Snakefile that `cargo xtask submit --to snakemake` writes, run by Snakemake.

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
    let chain = files::Chain::begin("snakemake", folder)?;
    let snakemake = |more: &[&str]| {
        let mut command = Command::new(python.with_file_name("snakemake"));
        // It leaves its records in the folder that it is started in.
        command.current_dir(folder);
        command.args(["--cores", "2", "--snakefile"]).arg(chain.out.join("Snakefile")).args(more);
        files::said(&mut command)
    };
    snakemake(&[])?;
    chain.is_local()?;
    // Snakemake says on stdout, of a dry run only, what there is to do.
    let again = snakemake(&["--dry-run"])?;
    ensure!(again.contains("Nothing to be done"), "run again, Snakemake would do {again}");
    chain.submit(&["--set", "split.random_state=1"])?;
    let other = snakemake(&["--dry-run", "--quiet", "rules"])?;
    ensure!(!other.contains("Nothing to be done"), "another flag makes nothing anew");
    Ok("artifacts as of a local run, nothing to do the second time".to_owned())
}
