//! What every stage binary shares, and what people and schedulers may rely on: the command line, the
//! configuration file, exit codes, signals, threads, and output folders that change whole or not at all.

mod cli;
mod config;
mod context;
mod driver;
mod error;
mod failpoint;
mod folder;
mod lock;
pub mod log;
mod manifest;
mod patience;
mod publication;
mod record;
mod run;
mod signals;
mod task;
mod temporary;

pub use cli::{Arguments, LogFlags, LogFormat, thread_count, threads};
pub use config::{Config, quoted};
pub use context::{Context, generated_run_id};
pub use error::{Error, Kind, Result};
pub use failpoint::failpoint;
pub use folder::Folder;
pub use lock::{Hold, Lock};
pub use manifest::{Key, MANIFEST, Manifest, Unit, hash_of, hash_of_file, tool};
pub use patience::Patience;
pub use publication::{Prepared, Publication, Written};
pub use record::{LOGS, RunRecord, peak_memory};
pub use run::{CommandLine, Summary, main, print, program, usage};
pub use signals::watch_signals;
pub use task::{Task, TaskFlags};
pub use temporary::{sweep, unless_absent, write_whole};
