//! All layouts hold the same, do the same, and an experiment ends in tables and a page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use layouts::columns::Columns;
use layouts::dictionaries::Dictionaries;
use layouts::experiment::LAYOUTS;
use layouts::layout::Layout;
use layouts::listings::Listings;
use layouts::slots::Slots;
use layouts::task::{Run, Setting, Task};
use layouts::{Plan, access, html, misspelling, print};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn sample_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/laptops")
}

fn run<L: Layout>(listings: &Listings, rows: Option<usize>, task: Task) -> Run {
    let sample = listings.draw(rows, 5);
    let visits = access::visits(sample.picks.len(), 5);
    let mut layout = L::hold(listings, &sample);
    assert_eq!(layout.rows(), sample.picks.len());
    task.run(&mut layout, &Setting { sample, visits }).unwrap()
}

#[test]
fn layouts_give_the_same_results() {
    let listings = Listings::read(&sample_data()).unwrap();
    for task in [Task::Exploration, Task::Access, Task::Linear, Task::Regressors] {
        let outcome = run::<Dictionaries>(&listings, Some(700), task).outcome;
        assert!(outcome.len() > 10, "{outcome}");
        assert_eq!(outcome, run::<Slots>(&listings, Some(700), task).outcome, "{task:?}");
        assert_eq!(outcome, run::<Columns>(&listings, Some(700), task).outcome, "{task:?}");
    }
}

#[test]
fn draws_repeat_and_follow_their_seed() {
    let listings = Listings::read(&sample_data()).unwrap();
    assert_eq!(listings.draw(Some(50), 1), listings.draw(Some(50), 1));
    assert_ne!(listings.draw(Some(50), 1), listings.draw(Some(50), 2));
    let all = listings.draw(None, 1);
    assert_eq!(all.picks.len(), listings.rows());
    assert!(all.train.len() > all.test.len() && !all.test.is_empty());
}

#[test]
fn models_are_the_pipelines_on_the_real_data() {
    let Some(folder) = std::env::var_os("LAPTOPS_DIR") else {
        std::io::stderr().write_all(b"skipped: layouts on real data: LAPTOPS_DIR is not set\n").unwrap();
        return;
    };
    let listings = Listings::read(Path::new(&folder)).unwrap();
    assert_eq!(listings.rows(), 6109);
    let rmse = run::<Columns>(&listings, None, Task::Regressors).rmse;
    // As in the project's README.
    let expected = [
        ("Linear", "722.0919744"),
        ("MLP", "770.9230029"),
        ("DecisionTree", "647.52"),
        ("RandomForest", "526.97"),
        ("GradientBoosting", "534.95"),
        ("ExtraTrees", "532.06"),
        ("Voting", "477.94"),
    ];
    assert_eq!(rmse.len(), expected.len());
    for ((model, rmse), (name, shown)) in rmse.iter().zip(expected) {
        let decimals = shown.len() - shown.find('.').unwrap() - 1;
        assert_eq!((*model, format!("{rmse:.decimals$}")), (name, shown.to_owned()));
    }
}

#[test]
fn only_dictionaries_take_a_misspelt_attribute() {
    let listings = Listings::read(&sample_data()).unwrap();
    let evidence = misspelling::evidence(&listings).unwrap();
    assert_eq!(evidence.iter().map(|found| found.layout).collect::<Vec<_>>(), LAYOUTS);
    assert!(evidence[0].outcome.starts_with("accepted: the record has 18 attributes instead of 17"));
    assert!(evidence[2].outcome.contains("Unable to get field named \"buynow_prise\""));
    let columns = Columns::hold(&listings, &listings.draw(Some(20), 1));
    assert_eq!(columns.column("buynow_price").unwrap().len(), 20);
}

/// The study's columns, of made-up rows; the first has a missing cell.
fn write_files(folder: &Path) {
    for (file, first, rows) in
        [("train_dataset.json", 0, 40), ("val_dataset.json", 100, 5), ("test_dataset.json", 200, 10)]
    {
        let column = |cell: &dyn Fn(usize) -> Value| -> Value {
            let cells = (0..rows).map(|row| ((first + row).to_string(), cell(row)));
            Value::Object(cells.collect::<Map<String, Value>>())
        };
        let of = |levels: &'static [&'static str]| move |row: usize| json!(levels[row % levels.len()]);
        let lists = |row: usize| json!(["a", "b", "c"][..=row % 3]);
        let table = json!({
            "graphic card type": column(&|row| if row == 0 { Value::Null } else { json!("integrated graphics") }),
            "communications": column(&lists),
            "resolution (px)": column(&of(&["1920 x 1080", "1366 x 768"])),
            "CPU cores": column(&of(&["2", "4"])),
            "RAM size": column(&of(&["8 gb", "256 mb", "4 gb"])),
            "operating system": column(&|row| json!([["linux"], ["other"]][row % 2])),
            "drive type": column(&of(&["ssd", "hdd"])),
            "input devices": column(&|row| json!([["keyboard"], ["touchpad"]][row % 2])),
            "multimedia": column(&|row| json!([["camera"], ["speakers"]][row % 2])),
            "RAM type": column(&of(&["ddr4", "ddr3"])),
            "CPU clock speed (GHz)": column(&|row| json!(1.5 + row as f64 / 10.0)),
            "CPU model": column(&of(&["intel core i5", "intel core i7", "amd a6"])),
            "state": column(&of(&["new"])),
            "drive memory size (GB)": column(&|row| json!(100 * row)),
            "warranty": column(&of(&["producer warranty"])),
            "screen size": column(&of(&["15\" - 15.9\"", "11.9\" and less"])),
            "buynow_price": column(&|row| json!(1000.0 + 10.0 * (row * row % 17) as f64)),
        });
        fs::write(folder.join(file), table.to_string()).unwrap();
    }
}

#[test]
fn an_experiment_ends_in_tables_and_a_page() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let plan = Plan {
        data: folder.path().to_path_buf(),
        rows: vec![60],
        seed: 3,
        seconds: 1.0,
        full: true,
        counter: PathBuf::from(env!("CARGO_BIN_EXE_layouts-memory")),
    };
    let report = layouts::run(&plan).unwrap();
    // Each file has a row with a missing cell.
    assert_eq!(report.method.complete_rows, 39 + 4 + 9);
    assert!(report.left_out.is_empty());
    assert_eq!(
        report.sizes.iter().map(|size| (size.rows, size.study)).collect::<Vec<_>>(),
        [(52, true), (60, false)]
    );
    for size in &report.sizes {
        assert_eq!(size.held.iter().map(|held| held.layout).collect::<Vec<_>>(), LAYOUTS);
        let retained: Vec<usize> = size.held.iter().map(|held| held.bytes.retained).collect();
        assert!(retained[0] > retained[1] && retained[1] > retained[2], "{retained:?}");
        assert!(size.tasks.iter().all(|task| task.rounds >= 5 && task.memory.len() == 3));
        assert!(size.tasks.iter().all(|task| task.phases.iter().all(|phase| phase.durations.len() == 3)));
    }
    assert_eq!(report.sizes[0].task("machine learning, all regressors").unwrap().rmse.len(), 7);

    let page = html::page(&report);
    assert_eq!(page.matches("<svg").count(), 2);
    for text in
        ["What slots do to time and memory", "60 rows, drawn from", "buynow_prise", "a real difference"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("http://") && !page.contains("https://"));
    let text = print::text(&report);
    for part in
        ["held", "exploration (", "% smaller", "whole records read, at random", "RMSE", "no field `prise`"]
    {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(print::markdown(&report).contains("| held |"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["sizes"][1]["held"][0]["layout"], "dictionaries");
    assert!(
        json["sizes"][1]["tasks"][0]["phases"][0]["durations"][1]["against_dictionaries"]["low"].is_f64()
    );
}

#[test]
#[cfg(target_os = "linux")]
fn what_stdout_refuses_is_74() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut layouts = Command::new(env!("CARGO_BIN_EXE_layouts"));
    layouts.args(["--rows", "10", "--seconds", "1", "--data"]).arg(folder.path());
    layouts.arg("--out").arg(folder.path().join("page.html"));
    let output = layouts.stdout(full).output().unwrap();
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{line}");
    assert!(line.starts_with("error: layouts: stdout: cannot write"), "{line}");
}

#[test]
fn files_that_are_not_the_studys_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = Listings::read(folder.path()).unwrap_err();
    assert_eq!(error.exit_code(), 66, "{error}");
    write_files(folder.path());
    fs::write(folder.path().join("test_dataset.json"), r#"{"state": {"1": "new"}}"#).unwrap();
    let error = Listings::read(folder.path()).unwrap_err();
    assert_eq!(error.exit_code(), 65);
    assert!(
        error.to_string().ends_with("column 'CPU clock speed (GHz)' is not there; bring the study's columns"),
        "{error}"
    );
}
