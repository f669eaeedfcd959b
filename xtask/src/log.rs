//! What `cargo xtask pipeline` says on stderr: lines for people, or objects as the stages' own.

use crate::exit_code;
use crate::pipeline::Failed;
use anyhow::Result;
use serde_json::Value;
use stage::log::{Level, json_line};
use stage::{Context, LogFlags, LogFormat};
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

/// The name of the driver among the stages'.
pub(crate) const PIPELINE: &str = "pipeline";

/// How this program speaks of a run.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) flags: LogFlags,
    /// The stages' lines have it too.
    pub(crate) run_id: String,
    started: Instant,
}

impl Log {
    /// For a run that begins now.
    pub(crate) fn new(flags: LogFlags, run_id: String) -> Self {
        Self { flags, run_id, started: Instant::now() }
    }

    /// What becomes of a stage, as the stage's own line begins.
    pub(crate) fn stage(&self, stage: &str, text: &str) {
        let fields = [("text", text.into())];
        self.event(Level::Info, (stage, "freshness"), &fields, &format!("{stage:<18} {text}"));
    }

    /// Something that is amiss.
    pub(crate) fn warning(&self, message: impl Display) {
        self.message(Level::Warn, "warning", message);
    }

    /// Why nothing happens yet.
    pub(crate) fn waiting(&self, message: impl Display) {
        self.message(Level::Info, "waiting", message);
    }

    fn message(&self, level: Level, event: &str, message: impl Display) {
        let fields = [("message", message.to_string().into())];
        self.event(level, (PIPELINE, event), &fields, &format!("{event}: {message}"));
    }

    /// The exit code of a run; in JSON with the last lines: why it failed, unless a stage has said it, and the summary.
    ///
    /// # Errors
    /// For people, what the run failed with: it is said as that of any command.
    pub(crate) fn end(&self, outcome: Result<()>) -> Result<ExitCode> {
        if self.flags.log_format == LogFormat::Text {
            return outcome.map(|()| ExitCode::SUCCESS);
        }
        let (level, code) = match &outcome {
            Ok(()) => (Level::Info, 0),
            Err(error) => (Level::Error, exit_code(error)),
        };
        let mut fields = vec![("exit_code", code.into())];
        if let Err(error) = outcome {
            fields.push(("message", format!("{error:#}").into()));
            if !error.is::<Failed>() {
                self.event(level, (PIPELINE, "error"), &fields, "");
            }
        }
        fields.push(("seconds", self.started.elapsed().as_secs_f64().into()));
        fields.push(("peak_memory_bytes", stage::peak_memory().into()));
        self.event(level, (PIPELINE, "summary"), &fields, "");
        Ok(ExitCode::from(code))
    }

    /// One line, as `text` for people.
    fn event(&self, level: Level, (stage, event): (&str, &str), fields: &[(&str, Value)], text: &str) {
        if self.flags.quiet && level > Level::Error {
            return;
        }
        let line = match self.flags.log_format {
            LogFormat::Text => text.to_owned(),
            LogFormat::Json => {
                json_line(&Context::new(stage, Some(self.run_id.clone()), None), level, event, fields)
            }
        };
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
