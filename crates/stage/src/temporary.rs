//! Files under a temporary name, which get their own when they lie safely on disk.
//!
//! Whoever writes one holds a lock on it, so temporaries without a locker are strays of a process that was
//! killed, on whatever machine that ran, and [`sweep`] removes them.

use crate::{Error, Result, failpoint, signals};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A complete file that does not have its name yet; removed unless it gets it.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    target: PathBuf,
    is_synced: bool,
    is_renamed: bool,
    /// Keeps the lock.
    file: File,
}

impl Temporary {
    /// Writes `bytes` beside `target`; the disk may not have them yet.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn write(target: &Path, bytes: &[u8]) -> Result<Self> {
        let refuse = |error: io::Error| Error::writing(target, &error);
        let (path, mut file) = create(target).map_err(refuse)?;
        failpoint("temporary made");
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let mut write = || -> io::Result<()> {
            file.write_all(first)?;
            failpoint("temporary half written");
            file.write_all(second)?;
            failpoint("temporary written");
            Ok(())
        };
        let written = write();
        let target = target.to_path_buf();
        let temporary = Self { path, target, is_synced: false, is_renamed: false, file };
        written.map_err(refuse)?;
        Ok(temporary)
    }

    /// Returns when the disk has the file.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn sync(&mut self) -> Result<()> {
        if !self.is_synced {
            self.file.sync_all().map_err(|error| Error::writing(&self.target, &error))?;
            self.is_synced = true;
            failpoint("temporary synced");
        }
        Ok(())
    }

    /// Gives the file its name, once the disk has it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn rename(mut self) -> Result<()> {
        self.sync()?;
        fs::rename(&self.path, &self.target).map_err(|error| Error::writing(&self.target, &error))?;
        self.is_renamed = true;
        failpoint("renamed");
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Another process, of the same id in another container, may have taken the name that is free again.
        if !self.is_renamed {
            // Nothing better can be done about a stray file than to report the failure that led here.
            let _ = fs::remove_file(&self.path);
        }
        signals::forget(&self.path);
    }
}

/// A new file beside `target` with a name of its own, locked.
fn create(target: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!(".{name}.{}-{count}.tmp", process::id()));
        signals::remove_on_exit(&path);
        let made = OpenOptions::new().write(true).create_new(true).open(&path);
        match made.map(|file| (file.try_lock(), file)) {
            // A sweep may have taken the file for a stray before it was locked.
            Ok((Err(TryLockError::WouldBlock), _)) => {}
            Ok((Ok(()), _)) if !path.exists() => {}
            // File systems without locks have no sweeps either.
            Ok((_, file)) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                signals::forget(&path);
                return Err(error);
            }
        }
        signals::forget(&path);
    }
}

/// Whether [`create`] gives names like this.
fn is_temporary(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    let ids = inner.and_then(|inner| inner.rsplit_once('.')).and_then(|(_, ids)| ids.split_once('-'));
    ids.is_some_and(|(process, count)| is_number(process) && is_number(count))
}

/// Removes temporaries in `folder` that nobody is writing any more.
///
/// # Errors
/// If one cannot be removed.
pub fn sweep(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !is_temporary(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        // Locked until it is removed: its writer, if there is one after all, then takes another name.
        // Over NFS only who may write a file gets a lock on it that nobody shares.
        let Ok(file) = OpenOptions::new().write(true).open(&path) else { continue };
        if file.try_lock().is_ok() {
            // It is gone if its writer gave it its name after it was opened here.
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    unless_absent(path, |path| fs::remove_file(path))
}

/// Lets `remove` take away what is at `path`, if anything is.
///
/// # Errors
/// If it fails otherwise than by finding nothing.
pub fn unless_absent(path: &Path, remove: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
    match remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::writing(path, &error)),
        _ => Ok(()),
    }
}

/// Writes one file whole or not at all, and removes strays of earlier attempts beside it.
///
/// # Errors
/// If the disk refuses.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|error| Error::writing(folder, &error))?;
    sweep(folder)?;
    Temporary::write(path, bytes)?.rename()?;
    sync(folder)
}

/// Waits until the disk has the names in `folder`.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::writing(folder, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_sweep_takes_strays_and_leaves_a_locked_file_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let stray = folder.path().join(".b.1-0.tmp");
        fs::write(&stray, b"half").unwrap();
        let temporary = Temporary::write(&path, b"whole").unwrap();
        sweep(folder.path()).unwrap();
        assert!(!stray.exists());
        temporary.rename().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_sweep_takes_nothing_that_was_not_made_here() {
        let folder = tempfile::tempdir().unwrap();
        let target = tempfile::NamedTempFile::new().unwrap();
        let names = [".notes.tmp", ".b.1-0.x.tmp", ".b.1-.tmp", ".b.+1-0.tmp", "b.1-0.tmp", ".1-0.tmp"];
        names.iter().for_each(|name| fs::write(folder.path().join(name), b"kept").unwrap());
        std::os::unix::fs::symlink(target.path(), folder.path().join(".link.1-0.tmp")).unwrap();
        // Opened for writing, a pipe would wait for a reader.
        let pipe = folder.path().join(".pipe.1-0.tmp");
        assert!(process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        sweep(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), names.len() + 2);
    }

    #[test]
    fn files_that_get_their_names_during_a_sweep_are_none_of_its_concern() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        thread::scope(|scope| {
            let writers =
                [(); 4].map(|()| scope.spawn(|| (0..250).try_for_each(|_| write_whole(&path, b"whole"))));
            for writer in writers {
                writer.join().unwrap().unwrap();
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
