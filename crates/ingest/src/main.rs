//! The stage `ingest` as a program.

use stage::Arguments;
use std::process::ExitCode;

/// Reads raw files and writes the observations of a pipeline.
#[derive(clap::Parser)]
#[command(name = ingest::NAME, version, long_about = include_str!("help.txt"))]
struct Flags {
    #[command(flatten)]
    stage: Arguments,
}

impl AsRef<Arguments> for Flags {
    fn as_ref(&self) -> &Arguments {
        &self.stage
    }
}

fn main() -> ExitCode {
    stage::main::<Flags>(ingest::NAME, |flags| ingest::run(&flags.stage))
}
