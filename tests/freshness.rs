//! What `cargo xtask pipeline` calls fresh and stale, and why: every trap that other tools fall into.

use crate::binaries::{binary, write_program};
use crate::workspace::{RECORDS, STAGES, root};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// The table of tides with its configuration and complete artifacts, to be changed by a test.
pub(crate) struct Tides {
    folder: tempfile::TempDir,
    binaries: PathBuf,
}

impl Tides {
    /// Before any run.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["pipeline.toml", "tides.csv"] {
            fs::copy(root().join("tests/other").join(file), folder.path().join(file)).unwrap();
        }
        Self { folder, binaries: binary("train").parent().unwrap().to_path_buf() }
    }

    /// After a complete run.
    pub(crate) fn complete() -> Self {
        static MASTER: OnceLock<Tides> = OnceLock::new();
        let master = MASTER.get_or_init(|| {
            let tides = Self::bare();
            assert!(tides.pipeline(&[]).status.success());
            tides
        });
        let tides = Self::bare();
        copy(master.folder.path(), tides.folder.path());
        tides
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn artifact(&self, name: &str) -> PathBuf {
        self.path("artifacts").join(name)
    }

    /// `cargo xtask COMMAND` without cargo.
    pub(crate) fn command(&self, command: &str, flags: &[&str]) -> Command {
        let mut xtask = Command::new(binary("xtask"));
        xtask.arg(command).arg("--config").arg(self.path("pipeline.toml"));
        xtask.arg("--bin-dir").arg(&self.binaries).args(flags);
        xtask
    }

    pub(crate) fn pipeline(&self, flags: &[&str]) -> Output {
        self.command("pipeline", flags).output().unwrap()
    }

    /// Runs the program of one stage on OUT.
    fn by_hand(&self, stage: &str, out: &Path, flags: &[&str]) -> Output {
        let mut program = Command::new(self.binaries.join(stage));
        program.arg("--config").arg(self.path("pipeline.toml")).arg("--out").arg(out);
        program.args(flags).output().unwrap()
    }

    /// Runs the pipeline; what it called each stage: the rest of the stage's first line, and of each further one
    /// about a model.
    fn verdicts(&self, flags: &[&str]) -> Vec<(String, String)> {
        let output = self.pipeline(flags);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        verdicts(&text)
    }

    /// The stages that a run does not call fresh, with the reason.
    fn stale(&self, flags: &[&str]) -> Vec<String> {
        let verdicts = self.verdicts(flags);
        let stale = verdicts.into_iter().filter(|(_, verdict)| !verdict.starts_with("fresh"));
        stale.map(|(stage, verdict)| format!("{stage}: {verdict}")).collect()
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.path(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }
}

/// Stage and verdict of every line that is no stage's own line of what it did.
fn verdicts(text: &str) -> Vec<(String, String)> {
    let named = |line: &str| {
        let (stage, rest) = line.split_once(' ')?;
        let rest = rest.trim();
        let done = rest.contains(" s  ");
        (STAGES.contains(&stage) && !done).then(|| (stage.to_owned(), rest.to_owned()))
    };
    text.lines().filter_map(named).collect()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { _ = fs::copy(&path, &target).unwrap() }
    }
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_first_run_runs_all_and_a_second_nothing() {
    let tides = Tides::bare();
    let expected: Vec<String> = STAGES.map(|stage| format!("{stage}: not run yet")).to_vec();
    assert_eq!(tides.stale(&[]), expected);
    let before = fs::read(tides.artifact("train/manifest.json")).unwrap();
    let output = tides.pipeline(&[]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text, STAGES.map(|stage| format!("{stage:<18} fresh\n")).concat());
    assert!(String::from_utf8(output.stdout).unwrap().contains("report: "));
    assert_eq!(fs::read(tides.artifact("train/manifest.json")).unwrap(), before);
}

#[test]
fn an_input_with_an_older_time_is_seen() {
    let tides = Tides::complete();
    tides.edit("tides.csv", "outer pier", "inner pier");
    set_modified(&tides.path("tides.csv"), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    assert_eq!(tides.stale(&[])[0], "ingest: input tides.csv changed");
}

#[test]
fn other_content_of_the_same_size_and_time_is_seen() {
    let tides = Tides::complete();
    let path = tides.path("tides.csv");
    let (time, size) = (modified(&path), fs::metadata(&path).unwrap().len());
    tides.edit("tides.csv", "outer pier", "inner pier");
    set_modified(&path, time);
    assert_eq!((modified(&path), fs::metadata(&path).unwrap().len()), (time, size));
    assert_eq!(tides.stale(&[])[0], "ingest: input tides.csv changed");
}

#[test]
fn touched_files_are_fresh() {
    let tides = Tides::complete();
    for name in
        ["tides.csv", "pipeline.toml", "artifacts/split/train.parquet", "artifacts/train/Linear.parquet"]
    {
        set_modified(&tides.path(name), SystemTime::now() + Duration::from_secs(3600));
    }
    assert_eq!(tides.stale(&[]), NOTHING);
}

#[test]
fn altered_truncated_and_deleted_outputs_are_made_again() {
    let tides = Tides::complete();
    let train = tides.artifact("split/train.parquet");
    let before = fs::read(&train).unwrap();
    let mut altered = before.clone();
    altered[before.len() / 2] ^= 1;
    for (bytes, verdict) in [
        (Some(&altered[..]), "split: output train.parquet was altered"),
        (Some(&before[..before.len() / 2]), "split: output train.parquet was altered"),
        (Some(&[]), "split: output train.parquet was altered"),
        (None, "split: output train.parquet is missing"),
    ] {
        match bytes {
            Some(bytes) => fs::write(&train, bytes).unwrap(),
            None => fs::remove_file(&train).unwrap(),
        }
        // The same bytes again: what is made of them is fresh.
        assert_eq!(tides.stale(&[]), [verdict]);
        assert_eq!(fs::read(&train).unwrap(), before);
    }
}

#[test]
fn comments_order_and_spelling_of_keys_do_not_matter() {
    let tides = Tides::complete();
    let text = fs::read_to_string(tides.path("pipeline.toml")).unwrap();
    fs::write(tides.path("pipeline.toml"), format!("# new\n{text}\n# more\n")).unwrap();
    assert_eq!(tides.stale(&[]), NOTHING);
    // Sections and the keys of each the other way round.
    let sections: Vec<&str> = text.split("\n[").skip(1).collect();
    let mut turned = String::new();
    for section in sections.iter().rev() {
        let (name, keys) = section.split_once(']').unwrap();
        let keys: Vec<&str> = keys.lines().filter(|line| !line.is_empty()).rev().collect();
        turned += &format!("[{name}]\n{}\n", keys.join("\n"));
    }
    let turned = turned.replace("{ Linear = 1.0, Shallow = 1.0 }", "{ Shallow = 1.00, Linear = 1e0 }");
    assert!(turned.find("[train.Voting]") < turned.find("[train.Linear]") && turned.contains("1e0"));
    fs::write(tides.path("pipeline.toml"), turned).unwrap();
    assert_eq!(tides.stale(&[]), NOTHING);
    // And rightly so: made anew, all artifacts have the same bytes.
    let before = tree(&tides.path("artifacts"));
    assert!(tides.pipeline(&["--force"]).status.success());
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), NOTHING);
}

#[test]
fn a_parameter_of_one_model_trains_that_model_and_its_votes() {
    let tides = Tides::complete();
    let linear = modified(&tides.artifact("train/Linear.parquet"));
    let set = ["--set", "train.Shallow.max_depth=5"];
    let stale = tides.stale(&set);
    assert_eq!(
        stale,
        [
            "train: Shallow: parameter train.Shallow.max_depth changed from 6 to 5",
            "train: Voting: Shallow is stale",
            "evaluate: input train/Shallow.parquet changed, input train/Voting.parquet changed",
        ]
    );
    assert_eq!(modified(&tides.artifact("train/Linear.parquet")), linear);
    assert_eq!(tides.stale(&set), NOTHING);
    assert_eq!(tides.stale(&[])[0], "train: Shallow: parameter train.Shallow.max_depth changed from 5 to 6");
}

#[test]
fn the_same_output_again_keeps_what_follows_fresh() {
    let tides = Tides::complete();
    // Its default, spelled out.
    let stale = tides.stale(&["--set", "train.Linear.fit_intercept=true"]);
    assert_eq!(
        stale,
        [
            "train: Linear: parameter train.Linear.fit_intercept changed from its default to true",
            "train: Voting: Linear is stale",
        ]
    );
}

#[test]
fn a_seed_of_the_split_makes_feature_selection_stale_too() {
    let tides = Tides::complete();
    tides.edit("pipeline.toml", "random_state = 7", "random_state = 8");
    let stale = tides.stale(&[]);
    let seed = "parameter split.random_state changed from 7 to 8";
    assert_eq!(stale[0], format!("feature-selection: {seed}"));
    assert!(stale[1].starts_with(&format!("split: {seed}")), "{stale:?}");
    assert_eq!(stale[2], "train: Linear, Shallow: input split/train.parquet changed");
}

#[test]
fn a_changed_program_is_seen() {
    let mut tides = Tides::complete();
    let programs = tides.path("programs");
    fs::create_dir(&programs).unwrap();
    for stage in STAGES {
        write_program(r#"cp "$1" "$2""#, &[&tides.binaries.join(stage), &programs]);
    }
    tides.binaries = programs;
    assert_eq!(tides.stale(&[]), NOTHING);
    write_program(r#"echo >> "$1""#, &[&tides.binaries.join("split")]);
    assert_eq!(tides.stale(&[]), ["split: tool changed"]);
    assert_eq!(tides.stale(&[]), NOTHING);
}

#[test]
fn models_come_and_go() {
    let tides = Tides::complete();
    let text = fs::read_to_string(tides.path("pipeline.toml")).unwrap();
    fs::write(tides.path("pipeline.toml"), format!("{text}\n[train.Deep]\nlearner = \"DecisionTree\"\n"))
        .unwrap();
    let new = "evaluate: train.Deep is new, input train/Deep.parquet is new";
    assert_eq!(tides.stale(&[]), ["train: Deep: not run yet", new]);
    fs::write(tides.path("pipeline.toml"), text).unwrap();
    let stale = tides.stale(&[]);
    assert_eq!(stale[0], "train: Deep: not configured any more");
    assert!(stale[1].starts_with("evaluate: train.Deep is gone"), "{stale:?}");
    assert!(!tides.artifact("train/Deep.parquet").exists());
    assert_eq!(tides.stale(&[]), NOTHING);
}

#[test]
fn models_that_were_made_after_the_report_make_it_anew() {
    let tides = Tides::complete();
    fs::remove_dir_all(tides.artifact("train")).unwrap();
    for (stage, more) in [("train", &["--model", "Linear"][..]), ("evaluate", &[])] {
        assert!(tides.by_hand(stage, &tides.path("artifacts"), more).status.success());
    }
    // What was never made is not missed.
    assert_eq!(tides.stale(&["--from", "evaluate"]), NOTHING);
    let new = "evaluate: input train/Shallow.parquet is new, input train/Voting.parquet is new";
    assert_eq!(tides.stale(&[]), ["train: Shallow, Voting: not run yet", new]);
    assert_eq!(tides.stale(&[]), NOTHING);
}

#[test]
fn the_report_is_made_again_where_it_is_gone_and_other_records_are_not_missed() {
    let tides = Tides::complete();
    fs::remove_file(tides.artifact("train/fits.parquet")).unwrap();
    fs::remove_file(tides.artifact("evaluate/report.html")).unwrap();
    assert_eq!(tides.stale(&[]), ["evaluate: output report.html is missing"]);
    fs::write(tides.artifact("evaluate/report.html"), "mine").unwrap();
    assert_eq!(tides.stale(&[]), NOTHING);
}

#[test]
fn threads_folders_and_stages_run_by_hand_count_as_the_same() {
    let tides = Tides::complete();
    copy(&tides.path("artifacts"), &tides.path("elsewhere"));
    fs::rename(tides.path("tides.csv"), tides.path("elsewhere/tides.csv")).unwrap();
    let elsewhere = tides.path("elsewhere");
    let elsewhere = elsewhere.to_str().unwrap();
    let flags = ["--threads", "1", "--out", elsewhere, "--data", elsewhere];
    assert_eq!(tides.stale(&flags), NOTHING);
    // A stage that is run by hand on another configuration is what lies there now.
    let changed = ["--model", "Linear", "--set", "train.Linear.fit_intercept=false"];
    let by_hand = tides.by_hand("train", &tides.path("elsewhere"), &changed);
    assert!(by_hand.status.success(), "{by_hand:?}");
    let stale = tides.stale(&flags);
    assert_eq!(
        stale[0],
        "train: Linear: parameter train.Linear.fit_intercept changed from false to its default"
    );
    assert_eq!(stale.len(), 2, "{stale:?}");
}

#[test]
fn ranges_force_and_dry_runs() {
    let tides = Tides::complete();
    let forced = STAGES.map(|stage| format!("{stage}: forced"));
    assert_eq!(tides.stale(&["--until", "split", "--force"]), forced[..3]);
    assert_eq!(tides.stale(&["--from", "train", "--force"]), forced[3..]);
    tides.edit("pipeline.toml", "random_state = 7", "random_state = 8");
    let before = tree(&tides.path("artifacts"));
    for command in [tides.command("pipeline", &["--dry-run"]), tides.command("status", &[])] {
        let mut command = command;
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let verdicts = verdicts(&text);
        let of = |stage: &str| verdicts.iter().find(|(name, _)| name == stage).unwrap().1.clone();
        assert_eq!(of("ingest"), "fresh");
        assert_eq!(of("split"), "parameter split.random_state changed from 7 to 8");
        assert_eq!(of("train"), "fresh, if split gives the same again");
    }
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), NOTHING);
    // What lies before --from is left as it is, and said to be stale.
    let output = tides.pipeline(&["--from", "train"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("warning: the stage 'split' is stale (parameter split.random_state"), "{text}");
    assert_eq!(verdicts(&text)[0], ("train".to_owned(), "fresh".to_owned()));
}

#[test]
fn jobs_train_models_one_by_one_to_the_same_bytes() {
    let tides = Tides::complete();
    let before = tree(&tides.path("artifacts"));
    let output = tides.pipeline(&["--force", "--jobs", "2"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("train") && line.contains("1 models")).count(), 3);
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), NOTHING);
}

#[test]
fn keep_going_trains_what_can_be_trained() {
    let tides = Tides::complete();
    // A folder that stands where the model belongs.
    fs::remove_file(tides.artifact("train/Linear.parquet")).unwrap();
    fs::create_dir(tides.artifact("train/Linear.parquet")).unwrap();
    let output = tides.pipeline(&["--keep-going", "--set", "train.Shallow.max_depth=5"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{text}");
    assert!(text.contains("Voting: not run: a member failed"), "{text}");
    assert!(text.contains("evaluate           not run: train failed"), "{text}");
    fs::remove_dir(tides.artifact("train/Linear.parquet")).unwrap();
    let stale = tides.stale(&["--set", "train.Shallow.max_depth=5"]);
    assert_eq!(stale[0], "train: Linear: output Linear.parquet is missing", "{stale:?}");
}

#[test]
fn a_wrong_configuration_is_said_once_by_keep_going_too() {
    let tides = Tides::complete();
    let output = tides.pipeline(&["--keep-going", "--force", "--set", "train.Shallow.max_depth=0"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert_eq!(text.matches("max_depth = 0: must be at least 1").count(), 1, "{text}");
}

#[test]
fn values_that_no_stage_depends_on_are_refused_where_all_is_fresh() {
    let tides = Tides::complete();
    for (set, expected) in [
        ("train.max_depth=3", "train.max_depth: must be a table of hyperparameters, as [train.MLP]"),
        ("resources.trian.cpus=4", "resources: unknown key 'trian'; did you mean 'train'?"),
    ] {
        for command in ["pipeline", "status"] {
            let output = tides.command(command, &["--set", set]).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(78), "{text}");
            assert!(text.ends_with(&format!("{expected}\n")) && text.lines().count() == 1, "{text}");
        }
    }
}

#[test]
fn the_lock_file_is_stable_and_says_what_there_is() {
    let tides = Tides::bare();
    assert!(tides.pipeline(&[]).status.success());
    let read = || fs::read_to_string(tides.path("pipeline.lock")).unwrap();
    let first = read();
    assert!(tides.pipeline(&["--force", "--threads", "1"]).status.success());
    assert_eq!(read(), first);
    let lock: serde_json::Value = serde_json::from_str(&first).unwrap();
    let hash = stage::hash_of(&fs::read(tides.artifact("train/Linear.parquet")).unwrap());
    assert_eq!(lock["train"]["Linear"]["outputs"]["Linear.parquet"], hash.as_str());
    assert_eq!(lock["ingest"]["ingest"]["inputs"]["tides.csv"].as_str().unwrap().len(), 64);
    assert!(!first.contains("tool") && !first.contains(tides.folder.path().to_str().unwrap()));
    assert!(tides.pipeline(&["--set", "train.Shallow.max_depth=5"]).status.success());
    assert_ne!(read(), first);
}

#[test]
fn one_stage_runs_by_the_program_of_a_folder() {
    let tides = Tides::complete();
    let stage = |folder: &Path| {
        let mut xtask = Command::new(binary("xtask"));
        xtask.args(["stage", "split", "--config"]).arg(tides.path("pipeline.toml"));
        let output = xtask.arg("--bin-dir").arg(folder).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = stage(&tides.binaries);
    assert!(code == Some(0) && text.starts_with("split  "), "{text}");
    let (code, text) = stage(&tides.path("artifacts"));
    let program = tides.artifact("split");
    assert!(code == Some(74) && text.contains(&format!("{}: cannot start: ", program.display())), "{text}");
}

#[test]
fn a_configuration_in_the_place_of_its_lock_file_is_refused() {
    let tides = Tides::bare();
    fs::rename(tides.path("pipeline.toml"), tides.path("tides.lock")).unwrap();
    let before = fs::read(tides.path("tides.lock")).unwrap();
    let mut xtask = Command::new(binary("xtask"));
    xtask.arg("pipeline").arg("--bin-dir").arg(&tides.binaries).arg("--config").arg(tides.path("tides.lock"));
    let output = xtask.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert!(text.contains("tides.lock: ") && text.lines().count() == 1, "{text}");
    assert_eq!(fs::read(tides.path("tides.lock")).unwrap(), before);
    assert!(!tides.path("artifacts").exists());
}

#[test]
fn another_baseline_makes_the_report_anew() {
    let tides = Tides::complete();
    let page = || fs::read_to_string(tides.artifact("evaluate/report.html")).unwrap();
    let latest = || runs::find(&tides.path("artifacts"), "latest").unwrap().to_str().unwrap().to_owned();
    let first = latest();
    let against_first = ["--baseline", &*first];
    assert!(!page().contains("id=\"changes\""));
    let lock = fs::read(tides.path("pipeline.lock")).unwrap();

    assert_eq!(tides.stale(&against_first), ["evaluate: the report has no baseline"]);
    assert!(page().contains("All scores are the same to the bit"));
    assert_eq!(fs::read(tides.path("pipeline.lock")).unwrap(), lock);
    assert_eq!(tides.stale(&against_first), NOTHING);
    // Whoever asks for none takes what is there.
    assert_eq!(tides.stale(&[]), NOTHING);
    assert!(page().contains("id=\"changes\""));
    let second = latest();
    assert_ne!(second, first);
    assert_eq!(tides.stale(&["--baseline", &second]), ["evaluate: baseline changed"]);
}

#[test]
fn a_baseline_that_is_none_is_refused_before_anything_runs() {
    let tides = Tides::bare();
    let code = |flags: &[&str]| tides.pipeline(flags).status.code();
    assert_eq!(code(&["--baseline", "nowhere.json"]), Some(66));
    let table = tides.path("tides.csv");
    assert_eq!(code(&["--baseline", table.to_str().unwrap()]), Some(65));
    assert_eq!(code(&["--baseline", "nowhere.json", "--until", "train"]), Some(64));
    assert!(!tides.path("artifacts").exists());
}

/// All artifacts by path: no run records, manifests or dotted files.
pub(crate) fn tree(out: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for stage in STAGES {
        for entry in fs::read_dir(out.join(stage)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{stage}/{}", path.file_name().unwrap().to_str().unwrap());
            let record = RECORDS.contains(&name.as_str());
            if path.is_file() && !record && !name.contains("/.") {
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Names of files that only one side has, or that differ.
pub(crate) fn differing(one: &[(String, Vec<u8>)], two: &[(String, Vec<u8>)]) -> Vec<String> {
    let only = |here: &[(String, Vec<u8>)], there: &[(String, Vec<u8>)]| {
        here.iter().filter(|file| !there.contains(file)).map(|file| file.0.clone()).collect::<Vec<_>>()
    };
    let mut names = [only(one, two), only(two, one)].concat();
    names.sort();
    names.dedup();
    names
}
