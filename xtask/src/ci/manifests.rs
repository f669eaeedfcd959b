//! The check `manifests`: what `cargo xtask submit` renders for Kubernetes and Argo, against their schemas.

use super::{Flags, files};
use crate::{build, python, root};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Validates both, without a cluster or a network.
///
/// # Errors
/// If the validators cannot be had, or refuse something.
pub(super) fn run(_: &Flags, folder: &Path) -> Result<String> {
    let scripts = root().join("xtask/python");
    let requirements = scripts.join("manifests-requirements.txt");
    let python = python::interpreter(&build::target()?.join("venv/manifests"), &requirements)?;
    let ignored = files::ignored();
    let config = root().join("data/laptops/pipeline.toml");
    let mut command = Command::new(python);
    command.arg(scripts.join("manifests.py")).arg(&config).arg(&ignored);
    for scheduler in ["kubernetes", "argo"] {
        let file = folder.join(format!("{scheduler}.yaml"));
        let target = file.to_string_lossy();
        files::xtask(&["submit", "--to", scheduler, "--set", &ignored, "--write", &target])?;
        command.arg(file);
    }
    let said = files::said(&mut command)?;
    Ok(format!("{} documents are valid", said.lines().count()))
}
