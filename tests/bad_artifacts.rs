//! Every file under `bad/artifacts` is refused in the place of the artifact that it stands for, with one line,
//! exit code 65, and nothing left behind.

use crate::workspace::{Pipeline, root};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// A bad file, the artifact whose place it takes, the stage that reads it, and what that says after the path.
struct Case {
    file: &'static str,
    artifact: &'static str,
    reader: &'static str,
    message: &'static str,
}

const CASES: &[Case] = &[
    Case {
        file: "empty.parquet",
        artifact: "ingest/observations.parquet",
        reader: "feature-selection",
        message: "not a readable Parquet file: ",
    },
    Case {
        file: "text.parquet",
        artifact: "split/train.parquet",
        reader: "train",
        message: "not a readable Parquet file: ",
    },
    Case {
        file: "truncated.parquet",
        artifact: "feature-selection/features.parquet",
        reader: "split",
        message: "not a readable Parquet file: ",
    },
    Case {
        file: "damaged-page.parquet",
        artifact: "train/Linear.parquet",
        reader: "evaluate",
        message: "not a readable Parquet file: ",
    },
    Case {
        file: "foreign.parquet",
        artifact: "ingest/observations.parquet",
        reader: "feature-selection",
        message: "expected the artifact 'observations', found one not written by this pipeline",
    },
    Case {
        file: "another-artifact.parquet",
        artifact: "ingest/observations.parquet",
        reader: "feature-selection",
        message: "expected the artifact 'observations', found one 'model'",
    },
    Case {
        file: "older-version.parquet",
        artifact: "train/Linear.parquet",
        reader: "evaluate",
        message: "schema version 0 of 'model', this program reads version 1; run the stage that writes it again",
    },
    Case {
        file: "endless-tree.parquet",
        artifact: "train/DecisionTree.parquet",
        reader: "evaluate",
        message: "tree 0: not a valid model: ",
    },
    Case {
        file: "missing-column.parquet",
        artifact: "train/Linear.parquet",
        reader: "evaluate",
        message: "column 'coefficient' is not there",
    },
    Case {
        file: "null-coefficient.parquet",
        artifact: "train/Linear.parquet",
        reader: "evaluate",
        message: "column 'coefficient', row 0: null",
    },
    Case {
        file: "wrong-type.parquet",
        artifact: "train/Linear.parquet",
        reader: "evaluate",
        message: "column 'coefficient': expected float64, found Utf8",
    },
    Case {
        file: "report-of-another-version.json",
        artifact: "split/report.json",
        reader: "evaluate",
        message: "schema version 99, this program reads version 1; run the stage 'split' again",
    },
    Case {
        file: "not-a-report.json",
        artifact: "split/report.json",
        reader: "evaluate",
        message: "not a split report: ",
    },
];

fn folder() -> PathBuf {
    root().join("tests/bad/artifacts")
}

/// A run on the small table, with the models that the bad files stand for.
fn pipeline() -> Pipeline {
    let folder = root().join("tests/other");
    let models = "train={ Linear = {}, DecisionTree = { max_depth = 2 } }";
    Pipeline::new(&folder.join("pipeline.toml"), &folder).set(models).run_until("evaluate")
}

#[test]
fn every_bad_artifact_is_refused() {
    let pipeline = pipeline();
    for case in CASES {
        let place = pipeline.arguments.out.join(case.artifact);
        let (good, before) = (fs::read(&place).unwrap(), pipeline.artifacts());
        // Without a manifest a file is taken as it is: what its content says must do.
        let manifest = place.with_file_name("manifest.json");
        let manifest_text = fs::read(&manifest).unwrap();
        fs::remove_file(&manifest).unwrap();
        fs::copy(folder().join(case.file), &place).unwrap();
        let error = pipeline.stage(case.reader).expect_err(case.file);
        fs::write(&place, good).unwrap();
        fs::write(&manifest, manifest_text).unwrap();

        let line = error.to_string();
        let said = line.strip_prefix(&format!("{}: ", place.display()));
        assert!(said.is_some_and(|said| said.starts_with(case.message)), "{}: {line}", case.file);
        assert_eq!((error.exit_code(), line.lines().count()), (65, 1), "{}: {line}", case.file);
        assert_eq!(pipeline.artifacts(), before, "{}: an output changed", case.file);
    }
}

#[test]
fn every_bad_artifact_has_a_case() {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let cases = CASES.iter().map(|case| case.file.to_owned());
    let scripts = ["make.py".to_owned(), "README.md".to_owned()];
    assert_eq!(files.collect::<BTreeSet<_>>(), cases.chain(scripts).collect::<BTreeSet<_>>());
}

#[test]
fn an_altered_artifact_is_refused_by_its_manifest() {
    let pipeline = pipeline();
    let place = pipeline.arguments.out.join("split/train.parquet");
    let mut bytes = fs::read(&place).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&place, bytes).unwrap();
    let error = pipeline.stage("train").unwrap_err();
    assert_eq!(error.exit_code(), 65);
    assert!(
        error.to_string().ends_with("altered since the stage 'split' wrote it; run that stage again"),
        "{error}"
    );
}

#[test]
fn a_model_that_the_manifest_does_not_name_is_refused() {
    let pipeline = pipeline().run_until("train");
    let train = pipeline.folder("train");
    fs::copy(train.file("Linear.parquet"), train.file("Other.parquet")).unwrap();
    let pipeline = pipeline.set("train.Other={ learner = 'Linear' }");
    let error = pipeline.stage("evaluate").unwrap_err();
    assert_eq!(error.exit_code(), 65);
    assert!(error.to_string().contains("Other.parquet: the manifest does not name it"), "{error}");
    fs::remove_file(train.file("manifest.json")).unwrap();
    pipeline.stage("evaluate").unwrap();
}

#[test]
fn models_of_another_split_are_refused() {
    let pipeline = pipeline();
    let before = pipeline.artifacts();
    let pipeline = pipeline.set("split.random_state=8");
    pipeline.stage("split").unwrap();
    let error = pipeline.stage("evaluate").unwrap_err();
    assert_eq!(error.exit_code(), 65);
    let expected = "train/Linear.parquet: made from another split/train.parquet; run the stage 'train' again";
    assert!(error.to_string().ends_with(expected), "{error}");
    let pipeline = pipeline.set("split.random_state=7");
    pipeline.stage("split").unwrap();
    pipeline.stage("evaluate").unwrap();
    assert_eq!(pipeline.artifacts(), before);
}

#[test]
fn a_key_that_evaluate_does_not_have_is_refused() {
    let error = pipeline().set("evaluate.baselin=x").stage("evaluate").unwrap_err();
    assert_eq!(error.exit_code(), 78);
    assert!(error.to_string().ends_with("unknown key 'baselin'; the section has none"), "{error}");
}
