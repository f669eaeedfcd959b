//! Training by tasks: any number of them, merged, gives the bytes of one process.

use crate::binaries::{binary, run};
use crate::workspace::{Pipeline, root};
use artifacts::parts::{Parts, Source};
use serde_json::Value;
use stage::{Result, Summary, Task, TaskFlags};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread::{self, JoinHandle};

/// One model of every kind on the small table, two of them forests.
const MODELS: &str = "train={ Linear = {}, MLP = { max_iter = 20 }, DecisionTree = {}, RandomForest = { n_estimators = 21 }, \
                      GradientBoosting = { n_estimators = 10 }, ExtraTrees = { n_estimators = 9, max_depth = 5 }, \
                      Voting = { members = { RandomForest = 0.5, ExtraTrees = 0.5 } } }";

fn small() -> Pipeline {
    let folder = root().join("tests/other");
    Pipeline::new(&folder.join("pipeline.toml"), &folder).set(MODELS)
}

fn train(pipeline: &Pipeline, set: impl FnOnce(&mut train::Arguments)) -> Result<Summary> {
    let mut arguments = train::Arguments { stage: pipeline.arguments.clone(), ..train::Arguments::default() };
    set(&mut arguments);
    train::run(&arguments)
}

fn task(pipeline: &Pipeline, index: u32, count: u32) -> Result<Summary> {
    let task = Some(Task { index, count });
    train(pipeline, |arguments| arguments.tasks = TaskFlags { task, ..TaskFlags::default() })
}

fn merge(pipeline: &Pipeline) -> Result<Summary> {
    train(pipeline, |arguments| arguments.merge = true)
}

/// Artifacts of the stage by name, manifest included.
fn trained(pipeline: &Pipeline) -> BTreeMap<String, Vec<u8>> {
    pipeline.artifacts().into_iter().filter(|(name, _)| name.starts_with("train/")).collect()
}

#[test]
fn any_number_of_tasks_gives_the_bytes_of_one_process() {
    let whole = trained(&small().run_until("train"));
    assert_eq!(whole.len(), 8);
    let pipeline = small().run_until("split");
    for count in [1, 2, 3, 7, 64] {
        // The last first: the order must not matter.
        for index in (0..count).rev() {
            let summary = task(&pipeline, index, count).unwrap();
            let is_idle = summary.text.ends_with("nothing is left to do");
            assert_eq!(summary.written.is_empty(), is_idle, "{}", summary.text);
            assert!(!(is_idle && count < 7), "{}", summary.text);
        }
        merge(&pipeline).unwrap();
        assert!(trained(&pipeline) == whole, "{count} tasks give other bytes");
        assert!(!pipeline.folder("train").file("parts").exists());
        fs::remove_dir_all(pipeline.folder("train").file("")).unwrap();
    }
}

#[test]
fn parts_of_one_division_fit_those_of_another() {
    let whole = trained(&small().run_until("train"));
    let pipeline = small().run_until("split");
    task(&pipeline, 1, 2).unwrap();
    let kept = (0..7).map(|index| task(&pipeline, index, 7).unwrap());
    assert!(kept.filter(|summary| summary.text.ends_with(" there already")).count() >= 3);
    merge(&pipeline).unwrap();
    assert!(trained(&pipeline) == whole);
    let fits = artifacts::fits::read(&pipeline.folder("train")).unwrap();
    assert_eq!(fits.len(), 6);
    assert!(fits.iter().all(|fit| fit.seconds > 0.0));
}

#[test]
fn a_merge_names_the_parts_that_are_missing() {
    let pipeline = small().run_until("split");
    let before = pipeline.artifacts();
    for index in [0, 1, 3, 4, 5, 6] {
        task(&pipeline, index, 7).unwrap();
    }
    let error = merge(&pipeline).unwrap_err();
    assert_eq!(error.exit_code(), 66);
    let message = error.to_string();
    assert!(message.contains("parts are missing (RandomForest."), "{message}");
    assert!(message.ends_with("run their tasks first"), "{message}");
    assert!(pipeline.folder("train").file("parts").exists());
    fs::remove_dir_all(pipeline.folder("train").file("parts")).unwrap();
    assert!(pipeline.artifacts() == before);
}

#[test]
fn a_merge_again_finds_its_work_done() {
    let pipeline = small().run_until("split");
    let parts = pipeline.folder("train").file("parts");
    task(&pipeline, 0, 1).unwrap();
    merge(&pipeline).unwrap();
    let merged = pipeline.artifacts();
    merge(&pipeline).unwrap();
    // Killed while it removed the parts.
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("Linear.part"), b"").unwrap();
    merge(&pipeline).unwrap();
    assert!(pipeline.artifacts() == merged && !parts.exists());
    fs::write(pipeline.folder("train").file("Linear.parquet"), b"altered").unwrap();
    assert_eq!(merge(&pipeline).unwrap_err().exit_code(), 66);
}

#[test]
fn a_merge_of_one_model_leaves_the_parts_of_others() {
    let whole = trained(&small().run_until("train"));
    let pipeline = small().run_until("split");
    task(&pipeline, 0, 1).unwrap();
    train(&pipeline, |arguments| (arguments.merge, arguments.model) = (true, vec!["Linear".into()])).unwrap();
    let is_there = |part| pipeline.folder("train").file(part).exists();
    assert!(!is_there("parts/Linear.part") && is_there("parts/MLP.part"));
    task(&pipeline, 0, 1).unwrap();
    merge(&pipeline).unwrap();
    assert!(trained(&pipeline) == whole);
}

#[test]
fn a_number_of_tasks_alone_is_refused() {
    let pipeline = small().run_until("split");
    let flags = TaskFlags { tasks: Some(3), ..TaskFlags::default() };
    let error = train(&pipeline, |arguments| arguments.tasks = flags).unwrap_err();
    assert_eq!(error.exit_code(), 64);
}

#[test]
fn a_merge_refuses_parts_of_something_else() {
    let mut pipeline = small().run_until("split");
    task(&pipeline, 0, 1).unwrap();
    let refused = |pipeline: &Pipeline, end: &str| {
        let error = merge(pipeline).unwrap_err();
        assert_eq!(error.exit_code(), 65, "{error}");
        assert!(error.to_string().ends_with(&format!("{end}; run its task again")), "{error}");
    };
    pipeline.arguments.set.push("train.ExtraTrees.max_depth=6".into());
    refused(&pipeline, "ExtraTrees.0-4.part: made with another configuration");
    task(&pipeline, 0, 1).unwrap();

    pipeline.arguments.set.push("split.random_state=8".into());
    pipeline.stage("feature-selection").unwrap();
    pipeline.stage("split").unwrap();
    refused(&pipeline, "Linear.part: made from other rows");
    task(&pipeline, 0, 1).unwrap();

    let place = pipeline.folder("train").file("parts/MLP.part");
    let mut bytes = fs::read(&place).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&place, bytes).unwrap();
    refused(&pipeline, "MLP.part: altered since its task wrote it");
    task(&pipeline, 0, 1).unwrap();
    merge(&pipeline).unwrap();
}

#[test]
fn tasks_train_on_plain_files_too() {
    let source = small().run_until("split");
    let plain = |arguments: &mut train::Arguments| {
        arguments.train = Some(source.folder("split").file("train.parquet"));
        arguments.label = Some("sea level (cm)".into());
    };
    let test = Some(source.folder("split").file("test.parquet"));
    let (whole, parts) = (small(), small());
    let predict = |arguments: &mut train::Arguments| {
        plain(arguments);
        arguments.test = test.clone();
    };
    train(&whole, predict).unwrap();
    for index in 0..3 {
        train(&parts, |arguments| {
            plain(arguments);
            arguments.tasks.task = Some(Task { index, count: 3 });
        })
        .unwrap();
    }
    train(&parts, |arguments| {
        predict(arguments);
        arguments.merge = true;
    })
    .unwrap();
    assert!(trained(&whole).contains_key("train/predictions.parquet"));
    assert!(trained(&parts) == trained(&whole));
}

/// Whoever opens the file at `path` next reads what it holds now; everybody after that reads `other`.
fn replace_while_it_is_read(path: &Path, other: &[u8]) -> JoinHandle<()> {
    let (path, aside) = (path.to_path_buf(), path.with_extension("aside"));
    let before = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    fs::write(&aside, other).unwrap();
    thread::spawn(move || {
        // Returns when the reader has opened it too.
        let mut pipe = fs::File::options().write(true).open(&path).unwrap();
        fs::rename(aside, path).unwrap();
        pipe.write_all(&before).unwrap();
    })
}

/// Train rows of another draw.
fn other_rows() -> Vec<u8> {
    fs::read(small().set("split.random_state=8").run_until("split").folder("split").file("train.parquet"))
        .unwrap()
}

#[test]
fn a_part_is_called_after_the_rows_that_it_was_made_from() {
    let other = other_rows();
    let made_from_other_rows = |error: stage::Error| {
        assert_eq!(error.exit_code(), 65, "{error}");
        assert!(error.to_string().ends_with("made from other rows; run its task again"), "{error}");
    };
    let pipeline = small().run_until("split");
    let rows = pipeline.folder("split").file("train.parquet");
    fs::remove_file(pipeline.folder("split").file(stage::MANIFEST)).unwrap();
    let split = replace_while_it_is_read(&rows, &other);
    task(&pipeline, 0, 1).unwrap();
    split.join().unwrap();
    made_from_other_rows(merge(&pipeline).unwrap_err());

    let source = small().run_until("split");
    let rows = source.folder("split").file("train.parquet");
    let plain = |arguments: &mut train::Arguments| {
        (arguments.train, arguments.label) = (Some(rows.clone()), Some("sea level (cm)".into()));
    };
    let pipeline = small();
    let writer = replace_while_it_is_read(&rows, &other);
    train(&pipeline, |arguments| {
        plain(arguments);
        arguments.tasks.task = Some(Task { index: 0, count: 1 });
    })
    .unwrap();
    writer.join().unwrap();
    let merged = train(&pipeline, |arguments| {
        plain(arguments);
        arguments.merge = true;
    });
    made_from_other_rows(merged.unwrap_err());
}

#[test]
fn the_key_of_a_plain_file_is_of_the_rows_that_were_read() {
    let source = small().run_until("split");
    let [rows, test] = ["train.parquet", "test.parquet"].map(|name| source.folder("split").file(name));
    let hashes = [&rows, &test].map(|path| stage::hash_of_file(path).unwrap());
    let writers = [&rows, &test].map(|path| replace_while_it_is_read(path, &other_rows()));
    let pipeline = small();
    train(&pipeline, |arguments| {
        (arguments.train, arguments.test) = (Some(rows.clone()), Some(test.clone()));
        arguments.label = Some("sea level (cm)".into());
    })
    .unwrap();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let manifest = pipeline.folder("train").manifest().unwrap();
    let files = &manifest.units["predictions"].key.files;
    assert_eq!([&rows, &test].map(|path| files[&path.display().to_string()].clone()), hashes);
}

/// The flags of a pipeline for a program.
fn flags(pipeline: &Pipeline) -> Vec<String> {
    let arguments = &pipeline.arguments;
    let (config, out) = (arguments.config.display().to_string(), arguments.out.display().to_string());
    let mut flags = vec!["--config".to_owned(), config, "--out".to_owned(), out];
    flags.extend(arguments.set.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
    flags
}

fn program(pipeline: &Pipeline, more: &[&str]) -> Command {
    let mut program = Command::new(binary("train"));
    program.args(flags(pipeline)).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

fn succeed(pipeline: &Pipeline, more: &[&str]) {
    let output = program(pipeline, more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn two_copies_of_a_task_at_once_are_harmless() {
    let whole = small().run_until("split");
    succeed(&whole, &[]);
    let pipeline = small().run_until("split");
    let copies: Vec<_> = [0, 0, 1, 1]
        .map(|index| program(&pipeline, &["--task", &format!("{index}/2")]).spawn().unwrap())
        .into();
    for copy in copies {
        let output = copy.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let names: Vec<String> = fs::read_dir(pipeline.folder("train").file("parts"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() == 13 && names.iter().all(|name| name.ends_with(".part")), "{names:?}");
    succeed(&pipeline, &["--merge"]);
    assert!(trained(&pipeline) == trained(&whole));
}

#[test]
fn a_merge_that_finds_no_parts_looks_whether_another_was_faster() {
    let pipeline = small().run_until("split");
    let mut waiting =
        program(&pipeline, &["--merge", "--wait", "600", "--log-format", "json"]).spawn().unwrap();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap()).lines().map(std::result::Result::unwrap);
    // It has found neither models nor parts.
    assert!(lines.any(|line| line.contains("\"event\":\"wait\"")));
    assert!(program(&pipeline, &[]).status().unwrap().success());
    let last = lines.last().unwrap();
    assert!(waiting.wait().unwrap().success(), "{last}");
    assert!(last.contains("all models are merged already"), "{last}");
}

#[test]
fn a_late_copy_of_a_task_is_not_disturbed_by_the_merge_that_removes_the_parts() {
    let pipeline = small().run_until("split");
    task(&pipeline, 0, 1).unwrap();
    let folder = pipeline.folder("train");
    let bytes = fs::read(folder.file("parts/Linear.part")).unwrap();
    let head: Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let source: Source = serde_json::from_value(head["source"].clone()).unwrap();
    let parts = Parts::new(&folder);
    let part = parts.read("Linear", &source).unwrap().unwrap();
    let barrier = Barrier::new(2);
    let both = |work: &dyn Fn() -> Result<()>| {
        let round = |_| {
            barrier.wait();
            work()
        };
        // All rounds, whatever comes of them: the other side waits for each. A write with one attempt only fails in every
        // second of them, and one removal in ten finds that the folder has been filled again.
        (0..60).map(round).collect::<Vec<_>>()
    };
    let write = || parts.write("Linear", source.clone(), &part).map(drop);
    thread::scope(|scope| {
        let removed = scope.spawn(|| both(&|| parts.remove()));
        both(&write).into_iter().for_each(std::result::Result::unwrap);
        removed.join().unwrap().into_iter().for_each(std::result::Result::unwrap);
    });
}

#[test]
fn the_list_of_tasks_is_json_on_stdout() {
    let pipeline = small();
    let output = program(&pipeline, &["--list-tasks", "--tasks", "3"]).output().unwrap();
    let units: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(units.len(), 13);
    let of = |index: usize, key: &str| &units[index][key];
    assert_eq!((of(0, "index"), of(0, "model"), of(0, "trees")), (&0.into(), &"Linear".into(), &Value::Null));
    assert_eq!((of(3, "learner"), of(3, "trees")), (&"RandomForest".into(), &vec![0, 4].into()));
    assert_eq!((of(8, "name"), of(8, "trees")), (&"RandomForest.20-21".into(), &vec![20, 21].into()));
    assert!(units.iter().all(|unit| unit["cost"].as_u64() > Some(0) && unit["task"].as_u64() < Some(3)));
    assert!(!pipeline.arguments.out.join("logs").exists());
}

#[test]
fn the_scheduler_s_variables_are_read_if_asked_for_only() {
    let pipeline = small().run_until("split");
    let slurm = |more: &[&str], index: &str| {
        let mut program = program(&pipeline, more);
        program
            .env("SLURM_ARRAY_TASK_ID", index)
            .env("SLURM_ARRAY_TASK_MIN", "1")
            .env("SLURM_ARRAY_TASK_COUNT", "2");
        program.output().unwrap()
    };
    assert!(slurm(&[], "1").status.success());
    assert!(pipeline.folder("train").contains("Voting.parquet"));
    assert!(!pipeline.folder("train").file("parts").exists());
    let output = slurm(&["--task-from-env"], "3");
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), line.lines().count()), (Some(64), 1), "{line}");
    assert!(line.contains("SLURM_ARRAY_TASK_ID: task 2 of 2: tasks count from 0"), "{line}");
    for index in ["1", "2"] {
        assert!(slurm(&["--task-from-env"], index).status.success());
    }
    assert!(stage::RunRecord::last(&pipeline.arguments.out, "train-task-1-of-2").is_some());
    succeed(&pipeline, &["--merge"]);
}

#[test]
fn flags_that_do_not_go_together_are_64() {
    let common = ["--config", "x", "--out", "x"];
    for wrong in [
        &["--task", "2/2"][..],
        &["--task", "0/2", "--merge"],
        &["--task", "0/2", "--task-from-env"],
        &["--task", "0/2", "--train", "x", "--label", "y", "--test", "x"],
        &["--tasks", "0"],
        &["--list-tasks", "--merge"],
    ] {
        let output = run("train", &[&common[..], wrong].concat());
        assert_eq!(output.status.code(), Some(64), "{wrong:?}");
    }
}

#[test]
fn an_input_that_comes_late_is_waited_for() {
    let pipeline = small().run_until("feature-selection");
    let mut waiting = program(&pipeline, &["--wait", "300", "--log-format", "json"]).spawn().unwrap();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap()).lines().map(std::result::Result::unwrap);
    // It has looked once and found nothing.
    assert!(lines.any(|line| line.contains("\"event\":\"wait\"")));
    pipeline.stage("split").unwrap();
    let last = lines.last().unwrap();
    assert!(waiting.wait().unwrap().success(), "{last}");
    assert!(pipeline.folder("train").contains("Voting.parquet"));
}
