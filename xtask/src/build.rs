//! Cargo, asked to build other programs of the workspace, and the folder where they lie.

use crate::root;
use anyhow::{Context, Result, bail};
use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::Command;

/// Builds the binaries of `packages` in the profile of this program, with `features`; returns their folder.
///
/// # Errors
/// If cargo cannot be started, or they do not build.
pub(crate) fn packages(packages: &[&str], features: &[&str]) -> Result<PathBuf> {
    let folder = folder()?;
    let mut cargo = cargo();
    cargo.args(["build", "--bins"]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    for package in packages {
        cargo.args(["--package", package]);
    }
    for feature in features {
        cargo.args(["--features", feature]);
    }
    // A person sees what cargo does; a log only needs it where it takes long.
    if !io::stderr().is_terminal() && packages.iter().all(|package| folder.join(package).exists()) {
        cargo.arg("--quiet");
    }
    if !cargo.status().context("cannot start cargo")?.success() {
        bail!("{} does not build; see above", packages.join(", "));
    }
    Ok(folder)
}

/// Cargo, the one that runs this program if it is one, in the folder of the workspace.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Cargo's folder of build output, where this program keeps what can be made again.
///
/// # Errors
/// If the operating system does not tell where this program lies.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(folder()?.parent().context("this program lies in no folder of a profile")?.to_path_buf())
}

/// Where this program and those that it builds lie.
pub(crate) fn folder() -> Result<PathBuf> {
    env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(PathBuf::from))
        .context("cannot tell where this program lies")
}
