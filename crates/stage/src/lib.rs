//! What every stage binary shares, and what people and schedulers may rely on: the command line, the
//! configuration file, exit codes, signals, threads, and output folders that change whole or not at all.

mod cli;
mod config;
mod context;
mod error;
mod folder;
mod record;
mod run;
mod signals;

pub use cli::{Arguments, threads};
pub use config::Config;
pub use context::{Context, generated_run_id};
pub use error::{Error, Kind, Result};
pub use folder::{Folder, Publication, Written, hash_of};
pub use record::{LOGS, RunRecord};
pub use run::{Summary, main, program, usage};
