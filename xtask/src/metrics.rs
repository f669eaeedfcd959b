//! `cargo xtask metrics`: the runs that are recorded in OUT/runs, their scores, and how two differ.

use crate::pipeline;
use anyhow::Result;
use runs::{Change, Run, Score};
use serde_json::{Value, json};
use stage::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `cargo xtask metrics`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    #[command(subcommand)]
    command: Command,

    /// Folder of the artifacts, whose runs/ holds the records [default: data/laptops/artifacts]
    #[arg(long, value_name = "OUT", global = true)]
    out: Option<PathBuf>,

    /// Form of what is printed
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the change of every score, per model and split
    ///
    /// A run is a file (a record or a metrics.json), the id of a run or its beginning, `latest` or `previous`.
    Diff {
        /// The earlier run
        #[arg(default_value = "previous")]
        before: String,
        /// The later run
        #[arg(default_value = "latest")]
        after: String,
    },

    /// Print the scores of a run
    Show {
        /// A file, the id of a run or its beginning, `latest` or `previous`
        #[arg(default_value = "latest")]
        run: String,
    },

    /// List the recorded runs, the oldest first
    List,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Prints what was asked for on stdout.
///
/// # Errors
/// If there is no such run, or its record is not one.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let out = flags.out.clone().unwrap_or_else(|| pipeline::default_out(&pipeline::default_config()));
    let recorded = runs::list(&out);
    for refused in recorded.iter().flat_map(|(_, refused)| refused) {
        let _ = writeln!(io::stderr().lock(), "warning: {refused}");
    }
    let read = |name: &str| runs::read(&runs::find(&out, name)?);
    let (rows, json) = match &flags.command {
        Command::Diff { before, after } => {
            let (before, after) = (read(before)?, read(after)?);
            runs::check_label(&before, &after.label)?;
            let changes = runs::changes(&before, &after);
            (changed(&changes), changes_json(&before, &after, &changes))
        }
        Command::Show { run } => {
            let run = read(run)?;
            (shown(&run), serde_json::to_value(&run)?)
        }
        Command::List => {
            let (runs, _) = recorded?;
            (listed(&runs), listed_json(&out, &runs))
        }
    };
    let text = match flags.format {
        Format::Text => tables::aligned(&rows, &texts(&rows)),
        Format::Markdown => tables::markdown(&rows, &texts(&rows)),
        Format::Json => serde_json::to_string_pretty(&json).map_err(Error::internal)? + "\n",
    };
    stage::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The scores that are compared: name, value, digits after the point.
type Column = (&'static str, fn(&Score) -> Option<f64>, usize);

const COLUMNS: [Column; 4] = [
    ("rmse", |score| Some(score.rmse), 4),
    ("mae", |score| Some(score.mae), 4),
    ("r2", |score| score.r2, 6),
    ("mape", |score| Some(score.mape), 6),
];

/// A row per model, split and score.
fn changed(changes: &[Change<'_>]) -> Vec<Vec<String>> {
    let head = ["model", "split", "score", "before", "after", "change", "%"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for change in changes {
        for (name, of, digits) in COLUMNS {
            let [before, after] = change.of(of);
            let number = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:.digits$}"));
            let (by, per_cent) = match (before, after) {
                (Some(before), Some(after)) => {
                    let by = after - before;
                    (signed(by, digits), signed(100.0 * by / before.abs(), 2))
                }
                (None, Some(_)) => ("new".to_owned(), String::new()),
                (Some(_), None) => ("gone".to_owned(), String::new()),
                (None, None) => (dash(), String::new()),
            };
            let words = [change.model, change.split, name].map(str::to_owned);
            rows.push(words.into_iter().chain([number(before), number(after), by, per_cent]).collect());
        }
    }
    rows
}

fn changes_json(before: &Run, after: &Run, changes: &[Change<'_>]) -> Value {
    let score = |change: &Change<'_>, of: fn(&Score) -> Option<f64>| {
        let [before, after] = change.of(of);
        let by = before.zip(after).map(|(before, after)| after - before);
        let per_cent = by.zip(before).map(|(by, before)| 100.0 * by / before.abs());
        json!({ "before": before, "after": after, "change": by, "percent": per_cent })
    };
    let row = |change: &Change<'_>| {
        let mut row = json!({ "model": change.model, "split": change.split });
        for (name, of, _) in COLUMNS {
            row[name] = score(change, of);
        }
        row
    };
    json!({ "before": before.id, "after": after.id, "changes": changes.iter().map(row).collect::<Vec<_>>() })
}

/// A row per model and split.
fn shown(run: &Run) -> Vec<Vec<String>> {
    let mut rows = vec![["model", "split", "rmse", "mae", "r2", "mape", "rows"].map(str::to_owned).to_vec()];
    for score in &run.metrics {
        let numbers =
            COLUMNS.map(|(_, of, digits)| of(score).map_or_else(dash, |value| format!("{value:.digits$}")));
        let words = [score.model.clone(), score.split.clone()].into_iter();
        rows.push(words.chain(numbers).chain([score.rows.to_string()]).collect());
    }
    rows
}

/// A row per run: its best model on the test rows.
fn listed(runs: &[Run]) -> Vec<Vec<String>> {
    let mut rows = vec![["run", "recorded", "best on test", "rmse"].map(str::to_owned).to_vec()];
    for run in runs {
        let (model, rmse) = best(run)
            .map_or_else(|| (dash(), dash()), |score| (score.model.clone(), format!("{:.4}", score.rmse)));
        rows.push(vec![run.id.clone(), run.created.clone(), model, rmse]);
    }
    rows
}

fn listed_json(out: &Path, runs: &[Run]) -> Value {
    let row = |run: &Run| {
        let file = out.join(runs::FOLDER).join(format!("{}.json", run.id));
        json!({ "run": run.id, "created": run.created, "file": file, "best": best(run) })
    };
    runs.iter().map(row).collect()
}

fn best(run: &Run) -> Option<&Score> {
    let of_test = run.metrics.iter().filter(|score| score.split == "test");
    of_test.min_by(|a, b| a.rmse.total_cmp(&b.rmse))
}

fn signed(value: f64, digits: usize) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value.is_finite() {
        format!("{value:+.digits$}")
    } else {
        dash()
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// The columns that hold words.
fn texts(rows: &[Vec<String>]) -> Vec<usize> {
    let words = ["model", "split", "score", "run", "recorded", "best on test"];
    rows.first().map_or_else(Vec::new, |head| {
        (0..head.len()).filter(|&column| words.contains(&head[column].as_str())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, scores: &[(&str, f64)]) -> Run {
        let score = |&(model, rmse): &(&str, f64)| json!({ "model": model, "split": "test", "rmse": rmse, "mae": 1.0, "r2": null, "mape": 0.25, "rows": 3 });
        let run = json!({
            "version": 1, "id": id, "created": "2026", "program": "0", "label": "y", "configuration": "c",
            "inputs": {}, "models": [], "stages": [],
            "metrics": scores.iter().map(score).collect::<Vec<_>>(),
        });
        serde_json::from_value(run).unwrap()
    }

    #[test]
    fn changes_are_rows_of_text_and_markdown() {
        let (before, after) =
            (run("a", &[("Linear", 8.0), ("Old", 1.0)]), run("b", &[("Linear", 7.0), ("New", 2.0)]));
        let rows = changed(&runs::changes(&before, &after));
        assert_eq!(rows.len(), 1 + 3 * COLUMNS.len());
        assert_eq!(rows[1], ["Linear", "test", "rmse", "8.0000", "7.0000", "-1.0000", "-12.50"]);
        assert_eq!(rows[2][3..], ["1.0000", "1.0000", "0", "0"]);
        assert_eq!(rows[3][3..], ["-", "-", "-", ""]);
        assert_eq!(rows[5][5], "new");
        assert_eq!(rows[9][5], "gone");
        let text = tables::markdown(&rows, &texts(&rows));
        assert!(text.starts_with(
            "| model | split | score | before | after | change | % |\n| --- | --- | --- | ---: |"
        ));
        assert!(text.contains("\n| Linear | test | rmse | 8.0000 | 7.0000 | -1.0000 | -12.50 |\n"));
    }

    #[test]
    fn changes_as_json_keep_all_digits_and_both_sides() {
        let (before, after) = (run("a", &[("Linear", 0.1)]), run("b", &[("Linear", 0.3), ("New", 2.0)]));
        let json = changes_json(&before, &after, &runs::changes(&before, &after));
        assert_eq!((&json["before"], &json["after"]), (&"a".into(), &"b".into()));
        let rmse = &json["changes"][0]["rmse"];
        assert_eq!((rmse["before"].as_f64(), rmse["change"].as_f64()), (Some(0.1), Some(0.3 - 0.1)));
        assert_eq!(
            json["changes"][1]["rmse"],
            json!({ "before": null, "after": 2.0, "change": null, "percent": null })
        );
    }

    #[test]
    fn runs_are_listed_with_their_best_model() {
        let rows = listed(&[run("a", &[("Linear", 8.0), ("Forest", 5.5)]), run("b", &[])]);
        assert_eq!(rows[1], ["a", "2026", "Forest", "5.5000"]);
        assert_eq!(rows[2][2..], ["-", "-"]);
    }
}
