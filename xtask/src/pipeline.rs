//! The stages in order, each as a process of its own with explicit paths.

use crate::driver::{Driver, Manner};
use crate::freshness::Project;
use crate::log::Log;
use crate::{build, children, lockfile, root, scores, status};
use anyhow::Result;
use stage::{Config, Error, Kind, LogFlags, LogFormat};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A stage: the name of its crate, binary, configuration section and folder of artifacts.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// Stages whose artifacts it reads.
    pub(crate) reads: &'static [&'static str],
    /// Whether every table of its section is a model, made on its own.
    pub(crate) per_model: bool,
}

/// The pipeline, in order.
pub(crate) const STAGES: [Stage; 5] = [
    Stage { name: "ingest", reads: &[], per_model: false },
    Stage { name: "feature-selection", reads: &["ingest"], per_model: false },
    Stage { name: "split", reads: &["ingest", "feature-selection"], per_model: false },
    Stage { name: "train", reads: &["split"], per_model: true },
    Stage { name: "evaluate", reads: &["ingest", "feature-selection", "split", "train"], per_model: false },
];

/// Flags of `cargo xtask pipeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    range: Range,

    #[command(flatten)]
    manner: Manner,

    /// Record of an earlier run (OUT/runs/ID.json) that the report is to show the changes against
    #[arg(long, value_name = "RUN.json")]
    baseline: Option<PathBuf>,

    /// Say what would run and why, and run nothing
    #[arg(long)]
    dry_run: bool,
}

impl Flags {
    /// The baseline, if `stages` can use it.
    fn baseline(&self, stages: &[Stage]) -> Result<Option<PathBuf>> {
        let Some(path) = &self.baseline else { return Ok(None) };
        if stages.iter().all(|stage| stage.name != "evaluate") {
            return Err(Error::usage("--baseline is for evaluate, which --until leaves out").into());
        }
        runs::read(path)?;
        Ok(Some(path.clone()))
    }
}

/// Which pipeline: its inputs, its artifacts and its programs.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    #[command(flatten)]
    inputs: Inputs,

    /// Folder of the artifacts [default: artifacts/ beside the configuration]
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Folder of the stages' programs [default: cargo builds them]
    #[arg(long, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
}

impl Place {
    fn project(&self) -> Result<Project> {
        let out = self.out.clone().unwrap_or_else(|| default_out(&self.inputs.config));
        let binaries = self.bin_dir.clone().map_or_else(build, Ok)?;
        Project::load(&self.inputs, out, binaries)
    }
}

/// Some of the stages.
#[derive(Debug, clap::Args)]
pub(crate) struct Range {
    /// Begin with this stage, and leave those before it as they are
    #[arg(long, value_name = "STAGE", value_parser = names())]
    from: Option<String>,

    /// End with this stage
    #[arg(long, value_name = "STAGE", value_parser = names())]
    until: Option<String>,
}

impl Range {
    fn stages(&self) -> Result<&'static [Stage]> {
        let place =
            |name: &Option<String>| STAGES.iter().position(|stage| Some(stage.name) == name.as_deref());
        let (from, until) = (place(&self.from).unwrap_or(0), place(&self.until).unwrap_or(STAGES.len() - 1));
        STAGES
            .get(from..=until)
            .filter(|stages| !stages.is_empty())
            .ok_or_else(|| Error::usage("--from comes after --until; exchange them").into())
    }
}

fn names() -> clap::builder::PossibleValuesParser {
    STAGES.map(|stage| stage.name).into()
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

    /// Threads of every stage, at most 1024 [default: RAYON_NUM_THREADS, else SLURM_CPUS_PER_TASK, else the machine's]
    #[arg(long, value_name = "N", value_parser = stage::thread_count())]
    pub(crate) threads: Option<u16>,

    /// Override one configuration key, as in `feature-selection.select=none`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl Inputs {
    /// Folder of the raw files.
    pub(crate) fn data(&self) -> PathBuf {
        let beside = || self.config.parent().map(PathBuf::from).unwrap_or_default();
        self.data.clone().unwrap_or_else(beside)
    }

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

/// Runs what is stale, and shows the scores on stdout.
///
/// # Errors
/// If the stages cannot be built or started, or one fails.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let log = Log::new(flags.manner.log, stage::generated_run_id());
    log.end(run_stages(flags, &log))
}

fn run_stages(flags: &Flags, log: &Log) -> Result<()> {
    let stages = flags.range.stages()?;
    let lock = lockfile::path(&flags.place.inputs.config)?;
    let baseline = flags.baseline(stages)?;
    let project = flags.place.project()?.against(baseline);
    let before = STAGES.iter().take_while(|stage| stages.iter().all(|other| other.name != stage.name));
    warn_of_stale(&project, before, log);
    if flags.dry_run {
        stage::print(&status::plan(&project, stages, flags.manner.force))?;
        return Ok(());
    }
    let inputs = &flags.place.inputs;
    let mut driver = Driver::new(&project, inputs, flags.manner, log)?;
    let outcome = stages.iter().try_for_each(|stage| driver.run(stage));
    if let Err(error) = lockfile::write(&project, &lock) {
        log.warning(error);
    }
    outcome.and_then(|()| driver.finish())?;
    if stages.iter().any(|stage| stage.name == "evaluate") {
        let evaluated = project.out.join("evaluate");
        let (scores, report) = (scores::table(&evaluated, &project.models())?, evaluated.join("report.html"));
        stage::print(&format!("\n{scores}\nreport: {}\n", report.display()))?;
    }
    Ok(())
}

/// Says of every stage whether it is fresh, and why not.
///
/// # Errors
/// If the stages cannot be built, or the configuration is refused.
pub(crate) fn status(place: &Place) -> Result<ExitCode> {
    let project = place.project()?;
    stage::print(&status::plan(&project, &STAGES, false))?;
    Ok(ExitCode::SUCCESS)
}

/// Becomes one stage, with the given flags and defaults added.
///
/// # Errors
/// If there is no such stage, or it cannot be built or started.
pub(crate) fn stage(name: &str, mut flags: Vec<OsString>) -> Result<ExitCode> {
    let Some(place) = STAGES.iter().position(|stage| stage.name == name) else {
        let names = STAGES.map(|stage| stage.name).join(", ");
        return Err(Error::usage(format!("there is no stage '{name}'; valid are {names}")).into());
    };
    // For who is used to `pipeline --force`: one stage always runs.
    flags.retain(|flag| flag != "--force");
    let programs = take("--bin-dir", &mut flags);
    let config = value_of("--config", &flags).map_or_else(default_config, PathBuf::from);
    let out = value_of("--out", &flags).map_or_else(|| default_out(&config), PathBuf::from);
    let log = log_of(&flags);
    let defaults =
        [("--config", config.as_os_str()), ("--out", out.as_os_str()), ("--run-id", log.run_id.as_ref())];
    for (flag, value) in defaults {
        if value_of(flag, &flags).is_none() {
            flags.extend([flag.into(), value.into()]);
        }
    }
    let binaries = programs.map_or_else(build, |folder| Ok(folder.into()))?;
    let inputs = Inputs {
        data: value_of("--data", &flags).map(PathBuf::from),
        config,
        threads: None,
        set: values_of("--set", &flags).iter().map(|value| value.to_string_lossy().into_owned()).collect(),
    };
    // A configuration that is refused is the stage's to report.
    if let Ok(project) = Project::load(&inputs, out, binaries.clone()) {
        warn_of_stale(&project, &STAGES[..place], &log);
    }
    // The stage takes the place of this process: signals reach it, and its exit code is ours.
    let binary = binaries.join(name);
    let error = Command::new(&binary).args(&flags).exec();
    Err(Error::new(Kind::Io, format!("{}: cannot start: {error}", binary.display())).into())
}

/// How a stage with these flags speaks.
fn log_of(flags: &[OsString]) -> Log {
    let log_format = match value_of("--log-format", flags) {
        Some(format) if format == "json" => LogFormat::Json,
        _ => LogFormat::Text,
    };
    let quiet = flags.iter().any(|flag| flag == "-q" || flag == "--quiet");
    let run_id = value_of("--run-id", flags).map(|id| id.to_string_lossy().into_owned());
    let flags = LogFlags { log_format, quiet, ..LogFlags::default() };
    Log::new(flags, run_id.unwrap_or_else(stage::generated_run_id))
}

/// Warns of stages that ran, and are stale.
fn warn_of_stale<'a>(project: &Project, stages: impl IntoIterator<Item = &'a Stage>, log: &Log) {
    for stage in stages {
        let report = project.check(stage);
        if !report.is_fresh() && project.folder(stage.name).contains(stage::MANIFEST) {
            let reasons = status::lines(&report).join("; ");
            log.warning(format!("the stage '{}' is stale ({reasons})", stage.name));
        }
    }
}

/// The last value of `--flag VALUE` or `--flag=VALUE`.
pub(crate) fn value_of(flag: &str, flags: &[OsString]) -> Option<OsString> {
    values_of(flag, flags).pop()
}

/// Takes the flag out of the others with its values, and gives the last of them.
fn take(flag: &str, flags: &mut Vec<OsString>) -> Option<OsString> {
    let value = value_of(flag, flags)?;
    let joined = format!("{flag}=");
    let mut is_value = false;
    flags.retain(|word| {
        let is_flag = !is_value && word == flag;
        let is_of_flag = is_flag || is_value || word.to_str().is_some_and(|word| word.starts_with(&joined));
        is_value = is_flag;
        !is_of_flag
    });
    Some(value)
}

/// All values of `--flag VALUE` or `--flag=VALUE`.
fn values_of(flag: &str, flags: &[OsString]) -> Vec<OsString> {
    let value = |(place, word): (usize, &OsString)| match word {
        word if word == flag => flags.get(place + 1).cloned(),
        word => word.to_str()?.strip_prefix(flag)?.strip_prefix('=').map(OsString::from),
    };
    flags.iter().enumerate().filter_map(value).collect()
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
    children::judge(status, &binary.display().to_string())
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
    fn a_stage_is_warned_about_as_its_flags_say() {
        let log = |flags: &[&str]| log_of(&flags.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(log(&["--set", "a=b"]).flags, LogFlags::default());
        assert!(log(&["-q"]).flags.quiet && log(&["--quiet"]).flags.quiet);
        let json = log(&["--log-format=json", "--run-id", "r-1"]);
        assert_eq!((json.flags.log_format, json.run_id.as_str()), (LogFormat::Json, "r-1"));
    }

    #[test]
    fn flags_have_values_in_both_spellings() {
        let flags: Vec<OsString> = ["--out", "a", "--config=b"].map(OsString::from).to_vec();
        assert_eq!(value_of("--out", &flags), Some("a".into()));
        assert_eq!(value_of("--config", &flags), Some("b".into()));
        assert_eq!(value_of("--data", &flags), None);
    }

    #[test]
    fn what_is_taken_out_of_the_flags_is_gone() {
        let mut flags: Vec<OsString> =
            ["-q", "--out", "a", "--set", "b=c", "--out=d"].map(OsString::from).to_vec();
        assert_eq!(take("--data", &mut flags), None);
        assert_eq!(take("--out", &mut flags), Some("d".into()));
        assert_eq!(flags, ["-q", "--set", "b=c"]);
    }
}
