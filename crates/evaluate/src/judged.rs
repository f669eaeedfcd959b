//! The test rows that have a label: what pictures, bands and listings show.

use crate::predict::Fitted;
use crate::splits::Splits;

/// The labelled test rows, in their order.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Index of each row in its raw file.
    pub row_id: Vec<i64>,
    /// Labels.
    pub actual: Vec<f64>,
    /// Of every model: its name and what it predicts.
    pub models: Vec<(String, Vec<f64>)>,
}

impl Judged {
    pub(crate) fn new(splits: &Splits, models: &[Fitted]) -> Self {
        let test = &splits.test;
        let rows: Vec<usize> = (0..test.row_id.len()).filter(|&row| test.label[row].is_some()).collect();
        let predicted = |model: &Fitted| {
            (model.name.clone(), rows.iter().map(|&row| model.test[row]).collect::<Vec<f64>>())
        };
        Self {
            row_id: rows.iter().map(|&row| test.row_id[row]).collect(),
            actual: rows.iter().filter_map(|&row| test.label[row]).collect(),
            models: models.iter().map(predicted).collect(),
        }
    }
}
