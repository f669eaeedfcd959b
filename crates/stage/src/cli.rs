//! The flags that all stages take.

use crate::{Config, Error, Folder, Hold, Kind, Lock, Patience, Result, driver};
use clap::builder::RangedI64ValueParser;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, thread};

/// The most threads of a process: more than any machine has use for, and fewer than systems refuse to start.
const MAX_THREADS: u16 = 1024;

/// Reads a number of threads, 1 to 1,024, from a command line.
pub fn thread_count() -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=i64::from(MAX_THREADS))
}

/// Flags common to all stages.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// The pipeline's configuration (TOML); a stage reads its own section of it
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// Folder of the artifacts: a stage reads what earlier ones wrote there and writes OUT/STAGE
    #[arg(long, value_name = "OUT")]
    pub out: PathBuf,

    /// Folder of the raw files [default: the configuration's folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Override one configuration key, as in `train.MLP.max_iter=300`; bare words are strings, lists are TOML
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Threads, at most 1024 [default: RAYON_NUM_THREADS, else SLURM_CPUS_PER_TASK, else the machine's]
    #[arg(long, value_name = "N", value_parser = thread_count())]
    pub threads: Option<u16>,

    /// Name of the run in logs and run records [default: the time and a random word]
    #[arg(long, value_name = "ID", value_parser = run_id)]
    pub run_id: Option<String>,

    /// Wait so long for an input that is not there yet, or not whole, and for a run that is at work in OUT; then exit
    /// with 75
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub wait: u32,

    /// The process that holds OUT and runs this stage for it; the stage ends with that process
    #[arg(long, value_name = "PID", hide = true)]
    pub driver: Option<u32>,

    /// How to speak
    #[command(flatten)]
    pub log: LogFlags,
}

/// Flags that say how a program speaks on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct LogFlags {
    /// Lines for people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// Say each step; twice: each file too
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Say errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// How lines on stderr look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line; the last is a summary
    Json,
}

impl LogFlags {
    /// The flags as another program takes them.
    pub fn to_flags(self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        if self.log_format == LogFormat::Json {
            flags.extend(["--log-format".into(), "json".into()]);
        }
        flags.extend((0..self.verbose).map(|_| "--verbose".into()));
        flags.extend(self.quiet.then(|| "--quiet".into()));
        flags
    }
}

impl Arguments {
    /// The configuration with the overrides of `--set`, as it is now.
    pub fn config(&self) -> Result<Config> {
        self.patience().wait(&[Kind::Missing], || Config::load(&self.config, &self.set))
    }

    /// How long to wait for an input.
    pub fn patience(&self) -> Patience {
        Patience(Duration::from_secs(self.wait.into()))
    }

    /// Holds OUT beside other stages for the stage `name`, unless the driver that runs it does.
    ///
    /// # Errors
    /// If a pipeline holds it, the driver has ended, or the disk refuses the lock.
    pub(crate) fn hold(&self, name: &str) -> Result<Option<Lock>> {
        match self.driver {
            Some(driver) => driver::end_with(driver).map(|()| None),
            None => {
                Lock::hold(&self.out, Hold::Shared, name, Duration::from_secs(self.wait.into())).map(Some)
            }
        }
    }

    /// The folder of the raw files.
    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| match self.config.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        })
    }

    /// The artifacts of the stage `name`.
    pub fn folder(&self, name: &str) -> Folder {
        Folder::new(self.out.join(name)).patient(self.patience())
    }
}

/// A run id: it names files, so it holds nothing that a path or a shell would take for its own.
pub(crate) fn run_id(text: &str) -> std::result::Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let starts_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.len() <= 100 && starts_plain && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("must have at most 100 letters, digits, '.', '_' and '-', and begin with a letter or digit".into())
}

/// How many threads to use: the flag, `RAYON_NUM_THREADS`, `SLURM_CPUS_PER_TASK`, or what the machine offers.
///
/// # Errors
/// If a variable that decides is no number from 1 to 1,024.
pub fn threads(flag: Option<u16>) -> Result<usize> {
    let most = usize::from(MAX_THREADS);
    if let Some(threads) = flag {
        return Ok(usize::from(threads));
    }
    for name in ["RAYON_NUM_THREADS", "SLURM_CPUS_PER_TASK"] {
        // Empty is as good as unset, as for the variables of tasks.
        if let Ok(value) = env::var(name)
            && !value.trim().is_empty()
        {
            return match value.trim().parse() {
                Ok(threads) if (1..=most).contains(&threads) => Ok(threads),
                _ => Err(Error::usage(format!(
                    "{name}={value}: must be a whole number of threads, 1 to {most}"
                ))),
            };
        }
    }
    Ok(thread::available_parallelism().map_or(1, usize::from).min(most))
}
