//! `pipeline.lock` beside the configuration: what the last run was made of, for git.
//!
//! It holds hashes of configuration, inputs and outputs, so that two people, or two commits, can tell whether they have
//! the same artifacts. It is derived from the manifests and decides nothing.

use crate::freshness::Project;
use crate::pipeline::STAGES;
use anyhow::Result;
use serde::Serialize;
use stage::{Error, Unit, hash_of, write_whole};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Locked {
    configuration: String,
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
}

/// Where the lock file of a configuration lies.
///
/// # Errors
/// If that is the configuration itself.
pub(crate) fn path(config: &Path) -> Result<PathBuf> {
    let path = config.with_extension("lock");
    if path == config {
        let error = Error::usage(format!("{}: the lock file would take its place", config.display()));
        return Err(error.hint("give the configuration another extension, as .toml").into());
    }
    Ok(path)
}

/// Writes the lock file `path` of what lies in OUT, unless it is that already.
///
/// # Errors
/// If a manifest cannot be read, or the disk refuses the file.
pub(crate) fn write(project: &Project, path: &Path) -> Result<()> {
    let mut stages: BTreeMap<&str, BTreeMap<String, Locked>> = BTreeMap::new();
    for stage in &STAGES {
        let units = project.folder(stage.name).manifest()?.units;
        stages.insert(stage.name, units.into_iter().map(|(name, unit)| (name, locked(unit))).collect());
    }
    let mut text = serde_json::to_string_pretty(&stages)?;
    text.push('\n');
    if fs::read(path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(());
    }
    Ok(write_whole(path, text.as_bytes())?)
}

fn locked(unit: Unit) -> Locked {
    let parameters: String =
        unit.key.parameters.iter().map(|(place, value)| format!("{place} {value}\n")).collect();
    let mut inputs = unit.key.files;
    inputs.extend(unit.key.inputs);
    Locked { configuration: hash_of(parameters.as_bytes()), inputs, outputs: unit.outputs }
}
