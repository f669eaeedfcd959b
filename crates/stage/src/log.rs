//! What a stage says on stderr: lines for people, or one JSON object a line for machines.
//!
//! Lines hold names, counts and seconds: no data, no values of `--set`, nothing from the environment but the names that the
//! scheduler gives a job.

use crate::record::peak_memory;
use crate::{Context, Error, LogFlags, LogFormat, context};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::io::{self, Write};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The longest text in a line, in bytes; the rest of a longer one is cut off.
const LONGEST: usize = 1000;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The stage failed. Always said.
    Error,
    /// Something is amiss, but the outputs are whole. Said unless `-q` is given.
    Warn,
    /// A step of the stage. Said with `-v`, and in JSON.
    Info,
    /// Every file. Said with `-vv`, and in JSON with `-v`.
    Debug,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// How this process speaks.
pub(crate) struct Log {
    format: LogFormat,
    /// The last level that is said.
    threshold: Level,
    flags: LogFlags,
    context: Context,
    started: Instant,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Says a step of the running stage; a library that runs outside of a stage's program says nothing.
///
/// `fields` are what a program would want to know of it, in the order in which a person would.
pub fn event(level: Level, event: &str, fields: &[(&str, Value)]) {
    if let Some(log) = LOG.get() {
        log.event(level, event, fields);
    }
}

/// The id of the run that this process belongs to; outside of a stage's program, a new one.
pub fn run_id() -> String {
    LOG.get().map_or_else(context::generated_run_id, |log| log.context.run_id.clone())
}

/// Whether moving bars are welcome: not among other lines, in JSON, or where quiet was asked for.
pub fn bars() -> bool {
    LOG.get().is_some_and(|log| log.format == LogFormat::Text && log.flags == LogFlags::default())
}

/// Which stage is running, and since when; `None` outside of a stage's program.
pub(crate) fn running() -> Option<(Context, Duration)> {
    LOG.get().map(|log| (log.context().clone(), log.elapsed()))
}

/// Says that a signal ends the process, unless stderr takes no more.
pub(crate) fn stopped(signal: i32, name: &str) {
    let Some(log) = LOG.get() else { return };
    let message = format!("stopped by {name}");
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        log.failure(&message, u8::try_from(128 + signal).unwrap_or(u8::MAX));
        let _ = done.send(());
    });
    // A pipe that nobody reads must not hold up the end.
    let _ = wait.recv_timeout(Duration::from_secs(1));
}

impl Log {
    pub(crate) fn new(flags: LogFlags, context: Context) -> Self {
        let threshold = match (flags.quiet, flags.verbose, flags.log_format) {
            (true, _, _) => Level::Error,
            (_, 0, LogFormat::Text) => Level::Warn,
            (_, 0, LogFormat::Json) | (_, 1, LogFormat::Text) => Level::Info,
            _ => Level::Debug,
        };
        Self { format: flags.log_format, threshold, flags, context, started: Instant::now() }
    }

    /// Makes it the log of this process.
    pub(crate) fn start(self) -> &'static Self {
        LOG.get_or_init(|| self)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Since the stage began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn event(&self, level: Level, event: &str, fields: &[(&str, Value)]) {
        if level > self.threshold {
            return;
        }
        match self.format {
            LogFormat::Json => self.json(level, event, fields),
            LogFormat::Text => say(&format!("{}: {event}{}", self.context.stage, pairs(fields))),
        }
    }

    /// The last line of a stage that is done: `text` for people, `fields` for machines.
    pub(crate) fn summary(&self, text: &str, fields: &[(&str, Value)]) {
        match (self.threshold, self.format) {
            (Level::Error, _) => {}
            (_, LogFormat::Json) => self.json(Level::Info, "summary", fields),
            (_, LogFormat::Text) => say(text),
        }
    }

    /// Something that is amiss.
    pub(crate) fn warning(&self, message: &Error) {
        match self.format {
            LogFormat::Json => {
                self.event(Level::Warn, "warning", &[("message", message.to_string().into())]);
            }
            LogFormat::Text if self.threshold >= Level::Warn => {
                say(&format!("warning: {}: {message}", self.context.stage));
            }
            LogFormat::Text => {}
        }
    }

    /// The end of a stage that failed: why, and in JSON the summary too.
    pub(crate) fn failure(&self, message: &str, exit_code: u8) {
        match self.format {
            LogFormat::Text => say(&format!("error: {}: {message}", self.context.stage)),
            LogFormat::Json => {
                let what = [("exit_code", exit_code.into()), ("message", Value::from(message))];
                self.json(Level::Error, "error", &what);
                let [exit_code, message] = what;
                let seconds = ("seconds", self.elapsed().as_secs_f64().into());
                let memory = ("peak_memory_bytes", peak_memory().into());
                self.json(Level::Error, "summary", &[exit_code, message, seconds, memory]);
            }
        }
    }

    fn json(&self, level: Level, event: &str, fields: &[(&str, Value)]) {
        say(&json_line(&self.context, level, event, fields));
    }
}

/// What `context` says of itself as one line of JSON, as all programs of a run write it.
pub fn json_line(context: &Context, level: Level, event: &str, fields: &[(&str, Value)]) -> String {
    let line = Line { time: context::now(), level: level.name(), context, event, fields: Fields(fields) };
    // Text and numbers always become JSON.
    serde_json::to_string(&line).unwrap_or_default()
}

/// One line of JSON.
#[derive(serde::Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    #[serde(flatten)]
    context: &'a Context,
    event: &'a str,
    fields: Fields<'a>,
}

struct Fields<'a>(&'a [(&'a str, Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            match value {
                Value::String(text) => map.serialize_entry(name, shortened(text))?,
                other => map.serialize_entry(name, other)?,
            }
        }
        map.end()
    }
}

/// Fields as people read them: ` rows=3694 file=…`.
fn pairs(fields: &[(&str, Value)]) -> String {
    let pair = |(name, value): &(&str, Value)| match value {
        Value::String(text) => format!(" {name}={}", shortened(text)),
        other => format!(" {name}={other}"),
    };
    fields.iter().map(pair).collect()
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// One line on stderr; a closed stderr is nobody's failure.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
