//! The stage `ingest` as a program.

use stage::Arguments;
use std::process::ExitCode;

/// Reads raw files and writes the observations of a pipeline.
#[derive(clap::Parser)]
#[command(name = ingest::NAME, version, long_about = include_str!("help.txt"))]
struct CommandLine {
    #[command(flatten)]
    stage: Arguments,
}

impl stage::CommandLine for CommandLine {
    fn common(&self) -> &Arguments {
        &self.stage
    }
}

fn main() -> ExitCode {
    stage::main(ingest::NAME, |line: &CommandLine| ingest::run(&line.stage))
}
