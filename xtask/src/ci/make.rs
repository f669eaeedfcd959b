//! The check `make`: the Makefile that `cargo xtask submit --to make` writes, run by GNU make.

use super::{Flags, files};
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;

/// A name that shells and make would like to take apart.
pub(super) const AWKWARD: &str = "a b'c\"$d{e}#f=,$(g)";

/// Runs the chain into a folder with an awkward name, with an awkward flag; runs it again, and with another flag.
///
/// # Errors
/// If make fails, the artifacts are not those of a local run, or something is made in vain.
pub(super) fn run(_: &Flags, folder: &Path) -> Result<String> {
    let ignored = ignored(AWKWARD);
    let local = folder.join("local");
    files::pipeline(&local, &["--set", &ignored])?;

    let out = folder.join(AWKWARD);
    let target = out.to_string_lossy().into_owned();
    let submit = |more: &[&str]| {
        files::xtask(&[&["submit", "--to", "make", "--out", &target, "--set", &ignored], more].concat())
    };
    let make = || files::said(Command::new("make").args(["-j2", "--file"]).arg(out.join("Makefile")));
    submit(&[])?;
    let first = make()?;
    files::same(&local, &out)?;
    submit(&[])?;
    let second = make()?;
    ensure!(second.contains("Nothing to be done"), "run again, make does {second}");
    submit(&["--set", "split.random_state=1"])?;
    let third = make()?;
    let commands = [&first, &third].map(|said| said.lines().filter(|line| line.contains("--config")).count());
    ensure!(commands[0] == commands[1], "of {} commands, another flag ran {}", commands[0], commands[1]);
    Ok(format!(
        "{} commands by make -j2, artifacts as of a local run, nothing to do the second time",
        commands[0]
    ))
}

/// An override with an awkward text that changes nothing: a column to leave out, which no file has.
pub(super) fn ignored(text: &str) -> String {
    format!("ingest.ignore={}", serde_json::json!(["state", text]))
}
