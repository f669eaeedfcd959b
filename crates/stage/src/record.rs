//! `OUT/logs/<stage>.json`: what a stage said of itself when it last succeeded.
//!
//! A run record: never hashed, and no key depends on it.

use crate::{Context, Error, Result, Summary, Written, context, log, write_whole};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Name of the folder of run records, beside the stages' folders.
pub const LOGS: &str = "logs";

/// The last success of a stage, or of one task of it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RunRecord {
    /// When it ended: UTC, RFC 3339.
    pub time: String,
    /// Which run, task and job it was.
    #[serde(flatten)]
    pub context: Context,
    /// From the start of its work to the last file in place.
    pub seconds: f64,
    /// The most memory that it held; `None` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// Threads of its pool.
    pub threads: usize,
    /// Rows and other counts, in words.
    pub text: String,
    /// The files that it published.
    pub written: Vec<Written>,
}

impl RunRecord {
    /// The record of what this process has just done.
    pub(crate) fn new(context: Context, summary: &Summary, elapsed: Duration) -> Self {
        Self {
            time: context::now(),
            context,
            seconds: elapsed.as_secs_f64(),
            peak_memory_bytes: peak_memory(),
            threads: rayon::current_num_threads(),
            text: summary.text.clone(),
            written: summary.written.clone(),
        }
    }

    /// What the running stage, which will say `text` of itself, could record by now, its outputs aside; `None` outside
    /// of a stage's program.
    pub fn so_far(text: &str) -> Option<Self> {
        let (context, elapsed) = log::running()?;
        Some(Self::new(context, &Summary { text: text.to_owned(), written: Vec::new() }, elapsed))
    }

    /// The last success of `stage` in the artifacts of `out`; `None` if there is no readable record.
    pub fn last(out: &Path, stage: &str) -> Option<Self> {
        let bytes = fs::read(out.join(LOGS).join(format!("{stage}.json"))).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps the record in the artifacts of `out`, in the place of the one before.
    ///
    /// Tasks have files of their own, as in `train-task-2-of-7.json`: no two of them write one file.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub(crate) fn write(&self, out: &Path) -> Result<()> {
        let task = self.context.task.as_ref().map(|task| format!("-task-{}", task.replace('/', "-of-")));
        let name = format!("{}{}.json", self.context.stage, task.unwrap_or_default());
        let text = serde_json::to_string_pretty(self).map_err(Error::internal)?;
        write_whole(&out.join(LOGS).join(name), text.as_bytes())
    }
}

/// The most memory that this process held so far, in bytes; `None` where the system does not tell.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(task: Option<&str>) -> RunRecord {
        let context = Context {
            run_id: "r1".into(),
            stage: "train".into(),
            task: task.map(str::to_owned),
            ..Context::default()
        };
        let written = vec![Written { name: "MLP.parquet".into(), bytes: 12 }];
        let summary = Summary { text: "1 model".into(), written };
        RunRecord::new(context, &summary, Duration::from_millis(1500))
    }

    #[test]
    fn the_last_record_is_read_back_and_tasks_have_their_own() {
        let out = tempfile::tempdir().unwrap();
        assert_eq!(RunRecord::last(out.path(), "train"), None);
        let whole = record(None);
        whole.write(out.path()).unwrap();
        record(Some("2/7")).write(out.path()).unwrap();
        assert_eq!(RunRecord::last(out.path(), "train"), Some(whole));
        let mut names: Vec<_> =
            fs::read_dir(out.path().join(LOGS)).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["train-task-2-of-7.json", "train.json"]);
    }

    #[test]
    fn a_record_has_plain_fields() {
        let value = serde_json::to_value(record(Some("0/1"))).unwrap();
        assert_eq!(
            (&value["run_id"], &value["task"], &value["job_id"]),
            (&"r1".into(), &"0/1".into(), &().into())
        );
        assert_eq!((&value["seconds"], &value["written"][0]["bytes"]), (&1.5.into(), &12.into()));
        assert!(value["time"].as_str().unwrap().ends_with('Z'));
        if cfg!(target_os = "linux") {
            assert!(value["peak_memory_bytes"].as_u64().unwrap() > 1_000_000);
        }
    }

    #[test]
    fn a_record_that_cannot_be_written_is_an_error_for_the_caller_to_warn_of() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join(LOGS), b"no folder").unwrap();
        assert_eq!(record(None).write(out.path()).unwrap_err().exit_code(), 74);
    }
}
