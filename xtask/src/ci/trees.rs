//! The check `trees`: trees, forests and boosting of drawn tables and hyperparameters, beside those of scikit-learn.

use super::{Flags, files};
use crate::{build, python, root};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Lets `drawn.py` fit `--tables` of them, and the tests of `regressors` compare nodes, predictions and importances.
///
/// # Errors
/// If Python or cargo fails, or a model differs; the reason names the table and the hyperparameters.
pub(super) fn run(flags: &Flags, folder: &Path) -> Result<String> {
    let python = python::with_sklearn()?;
    let drawn = folder.join("drawn.json");
    let mut draw = Command::new(python);
    draw.arg(root().join("crates/regressors/tests/golden/drawn.py")).arg(&drawn);
    draw.args(["--tables", &flags.tables.to_string(), "--seed", &flags.seed.to_string()]);
    let said = files::said(&mut draw)?;

    let mut cargo = build::cargo();
    // Of the whole workspace, as `cargo test` builds it: a package alone would be built with other features.
    cargo.args(["test", "--workspace", "--test", "trees", "--quiet", "--", "--ignored"]);
    let compared = cargo.env("GOLDEN_DRAWN", &drawn).output().context("cannot start cargo")?;
    if !compared.status.success() {
        let output = String::from_utf8_lossy(&compared.stdout);
        let difference = output.lines().find(|line| line.contains(" with {"));
        bail!("{}", difference.unwrap_or("cargo test fails: cargo test -p regressors --test trees"));
    }
    Ok(format!("{} as scikit-learn fits them", said.trim_end()))
}
