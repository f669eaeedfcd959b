//! The check `slurm`: what `cargo xtask submit --to slurm` hands in, run by a real Slurm on this machine.
//!
//! The whole chain; a task that fails; exit code 75; jobs cancelled in mid-training and submitted again; preemption. Whatever
//! happens on the way, the artifacts must have the bytes of a local run.

mod cluster;

use super::{Flags, files};
use crate::{build, root};
use anyhow::{Context, Result, bail, ensure};
use cluster::{Cluster, Job, logs};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One model whose fit takes seconds longer than all others, so that there is time to disturb it; the model stays small.
const LONG: [&str; 4] =
    ["--set", "train.GradientBoosting.n_estimators=120000", "--set", "resources.train.cpus=1"];

/// Tasks of training: one a model.
const TASKS: usize = 6;

/// A model whose fit fails, beside others that succeed.
const FAILING: [&str; 2] = ["--set", "train.MLP.learning_rate_init=1e300"];

/// What the cases share.
struct Stand {
    cluster: Cluster,
    /// Artifacts of a local run.
    local: PathBuf,
    /// Those of one with [`LONG`].
    long: PathBuf,
}

/// A case runs in a folder of artifacts of its own.
type Case = fn(&Stand, &Path) -> Result<()>;

const CASES: [(&str, Case); 5] = [
    ("the chain", chain),
    ("a failing task", failing),
    ("exit code 75", again),
    ("cancelled and resubmitted", cancelled),
    ("preempted", preempted),
];

/// Runs all cases in one cluster.
///
/// # Errors
/// If Slurm does not start, or a case ends otherwise than it should.
pub(super) fn run(_: &Flags, folder: &Path) -> Result<String> {
    let (local, long) = (folder.join("local"), folder.join("long"));
    files::pipeline(&local, &[])?;
    files::pipeline(&long, &LONG)?;
    let stand = Stand { cluster: Cluster::start(&folder.join("cluster"))?, local, long };
    let mut saw = Vec::new();
    for (case, check) in CASES {
        let start = Instant::now();
        check(&stand, &folder.join(case)).map_err(|error| error.context(case))?;
        saw.push(format!("{case} {:.0} s", start.elapsed().as_secs_f64()));
    }
    Ok(saw.join(", "))
}

/// Three tasks of several models each; more than one of Slurm's jobs writes into one folder.
fn chain(Stand { cluster, local, .. }: &Stand, out: &Path) -> Result<()> {
    let ids = cluster.submit(out, &["--tasks", "3"])?;
    let jobs = cluster.completed(&ids)?;
    ensure!(jobs.len() == 8, "8 jobs and tasks expected, not {}", jobs.len());
    files::same(local, out)
}

/// The task's message is in its log, and nothing is built on it.
fn failing(Stand { cluster, .. }: &Stand, out: &Path) -> Result<()> {
    let ids = cluster.submit(out, &FAILING)?;
    let jobs = cluster.ended(&ids)?;
    let ended =
        |name: &str, state: &str| jobs.iter().filter(|job| job.name == name && job.state == state).count();
    let train = (ended("train", "FAILED"), ended("train", "COMPLETED"));
    ensure!(train == (1, TASKS - 1), "tasks that failed and succeeded: {train:?}");
    ensure!(jobs.iter().any(|job| job.exit == "65:0"), "no task ended with 65: {jobs:?}");
    for name in ["train-merge", "evaluate"] {
        ensure!(ended(name, "CANCELLED") == 1, "{name} was not cancelled: {jobs:?}");
    }
    let log = logs(out, "train")?;
    ensure!(
        log.contains("error: train: MLP: ") && log.contains("the fit diverged"),
        "the log does not say why: {log}"
    );
    ensure!(!out.join("evaluate").exists(), "evaluate ran");
    Ok(())
}

/// A stage whose input does not show in time asks to be run again, and is.
fn again(Stand { cluster, local, .. }: &Stand, out: &Path) -> Result<()> {
    let logs_folder = out.join("slurm");
    fs::create_dir_all(&logs_folder).with_context(|| logs_folder.display().to_string())?;
    let log = format!("--output={}/again-%j.log", logs_folder.display());
    let stage = build::folder()?.join("feature-selection");
    let config = root().join("data/laptops/pipeline.toml");
    let script = format!(
        "exec '{}' --config '{}' --out '{}' --wait 1",
        stage.display(),
        config.display(),
        out.display()
    );
    let id =
        cluster.ask("sbatch", &["--parsable", "--requeue", &log, "--open-mode=append", "--wrap", &script])?;
    let ids = [("feature-selection".to_owned(), id.trim().to_owned())];
    let job =
        cluster.until("another try", &ids, |jobs| jobs.iter().find(|job| job.waits_again()).cloned())?;
    let log = logs(out, "again")?;
    ensure!(log.contains("no such file; waited 1 s"), "the log does not say what is missing: {log}");

    files::xtask(&["stage", "ingest", "--out", &out.to_string_lossy()])?;
    cluster.hurry(&job)?;
    cluster.completed(&ids)?;
    let manifest = |out: &Path| fs::read(out.join("feature-selection/manifest.json"));
    ensure!(manifest(local)? == manifest(out)?, "the second try gave something else");
    Ok(())
}

/// Everything that is cancelled leaves nothing behind that a second submission would trip over.
fn cancelled(Stand { cluster, long, .. }: &Stand, out: &Path) -> Result<()> {
    let ids = cluster.submit(out, &LONG)?;
    let boosting = boosting(cluster, &ids)?;
    cluster.ask("scancel", &[&boosting.id])?;
    let jobs = cluster.ended(&ids)?;
    let ended = |name: &str| {
        jobs.iter().filter(|job| job.name == name).map(|job| job.state.as_str()).collect::<Vec<_>>()
    };
    for name in ["train-merge", "evaluate"] {
        ensure!(ended(name) == ["CANCELLED"], "{name} was not cancelled: {jobs:?}");
    }
    ensure!(ended("train").contains(&"CANCELLED"), "no task was cancelled: {jobs:?}");
    if let Some(stray) = files::stray(out)? {
        bail!("{} was left behind", stray.display());
    }
    let ids = cluster.submit(out, &LONG)?;
    cluster.completed(&ids)?;
    files::same(long, out)
}

/// A job of a partition that goes first ends the training, which begins again by itself.
fn preempted(Stand { cluster, long, .. }: &Stand, out: &Path) -> Result<()> {
    let ids = cluster.submit(out, &LONG)?;
    let boosting = boosting(cluster, &ids)?;
    // Held, it cannot end before Slurm gets round to the other job, however fast the machine.
    cluster.ask("scancel", &["--signal=STOP", "--full", &boosting.own_id])?;
    let urgent =
        ["--parsable", "--partition=urgent", "--cpus-per-task=2", "--output=/dev/null", "--wrap=exit 0"];
    let urgent = cluster.ask("sbatch", &urgent)?;
    cluster.completed(&[("urgent".to_owned(), urgent.trim().to_owned())])?;
    let again = cluster.until("the task to be queued again", &ids, |jobs| {
        jobs.iter().find(|job| job.own_id == boosting.own_id && job.waits_again()).cloned()
    })?;
    cluster.hurry(&again)?;
    cluster.completed(&ids)?;
    files::same(long, out)
}

/// The task that fits GradientBoosting: the one that still runs when the others have ended.
fn boosting(cluster: &Cluster, ids: &[(String, String)]) -> Result<Job> {
    cluster.until("the training of GradientBoosting", ids, |jobs| {
        let tasks: Vec<&Job> = jobs.iter().filter(|job| job.name == "train").collect();
        let running: Vec<&&Job> = tasks.iter().filter(|job| job.state == "RUNNING").collect();
        let ended = tasks.iter().filter(|job| job.state == "COMPLETED").count();
        (running.len() == 1 && ended + 1 == TASKS).then(|| (*running[0]).clone())
    })
}
