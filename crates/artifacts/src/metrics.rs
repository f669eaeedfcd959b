//! `evaluate/metrics.parquet` and `metrics.json`: every model's scores on every split.

pub use runs::Score;

use crate::table::{Artifact, Writing};
use stage::{Error, Publication, Result};

/// File name of the table in the stage's folder.
pub const FILE: &str = "metrics.parquet";

/// File name of the same rows as a JSON list of objects.
pub const JSON_FILE: &str = "metrics.json";

const ARTIFACT: Artifact = Artifact { name: "metrics", version: 1 };

/// Stages the table and its JSON twin.
///
/// # Errors
/// If the disk refuses them.
pub fn write(scores: &[Score], publication: &mut Publication) -> Result<()> {
    let rows = || scores.iter();
    let table = Writing::new(ARTIFACT)
        .texts("model", rows().map(|row| &row.model))
        .texts("split", rows().map(|row| &row.split))
        .f64s("rmse", rows().map(|row| row.rmse))
        .f64s("mae", rows().map(|row| row.mae))
        .optional_f64s("r2", rows().map(|row| row.r2))
        .f64s("mape", rows().map(|row| row.mape))
        .u32s("rows", rows().map(|row| row.rows));
    publication.artifact_with(FILE, |file| table.write(file))?;
    let mut json = serde_json::to_string_pretty(scores).map_err(Error::internal)?;
    json.push('\n');
    publication.artifact(JSON_FILE, json.as_bytes())
}
