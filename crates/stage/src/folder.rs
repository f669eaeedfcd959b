//! A stage's folder of outputs: read with a check of the manifest, changed whole or not at all.
//!
//! A [`Publication`] writes every file under a temporary name of its own, and only when all of them lie
//! safely on disk gives them their names; the manifest, with a hash of each artifact, comes last as the
//! mark of a complete set.

use crate::log::{self, Level};
use crate::{Error, Kind, Patience, Result, signals};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;

/// A name that no other process has: not another machine's on the same file system, nor another container's.
static PROCESS: LazyLock<String> =
    LazyLock::new(|| format!("{}-{:08x}", process::id(), RandomState::new().hash_one(0) as u32));

/// Name of the manifest in every stage's folder.
const MANIFEST: &str = "manifest.json";

/// What a complete run of a stage left.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Manifest {
    /// By upstream stage: the hash of its outputs when this stage read them.
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    /// By file name: the hash of every artifact.
    outputs: BTreeMap<String, String>,
}

impl Manifest {
    /// One hash for all outputs.
    fn outputs_hash(&self) -> String {
        let all: String = self.outputs.iter().map(|(name, hash)| format!("{name} {hash}\n")).collect();
        hash_of(all.as_bytes())
    }
}

/// The folder of one stage's outputs, `OUT/<stage>`.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    patience: Patience,
}

impl Folder {
    /// The folder at `path`; it need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, patience: Patience::default() }
    }

    /// The same folder, whose readers wait for a file, a manifest, or the content that it promises.
    #[must_use]
    pub fn patient(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Where the file `name` lies.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether the file `name` is there.
    pub fn contains(&self, name: &str) -> bool {
        self.file(name).is_file()
    }

    /// Whether the manifest names the file.
    ///
    /// # Errors
    /// If the manifest cannot be read, or does not come in time.
    pub fn promises(&self, name: &str) -> Result<bool> {
        let manifest = self.patience.wait(&[Kind::Missing, Kind::Data], || {
            self.await_manifest()?;
            self.manifest()
        })?;
        Ok(manifest.outputs.contains_key(name))
    }

    /// The bytes of the file `name`.
    ///
    /// # Errors
    /// If it is missing, cannot be read, or is not what the manifest says the stage wrote.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        // What is altered for good and what is not whole yet look the same.
        let bytes = self.patience.wait(&[Kind::Missing, Kind::Data], || self.read_now(name))?;
        let path = self.file(name).display().to_string();
        log::event(Level::Debug, "read", &[("file", path.into()), ("bytes", bytes.len().into())]);
        Ok(bytes)
    }

    fn read_now(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.file(name);
        self.await_manifest()?;
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::reading(&path, &error).hint(format!("run the stage '{}' first", self.stage()))
            }
            _ => Error::reading(&path, &error),
        })?;
        match self.manifest()?.outputs.get(name) {
            Some(hash) if *hash != hash_of(&bytes) => Err(Error::data(format!(
                "{}: altered since the stage '{}' wrote it; run that stage again",
                path.display(),
                self.stage()
            ))),
            _ => Ok(bytes),
        }
    }

    /// The hash of the file `name`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn hash(&self, name: &str) -> Result<String> {
        self.read(name).map(|bytes| hash_of(&bytes))
    }

    /// Starts a new set of outputs, made from those of the stages in `upstream`.
    ///
    /// # Errors
    /// If the folder cannot be made, or an upstream manifest cannot be read.
    pub fn publish(&self, upstream: &[Folder]) -> Result<Publication> {
        let input = |folder: &Folder| Ok((folder.stage(), folder.manifest()?.outputs_hash()));
        let inputs = upstream.iter().map(input).collect::<Result<_>>()?;
        fs::create_dir_all(&self.path).map_err(|error| Error::writing(&self.path, &error))?;
        Ok(Publication { folder: self.clone(), inputs, staged: Vec::new(), kept: Vec::new() })
    }

    /// Whether these outputs were made from other outputs of `upstream` than lie there now.
    ///
    /// A folder without a manifest, or one that does not name the stage, was not made by a stage and is never stale.
    ///
    /// # Errors
    /// If a manifest cannot be read.
    pub fn is_stale(&self, upstream: &Folder) -> Result<bool> {
        let made_from = self.manifest()?.inputs.remove(&upstream.stage());
        let now = upstream.manifest()?.outputs_hash();
        Ok(made_from.is_some_and(|made_from| made_from != now))
    }

    /// Writes one file of its own, outside of any set: whole or not at all.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn place(&self, name: &str, bytes: &[u8]) -> Result<()> {
        fs::create_dir_all(&self.path).map_err(|error| Error::writing(&self.path, &error))?;
        rename(&write_temporary(self, name, bytes)?, &self.file(name))?;
        self.sync()
    }

    /// A reader that waits wants the mark of a complete set; others take files without a manifest as they are.
    fn await_manifest(&self) -> Result<()> {
        if self.patience.is_none() {
            return Ok(());
        }
        let place = self.file(MANIFEST);
        File::open(&place).map(drop).map_err(|error| Error::reading(&place, &error))
    }

    fn stage(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    fn manifest(&self) -> Result<Manifest> {
        let path = self.file(MANIFEST);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::data(format!("{}: not a manifest: {error}", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
            Err(error) => Err(Error::reading(&path, &error)),
        }
    }

    fn sync(&self) -> Result<()> {
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Error::writing(&self.path, &error))
    }
}

/// A file written under a temporary name.
#[derive(Debug)]
struct Staged {
    name: String,
    temporary: PathBuf,
    /// Hash of an artifact; a run record has none.
    hash: Option<String>,
    bytes: usize,
}

/// One new set of a stage's outputs, invisible until [`Self::commit`].
#[derive(Debug)]
pub struct Publication {
    folder: Folder,
    inputs: BTreeMap<String, String>,
    staged: Vec<Staged>,
    kept: Vec<String>,
}

impl Publication {
    /// Writes an artifact: hashed, and the same bytes for the same inputs.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn artifact(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.stage(name, bytes, Some(hash_of(bytes)))
    }

    /// Writes a run record: never hashed, free to hold seconds and dates.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn record(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.stage(name, bytes, None)
    }

    /// Keeps an artifact of an earlier run beside the new ones.
    pub fn keep(&mut self, name: &str) {
        self.kept.push(name.to_owned());
    }

    /// Gives all files their names, removes artifacts that this run no longer makes, and writes the manifest.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn commit(mut self) -> Result<Vec<Written>> {
        let folder = self.folder.clone();
        let before = folder.manifest().unwrap_or_default();
        let inputs = std::mem::take(&mut self.inputs);
        let mut manifest = Manifest { inputs, outputs: BTreeMap::new() };
        for (name, hash) in before.outputs {
            if self.kept.contains(&name) {
                manifest.outputs.insert(name, hash);
            } else if !self.staged.iter().any(|staged| staged.name == name) {
                remove(&folder.file(&name))?;
            }
        }
        remove(&folder.file(MANIFEST))?;
        let mut written = Vec::new();
        for staged in self.staged.drain(..) {
            let path = folder.file(&staged.name);
            rename(&staged.temporary, &path)?;
            written.push(Written { name: staged.name.clone(), bytes: staged.bytes });
            if let Some(hash) = staged.hash {
                manifest.outputs.insert(staged.name, hash);
            }
        }
        folder.sync()?;
        let text = serde_json::to_string_pretty(&manifest).map_err(Error::internal)?;
        let temporary = write_temporary(&folder, MANIFEST, text.as_bytes())?;
        rename(&temporary, &folder.file(MANIFEST))?;
        folder.sync()?;
        Ok(written)
    }

    fn stage(&mut self, name: &str, bytes: &[u8], hash: Option<String>) -> Result<()> {
        let temporary = write_temporary(&self.folder, name, bytes)?;
        self.staged.push(Staged { name: name.to_owned(), temporary, hash, bytes: bytes.len() });
        Ok(())
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        for staged in &self.staged {
            signals::forget(&staged.temporary);
            // Nothing better can be done about a stray file than to report the failure that led here.
            let _ = fs::remove_file(&staged.temporary);
        }
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

fn write_temporary(folder: &Folder, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let temporary = folder.file(&format!(".{name}.{}.tmp", *PROCESS));
    signals::remove_on_exit(&temporary);
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| {
        signals::forget(&temporary);
        let _ = fs::remove_file(&temporary);
        Error::writing(&folder.file(name), &error)
    })?;
    Ok(temporary)
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::writing(to, &error))?;
    signals::forget(from);
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::writing(path, &error)),
        _ => Ok(()),
    }
}

/// The hash of a file's content, as manifests hold it.
pub fn hash_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("ingest"));
        (root, folder)
    }

    fn names(folder: &Folder) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&folder.path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_shows_before_the_commit_and_nothing_stays_without_it() {
        let (_root, folder) = folder();
        let mut publication = folder.publish(&[]).unwrap();
        publication.artifact("a", b"1").unwrap();
        assert!(!folder.contains("a"));
        drop(publication);
        assert!(names(&folder).is_empty());
    }

    #[test]
    fn a_commit_replaces_the_set() {
        let (_root, folder) = folder();
        let mut publication = folder.publish(&[]).unwrap();
        publication.artifact("a", b"1").unwrap();
        publication.artifact("b", b"2").unwrap();
        publication.commit().unwrap();
        let mut publication = folder.publish(&[]).unwrap();
        publication.artifact("b", b"3").unwrap();
        publication.record("log", b"x").unwrap();
        publication.commit().unwrap();
        assert_eq!(names(&folder), ["b", "log", MANIFEST]);
        assert_eq!(folder.read("b").unwrap(), b"3");
    }

    #[test]
    fn kept_artifacts_stay_checked() {
        let (_root, folder) = folder();
        let mut publication = folder.publish(&[]).unwrap();
        publication.artifact("a", b"1").unwrap();
        publication.commit().unwrap();
        let mut publication = folder.publish(&[]).unwrap();
        publication.keep("a");
        publication.commit().unwrap();
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
    fn outputs_are_stale_when_upstream_changed() {
        let (root, upstream) = folder();
        let downstream = Folder::new(root.path().join("split"));
        let write = |folder: &Folder, upstream: &[Folder], bytes: &[u8]| {
            let mut publication = folder.publish(upstream).unwrap();
            publication.artifact("a", bytes).unwrap();
            publication.commit().unwrap();
        };
        write(&upstream, &[], b"1");
        write(&downstream, std::slice::from_ref(&upstream), b"x");
        assert!(!downstream.is_stale(&upstream).unwrap());
        write(&upstream, &[], b"1");
        assert!(!downstream.is_stale(&upstream).unwrap());
        write(&upstream, &[], b"2");
        assert!(downstream.is_stale(&upstream).unwrap());
    }
}
