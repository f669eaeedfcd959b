//! What a learner refuses, in the names of the table that it was fitted on.

use stage::Error;

/// What the rows and columns of a fit are called, which a learner knows by their positions.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The features, by column.
    pub features: &'a [String],
    /// The label.
    pub label: &'a str,
    /// The index of each row in its raw file.
    pub row_id: &'a [i64],
}

impl Names<'_> {
    /// The failure of the fit that `place` names: the configuration's if a hyperparameter is refused, else the data's.
    pub fn refuse(&self, place: &str, error: &regressors::Error) -> Error {
        let cell = |column: &str, row: usize, value: f64, reason: &str| {
            let row_id = self.row_id[row];
            Error::data(format!("{place}: column '{column}', row_id {row_id}: {value} is {reason}"))
        };
        match error {
            regressors::Error::Parameter { .. } => Error::config(format!("{place}: {error}")),
            regressors::Error::Feature { row, feature, value, reason } => {
                cell(&self.features[*feature], *row, *value, reason)
            }
            regressors::Error::Target { row, value, reason } => cell(self.label, *row, *value, reason),
            other => Error::data(format!("{place}: {other}")),
        }
    }
}
