//! What stages say on stderr, for people and as JSON.

use crate::binaries::binary;
use crate::freshness::Tides;
use crate::workspace::{Pipeline, STAGES, root};
use serde_json::Value;
use stage::{Hold, Lock};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A stage on the small table, outside of any scheduler.
fn stage(name: &str, out: &Path, more: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = root().join("tests/other");
    let mut program = Command::new(binary(name));
    program.arg("--config").arg(folder.join("pipeline.toml")).arg("--out").arg(out).args(more);
    for name in ["RAYON_NUM_THREADS", "SLURM_CPUS_PER_TASK", "SLURM_JOB_ID"] {
        program.env_remove(name);
    }
    program.envs(variables.iter().copied()).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[test]
fn every_stage_speaks_json_and_ends_with_a_summary() {
    let out = tempfile::tempdir().unwrap();
    for name in STAGES {
        let more = ["--log-format", "json", "--run-id", "r-1", "--set", "train.Shallow.n_estimators=5"];
        let output = stage(name, out.path(), &more, &[("SLURM_JOB_ID", "7"), ("SLURM_RESTART_COUNT", "1")]);
        assert!(output.status.success() && output.stdout.is_empty(), "{name}");
        let lines = lines(&output);
        for line in &lines {
            let object = line.as_object().unwrap();
            let keys: Vec<&str> = object.keys().map(String::as_str).collect();
            let mut expected =
                ["time", "level", "run_id", "stage", "task", "attempt", "job_id", "event", "fields"];
            expected.sort_unstable();
            assert_eq!(
                {
                    let mut keys = keys;
                    keys.sort_unstable();
                    keys
                },
                expected,
                "{line}"
            );
            assert_eq!((&line["run_id"], &line["stage"]), (&"r-1".into(), &name.into()), "{line}");
            assert_eq!((&line["job_id"], &line["attempt"]), (&"7".into(), &2.into()), "{line}");
            assert!(line.to_string().len() < 3000 && !line.to_string().contains("n_estimators"), "{line}");
        }
        let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!((events[0], events[events.len() - 1]), ("start", "summary"), "{name}: {events:?}");
        assert!(events.contains(&"input"), "{name}: {events:?}");
        assert_eq!(events.contains(&"fitted"), name == "train", "{events:?}");
        let fields = &lines[lines.len() - 1]["fields"];
        assert_eq!(fields["exit_code"], 0, "{fields}");
        assert!(fields["seconds"].as_f64() > Some(0.0) && fields["bytes"].as_u64() > Some(0), "{fields}");
    }
}

#[test]
fn the_record_of_a_run_has_the_id_of_its_log() {
    let folder = root().join("tests/other");
    let pipeline = Pipeline::new(&folder.join("pipeline.toml"), &folder).run_until("train");
    let out = &pipeline.arguments.out;
    let output = stage("evaluate", out, &["--log-format", "json"], &[]);
    let record = runs::read(&runs::find(out, "latest").unwrap()).unwrap();
    assert_eq!(lines(&output)[0]["run_id"], record.id.as_str());
}

#[test]
fn a_failure_in_json_has_its_exit_code() {
    let out = tempfile::tempdir().unwrap();
    for (more, code) in
        [(&[][..], 66), (&["--thread", "1"], 64), (&["--set", "train.Shallow.max_dept=1"], 78)]
    {
        for quiet in [&[][..], &["-q"]] {
            let flags = [&["--log-format", "json"], more, quiet].concat();
            let output = stage("train", out.path(), &flags, &[]);
            assert_eq!(output.status.code(), Some(code));
            let lines = lines(&output);
            let [.., error, summary] = &lines[..] else { panic!("{lines:?}") };
            assert_eq!((&error["event"], &summary["event"]), (&"error".into(), &"summary".into()));
            for line in [error, summary] {
                assert_eq!((&line["level"], &line["fields"]["exit_code"]), (&"error".into(), &code.into()));
                assert!(line["fields"]["message"].as_str().unwrap().len() > 10, "{line}");
            }
            assert!(quiet.is_empty() || lines.len() == 2, "{lines:?}");
        }
    }
}

/// What lies before training is stale.
const AFTER_STALE_STAGES: [&str; 4] = ["--from", "train", "--set", "split.random_state=8"];

#[test]
fn the_pipeline_speaks_json_too_and_ends_with_a_summary() {
    let tides = Tides::complete();
    let events = |more: &[&str], code: i32| {
        let output = tides.pipeline(&[&["--log-format", "json"], more].concat());
        assert_eq!(output.status.code(), Some(code));
        let lines = lines(&output);
        assert!(lines.iter().all(|line| line["run_id"] == lines[0]["run_id"]), "{lines:?}");
        let last = &lines[lines.len() - 1];
        assert_eq!((&last["stage"], &last["event"]), (&"pipeline".into(), &"summary".into()));
        assert_eq!(last["fields"]["exit_code"], code, "{last}");
        assert!(last["fields"]["seconds"].as_f64() > Some(0.0), "{last}");
        lines.iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let fresh = ["freshness"; 5];
    assert_eq!(events(&[], 0), [&fresh[..], &["summary"]].concat());
    // feature-selection and split.
    let warnings = ["warning"; 2];
    assert_eq!(events(&AFTER_STALE_STAGES, 0), [&warnings, &fresh[..2], &["summary"]].concat());
    assert_eq!(events(&["--set", "spilt.by=origin"], 78), ["error", "summary"]);
    assert_eq!(events(&["-q", "--set", "spilt.by=origin"], 78), ["error", "summary"]);
    assert_eq!(events(&["--thread", "1"], 64), ["error", "summary"]);
    // A stage that failed has said why.
    let failed = events(&["--set", "train.Shallow.max_depth=0"], 78);
    assert_eq!(failed.iter().filter(|event| *event == "error").count(), 1, "{failed:?}");
    let lock = Lock::hold(&tides.path("artifacts"), Hold::Alone, "somebody", Duration::ZERO).unwrap();
    assert_eq!(events(&["--no-wait"], 75), ["error", "summary"]);
    let mut waiting = tides.command("pipeline", &["--log-format", "json"]);
    let mut waiting = waiting.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let first = BufReader::new(waiting.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&first).unwrap()["event"], "waiting", "{first}");
    drop(lock);
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn a_killed_stage_is_an_error_in_json() {
    let tides = Tides::bare();
    let program = tides.path("ingest");
    fs::write(&program, "#!/bin/sh\nkill -9 $$\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut xtask = Command::new(binary("xtask"));
    xtask.args(["pipeline", "--log-format", "json", "--config"]).arg(tides.path("pipeline.toml"));
    let output = xtask.arg("--bin-dir").arg(program.parent().unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(70));
    let lines = lines(&output);
    let [_, error, summary] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&error["event"], &summary["event"]), (&"error".into(), &"summary".into()));
    let fields = &summary["fields"];
    assert_eq!((&fields["exit_code"], &fields["message"]), (&70.into(), &error["fields"]["message"]));
    assert_eq!(fields["message"], "ingest: signal: 9 (SIGKILL)");
}

#[test]
fn a_quiet_pipeline_says_errors_only() {
    let tides = Tides::complete();
    for format in [&[][..], &["--log-format", "json"]] {
        let output = tides.pipeline(&[&["-q"], format, &AFTER_STALE_STAGES].concat());
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
    let refused = tides.pipeline(&["-q", "--set", "spilt.by=origin"]);
    assert!(String::from_utf8(refused.stderr).unwrap().starts_with("error: "));
}

#[test]
fn people_get_one_line_more_with_v_and_none_with_q() {
    let text = |more: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let output = stage("ingest", out.path(), more, &[]);
        assert!(output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(text(&[]).lines().count(), 1);
    assert_eq!(text(&["-q"]), "");
    assert_eq!(text(&["-q", "--log-format", "json"]), "");
    let steps = text(&["-v"]);
    assert!(
        steps.starts_with("ingest: start version=") && steps.contains("\ningest: input file="),
        "{steps}"
    );
    let files = text(&["-vv"]);
    assert!(files.contains("\ningest: published file=observations.parquet bytes="), "{files}");
    assert!(!steps.contains("published"), "{steps}");
    assert_eq!(steps.lines().last().unwrap().split_whitespace().next(), Some("ingest"));
}

#[test]
fn threads_are_what_the_flag_rayon_slurm_or_the_machine_say() {
    let threads = |more: &[&str], variables: &[(&str, &str)]| {
        let out = tempfile::tempdir().unwrap();
        let flags = [&["--log-format", "json"], more].concat();
        lines(&stage("ingest", out.path(), &flags, variables))[0]["fields"]["threads"].as_u64().unwrap()
    };
    let both = [("RAYON_NUM_THREADS", "4"), ("SLURM_CPUS_PER_TASK", "5")];
    assert_eq!(threads(&["--threads", "3"], &both), 3);
    assert_eq!(threads(&[], &both), 4);
    assert_eq!(threads(&[], &both[1..]), 5);
    let machine = std::thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(threads(&[], &[]), machine as u64);

    let out = tempfile::tempdir().unwrap();
    let output = stage("ingest", out.path(), &[], &[("RAYON_NUM_THREADS", "1000000")]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{text}");
    let message = "RAYON_NUM_THREADS=1000000: must be a whole number of threads, 1 to 1024";
    assert_eq!(text.trim_end(), format!("error: ingest: {message}"));
}
