//! Which run, task, attempt and job this process is, for logs and run records.

use crate::hash_of;
use serde::{Deserialize, Serialize};
use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// What tells this process apart from others of the same run, and from other runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Context {
    /// All stages of a run share it.
    pub run_id: String,
    /// The stage.
    pub stage: String,
    /// `k/n` if the process does one of several tasks.
    pub task: Option<String>,
    /// Counts from 1; `None` where no scheduler counts.
    pub attempt: Option<u32>,
    /// The scheduler's name for the job; `None` outside of one.
    pub job_id: Option<String>,
}

impl Context {
    /// The stage `stage`, in a new run unless `run_id` names one, under the scheduler that the environment tells of.
    pub fn new(stage: &str, run_id: Option<String>, task: Option<String>) -> Self {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            run_id: run_id.unwrap_or_else(generated_run_id),
            stage: stage.to_owned(),
            task,
            attempt: attempt(variable),
            job_id: job_id(variable),
        }
    }
}

/// The time in UTC, as RFC 3339 has it, with milliseconds.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

/// A run id that no other run has: when it began, and a word that differs between processes.
///
/// As in `20261125T184000Z-6f1b09`, so that ids sort by time.
pub fn generated_run_id() -> String {
    let now = SystemTime::now();
    let time = humantime::format_rfc3339_seconds(now).to_string().replace(['-', ':'], "");
    let nanos = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let word = hash_of(format!("{nanos} {}", std::process::id()).as_bytes());
    format!("{time}-{}", &word[..6])
}

/// Slurm counts restarts from 0 and says nothing before the first; AWS Batch counts attempts from 1.
fn attempt(variable: impl Fn(&str) -> Option<String>) -> Option<u32> {
    let number = |name: &str| variable(name).and_then(|value| value.parse::<u32>().ok());
    let slurm =
        || variable("SLURM_JOB_ID").map(|_| number("SLURM_RESTART_COUNT").unwrap_or(0).saturating_add(1));
    slurm().or_else(|| number("AWS_BATCH_JOB_ATTEMPT"))
}

/// Slurm's array job and element, or its job; AWS Batch's job; the pod of a Kubernetes Indexed Job, whose name
/// has the job's and the index.
fn job_id(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let element =
        || Some(format!("{}_{}", variable("SLURM_ARRAY_JOB_ID")?, variable("SLURM_ARRAY_TASK_ID")?));
    let pod = || variable("JOB_COMPLETION_INDEX").and_then(|_| variable("HOSTNAME"));
    element().or_else(|| variable("SLURM_JOB_ID")).or_else(|| variable("AWS_BATCH_JOB_ID")).or_else(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T>(read: impl Fn(&dyn Fn(&str) -> Option<String>) -> T, variables: &[(&str, &str)]) -> T {
        read(&|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn jobs_have_the_names_that_their_scheduler_gives() {
        let job = |variables: &[(&str, &str)]| of(|variable| job_id(variable), variables);
        assert_eq!(job(&[]), None);
        assert_eq!(job(&[("SLURM_JOB_ID", "7")]).as_deref(), Some("7"));
        let element = [("SLURM_JOB_ID", "9"), ("SLURM_ARRAY_JOB_ID", "7"), ("SLURM_ARRAY_TASK_ID", "2")];
        assert_eq!(job(&element).as_deref(), Some("7_2"));
        assert_eq!(job(&[("AWS_BATCH_JOB_ID", "a:3")]).as_deref(), Some("a:3"));
        assert_eq!(job(&[("HOSTNAME", "laptop")]), None);
        assert_eq!(
            job(&[("HOSTNAME", "train-3"), ("JOB_COMPLETION_INDEX", "3")]).as_deref(),
            Some("train-3")
        );
    }

    #[test]
    fn attempts_count_from_one() {
        let attempt = |variables: &[(&str, &str)]| of(|variable| attempt(variable), variables);
        assert_eq!(attempt(&[]), None);
        assert_eq!(attempt(&[("SLURM_JOB_ID", "7")]), Some(1));
        assert_eq!(attempt(&[("SLURM_JOB_ID", "7"), ("SLURM_RESTART_COUNT", "2")]), Some(3));
        assert_eq!(attempt(&[("AWS_BATCH_JOB_ATTEMPT", "2")]), Some(2));
    }

    #[test]
    fn generated_run_ids_are_valid_and_differ() {
        let (one, two) = (generated_run_id(), generated_run_id());
        assert_ne!(one, two);
        assert_eq!(crate::cli::run_id(&one), Ok(one.clone()));
        assert_eq!((one.len(), &one[8..9], &one[15..17]), (23, "T", "Z-"));
    }
}
