//! The stages in order, each as a process of its own with explicit paths.

use crate::{root, scores};
use anyhow::{Context, Result, bail};
use stage::{Error, Folder, Kind};
use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
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
    /// Folder of the raw files [default: the configuration's folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Configuration of the pipeline
    #[arg(long, value_name = "FILE", default_value_os_t = default_config())]
    config: PathBuf,

    /// Folder of the artifacts [default: artifacts/ beside the configuration]
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Threads of every stage [default: RAYON_NUM_THREADS, else SLURM_CPUS_PER_TASK, else the machine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Override one configuration key, as in `feature-selection.select=none`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// Run every stage, whatever lies in OUT
    #[arg(long)]
    force: bool,
}

impl Flags {
    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| default_out(&self.config))
    }

    /// The flags as a stage's binary takes them.
    fn for_stage(&self) -> Vec<OsString> {
        let mut flags: Vec<OsString> =
            vec!["--config".into(), self.config.clone().into(), "--out".into(), self.out().into()];
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

fn default_config() -> PathBuf {
    root().join("data/laptops/pipeline.toml")
}

fn default_out(config: &Path) -> PathBuf {
    config.with_file_name("artifacts")
}

/// Runs all stages and shows the scores on stdout.
///
/// # Errors
/// If the stages cannot be built or started. A stage that fails has said why; its exit code is returned.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let binaries = build()?;
    for stage in &STAGES {
        let code = execute(&binaries.join(stage.name), &flags.for_stage())?;
        if code != 0 {
            return Ok(ExitCode::from(code));
        }
    }
    let evaluated = flags.out().join("evaluate");
    let _ = write!(io::stdout().lock(), "\n{}", scores::table(&evaluated)?);
    let _ = writeln!(io::stdout().lock(), "\nreport: {}", evaluated.join("report.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Runs one stage with the given flags, defaults added.
///
/// # Errors
/// If there is no such stage, or it cannot be built or started.
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
    execute(&binaries.join(name), &flags).map(ExitCode::from)
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
fn value_of(flag: &str, flags: &[OsString]) -> Option<OsString> {
    let after = flags.iter().position(|other| other == flag).and_then(|place| flags.get(place + 1).cloned());
    after.or_else(|| {
        let joined = flags.iter().find_map(|other| other.to_str()?.strip_prefix(flag)?.strip_prefix('='));
        joined.map(OsString::from)
    })
}

/// Builds the binaries of all stages in the profile of this program; returns their folder.
///
/// All of them even for one: another set of packages may ask for other features and be built anew.
fn build() -> Result<PathBuf> {
    let folder = env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(Path::to_path_buf))
        .context("cannot tell where this program lies")?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--bins"]).current_dir(root());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    for stage in &STAGES {
        cargo.args(["--package", stage.name]);
    }
    // A person sees what cargo does; a log only needs it where it takes long.
    if !io::stderr().is_terminal() && STAGES.iter().all(|stage| folder.join(stage.name).exists()) {
        cargo.arg("--quiet");
    }
    if !cargo.status().context("cannot start cargo")?.success() {
        bail!("the stages do not build; see above");
    }
    Ok(folder)
}

/// Runs a stage's binary to its end; returns its exit code.
fn execute(binary: &Path, flags: &[OsString]) -> Result<u8> {
    let status = Command::new(binary)
        .args(flags)
        .status()
        .map_err(|error| Error::new(Kind::Io, format!("{}: cannot start: {error}", binary.display())))?;
    match status.code() {
        Some(code) => Ok(u8::try_from(code).unwrap_or(Kind::Internal as u8)),
        None => bail!("{}: {status}", binary.display()),
    }
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
