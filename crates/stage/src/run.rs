//! From the command line to the exit code: the frame of every stage's `main`.

use crate::log::{Level, Log, say};
use crate::{
    Arguments, Context, Error, Kind, LogFlags, LogFormat, Result, RunRecord, Task, Written, cli, failpoint,
    signals, tool,
};
use clap::error::ErrorKind;
use std::any::Any;
use std::env;
use std::io::{self, Write};
use std::panic;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

/// The command line of a stage's program.
pub trait CommandLine: clap::Parser {
    /// The flags that all stages take.
    fn common(&self) -> &Arguments;

    /// Which task to do, of a stage whose work can be divided.
    ///
    /// # Errors
    /// If the flags or the scheduler's variables name no task.
    fn task(&self) -> Result<Option<Task>> {
        Ok(None)
    }
}

/// What a stage says of itself when it is done.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Rows and other counts, as in "6109 rows, 68 features".
    pub text: String,
    /// The files that it published; without any, the run leaves no record.
    pub written: Vec<Written>,
}

/// Runs the stage `name`: parses flags of type `A`, sets up signals and threads, runs, reports on stderr.
///
/// Every failure is one line on stderr and an exit code of [`crate::Kind`]; a panic is a bug (70).
pub fn main<A: CommandLine>(name: &str, run: fn(&A) -> Result<Summary>) -> ExitCode {
    let line = match A::try_parse() {
        Ok(line) => line,
        Err(error) => return usage(name, name, &error),
    };
    let (task, refused) = match line.task() {
        Ok(task) => (task, None),
        Err(error) => (None, Some(error)),
    };
    let common = line.common();
    let context = Context::new(name, common.run_id.clone(), task.map(|task| task.to_string()));
    let log = Log::new(common.log, context).start();
    match guarded(|| refused.map_or_else(|| work(log, &line, run), Err)) {
        Ok(summary) => {
            succeed(log, common, &summary);
            ExitCode::SUCCESS
        }
        Err(error) => {
            log.failure(&error.to_string(), error.exit_code());
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runs a program that is no stage: parses flags of type `A` and runs, with the errors and exit codes of [`main`].
pub fn program<A: clap::Parser>(name: &str, run: impl FnOnce(&A) -> Result<()>) -> ExitCode {
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(name, name, &error),
    };
    match guarded(|| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {name}: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Writes what was asked for to stdout.
///
/// # Errors
/// If stdout refuses it; a reader that has gone is no error.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::writing(Path::new("stdout"), &error))
        }
        _ => Ok(()),
    }
}

/// What `work` gives; a panic is a bug.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(work));
    outcome.unwrap_or_else(|panic| Err(bug(panic.as_ref())))
}

fn work<A: CommandLine>(log: &Log, line: &A, run: fn(&A) -> Result<Summary>) -> Result<Summary> {
    signals::watch_signals(|_| {})?;
    lift_limit_of_open_files();
    let common = line.common();
    let _lock = common.hold(&log.context().stage)?;
    failpoint("stage begun");
    // Every key needs the hash, and what a stage begins with leaves a core idle. Without a thread it is made later.
    let _ = thread::Builder::new().spawn(tool);
    let threads = cli::threads(common.threads)?;
    // With this thread among them, shared work begins before another has woken up.
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global()
        .map_err(|error| Error::internal(format!("cannot start {threads} threads: {error}")))?;
    let config = common.config()?;
    let fields = [
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("threads", threads.into()),
        ("config", config.path().display().to_string().into()),
        ("config_digest", config.digest().into()),
    ];
    log.event(Level::Info, "start", &fields);
    let summary = run(line)?;
    failpoint("stage done");
    for Written { name, bytes } in &summary.written {
        log.event(Level::Debug, "published", &[("file", name.as_str().into()), ("bytes", (*bytes).into())]);
    }
    Ok(summary)
}

/// Lets this process open as many files as it may: each output that waits for its publication is one.
fn lift_limit_of_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Refused, the limit stays what it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Says that the stage is done and keeps a record of it.
fn succeed(log: &Log, common: &Arguments, summary: &Summary) {
    let record = RunRecord::new(log.context().clone(), summary, log.elapsed());
    let kept = if summary.written.is_empty() { Ok(()) } else { record.write(&common.out) };
    if let Err(error) = kept {
        log.warning(&error);
    }
    let bytes: usize = summary.written.iter().map(|written| written.bytes).sum();
    let fields = [
        ("exit_code", 0.into()),
        ("text", summary.text.as_str().into()),
        ("threads", record.threads.into()),
        ("files", summary.written.len().into()),
        ("bytes", bytes.into()),
        ("seconds", record.seconds.into()),
        ("peak_memory_bytes", record.peak_memory_bytes.into()),
    ];
    log.summary(&text(&record.context.stage, summary, record.seconds), &fields);
}

/// The stage's one line: name, counts, seconds, files.
fn text(name: &str, summary: &Summary, seconds: f64) -> String {
    let bytes: usize = summary.written.iter().map(|written| written.bytes).sum();
    let names: Vec<&str> = summary.written.iter().map(|written| written.name.as_str()).collect();
    let files = match names[..] {
        [] => String::new(),
        [first, _, _, .., _, last] => {
            format!("  {first} … {last} ({} files), {}", names.len(), size(bytes))
        }
        _ => format!("  {}, {}", names.join(", "), size(bytes)),
    };
    format!("{name:<18} {:<63} {seconds:>6.2} s{files}", summary.text)
}

/// A size in the unit that a person would use.
fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// What the program `name` says when clap ends it: help and version as they are, a wrong flag in one line, or as JSON of
/// `stage` if the flags ask for that as far as they can be read.
///
/// The exit code is 0 for help that was asked for, else [`crate::Kind::Usage`].
pub fn usage(name: &str, stage: &str, error: &clap::Error) -> ExitCode {
    if given("--log-format").as_deref() != Some("json") {
        return explain(name, error, |error| say(&format!("error: {name}: {error}")));
    }
    let flags = LogFlags { log_format: LogFormat::Json, ..LogFlags::default() };
    let run_id = given("--run-id").and_then(|id| cli::run_id(&id).ok());
    let log = Log::new(flags, Context::new(stage, run_id, None));
    explain(name, error, |error| log.failure(&error.to_string(), error.exit_code()))
}

/// The value of `--flag VALUE` or `--flag=VALUE` in a command line that clap refuses.
fn given(flag: &str) -> Option<String> {
    let arguments: Vec<String> = env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    let joined = |text: &String| Some(text.strip_prefix(flag)?.strip_prefix('=')?.to_owned());
    let apart = arguments.windows(2).find(|pair| pair[0] == flag).map(|pair| pair[1].clone());
    apart.or_else(|| arguments.iter().find_map(joined))
}

/// Shows help that was asked for, or has `say` tell what is wrong with the flags.
fn explain(name: &str, error: &clap::Error, say: impl FnOnce(&Error)) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { Kind::Usage as u8 } else { 0 });
    }
    let rendered = error.to_string();
    let told = rendered.split("\n\nUsage").next().unwrap_or_default();
    let told = told.split("\n\nFor more information").next().unwrap_or_default();
    let message = told.trim_start_matches("error: ");
    let error = Error::usage(message).hint(format!("{name} --help lists the flags"));
    say(&error);
    ExitCode::from(error.exit_code())
}

fn bug(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic without a message");
    Error::internal(format!("a bug: {text}; please report it with the command and the files that led to it"))
}
