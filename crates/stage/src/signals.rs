//! SIGTERM and SIGINT end the process at once, after its own temporary files are gone; SIGXFSZ does not.

use crate::{Error, Result, log};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

/// Temporary files of this process that do not have their names yet.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes `path` should a signal end the process.
pub(crate) fn remove_on_exit(path: &Path) {
    with_temporary(|paths| paths.push(path.to_path_buf()));
}

/// Takes back [`remove_on_exit`].
pub(crate) fn forget(path: &Path) {
    with_temporary(|paths| paths.retain(|other| other != path));
}

/// Watches for SIGTERM (exit code 143) and SIGINT (130) from a thread of its own, which then does `first`;
/// and lets writes past the limit of file sizes fail.
///
/// # Errors
/// If the system refuses the handlers.
pub fn watch_signals(first: impl FnOnce(i32) + Send + 'static) -> Result<()> {
    let refuse = |error| Error::internal(format!("cannot watch signals: {error}"));
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(refuse)?;
    // Then a write past the limit of file sizes fails, instead of ending the process.
    flag::register(SIGXFSZ, Arc::default()).map_err(refuse)?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            first(signal);
            // The lock stays held until the exit, so no further file gets its name or is begun.
            with_temporary(|paths| {
                for path in paths.iter() {
                    let _ = fs::remove_file(path);
                }
                log::stopped(signal, signal_hook::low_level::signal_name(signal).unwrap_or("a signal"));
                process::exit(128 + signal)
            })
        }
    });
    Ok(())
}

fn with_temporary(work: impl FnOnce(&mut Vec<PathBuf>)) {
    // A panic elsewhere leaves a list that is still right.
    work(&mut TEMPORARY.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
}
