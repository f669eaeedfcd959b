//! Every number is pandas': of the sample data, and of small tables with every type of column, in every format.
//!
//! `golden/pandas_says.py` made the small tables and `golden/pandas.json`.
#![expect(clippy::unwrap_used, reason = "helpers of a test do as tests do")]

use clap::Parser;
use explore::CommandLine;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn path_of(name: &str) -> PathBuf {
    let sample = golden().join("../../../../data/laptops").join(name);
    if sample.exists() { sample } else { golden().join(name) }
}

/// What a command gives as JSON.
fn json(path: &Path, command: &str) -> Value {
    let path = path.to_str().unwrap();
    let line = ["explore", path, command, "-n", "3", "--format", "json"];
    let text = explore::show(&CommandLine::try_parse_from(line).unwrap(), 80).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Whether both are one value: numbers to 1e-12 of their size, or of 1 if they are smaller.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
        _ => ours == theirs,
    }
}

const STATISTICS: [&str; 11] =
    ["count", "unique", "top", "freq", "mean", "std", "min", "25%", "50%", "75%", "max"];

#[test]
fn every_number_is_pandas() {
    let text = fs::read(golden().join("pandas.json")).unwrap();
    let golden: Value = serde_json::from_slice(&text).unwrap();
    let files = golden.as_object().unwrap();
    assert_eq!(files.len(), 7);
    for (name, theirs) in files {
        let path = path_of(name);
        let [describe, info, columns, head, tail] =
            ["describe", "info", "columns", "head", "tail"].map(|command| json(&path, command));
        let theirs = theirs["columns"].as_object().unwrap();
        assert_eq!(describe.as_object().unwrap().len(), theirs.len(), "{name}");
        for info in info.as_array().unwrap() {
            let column = info["column"].as_str().unwrap();
            let theirs = &theirs[column];
            let check = |what: &str, ours: &Value, theirs: &Value| {
                assert!(same(ours, theirs), "{name}, {column}, {what}: {ours}, pandas says {theirs}");
            };
            for statistic in STATISTICS {
                check(statistic, &describe[column][statistic], &theirs["describe"][statistic]);
            }
            check("type", &info["type"], &theirs["type"]);
            check("non_null", &info["non_null"], &theirs["non_null"]);
            if !theirs["memory"].is_null() {
                check("memory", &info["memory"], &theirs["memory"]);
            }
            check("distinct", &columns[column]["distinct"], &theirs["distinct"]);
            let counts = columns[column]["values"].as_array().unwrap();
            for (ours, theirs) in counts.iter().zip(theirs["values"].as_array().unwrap()) {
                // Levels of a list that are equally frequent stand in the order of the sets.
                check("count", &ours["count"], &theirs[1]);
                if info["type"] != "list" {
                    check("value", &ours["value"], &theirs[0]);
                }
            }
            for (what, rows) in [("head", &head), ("tail", &tail)] {
                for (row, theirs) in theirs[what].as_array().unwrap().iter().enumerate() {
                    check(what, &rows[row][column], theirs);
                }
            }
        }
    }
}

#[test]
fn columns_stand_in_file_order_and_rows_have_their_index() {
    let path = path_of("train_dataset.json");
    let line = ["explore", path.to_str().unwrap(), "head", "-n", "2", "--format", "csv"];
    let text = explore::show(&CommandLine::try_parse_from(line).unwrap(), 80).unwrap();
    assert!(text.starts_with("index,graphic card type,communications,resolution (px),CPU cores,"), "{text}");
    let starts: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(starts, ["index", "6263", "7641"]);
}
