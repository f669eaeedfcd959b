//! Which of several tasks a process does: told by a flag, or by the scheduler's variables if asked for.

use crate::{Error, Result};
use std::env;
use std::fmt::{self, Display};
use std::str::FromStr;

/// Task `index` of `count`; indices count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Less than `count`.
    pub index: u32,
    /// At least 1.
    pub count: u32,
}

impl Task {
    fn new(index: u32, count: u32) -> std::result::Result<Self, String> {
        match count.checked_sub(1) {
            None => Err("there must be at least 1 task".into()),
            Some(last) if index > last => {
                Err(format!("task {index} of {count}: tasks count from 0, so the last is {last}/{count}"))
            }
            Some(_) => Ok(Self { index, count }),
        }
    }
}

impl Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = |text: &str| text.parse::<u32>().ok();
        let numbers = text.split_once('/').and_then(|(k, n)| Some((number(k)?, number(n)?)));
        numbers.map_or_else(
            || Err("expected K/N, as 0/7 for the first of seven tasks".into()),
            |(k, n)| Self::new(k, n),
        )
    }
}

/// Flags of a stage whose work can be divided.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct TaskFlags {
    /// Do only task K of N; K counts from 0
    #[arg(long, value_name = "K/N")]
    pub task: Option<Task>,

    /// Do the task that the scheduler's variables name
    ///
    /// Slurm: SLURM_ARRAY_TASK_ID less _MIN, of _COUNT; AWS Batch: AWS_BATCH_JOB_ARRAY_INDEX of _SIZE; Kubernetes
    /// Indexed Jobs: JOB_COMPLETION_INDEX of --tasks; GNU parallel: PARALLEL_SEQ, from 1, of --tasks.
    #[arg(long, conflicts_with = "task")]
    pub task_from_env: bool,

    /// How many tasks there are, where the scheduler does not say; with it, Slurm's indices count from 0 too
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "task")]
    pub tasks: Option<u32>,
}

impl TaskFlags {
    /// The task to do; `None` for the whole stage. The environment is read only if `--task-from-env` is given.
    ///
    /// # Errors
    /// If the scheduler's variables are not there, are no numbers, or name a task past the last.
    pub fn task(&self) -> Result<Option<Task>> {
        if !self.task_from_env {
            return Ok(self.task);
        }
        from_env(self.tasks, |name| env::var(name).ok().filter(|value| !value.is_empty())).map(Some)
    }
}

/// The variable with the index, and the one with the count, of each scheduler.
const SCHEDULERS: [(&str, Option<&str>); 4] = [
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_COUNT")),
    ("JOB_COMPLETION_INDEX", None),
    ("AWS_BATCH_JOB_ARRAY_INDEX", Some("AWS_BATCH_JOB_ARRAY_SIZE")),
    ("PARALLEL_SEQ", None),
];

fn from_env(tasks: Option<u32>, variable: impl Fn(&str) -> Option<String>) -> Result<Task> {
    let number = |name: &str| {
        let Some(value) = variable(name) else { return Ok(None) };
        let refused = || Error::usage(format!("--task-from-env: {name}={value}: must be a whole number"));
        value.parse::<u32>().map(Some).map_err(|_| refused())
    };
    let set: Vec<_> = SCHEDULERS.into_iter().filter(|(index, _)| variable(index).is_some()).collect();
    let (name, count_name) = match set[..] {
        [one] => one,
        [] => {
            let names = SCHEDULERS.map(|(index, _)| index).join(", ");
            return Err(Error::usage(format!("--task-from-env: none of {names} is set; give --task K/N")));
        }
        [(one, _), (other, _), ..] => {
            return Err(Error::usage(format!(
                "--task-from-env: both {one} and {other} are set; give --task K/N"
            )));
        }
    };
    let index = number(name)?.unwrap_or(0);
    let first = match name {
        "SLURM_ARRAY_TASK_ID" if tasks.is_none() => number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0),
        "PARALLEL_SEQ" => 1,
        _ => 0,
    };
    let index = index
        .checked_sub(first)
        .ok_or_else(|| Error::usage(format!("--task-from-env: {name}={index}: must be at least {first}")))?;
    let count = match (tasks, count_name) {
        (Some(tasks), _) => Some(tasks),
        (None, Some(count_name)) => number(count_name)?,
        (None, None) => None,
    };
    let count = count.ok_or_else(|| {
        let missing = count_name.map_or_else(String::new, |count| format!(" without {count}"));
        Error::usage(format!(
            "--task-from-env: {name}{missing} does not say how many tasks there are; give --tasks N"
        ))
    })?;
    Task::new(index, count).map_err(|reason| Error::usage(format!("--task-from-env: {name}: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tasks: Option<u32>, variables: &[(&str, &str)]) -> std::result::Result<(u32, u32), String> {
        let variable = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        let task = from_env(tasks, variable).map_err(|error| {
            assert_eq!(error.exit_code(), 64, "{error}");
            error.to_string()
        })?;
        Ok((task.index, task.count))
    }

    #[test]
    fn every_scheduler_names_the_task_in_its_own_way() {
        let slurm =
            [("SLURM_ARRAY_TASK_ID", "5"), ("SLURM_ARRAY_TASK_MIN", "3"), ("SLURM_ARRAY_TASK_COUNT", "4")];
        assert_eq!(of(None, &slurm), Ok((2, 4)));
        assert_eq!(of(Some(7), &slurm), Ok((5, 7)));
        assert_eq!(of(Some(7), &[("JOB_COMPLETION_INDEX", "0")]), Ok((0, 7)));
        let aws = [("AWS_BATCH_JOB_ARRAY_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")];
        assert_eq!(of(None, &aws), Ok((1, 2)));
        assert_eq!(of(Some(7), &[("PARALLEL_SEQ", "1")]), Ok((0, 7)));
        assert_eq!(of(Some(7), &[("PARALLEL_SEQ", "7")]), Ok((6, 7)));
    }

    #[test]
    fn an_index_past_the_count_is_refused() {
        for (tasks, variables) in [
            (None, &[("AWS_BATCH_JOB_ARRAY_INDEX", "2"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")][..]),
            (Some(3), &[("JOB_COMPLETION_INDEX", "3")]),
            (Some(3), &[("PARALLEL_SEQ", "4")]),
            (None, &[("SLURM_ARRAY_TASK_ID", "4"), ("SLURM_ARRAY_TASK_COUNT", "4")]),
        ] {
            let message = of(tasks, variables).unwrap_err();
            assert!(message.contains("tasks count from 0, so the last is"), "{message}");
        }
        assert!(of(Some(3), &[("PARALLEL_SEQ", "0")]).unwrap_err().contains("must be at least 1"));
    }

    #[test]
    fn what_the_variables_do_not_say_is_refused() {
        assert!(of(Some(3), &[]).unwrap_err().contains("none of SLURM_ARRAY_TASK_ID, "));
        assert!(of(None, &[("JOB_COMPLETION_INDEX", "0")]).unwrap_err().contains("give --tasks N"));
        assert!(
            of(None, &[("SLURM_ARRAY_TASK_ID", "0")]).unwrap_err().contains("without SLURM_ARRAY_TASK_COUNT")
        );
        let two = [("SLURM_ARRAY_TASK_ID", "0"), ("PARALLEL_SEQ", "1")];
        assert!(of(Some(3), &two).unwrap_err().contains("both SLURM_ARRAY_TASK_ID and PARALLEL_SEQ"));
        assert!(
            of(Some(3), &[("PARALLEL_SEQ", "x")]).unwrap_err().contains("PARALLEL_SEQ=x: must be a whole")
        );
    }

    #[test]
    fn tasks_are_written_as_they_are_read() {
        assert_eq!("2/7".parse::<Task>().unwrap().to_string(), "2/7");
        for wrong in ["7/7", "0/0", "1", "a/2", "-1/2", "1/2/3", ""] {
            assert!(wrong.parse::<Task>().is_err(), "{wrong}");
        }
    }
}
