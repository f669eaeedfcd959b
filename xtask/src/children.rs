//! The stages' processes: they end with this one, however it ends.
//!
//! A child gets this process's id, on which it asks the kernel for a signal at our end, and the lock on OUT as its
//! standard input, so that the lock is free only when the last of them is gone. The kernel's signal comes when
//! the *thread* that started the child ends: children are started from the main thread.

use crate::pipeline::Failed;
use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use stage::{Error, Kind, Lock};
use std::ffi::OsString;
use std::path::Path;
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long children may take to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(4);

/// The children at work.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Has SIGTERM and SIGINT end the children first, and then this process.
///
/// # Errors
/// If the system refuses.
pub(crate) fn end_with_us() -> Result<()> {
    stage::watch_signals(|_| {
        // Held to the end: no further child starts.
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let all = |signal| running.iter().for_each(|&child| _ = kill_process(child, signal));
        all(Signal::TERM);
        let until = Instant::now() + PATIENCE;
        while running.iter().any(|&child| test_kill_process(child).is_ok()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        all(Signal::KILL);
        std::mem::forget(running);
    })?;
    Ok(())
}

/// Starts `binary`; it ends with this process, and holds `lock` until then.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn start(binary: &Path, flags: &[OsString], lock: &Lock) -> Result<Child> {
    let mut command = Command::new(binary);
    command.args(flags).arg("--driver").arg(process::id().to_string()).stdin(Stdio::from(lock.share()?));
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let child = command
        .spawn()
        .map_err(|error| Error::new(Kind::Io, format!("{}: cannot start: {error}", binary.display())))?;
    running.extend(id(&child));
    Ok(child)
}

/// Waits for the end of a child.
///
/// # Errors
/// [`Failed`] if it fails; another if it is killed.
pub(crate) fn wait(mut child: Child, name: &str) -> Result<()> {
    let id = id(&child);
    let status = child.wait()?;
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|&other| Some(other) != id);
    judge(status, name)
}

/// Success, or why not.
///
/// # Errors
/// As [`wait`].
pub(crate) fn judge(status: ExitStatus, name: &str) -> Result<()> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failed { code: u8::try_from(code).unwrap_or(Kind::Internal as u8) }.into()),
        None => bail!("{name}: {status}"),
    }
}

fn id(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
