//! A process that loads a data set once and answers requests to fit: one line of JSON each way.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Before each request, so that the threads of another worker's fit have stopped waiting for more work.
const PAUSE: Duration = Duration::from_millis(100);

/// What a worker says once it has loaded its data set.
#[derive(Debug, Deserialize)]
pub(crate) struct Hello {
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) train_rows: u64,
    pub(crate) test_rows: u64,
    pub(crate) features: u64,
}

/// What a fit took and gave.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) fit_seconds: f64,
    pub(crate) predict_seconds: f64,
    pub(crate) rmse: f64,
    pub(crate) peak_bytes: Option<u64>,
}

/// What a worker may say to a request.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Answer(Answer),
    Refusal { error: String },
}

/// A running worker; it ends when it is dropped.
pub(crate) struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub(crate) hello: Hello,
}

impl Worker {
    /// Starts `command` and waits until its data set is loaded.
    ///
    /// # Errors
    /// If it cannot be started, or ends without a word; it has said why on stderr.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program}: cannot start"))?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{program}: has no pipes");
        };
        let mut answers = BufReader::new(answers).lines();
        let hello = serde_json::from_str(&next(&mut answers)?).context("a worker's first line")?;
        Ok(Self { child, requests, answers, hello })
    }

    /// Lets it fit `model` of `library` and waits for the answer.
    ///
    /// # Errors
    /// If the fit is refused or the worker ends.
    pub(crate) fn ask(&mut self, library: &str, model: &str, params: &str) -> Result<Answer> {
        thread::sleep(PAUSE);
        let params: serde_json::Value = serde_json::from_str(params)?;
        let request = serde_json::json!({ "library": library, "model": model, "params": params });
        writeln!(self.requests, "{request}").context("a worker has ended; see above")?;
        let answer = next(&mut self.answers)?;
        match serde_json::from_str(&answer).with_context(|| format!("a worker's answer: {answer}"))? {
            Said::Answer(answer) => Ok(answer),
            Said::Refusal { error } => bail!("{library}, {model}: {error}"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(answers: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    answers.next().context("a worker has ended; see above")?.context("reading a worker's answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let script = r#"echo '{"versions": {}, "train_rows": 5, "test_rows": 3, "features": 2}'
            read line; echo '{"fit_seconds": 1.5, "predict_seconds": 0.1, "rmse": 2, "peak_bytes": null}'
            read line; echo '{"error": "no such learner"}'"#;
        let mut worker = Worker::start(shell(script)).unwrap();
        let Hello { train_rows, test_rows, features, .. } = worker.hello;
        assert_eq!([train_rows, test_rows, features], [5, 3, 2]);
        assert_eq!(worker.ask("ours", "Linear", "{}").unwrap().fit_seconds, 1.5);
        let error = worker.ask("ours", "Oracle", "{}").unwrap_err();
        assert_eq!(error.to_string(), "ours, Oracle: no such learner");
        assert!(worker.ask("ours", "Linear", "{}").is_err());
    }

    #[test]
    fn a_worker_that_ends_at_once_is_an_error() {
        assert!(Worker::start(shell("exit 1")).is_err());
        assert!(Worker::start(Command::new("/no/such/worker")).is_err());
    }
}
