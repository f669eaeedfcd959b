//! The stage binaries from outside: exit codes, one line of error, help.

use crate::freshness::Tides;
use crate::workspace::{STAGES, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The binary of a stage, built in the profile of this test.
pub(crate) fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(|deps| deps.parent()).unwrap().to_path_buf();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(root());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success());
        folder
    });
    folder.join(name)
}

/// Copies a program or appends to one, by a command of the shell, and never here: a process that another test starts
/// meanwhile would hold the copy open for writing, and nothing runs a program that is.
pub(crate) fn write_program(command: &str, paths: &[&Path]) {
    let status = Command::new("sh").args(["-c", command, "sh"]).args(paths).status();
    assert!(status.unwrap().success(), "{command}");
}

pub(crate) fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(binary(name)).args(arguments).current_dir(root()).env_remove("HOME").output().unwrap()
}

/// The exit code and the one line on stderr.
fn failure(name: &str, arguments: &[&str]) -> (i32, String) {
    let output = run(name, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
    (output.status.code().unwrap(), text.trim_end().to_owned())
}

#[test]
fn help_names_inputs_outputs_configuration_and_exit_codes() {
    for stage in STAGES {
        let output = run(stage, &["--help"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        for word in ["--config", "--out", "--set", "--threads", "Writes", "Configuration", "Exit codes"] {
            assert!(text.contains(word), "{stage} --help lacks {word}:\n{text}");
        }
    }
}

#[test]
fn xtask_explains_how_to_run_one_stage() {
    for help in ["--help", "-h"] {
        let output = run("xtask", &["stage", help]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{help}: {text}");
        assert!(text.contains("Run exactly one stage") && text.contains("cargo xtask stage"), "{text}");
    }
}

#[test]
fn wrong_flags_are_64() {
    for stage in STAGES {
        let (code, line) = failure(stage, &["--config", "x.toml", "--out", "x", "--thread", "2"]);
        assert_eq!(code, 64, "{line}");
        assert!(line.starts_with(&format!("error: {stage}: unexpected argument '--thread' found")), "{line}");
    }
    for threads in ["0", "1025", "1000000"] {
        let (code, line) = failure("train", &["--config", "x", "--out", "x", "--threads", threads]);
        assert!(code == 64 && line.contains(&format!("{threads} is not in 1..=1024")), "{code}: {line}");
    }
}

#[test]
fn missing_inputs_are_66_and_name_what_to_run() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("out");
    let out = out.to_str().unwrap();
    for (stage, upstream) in [
        ("feature-selection", "ingest"),
        ("split", "feature-selection"),
        ("train", "split"),
        ("evaluate", "split"),
    ] {
        let (code, line) = failure(stage, &["--config", "data/laptops/pipeline.toml", "--out", out]);
        assert_eq!(code, 66, "{line}");
        assert!(line.ends_with(&format!("no such file; run the stage '{upstream}' first")), "{line}");
    }
    let (code, line) = failure("ingest", &["--config", "nothing.toml", "--out", out]);
    assert_eq!((code, line.as_str()), (66, "error: ingest: nothing.toml: no such file"));
}

#[test]
#[cfg(target_os = "linux")]
fn what_stdout_refuses_is_74() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    for (name, arguments) in [
        ("xtask", &["graph"][..]),
        ("train", &["--config", "data/laptops/pipeline.toml", "--out", out, "--list-tasks"]),
        ("explore", &["data/laptops/val_dataset.json", "info"]),
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(binary(name));
        let output = command.args(arguments).current_dir(root()).stdout(full).output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(74), "{name}: {line}");
        assert!(line.lines().count() == 1 && line.contains("stdout: cannot write"), "{line}");
    }
}

#[test]
fn wrong_configurations_are_78() {
    let out = tempfile::tempdir().unwrap();
    let common = ["--config", "data/laptops/pipeline.toml", "--out", out.path().to_str().unwrap(), "--set"];
    let long = format!("train.{}={{ learner = 'Linear' }}", "a".repeat(201));
    for (stage, set, complaint) in [
        ("train", long.as_str(), "a model's name has at most 200 letters, digits, '_' and '-'"),
        ("train", "train.-x={ learner = 'Linear' }", "digits, '_' and '-', does not begin with '-'"),
        ("train", "train.MLP.max_itr=3", "unknown key 'max_itr'; did you mean 'max_iter'?"),
        ("train", "train.MLP.alpha=-1", "alpha = -1: must be"),
        ("train", "train.RandomForest.n_estimators=1000000000000", "must be 1 to 1000000"),
        (
            "train",
            "train.MLP.hidden_layer_sizes=[4611686018427387904, 4]",
            "must be at most 100000000 weights",
        ),
        ("train", "train.MLP.solver=adm", "solver = adm: must be sgd or adam"),
        ("train", "train.Forest={}", "there is no learner 'Forest'"),
        ("train", "train.Voting.members={ Foo = 1.0 }", "there is no model [train.Foo] that could vote"),
        ("train", "train.RandomForest.max_features=quarter", "expected a number of features"),
        (
            "train",
            "train.RandomForest.max_features=true",
            "true: expected a number of features, a share of them",
        ),
        (
            "feature-selection",
            "feature-selection.select=viff",
            "select: expected none, columns, variance, vif, k-best or forest-importance, or a list of them",
        ),
        ("split", "split.by=origins", "unknown value 'origins'; did you mean 'origin'?"),
        ("ingest", "ingest.formt=csv", "unknown key 'formt'; did you mean 'format'?"),
        ("ingest", "inget.format=csv", "unknown section [inget]; did you mean 'ingest'?"),
    ] {
        let (code, line) = failure(stage, &[&common[..], &[set]].concat());
        assert_eq!(code, 78, "{line}");
        assert!(line.contains(complaint), "{line}");
    }
}

#[test]
fn none_is_a_value_of_every_limit() {
    let out = tempfile::tempdir().unwrap();
    let common = ["--config", "data/laptops/pipeline.toml", "--out", out.path().to_str().unwrap()];
    for key in [
        "RandomForest.max_depth",
        "RandomForest.max_features",
        "RandomForest.max_leaf_nodes",
        "RandomForest.max_samples",
        "ExtraTrees.max_samples",
        "GradientBoosting.n_iter_no_change",
        "GradientBoosting.max_bins",
    ] {
        let set = format!("train.{key}=none");
        let output = run("train", &[&common[..], &["--list-tasks", "--set", &set]].concat());
        assert!(output.status.success(), "{set}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_stage_says_what_it_did_in_one_line_on_stderr() {
    let out = tempfile::tempdir().unwrap();
    let output =
        run("ingest", &["--config", "data/laptops/pipeline.toml", "--out", out.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("ingest ") && text.contains("observations.parquet, rejected.parquet"), "{text}");
}

#[test]
fn a_stage_keeps_a_record_of_its_last_success() {
    let out = tempfile::tempdir().unwrap();
    let flags =
        ["--config", "data/laptops/pipeline.toml", "--out", out.path().to_str().unwrap(), "--run-id", "r-1"];
    assert!(run("ingest", &flags).status.success());
    let record = stage::RunRecord::last(out.path(), "ingest").unwrap();
    assert_eq!((record.context.run_id.as_str(), record.context.stage.as_str()), ("r-1", "ingest"));
    assert!(record.text.contains("rows kept") && record.threads > 0 && record.seconds > 0.0, "{record:?}");
    let names: Vec<&str> = record.written.iter().map(|written| written.name.as_str()).collect();
    assert_eq!(names, ["observations.parquet", "rejected.parquet"]);

    let (code, line) = failure("ingest", &[&flags[..5], &["../r"]].concat());
    assert_eq!(code, 64, "{line}");
    assert!(line.contains("'../r' for '--run-id <ID>': must have at most 100 letters"), "{line}");
}

#[test]
fn a_record_that_cannot_be_kept_is_a_warning() {
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("logs"), b"no folder").unwrap();
    let output =
        run("ingest", &["--config", "data/laptops/pipeline.toml", "--out", out.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("warning: ingest: ") && text.contains("logs: cannot write: "), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn many_models_need_no_more_open_files_than_the_system_gives() {
    let tides = Tides::complete();
    let mut train = Command::new("sh");
    train.args(["-c", "ulimit -Sn 64; exec \"$@\"", "sh"]).arg(binary("train"));
    train.arg("--config").arg(tides.path("pipeline.toml")).arg("--out").arg(tides.path("artifacts"));
    for model in 0..100 {
        train.arg("--set").arg(format!("train.L{model}.learner=Linear"));
    }
    let output = train.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn files_that_are_no_records_of_runs_are_passed_over_unless_asked_for() {
    let tides = Tides::complete();
    let out = tides.path("artifacts");
    let metrics = |arguments: &[&str]| {
        let output = run("xtask", &[&["metrics", "--out", out.to_str().unwrap()], arguments].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (_, listed, _) = metrics(&["list"]);
    fs::write(out.join("runs/junk.json"), "{").unwrap();
    fs::create_dir(out.join("runs/folder.json")).unwrap();
    for arguments in [&["list"][..], &["show"], &["diff", "latest", "latest"]] {
        let (code, text, warnings) = metrics(arguments);
        assert_eq!(code, 0, "{arguments:?}: {warnings}");
        assert!(arguments != ["list"] || text == listed, "{text}");
        assert_eq!(warnings.lines().count(), 2, "{warnings}");
        assert!(warnings.lines().all(|line| line.starts_with("warning: ")), "{warnings}");
        assert!(warnings.contains("runs/junk.json: not the record of a run: "), "{warnings}");
        assert!(warnings.contains("runs/folder.json: "), "{warnings}");
    }
    let (code, _, text) = metrics(&["show", "junk"]);
    assert_eq!(code, 65, "{text}");
    assert!(text.lines().last().unwrap().starts_with("error: "), "{text}");
}
