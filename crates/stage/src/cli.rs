//! The flags that all stages take.

use crate::{Config, Error, Folder, Result};
use std::path::PathBuf;
use std::{env, thread};

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

    /// Threads [default: RAYON_NUM_THREADS, else SLURM_CPUS_PER_TASK, else the machine's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,

    /// Name of the run in logs and run records [default: the time and a random word]
    #[arg(long, value_name = "ID", value_parser = run_id)]
    pub run_id: Option<String>,
}

impl Arguments {
    /// The configuration with the overrides of `--set`.
    pub fn config(&self) -> Result<Config> {
        Config::load(&self.config, &self.set)
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
        Folder::new(self.out.join(name))
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
/// If a variable that decides is no positive number.
pub fn threads(flag: Option<u16>) -> Result<usize> {
    if let Some(threads) = flag {
        return Ok(usize::from(threads));
    }
    for name in ["RAYON_NUM_THREADS", "SLURM_CPUS_PER_TASK"] {
        if let Ok(value) = env::var(name) {
            return match value.trim().parse() {
                Ok(threads) if threads > 0 => Ok(threads),
                _ => Err(Error::usage(format!(
                    "{name}={value}: must be a whole number of threads, at least 1"
                ))),
            };
        }
    }
    Ok(thread::available_parallelism().map_or(1, usize::from))
}
