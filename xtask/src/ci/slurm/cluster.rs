//! A Slurm of one node for as long as a value lives, and what its jobs are doing.

use crate::ci::files::said;
use crate::root;
use anyhow::{Context, Result, bail, ensure};
use stage::{Error, Kind};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take; a machine that does many things at once is slow.
const LIMIT: Duration = Duration::from_secs(240);

/// A cluster that `xtask/slurm/cluster.sh` keeps while its standard input is open, and ends when that closes, be it
/// by the death of this process.
pub(super) struct Cluster {
    script: Child,
    configuration: PathBuf,
}

/// A job, or a task of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Job {
    pub(super) name: String,
    /// Its id, or its array's.
    pub(super) id: String,
    /// Its own id, in an array too; that of an array's last task is the array's.
    pub(super) own_id: String,
    /// Its place in an array, empty without one.
    task: String,
    pub(super) state: String,
    pub(super) restarts: String,
    /// As `65:0`.
    pub(super) exit: String,
}

impl Job {
    /// Whether it ran once and is queued again.
    pub(super) fn waits_again(&self) -> bool {
        self.state == "PENDING" && self.restarts == "1"
    }
}

impl Cluster {
    /// Starts a cluster in the folder `folder`, which must not exist.
    ///
    /// # Errors
    /// [`Kind::Missing`] if it does not start, as where Slurm is not installed.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let mut script = Command::new(root().join("xtask/slurm/cluster.sh"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cluster.sh")?;
        let mut line = String::new();
        if let Some(said) = script.stdout.take() {
            BufReader::new(said).read_line(&mut line).context("reading from cluster.sh")?;
        }
        let cluster = Self { script, configuration: folder.join("slurm.conf") };
        if line.is_empty() {
            return Err(Error::new(Kind::Missing, "Slurm does not start; see above").into());
        }
        Ok(cluster)
    }

    /// One of Slurm's commands, or one that calls them.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", &self.configuration);
        command
    }

    /// What a command of Slurm's says.
    pub(super) fn ask(&self, program: &str, arguments: &[&str]) -> Result<String> {
        said(self.command(program).args(arguments))
    }

    /// Submits the pipeline by `cargo xtask submit`; the ids by job.
    pub(super) fn submit(&self, out: &Path, flags: &[&str]) -> Result<Vec<(String, String)>> {
        let program = env::current_exe().context("cannot tell where this program lies")?;
        let text =
            said(self.command(program).args(["submit", "--to", "slurm", "--out"]).arg(out).args(flags))?;
        let pair = |line: &str| line.split_once(' ').map(|(name, id)| (name.to_owned(), id.to_owned()));
        text.lines().map(pair).collect::<Option<_>>().with_context(|| format!("submit says {text}"))
    }

    /// All jobs and tasks of the array or job with one of these ids.
    pub(super) fn jobs(&self, ids: &[(String, String)]) -> Result<Vec<Job>> {
        let text = self.ask("scontrol", &["--oneliner", "show", "job"])?;
        Ok(text.lines().map(job).filter(|job| ids.iter().any(|(_, id)| *id == job.id)).collect())
    }

    /// Looks until `seen` sees what it looks for among these jobs.
    ///
    /// # Errors
    /// If that takes too long.
    pub(super) fn until<T>(
        &self,
        what: &str,
        ids: &[(String, String)],
        seen: impl Fn(&[Job]) -> Option<T>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            let jobs = self.jobs(ids)?;
            if let Some(found) = seen(&jobs) {
                return Ok(found);
            }
            if start.elapsed() > LIMIT {
                bail!("waited {LIMIT:?} for {what}: {jobs:?}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until all of these jobs have ended well.
    ///
    /// # Errors
    /// If one does not.
    pub(super) fn completed(&self, ids: &[(String, String)]) -> Result<Vec<Job>> {
        let jobs = self.ended(ids)?;
        let failed = |job: &Job| {
            (job.state != "COMPLETED").then(|| {
                let Job { name, own_id, state, exit, restarts, .. } = job;
                format!("{name} ({own_id}) ended as {state} ({exit}) after {restarts} restarts")
            })
        };
        let failed: Vec<String> = jobs.iter().filter_map(failed).collect();
        ensure!(failed.is_empty(), "{}", failed.join(", "));
        Ok(jobs)
    }

    /// Waits until all of these jobs have ended.
    pub(super) fn ended(&self, ids: &[(String, String)]) -> Result<Vec<Job>> {
        let over =
            |job: &Job| !["PENDING", "RUNNING", "COMPLETING", "REQUEUED"].contains(&job.state.as_str());
        self.until("the end of all jobs", ids, |jobs| jobs.iter().all(over).then(|| jobs.to_vec()))
    }

    /// Lets a job that waits to run again do so soon; Slurm would let it wait for two minutes.
    ///
    /// Not in this very second: slurmd takes a credential made in the second in which it revoked the last one for
    /// that one, and the job fails.
    pub(super) fn hurry(&self, job: &Job) -> Result<()> {
        let Job { id, task, .. } = job;
        // An id alone could mean all tasks of an array, of which some have just ended and refuse.
        let place = if task.is_empty() { id.clone() } else { format!("{id}_{task}") };
        self.ask("scontrol", &["update", &format!("job={place}"), "StartTime=now+2"]).map(drop)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

/// Reads a line of `scontrol --oneliner show job`.
fn job(line: &str) -> Job {
    let field = |name: &str| {
        let value = line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    };
    let (own_id, array) = (field("JobId"), field("ArrayJobId"));
    Job {
        name: field("JobName"),
        id: if array.is_empty() { own_id.clone() } else { array },
        own_id,
        task: field("ArrayTaskId"),
        state: field("JobState"),
        restarts: field("Restarts"),
        exit: field("ExitCode"),
    }
}

/// The texts of all logs of the job `name` in a folder of artifacts.
pub(super) fn logs(out: &Path, name: &str) -> Result<String> {
    let folder = out.join("slurm");
    let mut text = String::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let log = path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name));
        if log && path.extension().is_some_and(|extension| extension == "log") {
            text.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_from_its_line() {
        let line = "JobId=12 ArrayJobId=9 ArrayTaskId=3 JobName=train UserId=root(0) JobState=RUNNING Reason=None \
                    Requeue=1 Restarts=2 BatchFlag=1 Reboot=0 ExitCode=0:15 Command=(null)";
        let job = job(line);
        assert_eq!((job.id.as_str(), job.own_id.as_str(), job.name.as_str()), ("9", "12", "train"));
        assert_eq!((job.state.as_str(), job.restarts.as_str(), job.exit.as_str()), ("RUNNING", "2", "0:15"));
        assert_eq!(job.task, "3");
        assert_eq!(super::job("JobId=5 JobName=split").id, "5");
    }
}
