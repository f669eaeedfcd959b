//! Files under a temporary name, which get their own when they lie safely on disk.
//!
//! Whoever writes one holds a lock on it, so temporaries without a locker are strays of a process that was
//! killed, on whatever machine that ran, and [`sweep`] removes them.

use crate::manifest::hash_of_all;
use crate::{Error, Result, failpoint, signals};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
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
        Self::write_with(target, whole(bytes)).map(|(temporary, _)| temporary)
    }

    /// As [`Self::write`], what `write` writes; and what is known of it.
    ///
    /// # Errors
    /// If the disk refuses, or `write` fails.
    pub(crate) fn write_with(
        target: &Path,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
    ) -> Result<(Self, Digest)> {
        let refuse = |error: io::Error| Error::writing(target, &error);
        let (path, file) = create(target).map_err(refuse)?;
        failpoint("temporary made");
        let temporary =
            Self { path, target: target.to_path_buf(), is_synced: false, is_renamed: false, file };
        let content =
            Content { file: &temporary.file, hasher: blake3::Hasher::new(), bytes: 0, refused: None };
        let mut buffer = BufWriter::with_capacity(BUFFER, content);
        let written = write(&mut buffer).and_then(|()| buffer.flush().map_err(Error::internal));
        let (Content { hasher, bytes, refused, .. }, _) = buffer.into_parts();
        // Whoever wrote cannot say which file it was that took no more.
        refused.map_or(written, |error| Err(refuse(error)))?;
        failpoint("temporary written");
        Ok((temporary, Digest { hash: hash_of_all(&hasher), bytes }))
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

/// Writes all of a content that is there already, for [`Temporary::write_with`].
pub(crate) fn whole(bytes: &[u8]) -> impl FnOnce(&mut (dyn Write + Send)) -> Result<()> {
    |file| file.write_all(bytes).map_err(Error::internal)
}

/// Bytes that are hashed and written at once where fewer come at a time.
const BUFFER: usize = 1 << 16;

/// The content of a file on its way to the disk.
struct Content<'a> {
    file: &'a File,
    hasher: blake3::Hasher,
    bytes: usize,
    /// Why the disk took no more.
    refused: Option<io::Error>,
}

/// What is known of a content that was written.
#[derive(Debug)]
pub(crate) struct Digest {
    /// Its hash, as manifests hold it.
    pub(crate) hash: String,
    /// Its size.
    pub(crate) bytes: usize,
}

impl Write for Content<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // There is a time at which every file is begun and not whole.
        let most = if self.bytes == 0 { bytes.len().div_ceil(2) } else { bytes.len() };
        let written = self.file.write(&bytes[..most]);
        match &written {
            Ok(0) if most > 0 => self.refused = Some(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                self.hasher.update(&bytes[..*written]);
                if self.bytes == 0 {
                    failpoint("temporary begun");
                }
                self.bytes += written;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let same = error.raw_os_error().map(io::Error::from_raw_os_error);
                self.refused = Some(same.unwrap_or_else(|| error.kind().into()));
            }
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
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
