//! From the command line to the exit code: the frame of every stage's `main`.

use crate::folder::Written;
use crate::{Arguments, Context, Error, Kind, Result, RunRecord, cli, signals};
use clap::error::ErrorKind;
use std::any::Any;
use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::time::Instant;

/// What a stage says of itself when it is done.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Rows and other counts, as in "6109 rows, 68 features".
    pub text: String,
    /// The files it published.
    pub written: Vec<Written>,
}

/// Runs the stage `name`: parses flags of type `A`, sets up signals and threads, runs, reports on stderr.
///
/// Every failure is one line on stderr and an exit code of [`crate::Kind`]; a panic is a bug (70).
pub fn main<A>(name: &str, run: fn(&A) -> Result<Summary>) -> ExitCode
where
    A: clap::Parser + AsRef<Arguments>,
{
    program(name, |arguments: &A| work(name, arguments, run))
}

/// Runs a program that is no stage: parses flags of type `A` and runs, with the errors and exit codes of [`main`].
pub fn program<A: clap::Parser>(name: &str, run: impl FnOnce(&A) -> Result<()>) -> ExitCode {
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(name, &error),
    };
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| run(&arguments)));
    match outcome.unwrap_or_else(|panic| Err(bug(panic.as_ref()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {name}: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

fn work<A: AsRef<Arguments>>(name: &str, arguments: &A, run: fn(&A) -> Result<Summary>) -> Result<()> {
    signals::watch().map_err(|error| Error::internal(format!("cannot watch signals: {error}")))?;
    let common = arguments.as_ref();
    let threads = cli::threads(common.threads)?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Error::internal(format!("cannot start {threads} threads: {error}")))?;
    let start = Instant::now();
    let summary = run(arguments)?;
    let record = RunRecord::new(Context::new(name, common, None), &summary, start.elapsed());
    if let Err(error) = record.write(&common.out) {
        say(&format!("warning: {name}: {error}"));
    }
    say(&line(name, &summary, record.seconds));
    Ok(())
}

/// The stage's one line: name, counts, seconds, files.
fn line(name: &str, summary: &Summary, seconds: f64) -> String {
    let bytes: usize = summary.written.iter().map(|written| written.bytes).sum();
    let files = match summary.written.as_slice() {
        few if few.len() <= 4 => few.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", "),
        [first, .., last] => format!("{} … {} ({} files)", first.name, last.name, summary.written.len()),
        _ => String::new(),
    };
    format!("{name:<18} {:<63} {seconds:>6.2} s  {files}, {}", summary.text, size(bytes))
}

/// A size in the unit that a person would use.
fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// What the program `name` says when clap ends it: help and version as they are, a wrong flag in one line.
///
/// The exit code is 0 for help that was asked for, else [`crate::Kind::Usage`].
pub fn usage(name: &str, error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { Kind::Usage as u8 } else { 0 });
    }
    let rendered = error.to_string();
    let message = rendered.split("\n\nUsage").next().unwrap_or_default().trim_start_matches("error: ");
    let error = Error::usage(message).hint(format!("{name} --help lists the flags"));
    say(&format!("error: {name}: {error}"));
    ExitCode::from(error.exit_code())
}

fn bug(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic without a message");
    Error::internal(format!("a bug: {text}; please report it with the command and the files that led to it"))
}

/// One line on stderr; a closed stderr is nobody's failure.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
