//! The chain of selections and what each says of every candidate.

use crate::config::{ForestImportance, Method, Section};
use crate::encode::Encoded;
use crate::{f_regression, vif};
use artifacts::Names;
use linfa::Dataset;
use linfa::traits::Fit;
use ndarray::{Array1, Array2, ShapeBuilder};
use regressors::RandomForest;
use regressors::tree::TreeParams;
use stage::{Error, Result};
use std::path::PathBuf;

/// What selections see: train rows, or all rows.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    /// The file of the observations.
    pub(crate) file: PathBuf,
    /// Places of the rows among the encoded ones, which are not copied: they may be large.
    pub(crate) rows: Vec<usize>,
    /// Places there of the rows with a label.
    pub(crate) labelled: Vec<usize>,
    /// The index of those rows in their raw file.
    pub(crate) row_id: Vec<i64>,
    /// Name of the label column.
    pub(crate) label_name: String,
    /// The label of those rows.
    pub(crate) label: Array1<f64>,
}

/// What is known of one candidate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    pub(crate) vif: Option<f64>,
    pub(crate) f_score: Option<f64>,
    pub(crate) importance: Option<f64>,
    /// Round in which the candidate left.
    pub(crate) round: Option<u32>,
    /// Why it left, or stayed.
    pub(crate) reason: String,
}

/// The selected features and a note on every candidate.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Positions of the kept candidates, in the order of the features.
    pub(crate) kept: Vec<usize>,
    /// By candidate.
    pub(crate) notes: Vec<Note>,
}

/// Applies the configured selections one after the other.
///
/// # Errors
/// If a selection is given wrong parameters, or nothing is left.
pub(crate) fn select(encoded: &Encoded, fitted: &Fitted, section: &Section) -> Result<Outcome> {
    let n = encoded.features.len();
    let mut chain = Chain {
        encoded,
        fitted,
        outcome: Outcome { kept: (0..n).collect(), notes: vec![Note::default(); n] },
        round: 0,
    };
    for method in section.select.methods() {
        match method {
            Method::None => {}
            Method::Columns => chain.columns(&section.columns)?,
            Method::Variance => chain.variance(section.variance.threshold)?,
            Method::Vif => chain.vif(section.vif.limit)?,
            Method::KBest => chain.k_best(section.k_best.k)?,
            Method::ForestImportance => chain.forest_importance(section.forest_importance)?,
        }
        if chain.outcome.kept.is_empty() {
            return Err(Error::data("no feature is left; loosen feature-selection.select"));
        }
    }
    for &index in &chain.outcome.kept {
        let note = &mut chain.outcome.notes[index];
        if note.reason.is_empty() {
            "kept: no selection asked for".clone_into(&mut note.reason);
        }
    }
    Ok(chain.outcome)
}

struct Chain<'a> {
    encoded: &'a Encoded,
    fitted: &'a Fitted,
    outcome: Outcome,
    round: u32,
}

impl Chain<'_> {
    /// A candidate's values in the fitted rows.
    fn column(&self, index: usize) -> Vec<f64> {
        let column = self.encoded.values.column(index);
        self.fitted.rows.iter().map(|&row| column[row]).collect()
    }

    /// The kept features of the rows with a label, stored by column.
    fn labelled(&self) -> Array2<f64> {
        let (rows, kept) = (&self.fitted.labelled, &self.outcome.kept);
        Array2::from_shape_fn((rows.len(), kept.len()).f(), |(row, place)| {
            self.encoded.values[[rows[row], kept[place]]]
        })
    }

    /// Keeps the named features, in the given order.
    fn columns(&mut self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Err(Error::config("feature-selection.columns: list the features to keep"));
        }
        let position = |name: &String| {
            let found = self.outcome.kept.iter().find(|&&index| self.encoded.features[index].name == *name);
            found.copied().ok_or_else(|| {
                Error::config(format!("feature-selection.columns: there is no feature '{name}'"))
            })
        };
        let listed: Vec<usize> = names.iter().map(position).collect::<Result<_>>()?;
        if let Some(twice) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
            let name = &names[twice];
            return Err(Error::config(format!("feature-selection.columns: '{name}' is listed twice")));
        }
        self.round += 1;
        for index in self.outcome.kept.clone() {
            let kept = listed.contains(&index);
            self.note(
                index,
                kept,
                if kept { "listed in columns" } else { "not listed in columns" }.to_owned(),
            );
        }
        self.outcome.kept = listed;
        Ok(())
    }

    /// scikit-learn's `VarianceThreshold`: population variances; at threshold 0 a constant counts as one whatever rounding says.
    fn variance(&mut self, threshold: f64) -> Result<()> {
        if threshold.is_nan() || threshold < 0.0 {
            return Err(Error::config(format!(
                "feature-selection.variance.threshold = {threshold}: must be at least 0"
            )));
        }
        let variance = |index: usize| {
            let column = self.column(index);
            let range = peak_to_peak(&column);
            let variance = Array1::from(column).var(0.0);
            if threshold == 0.0 { variance.min(range) } else { variance }
        };
        let variances: Vec<f64> = self.outcome.kept.iter().map(|&index| variance(index)).collect();
        self.retain(|place| {
            let (variance, kept) = (number(variances[place]), variances[place] > threshold);
            (kept, format!("variance {variance} {} {threshold}", if kept { ">" } else { "<=" }))
        });
        Ok(())
    }

    /// Drops the largest variance inflation factor until none is above the limit; each drop is a round.
    fn vif(&mut self, limit: f64) -> Result<()> {
        if limit.is_nan() || limit < 1.0 {
            return Err(Error::config(format!("feature-selection.vif.limit = {limit}: must be at least 1")));
        }
        let before = self.outcome.kept.clone();
        let elimination = vif::eliminate(before.iter().map(|&index| self.column(index)).collect(), limit);
        for drop in elimination.dropped {
            let index = before[drop.column];
            self.round += 1;
            self.outcome.notes[index].vif = Some(drop.vif);
            let constant = peak_to_peak(&self.column(index)) == 0.0;
            let reason = match drop.vif.is_infinite() {
                true if constant => "constant in the fitted rows".to_owned(),
                true => "exactly collinear with features before it".to_owned(),
                false => format!("vif > {limit}"),
            };
            self.note(index, false, reason);
        }
        self.outcome.kept = elimination.kept.iter().map(|(column, _)| before[*column]).collect();
        for (column, vif) in elimination.kept {
            self.outcome.notes[before[column]].vif = Some(vif);
            self.note(before[column], true, format!("vif <= {limit}"));
        }
        Ok(())
    }

    /// scikit-learn's `SelectKBest(f_regression)`: of equal scores the later columns stay.
    fn k_best(&mut self, k: usize) -> Result<()> {
        if k == 0 {
            return Err(Error::config("feature-selection.k-best.k = 0: must be at least 1"));
        }
        let records = self.labelled();
        let scores = f_regression(records.view(), self.fitted.label.view());
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let best: Vec<usize> = order.split_off(order.len().saturating_sub(k));
        for (place, &score) in scores.iter().enumerate() {
            self.outcome.notes[self.outcome.kept[place]].f_score = Some(score);
        }
        self.retain(|place| {
            let kept = best.contains(&place);
            (kept, format!("{}among the {k} best F scores", if kept { "" } else { "not " }))
        });
        Ok(())
    }

    /// Impurity importances of a random forest, as scikit-learn's `feature_importances_`.
    fn forest_importance(&mut self, config: ForestImportance) -> Result<()> {
        let threshold = config.threshold;
        if threshold.is_nan() {
            return Err(Error::config(
                "feature-selection.forest-importance.threshold = nan: must be a number",
            ));
        }
        let records = self.labelled();
        let forest = RandomForest::params()
            .n_estimators(config.n_estimators)
            .random_state(config.random_state)
            .fit(&Dataset::new(records, self.fitted.label.clone()))
            .map_err(|error| self.refuse("feature-selection.forest-importance", &error))?;
        let importances = forest.feature_importances().to_vec();
        for (place, &importance) in importances.iter().enumerate() {
            self.outcome.notes[self.outcome.kept[place]].importance = Some(importance);
        }
        self.retain(|place| {
            let kept = importances[place] > threshold;
            (kept, format!("importance {} {threshold}", if kept { ">" } else { "<=" }))
        });
        Ok(())
    }

    /// A fit's failure on the kept features of the rows with a label.
    fn refuse(&self, place: &str, error: &regressors::Error) -> Error {
        let kept = self.outcome.kept.iter();
        let features: Vec<String> = kept.map(|&index| self.encoded.features[index].name.clone()).collect();
        let Fitted { file, label_name, row_id, .. } = self.fitted;
        Names { file: file.clone(), features: &features, label: label_name, row_id: Some(row_id) }
            .refuse(place, error)
    }

    /// Keeps some of the features, in one round; `judge` says of the feature at a place whether it stays, and why.
    fn retain(&mut self, judge: impl Fn(usize) -> (bool, String)) {
        self.round += 1;
        let mut kept = Vec::new();
        for (place, index) in self.outcome.kept.clone().into_iter().enumerate() {
            let (stays, reason) = judge(place);
            self.note(index, stays, reason);
            if stays {
                kept.push(index);
            }
        }
        self.outcome.kept = kept;
    }

    fn note(&mut self, index: usize, kept: bool, reason: String) {
        let note = &mut self.outcome.notes[index];
        note.reason = reason;
        note.round = (!kept).then_some(self.round);
    }
}

fn peak_to_peak(column: &[f64]) -> f64 {
    let (low, high) =
        column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
    high - low
}

/// A number as a person reads it in a reason.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        0.01..1e6 => format!("{value:.2}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::encode::Feature;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    /// What scikit-learn and numpy say; `tests/golden/selection.py` writes it.
    #[derive(Deserialize)]
    struct Golden {
        records: Vec<Vec<f64>>,
        label: Vec<f64>,
        f_scores: Vec<f64>,
        k_best: BTreeMap<usize, Vec<usize>>,
        variance: BTreeMap<String, Vec<usize>>,
        importances: Vec<f64>,
        vif: GoldenVif,
    }

    #[derive(Deserialize)]
    struct GoldenVif {
        limit: f64,
        dropped: Vec<(usize, Option<f64>)>,
        kept: Vec<(usize, f64)>,
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../tests/golden/selection.json")).unwrap()
    }

    fn run(golden: &Golden, section: &Section) -> Result<Outcome> {
        let shape = (golden.records.len(), golden.records[0].len());
        let values = Array2::from_shape_vec(shape, golden.records.concat()).unwrap();
        let feature = |place: usize| Feature {
            name: format!("f{place}"),
            column: "c".into(),
            kind: "number",
            level: None,
        };
        let encoded = Encoded { features: (0..shape.1).map(feature).collect(), values };
        let n_rows = encoded.values.nrows();
        let fitted = Fitted {
            file: "observations.parquet".into(),
            rows: (0..n_rows).collect(),
            labelled: (0..n_rows).collect(),
            row_id: (0..n_rows as i64).map(|row| 100 + row).collect(),
            label_name: "price".into(),
            label: Array1::from(golden.label.clone()),
        };
        select(&encoded, &fitted, section)
    }

    fn section(methods: &[Method]) -> Section {
        Section {
            blocks: Vec::new(),
            select: config::Chain::Many(methods.to_vec()),
            fit_on: config::FitOn::Train,
            columns: Vec::new(),
            variance: config::Variance::default(),
            vif: config::Vif::default(),
            k_best: config::KBest::default(),
            forest_importance: ForestImportance::default(),
        }
    }

    fn close(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() <= 1e-9 * expected.abs().max(1.0)
    }

    #[test]
    fn k_best_takes_what_scikit_learn_takes() {
        let golden = golden();
        for (&k, expected) in &golden.k_best {
            let outcome =
                run(&golden, &Section { k_best: config::KBest { k }, ..section(&[Method::KBest]) }).unwrap();
            assert_eq!(&outcome.kept, expected, "k = {k}");
            for (note, &expected) in outcome.notes.iter().zip(&golden.f_scores) {
                assert!(close(note.f_score.unwrap(), expected), "{note:?} {expected}");
            }
        }
    }

    #[test]
    fn variance_takes_what_scikit_learn_takes() {
        let golden = golden();
        for (threshold, expected) in &golden.variance {
            let variance = config::Variance { threshold: threshold.parse().unwrap() };
            let outcome = run(&golden, &Section { variance, ..section(&[Method::Variance]) }).unwrap();
            assert_eq!(&outcome.kept, expected, "threshold = {threshold}");
        }
    }

    #[test]
    fn importances_are_scikit_learns_to_the_bit() {
        let golden = golden();
        let forest_importance = ForestImportance { threshold: 0.01, random_state: 42, n_estimators: 20 };
        let outcome =
            run(&golden, &Section { forest_importance, ..section(&[Method::ForestImportance]) }).unwrap();
        let importances: Vec<f64> = outcome.notes.iter().map(|note| note.importance.unwrap()).collect();
        assert_eq!(importances, golden.importances);
        assert_eq!(outcome.kept, [1, 10, 12]);
    }

    #[test]
    fn vif_drops_what_least_squares_drops() {
        let golden = golden();
        let vif = config::Vif { limit: golden.vif.limit };
        let outcome = run(&golden, &Section { vif, ..section(&[Method::Vif]) }).unwrap();
        for (round, (column, factor)) in (1..).zip(&golden.vif.dropped) {
            let note = &outcome.notes[*column];
            assert_eq!(note.round, Some(round), "{note:?}");
            assert!(
                factor.map_or(note.vif == Some(f64::INFINITY), |f| close(note.vif.unwrap(), f)),
                "{note:?}"
            );
        }
        for (column, factor) in &golden.vif.kept {
            assert!(close(outcome.notes[*column].vif.unwrap(), *factor), "{column} {factor}");
        }
        assert_eq!(outcome.kept, golden.vif.kept.iter().map(|(column, _)| *column).collect::<Vec<_>>());
    }

    #[test]
    fn a_chain_counts_rounds_on_and_columns_keep_their_order() {
        let golden = golden();
        let columns = ["f12", "f0"].map(str::to_owned).to_vec();
        let chain = Section { columns, ..section(&[Method::Variance, Method::Columns]) };
        let outcome = run(&golden, &chain).unwrap();
        assert_eq!(outcome.kept, [12, 0]);
        assert_eq!((outcome.notes[9].round, outcome.notes[1].round), (Some(1), Some(2)));
        assert_eq!(outcome.notes[1].reason, "not listed in columns");
    }

    #[test]
    fn data_that_a_forest_refuses_are_named() {
        let refuse = |golden: &Golden| {
            let methods = [Method::Columns, Method::ForestImportance];
            let columns = ["f2", "f1"].map(str::to_owned).to_vec();
            let error = run(golden, &Section { columns, ..section(&methods) }).unwrap_err();
            (error.exit_code(), error.to_string())
        };
        let place = "feature-selection.forest-importance: observations.parquet: column";
        let mut huge = golden();
        huge.records[3][1] = 1e300;
        let (code, line) = refuse(&huge);
        assert!(
            code == 65 && line.starts_with(&format!("{place} 'f1', row_id 103: 1e300 is ")),
            "{code}: {line}"
        );
        let mut huge = golden();
        huge.label[4] = 1e200;
        let (code, line) = refuse(&huge);
        assert!(
            code == 65 && line.starts_with(&format!("{place} 'price', row_id 104: 1e200 is ")),
            "{code}: {line}"
        );
    }

    #[test]
    fn wrong_parameters_are_configuration_errors() {
        let golden = golden();
        let wrong = [
            Section { columns: vec!["nothing".into()], ..section(&[Method::Columns]) },
            Section { vif: config::Vif { limit: 0.5 }, ..section(&[Method::Vif]) },
            Section { k_best: config::KBest { k: 0 }, ..section(&[Method::KBest]) },
            Section { variance: config::Variance { threshold: -1.0 }, ..section(&[Method::Variance]) },
            Section {
                forest_importance: ForestImportance { n_estimators: 0, ..ForestImportance::default() },
                ..section(&[Method::ForestImportance])
            },
        ];
        for section in &wrong {
            assert_eq!(run(&golden, section).unwrap_err().exit_code(), 78, "{section:?}");
        }
    }
}
