//! What changed from one run to another, by model and split.

use crate::{Run, Score};
use stage::{Error, Result};

/// A model's scores on a split in two runs; at least one of them has some.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change<'a> {
    /// Name of the model.
    pub model: &'a str,
    /// The split.
    pub split: &'a str,
    /// The scores of the earlier run.
    pub before: Option<&'a Score>,
    /// The scores of the later run.
    pub after: Option<&'a Score>,
}

impl Change<'_> {
    /// One score before and after.
    pub fn of(&self, score: impl Fn(&Score) -> Option<f64>) -> [Option<f64>; 2] {
        [self.before, self.after].map(|run| run.and_then(&score))
    }

    /// Whether all scores are the same numbers on both sides.
    pub fn is_none(&self) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => {
                let scores = |s: &Score| [Some(s.rmse), Some(s.mae), s.r2, Some(s.mape)];
                scores(before) == scores(after)
            }
            _ => false,
        }
    }
}

/// Every model and split of either run: those of `after` in its order, then what only `before` has.
pub fn changes<'a>(before: &'a Run, after: &'a Run) -> Vec<Change<'a>> {
    let twin = |run: &'a Run, score: &Score| {
        run.metrics.iter().find(|other| other.model == score.model && other.split == score.split)
    };
    let change =
        |score: &'a Score, before, after| Change { model: &score.model, split: &score.split, before, after };
    let now = after.metrics.iter().map(|score| change(score, twin(before, score), Some(score)));
    let gone = before.metrics.iter().filter(|score| twin(after, score).is_none());
    now.chain(gone.map(|score| change(score, Some(score), None))).collect()
}

/// Refuses to compare a run with runs of this label if it predicts another, whose errors have another unit. Scores alone
/// have no label and are taken at their word.
///
/// # Errors
/// If it does.
pub fn check_label(run: &Run, label: &str) -> Result<()> {
    if run.label == label || run.label.is_empty() || label.is_empty() {
        return Ok(());
    }
    let text =
        format!("the run {} predicts '{}', not '{label}'; give a run of the same label", run.id, run.label);
    Err(Error::data(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn run(scores: &[(&str, &str, f64)]) -> Run {
        let score = |&(model, split, rmse): &(&str, &str, f64)| Score {
            model: model.into(),
            split: split.into(),
            rmse,
            mae: 1.0,
            r2: None,
            mape: 0.5,
            rows: 1,
        };
        Run {
            version: Run::VERSION,
            id: "a".into(),
            created: String::new(),
            program: String::new(),
            label: String::new(),
            configuration: String::new(),
            inputs: BTreeMap::new(),
            models: Vec::new(),
            metrics: scores.iter().map(score).collect(),
            stages: Vec::new(),
        }
    }

    #[test]
    fn runs_of_another_label_are_not_compared() {
        let before = Run { label: "price".into(), ..run(&[]) };
        assert!(check_label(&before, "price").is_ok());
        let message = check_label(&before, "weight").unwrap_err().to_string();
        assert_eq!(message, "the run a predicts 'price', not 'weight'; give a run of the same label");
    }

    #[test]
    fn scores_whose_label_is_unknown_are_compared_with_any() {
        let (alone, record) = (run(&[]), Run { label: "price".into(), ..run(&[]) });
        assert!(check_label(&alone, &record.label).is_ok());
        assert!(check_label(&record, &alone.label).is_ok());
    }

    #[test]
    fn models_and_splits_of_one_side_are_listed() {
        let before = run(&[("A", "val", 3.0), ("A", "test", 2.0), ("B", "test", 1.0)]);
        let after = run(&[("A", "test", 2.5), ("C", "test", 4.0), ("A", "val", 3.0)]);
        let changes = changes(&before, &after);
        let rows: Vec<_> = changes.iter().map(|c| (c.model, c.split, c.of(|s| Some(s.rmse)))).collect();
        let expected = [
            ("A", "test", [Some(2.0), Some(2.5)]),
            ("C", "test", [None, Some(4.0)]),
            ("A", "val", [Some(3.0), Some(3.0)]),
            ("B", "test", [Some(1.0), None]),
        ];
        assert_eq!(rows, expected);
        assert_eq!(changes.iter().map(Change::is_none).collect::<Vec<_>>(), [false, false, true, false]);
    }
}
