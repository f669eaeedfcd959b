//! `cargo xtask`: runs the pipeline's stages as a scheduler would, and the project's chores.
//!
//! The commands are the variants of [`Command`]; what a stage reads and writes stands in [`pipeline::STAGES`].

mod bench;
mod build;
mod children;
mod ci;
mod driver;
mod explore;
mod freshness;
mod layouts;
mod lockfile;
mod log;
mod metrics;
mod parity;
mod pipeline;
mod python;
mod sample;
mod scores;
mod status;
mod submit;

use clap::{CommandFactory, Parser};
use stage::Kind;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the pipeline and the project's chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
enum Command {
    /// Build the stages, run those that are stale in order, say why, and show the scores
    Pipeline(pipeline::Flags),

    /// Run exactly one stage from what lies in OUT
    ///
    /// Takes `--config`, `--out` and `--bin-dir` as `pipeline` does; all other flags go to the stage's binary
    /// (`cargo xtask stage train --help` shows those).
    #[command(disable_help_flag = true)]
    Stage {
        /// ingest, feature-selection, split, train or evaluate
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// Flags for the stage
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
        flags: Vec<OsString>,
    },

    /// Look at a table, an artifact or a raw file: info, head, tail, describe, columns
    ///
    /// `cargo xtask explore split/train describe`; without a table it lists the artifacts
    /// (`cargo xtask explore --help` shows the rest).
    #[command(disable_help_flag = true)]
    Explore {
        /// A file, or the name of an artifact, then what to show
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "TABLE")]
        flags: Vec<OsString>,
    },

    /// Say of every stage whether it is fresh, and why not
    Status(pipeline::Place),

    /// Print the stages and what they read
    Graph {
        /// How
        #[arg(long, value_enum, default_value_t)]
        format: status::Format,
    },

    /// Hand the stages to Slurm, or write them down for Kubernetes, Argo, Snakemake or make
    ///
    /// Training becomes an array of tasks and a merge. `[resources]` says what each stage may use.
    Submit(submit::Flags),

    /// Compare the models with scikit-learn's, tree by tree and row by row
    ///
    /// Runs the stages into a folder of its own, fits scikit-learn with the same hyperparameters, and shows one line
    /// per model with what it promises. Needs python3, and PyPI for the first run. Exit code 1: a promise is broken.
    Parity(parity::Flags),

    /// Time the learners, and those of other libraries with --peers, as a Markdown table
    Bench(bench::Flags),

    /// Measure what records cost as dictionaries, as slots and as columns, and write a page
    ///
    /// `cargo xtask layouts --help` lists the flags. `cargo xtask layouts python` runs the study's own benchmark of
    /// classes with and without slots again, in both orders (python3, and PyPI for the first run).
    #[command(disable_help_flag = true)]
    Layouts(layouts::Flags),

    /// Run the checks that are too slow for `cargo test`, a line for each
    Ci(ci::Flags),

    /// Open the report of a sample run in headless Chromium, and check it: the check `browser` of `ci`
    ///
    /// Every section in both themes, 390 and 1280 pixels wide: nothing on the console, no scrolling sideways, contrast,
    /// listings by pointer and by keyboard.
    Browser,

    /// Compare recorded runs, or show one
    Metrics(metrics::Flags),

    /// Write the three files of sample data
    Sample {
        /// Folder to write to
        #[arg(long, value_name = "DIR", default_value_os_t = root().join("data/laptops"))]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return stage::usage("cargo xtask", log::PIPELINE, &error),
    };
    let outcome: anyhow::Result<ExitCode> = match command {
        Command::Pipeline(flags) => pipeline::run(&flags),
        Command::Stage { name, .. } if name == "--help" || name == "-h" => stage_help(),
        Command::Stage { name, flags } => pipeline::stage(&name, flags),
        Command::Explore { flags } => explore::run(flags),
        Command::Status(place) => pipeline::status(&place),
        Command::Graph { format } => graph(format),

        Command::Submit(flags) => submit::run(&flags),
        Command::Parity(flags) => parity::run(&flags),
        Command::Bench(flags) => bench::run(&flags),
        Command::Layouts(flags) => layouts::run(&flags),
        Command::Ci(flags) => ci::run(&flags),
        Command::Browser => ci::run(&ci::Flags::only("browser")),
        Command::Metrics(flags) => metrics::run(&flags),
        Command::Sample { out } => write_sample(&out),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            if !error.is::<pipeline::Failed>() {
                let _ = writeln!(io::stderr().lock(), "error: {error:#}");
            }
            ExitCode::from(exit_code(&error))
        }
    }
}

/// The exit code of a command that failed: that of the stage that did, if one did.
fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<pipeline::Failed>() {
        Some(failed) => failed.code,
        None => error.downcast_ref::<stage::Error>().map_or(Kind::Internal as u8, stage::Error::exit_code),
    }
}

/// Explains the command `stage`, all of whose flags are the stage's.
fn stage_help() -> anyhow::Result<ExitCode> {
    let mut commands = Command::command();
    commands.build();
    if let Some(stage) = commands.find_subcommand_mut("stage") {
        let _ = stage.print_long_help();
    }
    Ok(ExitCode::SUCCESS)
}

fn graph(format: status::Format) -> anyhow::Result<ExitCode> {
    stage::print(&status::graph(format))?;
    Ok(ExitCode::SUCCESS)
}

fn write_sample(out: &Path) -> anyhow::Result<ExitCode> {
    sample::write(out).map_err(|error| stage::Error::writing(out, &error))?;
    let _ = writeln!(io::stderr().lock(), "sample data written to {}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// The workspace's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
