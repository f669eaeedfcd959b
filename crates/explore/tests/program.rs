//! The program from outside: exit codes, one line of error, names of artifacts, a reader that goes away.
#![expect(clippy::unwrap_used, reason = "helpers of a test do as tests do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_explore")).args(arguments).env("COLUMNS", "80").output().unwrap()
}

/// The exit code and the one line on stderr.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty());
    assert_eq!(text.lines().count(), 1, "{text}");
    (output.status.code().unwrap(), text.trim_end().replace("error: explore: ", ""))
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn errors_are_one_line_with_the_exit_code_of_their_kind() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "a.csv", "a,b\n1,x\n");
    let page = file(folder.path(), "page.html", "<html></html>");
    let cut = file(folder.path(), "cut.json", r#"{"a":{"1":1,"2":"#);
    let damaged = file(folder.path(), "b.parquet", "PAR1 and no more");
    let gzip = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/bad/raw/gzip-pages.parquet");
    let nothing = folder.path().join("nothing.csv");
    let nothing = nothing.to_str().unwrap();
    for (arguments, code, line) in [
        (vec![nothing], 66, format!("{nothing}: no such file")),
        (vec![good.as_str(), "hed"], 64, "invalid value 'hed' for '[COMMAND]'".into()),
        (vec![&good, "head", "-n", "x"], 64, "invalid value 'x' for '-n <N>'".into()),
        (
            vec![&good, "--column", "c"],
            64,
            format!("{good}: there is no column 'c'; `info` lists the columns"),
        ),
        (
            vec![&page],
            65,
            format!("{page}: neither name nor content tell what table it is; say it with --input-format"),
        ),
        (vec![&page, "--input-format", "parquet"], 65, format!("{page}: not a readable Parquet file")),
        (vec![&cut], 65, format!("{cut}: column 'a', row 2: the file ends too early, at line 1, byte 16")),
        (
            vec![gzip, "describe"],
            65,
            format!("{gzip}: not a readable Parquet file: its pages are compressed by gzip, but may be by"),
        ),
        (vec![&damaged, "describe"], 65, format!("{damaged}: not a readable Parquet file")),
        (
            vec![folder.path().to_str().unwrap()],
            65,
            format!("{}: a folder, not a table", folder.path().display()),
        ),
        (vec![], 64, "no TABLE; name a file, or list the artifacts of a folder with --out".into()),
        (vec!["--out", nothing], 66, format!("{nothing}: no artifacts here")),
    ] {
        let (found, text) = failure(&arguments);
        assert!(
            found == code && text.starts_with(&line),
            "{arguments:?}: {found}, {text}\nexpected {code}, {line}"
        );
    }
}

/// A folder of artifacts with a real table in it.
fn artifacts(out: &Path) {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kinds.parquet");
    for name in ["split/train.parquet", "train/predictions.parquet", "evaluate/predictions.parquet"] {
        let path: PathBuf = out.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(&table, path).unwrap();
    }
}

#[test]
fn artifacts_have_names() {
    let folder = tempfile::tempdir().unwrap();
    artifacts(folder.path());
    let out = folder.path().to_str().unwrap();
    let list = String::from_utf8(run(&["--out", out, "--format", "csv"]).stdout).unwrap();
    let names: Vec<&str> = list.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(names, ["evaluate/predictions", "split/train", "train/predictions"]);
    for name in ["split/train", "train.parquet", "train", "evaluate/predictions"] {
        let output = run(&[name, "head", "--out", out]);
        assert!(output.status.success(), "{name}");
    }
    let (code, line) = failure(&["predictions", "--out", out]);
    assert_eq!(code, 64);
    assert!(
        line.ends_with("may be evaluate/predictions or train/predictions; name the folder too"),
        "{line}"
    );
    let (code, line) = failure(&["val", "--out", out]);
    assert_eq!(code, 66);
    assert!(line.contains("nor an artifact in") && line.contains("split/train"), "{line}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/laptops/train_dataset.json");
    let mut child = Command::new(env!("CARGO_BIN_EXE_explore"))
        .arg(&table)
        .args(["head", "-n", "4000", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
