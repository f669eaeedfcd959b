//! The folder of one stage's outputs, read with a check of the manifest.

use crate::log::{self, Level};
use crate::manifest::{MANIFEST, Manifest, hash_of};
use crate::publication::{Prepared, Publication};
use crate::{Error, Key, Kind, Patience, Result, failpoint, write_whole};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The folder of one stage's outputs, `OUT/<stage>`.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    patience: Patience,
    /// Hashes of the artifacts that were read through this folder or its clones.
    reads: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Folder {
    /// The folder at `path`; it need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, patience: Patience::default(), reads: Arc::default() }
    }

    /// The same folder, whose readers wait for a file, a manifest, or the content that it promises.
    #[must_use]
    pub fn patient(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file `name` lies.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether the file `name` is there.
    pub fn contains(&self, name: &str) -> bool {
        self.file(name).is_file()
    }

    /// Whether readers may have the file: the manifest names it or, where there is none, it lies there.
    ///
    /// # Errors
    /// If the file lies beside a manifest that does not name it, or the manifest cannot be read or does not come in
    /// time.
    pub fn offers(&self, name: &str) -> Result<bool> {
        self.patience.wait(&[Kind::Missing, Kind::Data], || {
            self.require_manifest()?;
            let manifest = self.manifest()?;
            match (manifest.output(name).is_some(), self.contains(name)) {
                (true, _) => Ok(true),
                (false, false) => Ok(false),
                (false, true) if manifest.units.is_empty() => Ok(true),
                (false, true) => Err(Error::data(format!(
                    "{}: the manifest does not name it, so another run left it; run the stage '{}' again, or remove it",
                    self.file(name).display(),
                    self.stage()
                ))),
            }
        })
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
        failpoint("input read");
        Ok(bytes)
    }

    fn read_now(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.file(name);
        self.require_manifest()?;
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::reading(&path, &error).hint(format!("run the stage '{}' first", self.stage()))
            }
            _ => Error::reading(&path, &error),
        })?;
        let hash = hash_of(&bytes);
        let manifest = self.manifest()?;
        let known = manifest.output(name);
        if known.is_some_and(|known| known != hash) {
            return Err(Error::data(format!(
                "{}: altered since the stage '{}' wrote it; run that stage again",
                path.display(),
                self.stage()
            )));
        }
        // What a manifest does not name is a run record, unless there is no manifest.
        if known.is_some() || manifest.units.is_empty() {
            self.reads.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), hash);
        }
        Ok(bytes)
    }

    /// The hash of the file `name`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn hash(&self, name: &str) -> Result<String> {
        self.read(name).map(|bytes| hash_of(&bytes))
    }

    /// The hash that the file `name` had when it was read through this folder, or has now if it was not.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn hash_as_read(&self, name: &str) -> Result<String> {
        let known = self.reads.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.map_or_else(|| self.hash(name), Ok)
    }

    /// Writes an artifact, of which `write` gives the content, ahead of its publication, so that several can be written at
    /// once; none is visible before.
    ///
    /// # Errors
    /// If the disk refuses it, or `write` fails.
    pub fn prepare(
        &self,
        name: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
    ) -> Result<Prepared> {
        Prepared::ahead(self, name, write)
    }

    /// Starts new outputs of a stage that makes all of them at once, from what `key` says.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn publish(&self, key: Key) -> Result<Publication> {
        let mut publication = self.publish_units()?;
        publication.unit(&self.stage(), key);
        Ok(publication)
    }

    /// Starts new outputs of a stage that makes several units; see [`Publication::unit`].
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn publish_units(&self) -> Result<Publication> {
        Publication::new(self.clone())
    }

    /// The manifest of what lies here; an empty one where there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn manifest(&self) -> Result<Manifest> {
        Manifest::read(&self.path)
    }

    /// Writes one file of its own, outside of any set: whole or not at all.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn place(&self, name: &str, bytes: &[u8]) -> Result<()> {
        write_whole(&self.file(name), bytes)
    }

    /// The artifact `name` of this folder as [`Key::inputs`] call it: `stage/name`.
    pub fn artifact(&self, name: &str) -> String {
        format!("{}/{name}", self.stage())
    }

    /// The artifacts that were read so far, and their hashes.
    pub(crate) fn reads(&self) -> Vec<(String, String)> {
        let reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.iter().map(|(name, hash)| (self.artifact(name), hash.clone())).collect()
    }

    /// A reader that waits wants the mark of a complete set; others take files without a manifest as they are.
    fn require_manifest(&self) -> Result<()> {
        if self.patience.is_none() {
            return Ok(());
        }
        let place = self.file(MANIFEST);
        File::open(&place).map(drop).map_err(|error| Error::reading(&place, &error))
    }

    fn stage(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}
