//! `cargo xtask explore`: looks at any table, by the program of that name.

use crate::pipeline;
use anyhow::Result;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs `explore` with the given flags; artifacts are looked up in the default OUT unless `--out` says otherwise.
///
/// # Errors
/// If it cannot be built or started, or it fails.
pub(crate) fn run(mut flags: Vec<OsString>) -> Result<ExitCode> {
    if pipeline::value_of("--out", &flags).is_none() {
        let out = pipeline::default_out(&pipeline::default_config());
        flags.splice(0..0, ["--out".into(), out.into()]);
    }
    let binaries = pipeline::build_with(&["explore"])?;
    pipeline::execute(&binaries.join("explore"), &flags)?;
    Ok(ExitCode::SUCCESS)
}
