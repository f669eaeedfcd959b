//! New outputs of a stage, invisible until they are complete: the folder changes whole or not at all.
//!
//! Every file is written under a temporary name. Only when all of them lie safely on disk do they get their
//! names; the manifest, with the hash of each artifact, comes last as the mark of a complete set. Killed between,
//! the old manifest stands beside some new files, which readers refuse as altered and a rerun replaces.

use crate::manifest::{MANIFEST, Manifest, Unit};
use crate::temporary::{Temporary, remove, sweep, sync, whole};
use crate::{Error, Folder, Key, Result, failpoint};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::mem;
use std::path::Path;

/// A file that lies there under a temporary name.
#[derive(Debug)]
struct Staged {
    written: Written,
    temporary: Temporary,
}

/// An artifact that is written, hashed, and waits for its publication; dropped without, it leaves nothing.
#[derive(Debug)]
pub struct Prepared {
    staged: Staged,
    hash: String,
}

impl Prepared {
    /// For a publication that may not have begun.
    pub(crate) fn ahead(
        folder: &Folder,
        name: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
    ) -> Result<Self> {
        // What refuses files refuses the lock first, whichever file comes first.
        open_lock(folder.path())?;
        let mut prepared = Self::new(folder, name, write)?;
        prepared.staged.temporary.sync()?;
        Ok(prepared)
    }

    fn new(
        folder: &Folder,
        name: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
    ) -> Result<Self> {
        let (temporary, digest) = Temporary::write_with(&folder.file(name), write)?;
        let written = Written { name: name.to_owned(), bytes: digest.bytes };
        Ok(Self { staged: Staged { written, temporary }, hash: digest.hash })
    }

    /// The hash that the manifest will have of it.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// New outputs of a stage; dropped without [`Self::commit`], they leave nothing.
///
/// One process publishes into a folder at a time; others wait when they begin to.
#[derive(Debug)]
pub struct Publication {
    folder: Folder,
    units: Vec<(String, Unit)>,
    staged: Vec<Staged>,
    kept: Vec<String>,
    /// Keeps other processes from publishing here at the same time.
    _lock: File,
}

impl Publication {
    pub(crate) fn new(folder: Folder) -> Result<Self> {
        let path = folder.path();
        let lock = lock(path)?;
        sweep(path)?;
        failpoint("publication begun");
        Ok(Self { folder, units: Vec::new(), staged: Vec::new(), kept: Vec::new(), _lock: lock })
    }

    /// Begins a unit: the files that follow belong to it, and were made from what `key` says.
    pub fn unit(&mut self, name: &str, key: Key) {
        self.units.push((name.to_owned(), Unit { key, ..Unit::default() }));
    }

    /// Writes an artifact of the unit: hashed, and the same bytes for the same key.
    ///
    /// # Errors
    /// If the disk refuses it, or no unit has begun.
    pub fn artifact(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.artifact_with(name, whole(bytes))
    }

    /// As [`Self::artifact`], what `write` writes.
    ///
    /// # Errors
    /// If the disk refuses it, `write` fails, or no unit has begun.
    pub fn artifact_with(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
    ) -> Result<()> {
        self.prepared(Prepared::new(&self.folder, name, write)?)
    }

    /// Adds an artifact of the unit that was prepared before; see [`Folder::prepare`].
    ///
    /// # Errors
    /// If no unit has begun.
    pub fn prepared(&mut self, Prepared { staged, hash }: Prepared) -> Result<()> {
        let name = &staged.written.name;
        let Some((_, unit)) = self.units.last_mut() else {
            return Err(Error::internal(format!("the artifact {name} belongs to no unit")));
        };
        unit.outputs.insert(name.clone(), hash);
        self.staged.push(staged);
        Ok(())
    }

    /// Writes a run record: never hashed, free to hold seconds and dates.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn record(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.staged.push(Prepared::new(&self.folder, name, whole(bytes))?.staged);
        Ok(())
    }

    /// Has the unit count as stale where the record `name` is gone.
    pub fn require(&mut self, name: &str) {
        if let Some((_, unit)) = self.units.last_mut() {
            unit.records.insert(name.to_owned());
        }
    }

    /// Keeps the unit of an earlier run beside the new ones.
    pub fn keep(&mut self, unit: &str) {
        self.kept.push(unit.to_owned());
    }

    /// Gives all files their names, removes what this run neither makes nor keeps, and writes the manifest.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn commit(mut self) -> Result<Vec<Written>> {
        let path = self.folder.path().to_path_buf();
        let before = self.folder.manifest().unwrap_or_default();
        let mut manifest = Manifest::default();
        manifest.units.extend(self.units.drain(..));
        let mut old = Vec::new();
        for (name, unit) in before.units {
            if self.kept.contains(&name) {
                manifest.units.entry(name).or_insert(unit);
            } else {
                for name in unit.outputs.keys().chain(&unit.records) {
                    // What is no file any more is not what the stage wrote.
                    if self.folder.contains(name)
                        && manifest.output(name).is_none()
                        && !self.staged.iter().any(|new| new.written.name == *name)
                    {
                        old.push(path.join(name));
                    }
                }
            }
        }
        // A disk that is full refuses this before anything is lost. All files go to it at once.
        let mut manifest = Temporary::write(&path.join(MANIFEST), &manifest.to_bytes()?)?;
        let files = self.staged.par_iter_mut().map(|staged| &mut staged.temporary);
        let synced: Vec<Result<()>> = files.chain([&mut manifest]).map(Temporary::sync).collect();
        synced.into_iter().collect::<Result<()>>()?;
        for file in old {
            remove(&file)?;
            failpoint("old output removed");
        }
        // Where a large file is replaced, this is when the old one is freed.
        let renamed = mem::take(&mut self.staged).into_par_iter().map(|Staged { written, temporary }| {
            temporary.rename()?;
            Ok(written)
        });
        let renamed: Vec<Result<Written>> = renamed.collect();
        let written = renamed.into_iter().collect::<Result<Vec<_>>>()?;
        sync(&path)?;
        failpoint("outputs published");
        manifest.rename()?;
        sync(&path)?;
        failpoint("manifest published");
        Ok(written)
    }
}

/// A file that a commit published.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Written {
    /// File name in the stage's folder.
    pub name: String,
    /// Its size.
    pub bytes: usize,
}

/// Name of the file that is locked while a process publishes.
const LOCK: &str = ".lock";

/// The folder's lock, not taken; both are made if they are not there.
fn open_lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).map_err(|error| Error::writing(folder, &error))?;
    let path = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    file.map_err(|error| Error::writing(&path, &error))
}

/// Keeps other processes from publishing into `folder` until it is dropped.
fn lock(folder: &Path) -> Result<File> {
    let file = open_lock(folder)?;
    match file.lock() {
        // Without locks of its own, a file system leaves it to whoever starts two runs at once.
        Err(error) if error.kind() != io::ErrorKind::Unsupported => {
            Err(Error::writing(&folder.join(LOCK), &error))
        }
        _ => Ok(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash_of;

    fn folder() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("ingest"));
        (root, folder)
    }

    /// Publishes files as units of their names.
    fn publish(folder: &Folder, files: &[(&str, &[u8])], kept: &[&str]) {
        let mut publication = folder.publish_units().unwrap();
        for (name, bytes) in files {
            publication.unit(name, Key::default());
            publication.artifact(name, bytes).unwrap();
        }
        kept.iter().for_each(|name| publication.keep(name));
        publication.commit().unwrap();
    }

    fn names(folder: &Folder) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_shows_before_the_commit_and_nothing_stays_without_it() {
        let (_root, folder) = folder();
        let mut publication = folder.publish(Key::default()).unwrap();
        publication.artifact("a", b"1").unwrap();
        assert!(!folder.contains("a"));
        drop(publication);
        assert_eq!(names(&folder), [".lock"]);
    }

    #[test]
    fn a_commit_replaces_the_set_and_its_records() {
        let (_root, folder) = folder();
        publish(&folder, &[("a", b"1"), ("b", b"2")], &[]);
        let mut publication = folder.publish(Key::default()).unwrap();
        publication.artifact("b", b"3").unwrap();
        publication.record("log", b"x").unwrap();
        publication.require("log");
        publication.commit().unwrap();
        assert_eq!(names(&folder), [".lock", "b", "log", MANIFEST]);
        assert_eq!(folder.read("b").unwrap(), b"3");
        publish(&folder, &[("b", b"3")], &[]);
        assert_eq!(names(&folder), [".lock", "b", MANIFEST]);
    }

    #[test]
    fn a_manifest_that_names_files_elsewhere_removes_none() {
        let (root, folder) = folder();
        let victim = root.path().join("victim");
        fs::write(&victim, b"kept").unwrap();
        for name in ["../victim", victim.to_str().unwrap(), "", ".", "..", "a/", "./a"] {
            publish(&folder, &[("a", b"1")], &[]);
            let manifest = folder.file(MANIFEST);
            let text = fs::read_to_string(&manifest).unwrap();
            fs::write(&manifest, text.replace("\"a\": \"", &format!("\"{name}\": \""))).unwrap();
            let error = folder.manifest().unwrap_err();
            assert_eq!(error.exit_code(), 65, "{name}: {error}");
            assert!(error.to_string().ends_with("; run the stage again"), "{name}: {error}");
            publish(&folder, &[("b", b"1")], &[]);
            assert_eq!(folder.read("b").unwrap(), b"1");
            assert_eq!(fs::read(&victim).unwrap(), b"kept");
        }
    }

    #[test]
    fn a_folder_in_place_of_an_old_output_stays() {
        let (_root, folder) = folder();
        publish(&folder, &[("a", b"1")], &[]);
        fs::remove_file(folder.file("a")).unwrap();
        fs::create_dir(folder.file("a")).unwrap();
        publish(&folder, &[("b", b"1")], &[]);
        assert_eq!(names(&folder), [".lock", "a", "b", MANIFEST]);
    }

    #[test]
    fn kept_units_stay_checked() {
        let (_root, folder) = folder();
        publish(&folder, &[("a", b"1"), ("b", b"1")], &[]);
        publish(&folder, &[("b", b"2")], &["a", "b"]);
        assert_eq!((folder.read("a").unwrap(), folder.read("b").unwrap()), (b"1".to_vec(), b"2".to_vec()));
        fs::write(folder.file("a"), b"2").unwrap();
        assert_eq!(folder.read("a").unwrap_err().exit_code(), 65);
    }

    #[test]
    fn a_missing_file_names_the_stage_to_run() {
        let (_root, folder) = folder();
        let error = folder.read("a").unwrap_err();
        assert_eq!(error.exit_code(), 66);
        assert!(error.to_string().ends_with("no such file; run the stage 'ingest' first"), "{error}");
    }

    #[test]
    fn a_key_holds_what_was_read_as_it_was_then() {
        let (_root, folder) = folder();
        publish(&folder, &[("a", b"1"), ("b", b"1")], &[]);
        folder.read("a").unwrap();
        publish(&folder, &[("a", b"2")], &[]);
        let key = Key::default().read(&folder);
        assert_eq!(key.inputs.into_iter().collect::<Vec<_>>(), [("ingest/a".to_owned(), hash_of(b"1"))]);
    }

    #[test]
    fn strays_are_swept_and_files_in_work_are_not() {
        let (_root, folder) = folder();
        let mut publication = folder.publish(Key::default()).unwrap();
        publication.artifact("a", b"1").unwrap();
        fs::write(folder.file(".b.1-0.tmp"), b"half").unwrap();
        assert_eq!(names(&folder).len(), 3);
        sweep(folder.path()).unwrap();
        assert_eq!(names(&folder).len(), 2);
        publication.commit().unwrap();
        assert_eq!(names(&folder), [".lock", "a", MANIFEST]);
    }
}
