//! Whole runs on the sample and on another table.

use crate::freshness::differing;
use crate::workspace::{Pipeline, root};
use artifacts::roles::Role;
use artifacts::selection::Selection;
use artifacts::split_report::SplitReport;
use artifacts::{Features, Origin, Split};
use ndarray::Array2;
use stage::{Folder, Key};
use std::path::Path;

#[test]
fn the_sample_gives_scores_that_rank_as_on_the_real_data() {
    let pipeline = Pipeline::sample().set("feature-selection.select=none").run_until("evaluate");
    let rmse = pipeline.rmse("test");
    assert_eq!(rmse.len(), 7);
    for ensemble in ["RandomForest", "GradientBoosting", "ExtraTrees", "Voting"] {
        assert!(rmse[ensemble] < rmse["DecisionTree"], "{rmse:?}");
    }
    assert!(rmse["DecisionTree"] < rmse["Linear"] && rmse["Linear"] < rmse["MLP"], "{rmse:?}");
    let report = std::fs::read_to_string(pipeline.folder("evaluate").file("report.html")).unwrap();
    for model in rmse.keys() {
        assert!(report.contains(model), "{model} is not in the report");
        assert!(pipeline.folder("evaluate").contains(&format!("{model}.svg")), "{model}");
    }
}

#[test]
fn threads_and_reruns_change_no_artifact() {
    let one = Pipeline::sample().threads(1).run_until("evaluate");
    let two = Pipeline::sample().threads(2).run_until("evaluate");
    let artifacts: Vec<(String, Vec<u8>)> = one.artifacts().into_iter().collect();
    let differing =
        |other: &Pipeline| differing(&artifacts, &other.artifacts().into_iter().collect::<Vec<_>>());
    assert_eq!(differing(&two), [""; 0]);
    assert_eq!(differing(&one.run_until("evaluate")), [""; 0]);
    assert!(artifacts.len() > 20);
}

#[test]
fn runs_are_recorded_and_a_report_compares_with_one() {
    let folder = root().join("tests/other");
    let pipeline = Pipeline::new(&folder.join("pipeline.toml"), &folder).run_until("evaluate");
    let out = &pipeline.arguments.out;
    let first = runs::find(out, "latest").unwrap();
    let mut stage = pipeline.arguments.clone();
    stage.run_id = Some("second".into());
    let mut arguments = evaluate::Arguments { stage, baseline: Some(first.clone()) };
    evaluate::run(&arguments).unwrap();
    let [first, second] = [first, runs::find(out, "second").unwrap()].map(|path| runs::read(&path).unwrap());
    assert_eq!((&first.inputs, &first.models), (&second.inputs, &second.models));
    assert_eq!((second.inputs.len(), second.models.len(), &*second.label), (4, 3, "sea level (cm)"));
    assert_eq!(second.models[1].parameters["n_estimators"], 25);
    assert!(second.models[0].seconds.is_some() && second.metrics.len() == 12);
    assert!(runs::changes(&first, &second).iter().all(runs::Change::is_none));
    let report = std::fs::read_to_string(pipeline.folder("evaluate").file("report.html")).unwrap();
    assert!(report.contains("All scores are the same to the bit") && report.contains("runs/second.json"));

    let other = pipeline.folder("evaluate").file("other.json");
    let of_other = runs::Run { label: "wind".into(), ..second };
    std::fs::write(&other, serde_json::to_string(&of_other).unwrap()).unwrap();
    arguments.baseline = Some(other);
    let error = evaluate::run(&arguments).unwrap_err();
    assert!(error.exit_code() == 65 && error.to_string().contains("predicts 'wind'"), "{error}");
    arguments.baseline = Some(pipeline.folder("evaluate").file("report.html"));
    assert_eq!(evaluate::run(&arguments).unwrap_err().exit_code(), 65);
    arguments.baseline = Some("nowhere.json".into());
    assert_eq!(evaluate::run(&arguments).unwrap_err().exit_code(), 66);
}

#[test]
fn what_hinders_the_record_of_a_run_hinders_its_outputs() {
    let folder = root().join("tests/other");
    let pipeline = Pipeline::new(&folder.join("pipeline.toml"), &folder).run_until("train");
    let runs = pipeline.arguments.out.join("runs");
    std::fs::write(&runs, "").unwrap();
    let arguments = evaluate::Arguments { stage: pipeline.arguments.clone(), baseline: None };
    let error = evaluate::run(&arguments).unwrap_err();
    assert_eq!(error.exit_code(), 74);
    assert!(error.to_string().starts_with(&format!("{}: cannot write: ", runs.display())), "{error}");
    assert!(!pipeline.folder("evaluate").contains(stage::MANIFEST));
}

#[test]
fn another_table_needs_another_configuration_only() {
    let folder = root().join("tests/other");
    let pipeline = Pipeline::new(&folder.join("pipeline.toml"), &folder).run_until("evaluate");
    let features = Features::read(&pipeline.folder("feature-selection")).unwrap();
    // 240 rows; 7 lack the wind, 5 have a pressure that is no number.
    assert_eq!(features.row_id.len(), 228);
    assert_eq!(
        features.names,
        ["harbour", "outer pier", "wind (m/s)", "along", "offshore", "pressure (hPa)"]
    );
    let selection = Selection::read(&pipeline.folder("feature-selection")).unwrap();
    assert_eq!(selection.0.iter().filter(|candidate| !candidate.kept).count(), 2);
    let report = SplitReport::read(&pipeline.folder("split")).unwrap();
    let rows: usize = report.roles.values().map(|role| role.rows).sum();
    assert_eq!((rows, report.roles["test"].rows), (228, 57));
    let test = Split::read(&pipeline.folder("split"), Role::Test).unwrap();
    assert!(test.label.iter().flatten().any(|label| *label < 0.0));
    let rmse = pipeline.rmse("test");
    assert_eq!(rmse.keys().collect::<Vec<_>>(), ["Linear", "Shallow", "Voting"]);
    let mean = test.label.iter().flatten().sum::<f64>() / 57.0;
    let spread = (test.label.iter().flatten().map(|y| (y - mean).powi(2)).sum::<f64>() / 57.0).sqrt();
    assert!(rmse.values().all(|rmse| *rmse < 0.7 * spread), "{rmse:?} {spread}");
}

#[test]
fn plain_files_of_numbers_train_and_predict() {
    let pipeline = Pipeline::sample().run_until("split");
    let splits = pipeline.folder("split");
    let plain = Pipeline::sample();
    train::run(&train::Arguments {
        stage: plain.arguments.clone(),
        model: vec!["Linear".into(), "DecisionTree".into()],
        train: Some(splits.file("train.parquet")),
        test: Some(splits.file("test.parquet")),
        label: Some("buynow_price".into()),
        ..train::Arguments::default()
    })
    .unwrap();
    pipeline.stage("train").unwrap();
    for model in ["Linear.parquet", "DecisionTree.parquet"] {
        assert_eq!(
            plain.folder("train").read(model).unwrap(),
            pipeline.folder("train").read(model).unwrap(),
            "{model}"
        );
    }
    assert!(plain.folder("train").contains("predictions.parquet"));
}

#[test]
fn plain_files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::new(&root().join("tests/other/pipeline.toml"), &root().join("tests/other"));
    let pipeline = pipeline.set("train={ DecisionTree = {} }");
    let config = pipeline.arguments.config().unwrap();
    let plain = |name: &str, features: &[&str], label: &[Option<f64>]| {
        let rows = label.len();
        let split = Split {
            row_id: (0..rows as i64).collect(),
            origin: vec![Origin::All; rows],
            names: features.iter().map(ToString::to_string).collect(),
            values: Array2::from_shape_fn((rows, features.len()), |(row, _)| row as f64),
            label_name: "y".into(),
            label: label.to_vec(),
        };
        let place = Folder::new(folder.path().join(name));
        let mut publication = place.publish(Key::new(&config, &[]).unwrap()).unwrap();
        split.write(Role::Train, &mut publication).unwrap();
        publication.commit().unwrap();
        place.file(&artifacts::splits::file(Role::Train))
    };
    let labels = [Some(1.0), Some(2.0)];
    let good = plain("good", &["a", "b"], &labels);
    let refused = |train: &Path, test: &Path| {
        let error = train::run(&train::Arguments {
            stage: pipeline.arguments.clone(),
            train: Some(train.to_path_buf()),
            test: Some(test.to_path_buf()),
            label: Some("y".into()),
            ..train::Arguments::default()
        })
        .unwrap_err();
        (error.exit_code(), error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    };
    let gap = plain("gap", &["a", "b"], &[Some(1.0), None]);
    let message = "gap/train.parquet: column 'y', row 1: null; every row to train on needs its label";
    assert_eq!(refused(&gap, &good), (65, message.into()));
    let far = plain("far", &["a", "b"], &[Some(1.0), Some(1e200)]);
    let message = "DecisionTree: far/train.parquet: column 'y', row 1: 1e200 is too large to square";
    assert_eq!(refused(&far, &good), (65, message.into()));
    for (name, features, reason) in [
        ("less", &["a"][..], "column 'b' is not there, which the train rows have"),
        ("more", &["a", "b", "c"], "column 'c': the train rows do not have it"),
        ("turned", &["b", "a"], "column 'b' stands where the train rows have 'a'"),
    ] {
        let test = plain(name, features, &labels);
        let message =
            format!("{name}/train.parquet: {reason}; give both files the same columns in one order");
        assert_eq!(refused(&good, &test), (65, message));
    }
}

#[test]
fn one_model_trains_alone_and_a_vote_brings_its_missing_members() {
    let pipeline = Pipeline::sample().run_until("split");
    let train = |models: &[&str]| {
        train::run(&train::Arguments {
            stage: pipeline.arguments.clone(),
            model: models.iter().map(ToString::to_string).collect(),
            ..train::Arguments::default()
        })
        .unwrap()
    };
    let names =
        |summary: stage::Summary| summary.written.into_iter().map(|file| file.name).collect::<Vec<_>>();
    assert_eq!(names(train(&["RandomForest"])), ["RandomForest.parquet", "fits.parquet"]);
    let files = names(train(&["Voting"]));
    assert_eq!(files, ["GradientBoosting.parquet", "ExtraTrees.parquet", "Voting.parquet", "fits.parquet"]);
    let fits = artifacts::fits::read(&pipeline.folder("train")).unwrap();
    let models: Vec<&str> = fits.iter().map(|fit| fit.model.as_str()).collect();
    assert_eq!(models, ["GradientBoosting", "ExtraTrees", "RandomForest"]);
    pipeline.stage("evaluate").unwrap();
    assert_eq!(pipeline.rmse("test").len(), 4);
}

#[test]
fn a_vote_of_a_model_that_was_trained_again_is_refused() {
    let mut pipeline = Pipeline::sample().run_until("train");
    pipeline.arguments.set.push("train.RandomForest.n_estimators=5".into());
    train::run(&train::Arguments {
        stage: pipeline.arguments.clone(),
        model: vec!["RandomForest".into()],
        ..train::Arguments::default()
    })
    .unwrap();
    let error = pipeline.stage("evaluate").unwrap_err();
    assert_eq!(error.exit_code(), 65);
    assert!(error.to_string().contains("not the model that the vote was composed of"), "{error}");
}
