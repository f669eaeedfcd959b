//! The table of scores that a run ends with.

use runs::Score;
use stage::{Error, Result};
use std::fs;
use std::path::Path;

const SPLITS: [&str; 4] = ["train", "val", "test", "test_unseen"];

/// The scores of `models`, in that order, from `folder`, the stage evaluate's: RMSE on every split, and what else is known of the test rows.
///
/// # Errors
/// If `metrics.json` is missing or not what evaluate writes.
pub(crate) fn table(folder: &Path, models: &[&str]) -> Result<String> {
    let path = folder.join("metrics.json");
    let text = fs::read(&path).map_err(|error| Error::reading(&path, &error))?;
    let scores: Vec<Score> = serde_json::from_slice(&text)
        .map_err(|error| Error::data(format!("{}: not a list of scores: {error}", path.display())))?;
    Ok(render(&scores, models))
}

fn render(scores: &[Score], models: &[&str]) -> String {
    let scored = |model: &&&str| scores.iter().any(|score| score.model == **model);
    let models: Vec<&str> = models.iter().filter(scored).copied().collect();
    let of = |model: &str, split: &str| scores.iter().find(|s| s.model == model && s.split == split);
    let best = models.iter().filter_map(|model| of(model, "test")).min_by(|a, b| a.rmse.total_cmp(&b.rmse));
    let decimals = decimals(best.or(scores.first()).map_or(1.0, |score| score.rmse));
    let best = best.map(|score| score.model.as_str());
    let mut rows = vec![header()];
    for model in models {
        let mut row = vec![model.to_owned()];
        let error = |error: f64| format!("{error:.decimals$}");
        row.extend(SPLITS.map(|split| of(model, split).map_or_else(dash, |score| error(score.rmse))));
        let test = of(model, "test");
        row.push(test.map_or_else(dash, |score| error(score.mae)));
        row.push(test.and_then(|score| score.r2).map_or_else(dash, |r2| format!("{r2:.4}")));
        row.push(test.map_or_else(dash, |score| format!("{:.1} %", 100.0 * score.mape)));
        row.push(if best == Some(model) { "best".to_owned() } else { String::new() });
        rows.push(row);
    }
    tables::aligned(&rows, &[0])
}

/// Digits after the point: two, or as many as leave an error three that are not zero.
fn decimals(error: f64) -> usize {
    if error > 0.0 { (2.0 - error.log10().floor()).clamp(2.0, 12.0) as usize } else { 2 }
}

fn header() -> Vec<String> {
    ["", "RMSE train", "val", "test", "test_unseen", "MAE test", "R2 test", "MAPE test", ""]
        .map(str::to_owned)
        .to_vec()
}

fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(model: &str, rmse: f64) -> Score {
        Score { model: model.into(), split: "test".into(), rmse, mae: 1.0, r2: Some(0.5), mape: 0.1, rows: 1 }
    }

    #[test]
    fn small_errors_have_digits() {
        for (best, shown) in [(0.0312, "0.0312"), (9.5e-7, "0.000000950"), (1.0, "1.00"), (0.0, "0.00")] {
            let text = render(&[score("MLP", 4e9), score("Linear", best)], &["Linear"]);
            assert!(text.contains(&format!(" {shown} ")), "{text}");
        }
    }

    #[test]
    fn the_table_marks_the_best_test_score() {
        let text =
            render(&[score("Linear", 12.5), score("RandomForest", 9.0)], &["Linear", "MLP", "RandomForest"]);
        assert_eq!(
            text,
            "              RMSE train  val   test  test_unseen  MAE test  R2 test  MAPE test
Linear                 -    -  12.50            -      1.00   0.5000     10.0 %
RandomForest           -    -   9.00            -      1.00   0.5000     10.0 %  best
"
        );
    }
}
