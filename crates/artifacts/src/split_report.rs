//! `split/report.json`: what tells whether the split is fair.

use serde::{Deserialize, Serialize};
use stage::{Error, Folder, Publication, Result};
use std::collections::BTreeMap;

/// File name in the stage's folder.
pub const FILE: &str = "report.json";

/// What tells whether train, val and test look alike.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct SplitReport {
    /// Version of this report's schema.
    pub version: u32,
    /// Per role (train, val, test).
    pub roles: BTreeMap<String, RoleReport>,
}

/// One role's rows against the train rows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct RoleReport {
    /// Number of rows.
    pub rows: usize,
    /// Rows without a label.
    pub unlabelled: usize,
    /// Label at 0, 5, 25, 50, 75, 95 and 100 per cent (linear interpolation), keyed `q00` to `q100`.
    pub label_quantiles: BTreeMap<String, f64>,
    /// Levels of raw columns that occur here and in no train row, by column.
    pub unseen_levels: BTreeMap<String, Vec<String>>,
    /// Rows with a twin (the same raw cells) among the train rows.
    pub twins_with_train: usize,
    /// How well a tree tells these rows from train rows, out of fold: 0.5 = not at all, 1 = perfectly.
    pub adversarial_auc: Option<f64>,
}

impl SplitReport {
    /// The version of the schema that this program writes and reads.
    pub const VERSION: u32 = 1;

    /// Reads the file.
    ///
    /// # Errors
    /// If it is missing, altered, or not what this version writes.
    pub fn read(folder: &Folder) -> Result<Self> {
        let path = folder.file(FILE);
        let report: Self = serde_json::from_slice(&folder.read(FILE)?)
            .map_err(|error| Error::data(format!("{}: not a split report: {error}", path.display())))?;
        match report.version {
            Self::VERSION => Ok(report),
            other => Err(Error::data(format!(
                "{}: schema version {other}, this program reads version {}; run the stage 'split' again",
                path.display(),
                Self::VERSION
            ))),
        }
    }

    /// Stages the file.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(&self, publication: &mut Publication) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self).map_err(Error::internal)?;
        text.push('\n');
        publication.artifact(FILE, text.as_bytes())
    }
}
