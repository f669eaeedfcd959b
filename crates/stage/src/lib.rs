//! What every stage binary shares, and what people and schedulers may rely on: the command line, the
//! configuration file, exit codes, signals, threads, and output folders that change whole or not at all.

mod cli;
mod config;
mod context;
mod error;
mod folder;
pub mod log;
mod patience;
mod record;
mod run;
mod signals;
mod task;

pub use cli::{Arguments, LogFlags, LogFormat, threads};
pub use config::Config;
pub use context::{Context, generated_run_id};
pub use error::{Error, Kind, Result};
pub use folder::{Folder, Publication, Written, hash_of};
pub use patience::Patience;
pub use record::{LOGS, RunRecord};
pub use run::{CommandLine, Summary, main, program, usage};
pub use task::{Task, TaskFlags};
