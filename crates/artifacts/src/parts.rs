//! `train/parts/`: what tasks have fitted, until it is merged.
//!
//! A part is one file, `<unit>.part`: a line of JSON that says what it was made from, how long that took and the hash of
//! what follows, then the model as a Parquet file (a forest of some trees only, or a whole model). So it is there as a
//! whole or not at all, and two copies of a task at once replace each other's files by the same.

use crate::models::Model;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{Error, Folder, Kind, Result, Written, hash_of, unless_absent};
use std::fs;
use std::io;
use std::path::PathBuf;

/// Name of the folder in the stage's.
pub const FOLDER: &str = "parts";

const VERSION: u32 = 1;

/// Everything that decides about a part's content.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Source {
    /// Hash of the program.
    pub tool: String,
    /// Hash of the file of train rows.
    pub rows: String,
    /// Name of the label.
    pub label: String,
    /// The learner, as configurations spell it.
    pub learner: String,
    /// Its hyperparameters.
    pub parameters: Map<String, Value>,
    /// The first tree and the one after the last, of a forest.
    pub trees: Option<(usize, usize)>,
}

impl Source {
    /// How `other` differs, in words; `None` if it does not.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.rows != other.rows || self.label != other.label {
            return Some("made from other rows");
        }
        if self.tool != other.tool {
            return Some("made by another build of the program");
        }
        (self != other).then_some("made with another configuration")
    }
}

/// What a task fitted.
#[derive(Clone, Debug)]
pub struct Part {
    /// A forest of some trees, or a whole model.
    pub model: Model,
    /// Scaling and fit.
    pub seconds: f64,
    /// Threads of the pool.
    pub threads: u32,
    /// Whether nothing else was fitted at the same time.
    pub alone: bool,
}

/// The first line of a part.
#[derive(Deserialize, Serialize)]
struct Head {
    version: u32,
    source: Source,
    hash: String,
    seconds: f64,
    threads: u32,
    alone: bool,
}

/// The parts of a training.
#[derive(Clone, Debug)]
pub struct Parts {
    folder: Folder,
}

impl Parts {
    /// The parts in the stage's folder.
    pub fn new(train: &Folder) -> Self {
        Self { folder: Folder::new(train.file(FOLDER)) }
    }

    /// Stores the part of `unit`.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(&self, unit: &str, source: Source, part: &Part) -> Result<Written> {
        let mut model = Vec::new();
        part.model.write(&mut model)?;
        let head = Head {
            version: VERSION,
            source,
            hash: hash_of(&model),
            seconds: part.seconds,
            threads: part.threads,
            alone: part.alone,
        };
        let mut bytes = serde_json::to_vec(&head).map_err(Error::internal)?;
        bytes.push(b'\n');
        bytes.extend(model);
        let name = file(unit);
        // A merge that ends removes the folder, perhaps while a late copy of a task writes here: that costs an attempt
        // when the file goes, and one when the folder does.
        let place = || self.folder.place(&name, &bytes);
        place().or_else(|_| place()).or_else(|_| place())?;
        Ok(Written { name: format!("{FOLDER}/{name}"), bytes: bytes.len() })
    }

    /// The part of `unit`; `None` if it is not there.
    ///
    /// # Errors
    /// If it was made from anything but `source`, or is damaged.
    pub fn read(&self, unit: &str, source: &Source) -> Result<Option<Part>> {
        let path = self.folder.file(&file(unit));
        let refuse = |reason: &str| Error::data(format!("{}: {reason}; run its task again", path.display()));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::reading(&path, &error)),
        };
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| refuse("not a part"))?;
        let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| refuse("not a part"))?;
        let model = &bytes[end + 1..];
        if head.version != VERSION {
            return Err(refuse("written by another version of the program"));
        }
        if let Some(difference) = head.source.difference(source) {
            return Err(refuse(difference));
        }
        if head.hash != hash_of(model) {
            return Err(refuse("altered since its task wrote it"));
        }
        let model = Model::from_bytes(path, model.to_vec())?;
        Ok(Some(Part { model, seconds: head.seconds, threads: head.threads, alone: head.alone }))
    }

    /// All `units`, in their order.
    ///
    /// # Errors
    /// If some are missing (their names are told), or as [`Self::read`].
    pub fn read_all(&self, units: &[(String, Source)]) -> Result<Vec<Part>> {
        let mut missing = Vec::new();
        let mut parts = Vec::new();
        for (unit, source) in units {
            match self.read(unit, source)? {
                Some(part) => parts.push(part),
                None => missing.push(unit.as_str()),
            }
        }
        if missing.is_empty() {
            return Ok(parts);
        }
        let names = match missing[..] {
            [first, second, third, _, ..] => format!("{first}, {second}, {third}, …"),
            _ => missing.join(", "),
        };
        let (count, all) = (missing.len(), units.len());
        let place = self.place();
        let message = format!(
            "{}: {count} of {all} parts are missing ({names}); run their tasks first",
            place.display()
        );
        Err(Error::new(Kind::Missing, message))
    }

    /// Removes the folder with all that tasks left there; what one writes meanwhile stays.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn remove(&self) -> Result<()> {
        unless_absent(&self.place(), |place| unless_filled(fs::remove_dir_all(place)))
    }

    /// Removes the parts of `units` only, and the folder if that was all.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn remove_some(&self, units: &[String]) -> Result<()> {
        for unit in units {
            unless_absent(&self.folder.file(&file(unit)), |path| fs::remove_file(path))?;
        }
        unless_absent(&self.place(), |place| unless_filled(fs::remove_dir(place)))
    }

    fn place(&self) -> PathBuf {
        self.folder.file("")
    }
}

/// A folder that others fill is left to them.
fn unless_filled(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => removed,
    }
}

fn file(unit: &str) -> String {
    format!("{unit}.part")
}
