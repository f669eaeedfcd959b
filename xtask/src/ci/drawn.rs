//! The checks `trees` and `linear-mlp`: models of drawn tables and hyperparameters, beside those of scikit-learn.

use super::{Flags, files};
use crate::{build, python, root};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Trees, forests and boosting: nodes, predictions and importances.
///
/// # Errors
/// As [`compare`].
pub(super) fn trees(flags: &Flags, folder: &Path) -> Result<String> {
    compare(flags, folder, "drawn.py", "trees")
}

/// Linear models, networks and votes: curves and predictions.
///
/// # Errors
/// As [`compare`].
pub(super) fn linear_mlp(flags: &Flags, folder: &Path) -> Result<String> {
    compare(flags, folder, "drawn_linear_mlp.py", "linear_mlp")
}

/// Lets `script` fit models to `--tables` of them, and `test` of `regressors` compare them with the crate's.
///
/// # Errors
/// If Python or cargo fails, or a model differs; the reason names the table and the hyperparameters.
fn compare(flags: &Flags, folder: &Path, script: &str, test: &str) -> Result<String> {
    let python = python::with_sklearn()?;
    let drawn = folder.join("drawn.json");
    let mut draw = Command::new(python);
    draw.arg(root().join("crates/regressors/tests/golden").join(script)).arg(&drawn);
    draw.args(["--tables", &flags.tables.to_string(), "--seed", &flags.seed.to_string()]);
    let said = files::said(&mut draw)?;

    let mut cargo = build::cargo();
    // Of the whole workspace, as `cargo test` builds it: a package alone would be built with other features.
    cargo.args(["test", "--workspace", "--test", test, "--quiet", "--", "--ignored"]);
    let compared = cargo.env("GOLDEN_DRAWN", &drawn).output().context("cannot start cargo")?;
    if !compared.status.success() {
        let output = String::from_utf8_lossy(&compared.stdout);
        let difference = output.lines().find(|line| line.contains(" with {"));
        match difference {
            Some(difference) => bail!("{difference}"),
            None => bail!("cargo test fails: cargo test -p regressors --test {test}"),
        }
    }
    Ok(format!("{} as scikit-learn fits them", said.trim_end()))
}
