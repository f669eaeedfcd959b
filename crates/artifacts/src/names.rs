//! What a learner refuses, in the names of the table that it was fitted on.

use stage::Error;
use std::path::Path;

/// What the rows and columns of a fit are called, which a learner knows by their positions.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The features, by column.
    pub features: &'a [String],
    /// The label.
    pub label: &'a str,
    /// The index of each row in its raw file.
    pub row_id: &'a [i64],
    /// The file that all rows are from, if it has no index: they go by their places in it, counted from 0 as pandas does.
    pub plain_file: Option<&'a Path>,
}

impl Names<'_> {
    /// The failure of the fit that is called `fit`: the configuration's if a hyperparameter is refused, else the data's.
    pub fn refuse(&self, fit: &str, error: &regressors::Error) -> Error {
        let place = match self.plain_file {
            Some(path) => format!("{fit}: {}", path.display()),
            None => fit.to_owned(),
        };
        let cell = |column: &str, row: usize, value: f64, reason: &str| {
            let row = match self.plain_file {
                Some(_) => format!("row {row}"),
                None => format!("row_id {}", self.row_id[row]),
            };
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
