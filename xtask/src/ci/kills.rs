//! The check `kills`: kill -9 at moments spread over a run, then a rerun, gives the bytes of an undisturbed run.

use super::Flags;
use super::files::{artifacts, differing, stray};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Kills the pipeline `--kills` times, in turn into an empty folder and over a complete one, and in turn the driver alone,
/// whose stage must die with it, and both.
///
/// # Errors
/// If a rerun fails, or leaves other artifacts than an undisturbed run.
pub(super) fn run(flags: &Flags, folder: &Path) -> Result<String> {
    let binaries = crate::pipeline::build()?;
    let undisturbed = folder.join("undisturbed");
    let begun = Instant::now();
    complete(&binaries, &undisturbed)?;
    let run = begun.elapsed();
    let expected = artifacts(&undisturbed)?;

    let out = folder.join("killed");
    let mut ended = 0;
    for kill in 0..flags.kills {
        let delay = run.mul_f64((f64::from(kill) + 0.5) / f64::from(flags.kills));
        if kill % 2 == 0 && out.exists() {
            fs::remove_dir_all(&out)?;
        }
        let alone = kill / 2 % 2 == 0;
        if !killed_after(start(&binaries, &out, &["--force"])?, delay, alone)? {
            ended += 1;
        }
        complete(&binaries, &out)?;
        let found = artifacts(&out)?;
        if let Some(name) = differing(&expected, &found) {
            bail!("killed after {delay:.0?}: {name} is not what an undisturbed run gives");
        }
        if let Some(stray) = stray(&out)? {
            bail!("killed after {delay:.0?}: {} is left", stray.display());
        }
    }
    ensure!(ended < flags.kills, "none of {} kills came in time: this shows nothing", flags.kills);
    Ok(format!(
        "{} kills spread over {:.1} s ({ended} came too late), {} files as of an undisturbed run and no strays each time",
        flags.kills,
        run.as_secs_f64(),
        expected.len()
    ))
}

/// A run of this program's pipeline into `out`, in a process group of its own.
fn start(binaries: &Path, out: &Path, flags: &[&str]) -> Result<Child> {
    let program = env::current_exe().context("cannot tell where this program lies")?;
    Command::new(program)
        .arg("pipeline")
        .args(flags)
        .arg("--bin-dir")
        .arg(binaries)
        .arg("--out")
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start the pipeline")
}

fn complete(binaries: &Path, out: &Path) -> Result<()> {
    let status = start(binaries, out, &[])?.wait()?;
    if !status.success() {
        bail!("the pipeline fails: {status}");
    }
    Ok(())
}

/// Kills a run after `delay`, alone or with its stages; whether it was still at work then.
fn killed_after(mut child: Child, delay: Duration, alone: bool) -> Result<bool> {
    thread::sleep(delay);
    if child.try_wait()?.is_some() {
        return Ok(false);
    }
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a child without id")?;
    if alone {
        kill_process(group, Signal::KILL)?
    } else {
        kill_process_group(group, Signal::KILL)?
    };
    child.wait()?;
    Ok(true)
}
