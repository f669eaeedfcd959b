//! `evaluate/predictions.parquet`: what each model predicts for the test rows.

use crate::table::{Artifact, Writing};
use stage::{Publication, Result};

/// File name in the stage's folder.
pub const FILE: &str = "predictions.parquet";

const ARTIFACT: Artifact = Artifact { name: "predictions", version: 1 };

/// Predictions for the test rows, in their order.
#[derive(Clone, Debug)]
pub struct Predictions {
    /// Index of the row in its raw file.
    pub row_id: Vec<i64>,
    /// The label; `None` where the raw file has none.
    pub actual: Vec<Option<f64>>,
    /// Name of a model and its predictions.
    pub models: Vec<(String, Vec<f64>)>,
}

impl Predictions {
    /// Stages the file: `row_id`, `Actual`, and a column `<Name>_Pred` per model.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(&self, publication: &mut Publication) -> Result<()> {
        let mut table = Writing::new(ARTIFACT)
            .i64s("row_id", self.row_id.iter().copied())
            .optional_f64s("Actual", self.actual.iter().copied());
        for (model, predicted) in &self.models {
            table = table.f64s(&format!("{model}_Pred"), predicted.iter().copied());
        }
        publication.artifact_with(FILE, |file| table.write(file))
    }
}
