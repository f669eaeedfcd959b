//! `feature-selection/selection.parquet`: why each candidate feature stayed or left.

use crate::table::{Artifact, Table, Writing};
use stage::{Folder, Publication, Result};

/// File name in the stage's folder.
pub const FILE: &str = "selection.parquet";

const ARTIFACT: Artifact = Artifact { name: "selection", version: 1 };

/// One candidate feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Name of the feature.
    pub feature: String,
    /// Raw column it was encoded from.
    pub column: String,
    /// Kind of that column, as in the configuration.
    pub kind: String,
    /// The level that an indicator stands for.
    pub level: Option<String>,
    /// Variance inflation factor at the end of the rounds for a kept feature, else when it left.
    pub vif: Option<f64>,
    /// F statistic of the regression on this feature alone.
    pub f_score: Option<f64>,
    /// Impurity importance in a random forest.
    pub importance: Option<f64>,
    /// Whether the feature was selected.
    pub kept: bool,
    /// Round of the selection in which it left, from 1.
    pub round: Option<u32>,
    /// Why it left, or why it stayed.
    pub reason: String,
}

/// All candidates in the order of the encoded columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection(pub Vec<Candidate>);

impl Selection {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is missing, altered, or not what this version writes.
    pub fn read(folder: &Folder) -> Result<Self> {
        let table = Table::open(folder, FILE, ARTIFACT)?;
        let (features, columns, kinds) =
            (table.texts("feature")?, table.texts("column")?, table.texts("kind")?);
        let levels = table.optional_texts("level")?;
        let (vif, f_score) = (table.optional_f64s("vif")?, table.optional_f64s("f_score")?);
        let importance = table.optional_f64s("importance")?;
        let (kept, round) = (table.bools("kept")?, table.optional_u32s("round")?);
        let reason = table.texts("reason")?;
        let candidate = |i: usize| Candidate {
            feature: features[i].clone(),
            column: columns[i].clone(),
            kind: kinds[i].clone(),
            level: levels[i].clone(),
            vif: vif[i],
            f_score: f_score[i],
            importance: importance[i],
            kept: kept[i],
            round: round[i],
            reason: reason[i].clone(),
        };
        Ok(Self((0..table.rows()?).map(candidate).collect()))
    }

    /// Stages the file.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(&self, publication: &mut Publication) -> Result<()> {
        let rows = || self.0.iter();
        let table = Writing::new(ARTIFACT)
            .texts("feature", rows().map(|row| &row.feature))
            .texts("column", rows().map(|row| &row.column))
            .texts("kind", rows().map(|row| &row.kind))
            .optional_texts("level", rows().map(|row| row.level.as_ref()))
            .optional_f64s("vif", rows().map(|row| row.vif))
            .optional_f64s("f_score", rows().map(|row| row.f_score))
            .optional_f64s("importance", rows().map(|row| row.importance))
            .bools("kept", rows().map(|row| row.kept))
            .optional_u32s("round", rows().map(|row| row.round))
            .texts("reason", rows().map(|row| &row.reason));
        publication.artifact_with(FILE, |file| table.write(file))
    }
}
