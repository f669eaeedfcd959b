//! The check `make`: the Makefile that `cargo xtask submit --to make` writes, run by GNU make.

use super::{Flags, files};
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;

/// Runs the chain into a folder with an awkward name, with an awkward flag; runs it again, and with another flag.
///
/// # Errors
/// If make fails, the artifacts are not those of a local run, or something is made in vain.
pub(super) fn run(_: &Flags, folder: &Path) -> Result<String> {
    let chain = files::Chain::begin("make", folder)?;
    let make = || files::said(Command::new("make").args(["-j2", "--file"]).arg(chain.out.join("Makefile")));
    let first = make()?;
    chain.is_local()?;
    chain.submit(&[])?;
    let second = make()?;
    ensure!(second.contains("Nothing to be done"), "run again, make does {second}");
    chain.submit(&["--set", "split.random_state=1"])?;
    let third = make()?;
    let commands = [&first, &third].map(|said| said.lines().filter(|line| line.contains("--config")).count());
    ensure!(commands[0] == commands[1], "of {} commands, another flag ran {}", commands[0], commands[1]);
    Ok(format!(
        "{} commands by make -j2, artifacts as of a local run, nothing to do the second time",
        commands[0]
    ))
}
