//! Who may work on OUT: one pipeline, or any number of stages that somebody runs on their own.
//!
//! The lock is the kernel's (flock on `OUT/.lock`), so it ends with its process however that ends. The file's
//! content only says who holds it.

use crate::{Error, Kind, Result};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Alone: a pipeline.
    Alone,
    /// Beside others that hold it so: a stage.
    Shared,
}

/// OUT, held until this and the children it was given to are gone.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Holds the folder `out`, which is made if need be, for `who`; waits up to `wait` for others.
    ///
    /// # Errors
    /// [`Kind::Temporary`], with who holds it, if others still do after `wait`; [`Kind::Io`] if the lock's
    /// file cannot be made.
    pub fn hold(out: &Path, hold: Hold, who: &str, wait: Duration) -> Result<Self> {
        let path = out.join(".lock");
        let refuse = |error: io::Error| Error::writing(&out.join(".lock"), &error);
        fs::create_dir_all(out).map_err(|error| Error::writing(out, &error))?;
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(refuse)?;
        let until = Instant::now().checked_add(wait);
        loop {
            let taken = match hold {
                Hold::Alone => file.try_lock(),
                Hold::Shared => file.try_lock_shared(),
            };
            match taken {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if until.is_none_or(|until| Instant::now() < until) => {
                    thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => return Err(held(&mut file, out)),
                // Without locks of its own, a file system leaves it to whoever starts two runs at once.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => break,
                Err(TryLockError::Error(error)) => return Err(refuse(error)),
            }
        }
        sign(&mut file, &format!("{who}, {}", myself())).map_err(refuse)?;
        Ok(Self { file, path })
    }

    /// The lock as a file for a child: while the child has it open, the lock stays held.
    ///
    /// # Errors
    /// If the process may open no more files.
    pub fn share(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| Error::writing(&self.path, &error))
    }
}

/// Says in the lock's file who holds it.
fn sign(file: &mut File, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

/// Why OUT cannot be held.
fn held(file: &mut File, out: &Path) -> Error {
    let mut holder = String::new();
    let _ = file.read_to_string(&mut holder);
    let by = if holder.is_empty() { "another process".to_owned() } else { holder };
    Error::new(Kind::Temporary, format!("{}: in use by {by}; try again when that is done", out.display()))
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// As in "process 4711 on node3 since 2026-01-31T12:00:00Z".
fn myself() -> String {
    let since = humantime::format_rfc3339_seconds(SystemTime::now());
    format!("process {} on {} since {since}", std::process::id(), host())
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(out: &Path, hold: Hold, who: &str) -> Result<Lock> {
        Lock::hold(out, hold, who, Duration::ZERO)
    }

    #[test]
    fn one_pipeline_or_many_stages() {
        let out = tempfile::tempdir().unwrap();
        let stages = ["split", "train"].map(|who| hold(out.path(), Hold::Shared, who).unwrap());
        assert_eq!(hold(out.path(), Hold::Alone, "pipeline").unwrap_err().exit_code(), 75);
        drop(stages);
        let pipeline = hold(out.path(), Hold::Alone, "pipeline").unwrap();
        // Whoever is refused leaves the holder's name as it is.
        assert_eq!(hold(out.path(), Hold::Alone, "pipeline").unwrap_err().exit_code(), 75);
        let refused = hold(out.path(), Hold::Shared, "train").unwrap_err();
        let line = refused.to_string();
        assert_eq!(refused.exit_code(), 75);
        let id = std::process::id();
        assert!(line.contains(&format!("in use by pipeline, process {id} on ")), "{line}");
        drop(pipeline);
        hold(out.path(), Hold::Alone, "pipeline").unwrap();
    }

    #[test]
    fn a_child_that_has_it_holds_it() {
        let out = tempfile::tempdir().unwrap();
        let lock = hold(out.path(), Hold::Alone, "pipeline").unwrap();
        let child = lock.share().unwrap();
        drop(lock);
        assert!(hold(out.path(), Hold::Alone, "pipeline").is_err());
        drop(child);
        hold(out.path(), Hold::Alone, "pipeline").unwrap();
    }
}
