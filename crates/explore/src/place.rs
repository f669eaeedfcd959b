//! Where a table lies: at a path, or under the name of an artifact in the folder of all of them.

use crate::frame::{Frame, Json, Labels};
use crate::value::Value;
use stage::{Error, Kind, Result};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The file that `name` means: a path, else `OUT/name`, else the one such file in a stage's folder; `.parquet` may be
/// left out.
///
/// # Errors
/// If there is none, or several.
pub(crate) fn find(name: &Path, out: Option<&Path>) -> Result<PathBuf> {
    if name.is_dir() {
        return Err(Error::data(format!("{}: a folder, not a table; name a file in it", name.display())));
    }
    if name.exists() {
        return Ok(name.to_path_buf());
    }
    let artifacts = artifacts(out)?;
    let meant = |path: &&PathBuf| {
        let bare = path.with_extension("");
        path.ends_with(name) || bare.ends_with(name)
    };
    let found: Vec<&PathBuf> = artifacts.iter().filter(meant).collect();
    match (found.as_slice(), out) {
        ([path], _) => Ok((*path).clone()),
        ([], Some(out)) if !artifacts.is_empty() => Err(missing(format!(
            "{}: no such file, nor an artifact in {}; valid are {}",
            name.display(),
            out.display(),
            artifacts.iter().map(|path| artifact(path)).collect::<Vec<_>>().join(", ")
        ))),
        ([], _) => Err(missing(format!("{}: no such file", name.display()))),
        (several, _) => Err(Error::usage(format!(
            "{}: may be {}; name the folder too",
            name.display(),
            several.iter().map(|path| artifact(path)).collect::<Vec<_>>().join(" or ")
        ))),
    }
}

/// The artifacts in OUT.
///
/// # Errors
/// If there are none.
pub(crate) fn list(out: Option<&Path>) -> Result<Frame> {
    let Some(out) = out else {
        return Err(Error::usage("no TABLE; name a file, or list the artifacts of a folder with --out"));
    };
    let artifacts = artifacts(Some(out))?;
    if artifacts.is_empty() {
        return Err(missing(format!(
            "{}: no artifacts here; run `cargo xtask pipeline` first, or name a file",
            out.display()
        )));
    }
    let bytes = |path: &PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len() as usize);
    Ok(Frame {
        title: Some(format!("tables in {}", out.display())),
        labels: Labels {
            name: "table".to_owned(),
            values: artifacts.iter().map(|path| Value::Text(artifact(path))).collect(),
            said: true,
        },
        columns: vec![("size".to_owned(), artifacts.iter().map(|path| Value::Bytes(bytes(path))).collect())],
        json: Json::Row,
    })
}

fn missing(message: String) -> Error {
    Error::new(Kind::Missing, message)
}

/// The name of an artifact: its folder and its file.
fn artifact(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    Path::new(folder).join(path.file_stem().unwrap_or_default()).display().to_string()
}

/// The Parquet files in the folders of OUT, by name; none if there is no such folder.
fn artifacts(out: Option<&Path>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in out.map_or(Ok(Vec::new()), entries)? {
        let files = if folder.is_dir() { entries(&folder)? } else { Vec::new() };
        found.extend(files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "parquet")));
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>();
    list().map_err(|error| Error::reading(folder, &error))
}
