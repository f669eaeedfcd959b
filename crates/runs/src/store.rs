//! Records on disk: written whole or not at all, found by path, id or age.

use crate::{Run, Score};
use serde_json::{Map, Value};
use stage::{Error, Kind, Result, write_whole};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The records' folder in OUT.
pub const FOLDER: &str = "runs";

/// Makes the records' folder in `out`, for who wants to know that there is room for a record before there is one.
///
/// # Errors
/// If the disk refuses it.
pub fn make_folder(out: &Path) -> Result<()> {
    let folder = out.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| Error::writing(&folder, &error))
}

/// Writes `OUT/runs/<id>.json`; returns its path.
///
/// # Errors
/// If the disk refuses it.
pub fn write(out: &Path, run: &Run) -> Result<PathBuf> {
    let path = out.join(FOLDER).join(format!("{}.json", run.id));
    let mut text = serde_json::to_string_pretty(run).map_err(Error::internal)?;
    text.push('\n');
    write_whole(&path, text.as_bytes())?;
    Ok(path)
}

/// The runs recorded in `out`, the oldest first, and why other files there are no records.
///
/// # Errors
/// If the folder is there and cannot be read.
pub fn list(out: &Path) -> Result<(Vec<Run>, Vec<Error>)> {
    let (mut runs, mut refused) = (Vec::new(), Vec::new());
    for path in files(out)? {
        match read(&path) {
            Ok(run) => runs.push(run),
            Err(error) => refused.push(error),
        }
    }
    runs.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
    Ok((runs, refused))
}

/// What lies where the records of `out` do and is called like one, by name.
fn files(out: &Path) -> Result<Vec<PathBuf>> {
    let folder = out.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::reading(&folder, &error))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::reading(&folder, &error))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Where a run's record lies. `name` is a file, the id of a run in `out` or its beginning, `latest` or `previous`; what
/// is no record is neither of these two.
///
/// # Errors
/// If there is none, or several begin so.
pub fn find(out: &Path, name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    if path.is_file() {
        return Ok(path.to_path_buf());
    }
    let from_end = |back: usize| -> Result<Option<PathBuf>> {
        let (runs, _) = list(out)?;
        let run = runs.len().checked_sub(back).map(|place| &runs[place]);
        Ok(run.map(|run| out.join(FOLDER).join(format!("{}.json", run.id))))
    };
    let found = match name {
        "latest" => from_end(1)?,
        "previous" => from_end(2)?,
        _ => by_id(out, name)?,
    };
    found.map_or_else(|| Err(none(out, name)), Ok)
}

/// The file of the run with this id, or with one that begins so.
fn by_id(out: &Path, name: &str) -> Result<Option<PathBuf>> {
    let id = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut like = files(out)?;
    like.retain(|path| id(path).starts_with(name));
    match like.iter().find(|path| id(path) == name) {
        None if like.len() > 1 => {
            Err(Error::usage(format!("several runs begin with '{name}'; give more of the id")))
        }
        exact => Ok(exact.or(like.first()).cloned()),
    }
}

fn none(out: &Path, name: &str) -> Error {
    let place = out.join(FOLDER);
    let runs = list(out).map_or(0, |(runs, _)| runs.len());
    let text = format!("{}: no run '{name}'; {} recorded there", place.display(), counted(runs));
    Error::new(Kind::Missing, text)
}

fn counted(runs: usize) -> String {
    if runs == 1 { "1 run is".to_owned() } else { format!("{runs} runs are") }
}

/// Reads a record, or the scores alone from a `metrics.json` of the stage evaluate.
///
/// # Errors
/// If the file is missing or neither of them.
pub fn read(path: &Path) -> Result<Run> {
    let bytes = fs::read(path).map_err(|error| Error::reading(path, &error))?;
    let refuse = |reason: &dyn std::fmt::Display| {
        Error::data(format!(
            "{}: not the record of a run: {reason}; remove it or name another",
            path.display()
        ))
    };
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| refuse(&error))?;
    if value.is_array() {
        let metrics: Vec<Score> = serde_json::from_value(value).map_err(|error| refuse(&error))?;
        return Ok(of_scores(path, metrics));
    }
    match value.get("version").and_then(Value::as_u64) {
        Some(version) if version != u64::from(Run::VERSION) => {
            Err(refuse(&format!("schema version {version}, this program reads version {}", Run::VERSION)))
        }
        _ => serde_json::from_value(value).map_err(|error| refuse(&error)),
    }
}

fn of_scores(path: &Path, metrics: Vec<Score>) -> Run {
    let mut models: Vec<crate::Model> = Vec::new();
    for score in &metrics {
        if models.iter().all(|model| model.name != score.model) {
            models.push(crate::Model { name: score.model.clone(), parameters: Map::new(), seconds: None });
        }
    }
    Run {
        version: Run::VERSION,
        id: path.display().to_string(),
        created: String::new(),
        program: String::new(),
        label: String::new(),
        configuration: String::new(),
        inputs: BTreeMap::new(),
        models,
        metrics,
        stages: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str) -> Run {
        let score = Score {
            model: "Linear".into(),
            split: "test".into(),
            rmse: 0.1 + 0.2,
            mae: 1.0,
            r2: None,
            mape: 0.5,
            rows: 1,
        };
        Run { id: id.into(), created: id.into(), ..of_scores(Path::new(id), vec![score]) }
    }

    #[test]
    fn a_record_reads_back_and_leaves_no_temporary_file() {
        let out = tempfile::tempdir().unwrap();
        let path = write(out.path(), &run("a")).unwrap();
        assert_eq!(read(&path).unwrap(), run("a"));
        assert_eq!(fs::read_dir(out.path().join(FOLDER)).unwrap().count(), 1);
    }

    #[test]
    fn runs_are_found_by_age_id_beginning_and_path() {
        let out = tempfile::tempdir().unwrap();
        for id in ["20260102T000000Z-b", "20260101T000000Z-a", "20260102T000000Z-bc"] {
            write(out.path(), &run(id)).unwrap();
        }
        let found = |name: &str| {
            find(out.path(), name).map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        };
        assert_eq!(found("latest").unwrap(), "20260102T000000Z-bc");
        assert_eq!(found("previous").unwrap(), "20260102T000000Z-b");
        assert_eq!(found("20260101").unwrap(), "20260101T000000Z-a");
        assert_eq!(found("20260102T000000Z-b").unwrap(), "20260102T000000Z-b");
        assert_eq!(found("20260102").unwrap_err().exit_code(), 64);
        assert_eq!(found("2027").unwrap_err().exit_code(), 66);
        let path = out.path().join(FOLDER).join("20260101T000000Z-a.json");
        assert_eq!(find(Path::new("nowhere"), path.to_str().unwrap()).unwrap(), path);
        let error = find(Path::new("nowhere"), "latest").unwrap_err();
        assert!(error.to_string().ends_with("no run 'latest'; 0 runs are recorded there"), "{error}");
    }

    #[test]
    fn scores_alone_are_a_run_and_other_files_are_none() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("metrics.json");
        fs::write(&path, serde_json::to_string(&run("a").metrics).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap().metrics, run("a").metrics);
        for text in ["", "{}", "[1]", "{\"version\": 2}"] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap_err().exit_code(), 65, "{text}");
        }
    }
}
