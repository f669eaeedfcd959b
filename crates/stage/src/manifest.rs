//! The manifest beside a stage's outputs: which they are, and what they were made from.
//!
//! A stage makes its outputs in one or several *units*: most make one, named like the stage; `train` makes one
//! per model, so that a model is made again without the others, and one for the predictions of a run with
//! `--test`. A unit is fresh as long as its [`Key`] is what a run would have now and its outputs are what it wrote.

use crate::{Config, Error, Folder, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// Name of the manifest in every stage's folder.
pub const MANIFEST: &str = "manifest.json";

/// Version of the manifest's form.
const VERSION: u32 = 1;

/// What complete runs of a stage left.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// By name.
    pub units: BTreeMap<String, Unit>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { version: VERSION, units: BTreeMap::new() }
    }
}

/// Outputs that are made together, and their key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// What they were made from.
    pub key: Key,
    /// Artifacts: the hash of each, by file name.
    pub outputs: BTreeMap<String, String>,
    /// Run records without which the unit is stale, by file name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub records: BTreeSet<String>,
}

/// All that decides what a unit's outputs are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Hash of the program that made them.
    pub tool: String,
    /// Slices of the configuration by place, as `split` or `train.MLP`; see [`Config::slice`].
    pub parameters: BTreeMap<String, Value>,
    /// Hashes of raw files, by their name in the configuration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Hashes of artifacts, by `stage/file`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Hashes of files that the unit's run records show but no artifact depends on, by what they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest in `folder`; an empty one where there is none.
    ///
    /// # Errors
    /// If it cannot be read, is of another version, or names files elsewhere.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let refuse = |reason: String| Error::data(format!("{}: {reason}", path.display()));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::reading(&path, &error)),
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| refuse(format!("not a manifest: {error}; run the stage again")))?;
        if manifest.version != VERSION {
            return Err(refuse(format!(
                "of version {}, not {VERSION}; run the stage again",
                manifest.version
            )));
        }
        // A stage removes old outputs, and only what lies in its own folder is its own.
        if let Some(name) = manifest.names().find(|name| !is_plain(name)) {
            return Err(refuse(format!("not a manifest: '{name}' is no file's name; run the stage again")));
        }
        Ok(manifest)
    }

    /// The files of all units.
    fn names(&self) -> impl Iterator<Item = &String> {
        self.units.values().flat_map(|unit| unit.outputs.keys().chain(&unit.records))
    }

    /// The hash of the artifact `name`, if a unit has it.
    pub fn output(&self, name: &str) -> Option<&str> {
        self.units.values().find_map(|unit| unit.outputs.get(name)).map(String::as_str)
    }

    /// All artifacts and their hashes.
    pub fn outputs(&self) -> BTreeMap<&str, &str> {
        let all = self.units.values().flat_map(|unit| &unit.outputs);
        all.map(|(name, hash)| (name.as_str(), hash.as_str())).collect()
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(Error::internal)
    }
}

impl Key {
    /// A key of this program with the slices of the configuration at `places`.
    ///
    /// # Errors
    /// If the program cannot be read.
    pub fn new(config: &Config, places: &[&str]) -> Result<Self> {
        let key = Self { tool: tool()?, ..Self::default() };
        Ok(places.iter().fold(key, |key, place| key.slice(config, place)))
    }

    /// Adds the slice of the configuration at `place`.
    #[must_use]
    pub fn slice(mut self, config: &Config, place: &str) -> Self {
        self.parameters.insert(place.to_owned(), config.slice(place));
        self
    }

    /// Adds the artifacts that were read through `folder`, with the hashes they had then.
    #[must_use]
    pub fn read(mut self, folder: &Folder) -> Self {
        self.inputs.extend(folder.reads());
        self
    }

    /// Adds the artifact `stage/file`.
    #[must_use]
    pub fn input(mut self, artifact: String, hash: String) -> Self {
        self.inputs.insert(artifact, hash);
        self
    }

    /// Adds a raw file by its name in the configuration.
    #[must_use]
    pub fn file(mut self, name: &str, hash: String) -> Self {
        self.files.insert(name.to_owned(), hash);
        self
    }

    /// Adds a file that only run records show, by what it is.
    #[must_use]
    pub fn record(mut self, what: &str, hash: String) -> Self {
        self.records.insert(what.to_owned(), hash);
        self
    }
}

/// Whether `name` is that of a file in whatever folder it is looked for.
fn is_plain(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|file| file == name)
}

/// The hash of this program, as it was when it started.
///
/// # Errors
/// If it cannot be read.
pub fn tool() -> Result<String> {
    static TOOL: OnceLock<Result<String>> = OnceLock::new();
    let hash = || {
        // Under Linux this is the program itself, even if another lies in its place by now.
        let link = Path::new("/proc/self/exe");
        let path =
            if link.exists() { link.to_path_buf() } else { std::env::current_exe().unwrap_or_default() };
        hash_of_file(&path)
    };
    TOOL.get_or_init(hash).clone()
}

/// The hash of a file's content, as manifests hold it.
pub fn hash_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// [`hash_of`] all that was put into `hasher`.
pub(crate) fn hash_of_all(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex().to_string()
}

/// [`hash_of`] the file at `path`.
///
/// # Errors
/// If it cannot be read.
pub fn hash_of_file(path: &Path) -> Result<String> {
    let hash = || -> io::Result<String> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        Ok(hash_of_all(&hasher))
    };
    hash().map_err(|error| Error::reading(path, &error))
}
