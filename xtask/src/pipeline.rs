//! The stages in order, each as a process of its own with explicit paths.

use crate::{build, root, scores};
use anyhow::{Result, bail};
use stage::{Config, Error, Folder, Kind};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A stage: the name of its crate, binary, configuration section and folder of artifacts.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// Stages whose artifacts it reads.
    pub(crate) reads: &'static [&'static str],
}

/// The pipeline, in order.
pub(crate) const STAGES: [Stage; 5] = [
    Stage { name: "ingest", reads: &[] },
    Stage { name: "feature-selection", reads: &["ingest"] },
    Stage { name: "split", reads: &["ingest", "feature-selection"] },
    Stage { name: "train", reads: &["split"] },
    Stage { name: "evaluate", reads: &["ingest", "feature-selection", "split", "train"] },
];

/// Flags of `cargo xtask pipeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    inputs: Inputs,

    /// Folder of the artifacts [default: artifacts/ beside the configuration]
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Run every stage, whatever lies in OUT
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    log: stage::LogFlags,
}

/// What a run is made from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Folder of the raw files [default: the configuration's folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Configuration of the pipeline
    #[arg(long, value_name = "FILE", default_value_os_t = default_config())]
    pub(crate) config: PathBuf,

    /// Threads of every stage [default: RAYON_NUM_THREADS, else SLURM_CPUS_PER_TASK, else the machine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// Override one configuration key, as in `feature-selection.select=none`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl Inputs {
    /// The flags as a stage's binary takes them.
    pub(crate) fn for_stage(&self, out: &Path) -> Vec<OsString> {
        let mut flags: Vec<OsString> =
            vec!["--config".into(), self.config.clone().into(), "--out".into(), out.into()];
        if let Some(data) = &self.data {
            flags.extend(["--data".into(), data.clone().into()]);
        }
        if let Some(threads) = self.threads {
            flags.extend(["--threads".into(), threads.to_string().into()]);
        }
        for set in &self.set {
            flags.extend(["--set".into(), set.into()]);
        }
        flags
    }
}

/// The configuration of the laptops.
pub(crate) fn default_config() -> PathBuf {
    root().join("data/laptops/pipeline.toml")
}

/// The folder of artifacts beside a configuration.
pub(crate) fn default_out(config: &Path) -> PathBuf {
    config.with_file_name("artifacts")
}

/// Runs all stages and shows the scores on stdout.
///
/// # Errors
/// If the stages cannot be built or started, or one fails.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let out = flags.out.clone().unwrap_or_else(|| default_out(&flags.inputs.config));
    let binaries = build()?;
    let run_id = stage::generated_run_id();
    for stage in &STAGES {
        let mut stage_flags = flags.inputs.for_stage(&out);
        stage_flags.extend(["--run-id".into(), run_id.clone().into()]);
        stage_flags.extend(flags.log.to_flags());
        execute(&binaries.join(stage.name), &stage_flags)?;
    }
    let evaluated = out.join("evaluate");
    let _ = write!(io::stdout().lock(), "\n{}", scores::table(&evaluated)?);
    let _ = writeln!(io::stdout().lock(), "\nreport: {}", evaluated.join("report.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Runs one stage with the given flags, defaults added.
///
/// # Errors
/// If there is no such stage, or it cannot be built or started, or it fails.
pub(crate) fn stage(name: &str, mut flags: Vec<OsString>) -> Result<ExitCode> {
    if !STAGES.iter().any(|stage| stage.name == name) {
        let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        return Err(
            Error::usage(format!("there is no stage '{name}'; valid are {}", names.join(", "))).into()
        );
    }
    flags.retain(|flag| flag != "--force");
    let config = value_of("--config", &flags).map_or_else(default_config, PathBuf::from);
    let out = value_of("--out", &flags).map_or_else(|| default_out(&config), PathBuf::from);
    for (flag, value) in [("--config", &config), ("--out", &out)] {
        if value_of(flag, &flags).is_none() {
            flags.extend([flag.into(), value.into()]);
        }
    }
    for warning in stale_upstream(name, &out)? {
        let _ = writeln!(io::stderr().lock(), "warning: {warning}");
    }
    let binaries = build()?;
    execute(&binaries.join(name), &flags)?;
    Ok(ExitCode::SUCCESS)
}

/// A warning for every stage that `name` builds on and whose own inputs have changed since it ran.
fn stale_upstream(name: &str, out: &Path) -> Result<Vec<String>> {
    let reads =
        |name: &str| STAGES.iter().find(|stage| stage.name == name).map_or(&[][..], |stage| stage.reads);
    let folder = |stage: &str| Folder::new(out.join(stage));
    let mut warnings = Vec::new();
    for upstream in reads(name) {
        for source in reads(upstream) {
            if folder(upstream).is_stale(&folder(source))? {
                warnings.push(format!(
                    "the stage '{upstream}' ran before '{source}' gave other outputs; run it again"
                ));
            }
        }
    }
    Ok(warnings)
}

/// The value of `--flag VALUE` or `--flag=VALUE`.
pub(crate) fn value_of(flag: &str, flags: &[OsString]) -> Option<OsString> {
    let after = flags.iter().position(|other| other == flag).and_then(|place| flags.get(place + 1).cloned());
    after.or_else(|| {
        let joined = flags.iter().find_map(|other| other.to_str()?.strip_prefix(flag)?.strip_prefix('='));
        joined.map(OsString::from)
    })
}

/// Builds the binaries of all stages; returns their folder.
///
/// All of them even for one: another set of packages may ask for other features and be built anew.
pub(crate) fn build() -> Result<PathBuf> {
    build_with(&[])
}

/// Builds the binaries of all stages, and of other packages that so get by with the libraries built for those.
pub(crate) fn build_with(others: &[&str]) -> Result<PathBuf> {
    let stages = STAGES.iter().map(|stage| stage.name);
    build::packages(&stages.chain(others.iter().copied()).collect::<Vec<_>>(), &[])
}

/// Runs a stage's binary to its end.
///
/// # Errors
/// [`Failed`] if the stage fails; another if it cannot be started or is killed.
pub(crate) fn execute(binary: &Path, flags: &[OsString]) -> Result<()> {
    let status = Command::new(binary)
        .args(flags)
        .status()
        .map_err(|error| Error::new(Kind::Io, format!("{}: cannot start: {error}", binary.display())))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failed { code: u8::try_from(code).unwrap_or(Kind::Internal as u8) }.into()),
        None => bail!("{}: {status}", binary.display()),
    }
}

/// The name of the label, as `[ingest]` says it.
///
/// # Errors
/// If the configuration is refused, or does not say it.
pub(crate) fn label(inputs: &Inputs) -> Result<String> {
    let config = Config::load(&inputs.config, &inputs.set)?;
    let ingest: serde_json::Map<String, serde_json::Value> = config.section("ingest")?;
    let label = ingest.get("label").and_then(serde_json::Value::as_str);
    Ok(label
        .map(str::to_owned)
        .ok_or_else(|| config.error("ingest.label", "must name the label's column"))?)
}

/// A stage that failed and has said why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a stage failed; see above")]
pub(crate) struct Failed {
    /// The exit code of the stage, and of this program.
    pub(crate) code: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_read_from_earlier_ones() {
        for (place, stage) in STAGES.iter().enumerate() {
            let before: Vec<&str> = STAGES[..place].iter().map(|stage| stage.name).collect();
            assert!(stage.reads.iter().all(|read| before.contains(read)), "{}", stage.name);
        }
    }

    #[test]
    fn flags_have_values_in_both_spellings() {
        let flags: Vec<OsString> = ["--out", "a", "--config=b"].map(OsString::from).to_vec();
        assert_eq!(value_of("--out", &flags), Some("a".into()));
        assert_eq!(value_of("--config", &flags), Some("b".into()));
        assert_eq!(value_of("--data", &flags), None);
    }
}
