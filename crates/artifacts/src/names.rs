//! What a learner refuses, in the names of the table that it was fitted on.

use stage::Error;
use std::path::PathBuf;

/// What the rows and columns of a fit are called, which a learner knows by their positions.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    /// The file that the rows are from.
    pub file: PathBuf,
    /// The features, by column.
    pub features: &'a [String],
    /// The label.
    pub label: &'a str,
    /// The index of each row in its raw file; `None` for a plain file, whose rows go by their places.
    pub row_id: Option<&'a [i64]>,
}

impl Names<'_> {
    /// What messages call the row at a place.
    pub fn row(&self, row: usize) -> String {
        row_name(self.row_id, row)
    }

    /// The failure of the fit that is called `fit`: the configuration's if a hyperparameter is refused, else the data's.
    pub fn refuse(&self, fit: &str, error: &regressors::Error) -> Error {
        let place = format!("{fit}: {}", self.file.display());
        let cell = |column: &str, row: usize, value: f64, reason: &str| {
            let row = self.row(row);
            // Written out, the largest numbers have 300 digits.
            let value = if value.abs() < 1e16 { value.to_string() } else { format!("{value:e}") };
            Error::data(format!("{place}: column '{column}', {row}: {value} is {reason}"))
        };
        match error {
            regressors::Error::Parameter { .. } => Error::config(format!("{fit}: {error}")),
            regressors::Error::Feature { row, feature, value, reason } => {
                cell(&self.features[*feature], *row, *value, reason)
            }
            regressors::Error::Target { row, value, reason } => cell(self.label, *row, *value, reason),
            other => Error::data(format!("{place}: {other}")),
        }
    }
}

/// What messages call the row at a place: by its index in a raw file, or else by the place, counted from 0 as pandas does.
pub(crate) fn row_name(row_id: Option<&[i64]>, row: usize) -> String {
    match row_id {
        Some(row_id) => format!("row_id {}", row_id[row]),
        None => format!("row {row}"),
    }
}
