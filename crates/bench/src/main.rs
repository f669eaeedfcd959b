//! The binary `bench`: makes data sets, and fits on demand. `cargo xtask bench` drives it.

mod data;
mod draw;
mod learners;
mod memory;
#[cfg(feature = "peers")]
mod peers;
mod worker;

use clap::Parser;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes data sets and times fits, for `cargo xtask bench`.
#[derive(Debug, Parser)]
#[command(version)]
enum Command {
    /// Write train.parquet and test.parquet of a generated data set
    Data {
        /// Which one
        name: data::Name,
        /// Folder to write to
        out: PathBuf,
    },
    /// Load a data set, then answer every line on stdin, a JSON request, by a JSON line on stdout
    Worker(worker::Flags),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Data { name, out } => data::write(name, &out),
        Command::Worker(flags) => worker::run(&flags),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "error: bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
