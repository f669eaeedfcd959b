//! Every file under `bad/raw` is refused with the message and the exit code that stand here, and leaves nothing
//! behind.
//!
//! All of them should have been a table of `cpu` (category), `ram` (number) and `price` (the label, at least 0),
//! like `bad/good.json`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A bad file, alone (`all`) unless it is a test file beside `good.json`.
struct Case {
    file: &'static str,
    beside_good: bool,
    exit_code: u8,
    /// What the error says after the file's path.
    message: &'static str,
}

const fn case(file: &'static str, message: &'static str) -> Case {
    Case { file, beside_good: false, exit_code: 65, message }
}

const CASES: &[Case] = &[
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bad")
}

/// Runs ingest on one bad file; returns the exit code and the message, with the paths as `<bad>`.
fn refuse(case: &Case) -> (u8, String) {
    let out = tempfile::tempdir().unwrap();
    let config = out.path().join("pipeline.toml");
    fs::write(&config, configuration(case)).unwrap();
    let artifacts = out.path().join("artifacts");
    let arguments = stage::Arguments {
        config: config.clone(),
        out: artifacts.clone(),
        data: Some(folder()),
        set: Vec::new(),
        threads: None,
    };
    let error = ingest::run(&arguments).expect_err(case.file);
    assert!(!artifacts.exists(), "{}: something was left in OUT", case.file);
    let message = error.to_string().replace(&format!("{}/", folder().display()), "");
    (error.exit_code(), message.replace(&config.display().to_string(), "pipeline.toml"))
}

fn configuration(case: &Case) -> String {
    let files = match case.beside_good {
        true => format!("train = \"good.json\", test = \"raw/{}\"", case.file),
        false => format!("all = \"raw/{}\"", case.file),
    };
    let format = match case.file.split_once('.').map(|(_, extension)| extension) {
        Some("json") => "\"json-columns\"",
        Some("records.json") => "\"json-records\"\nindex = \"id\"",
        Some("jsonl") => "\"json-lines\"\nindex = \"id\"",
        Some("csv") => "\"csv\"\nindex = \"id\"",
        Some("parquet") => "\"parquet\"\nindex = \"id\"",
        other => panic!("{}: no format for the extension {other:?}", case.file),
    };
    format!(
        "[ingest]\nfiles = {{ {files} }}\nformat = {format}\nlabel = \"price\"\nlabel_min = 0.0\n\
         [ingest.columns]\ncpu = \"category\"\nram = \"number\"\n"
    )
}

#[test]
fn every_bad_file_is_refused() {
    for case in CASES {
        let expected = (case.exit_code, case.message.replace("FILE", &format!("raw/{}", case.file)));
        assert_eq!(refuse(case), expected, "{}", case.file);
    }
}

#[test]
fn every_bad_file_has_a_case() {
    let files = fs::read_dir(folder().join("raw")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.file.to_owned()).collect();
    assert_eq!(files, cases);
    assert_eq!(cases.len(), CASES.len(), "a file has two cases");
}
