//! `train/fits.parquet`, a run record: how long each model took.

use crate::table::{Artifact, Table, Writing};
use stage::{Folder, Publication, Result};

/// File name in the stage's folder.
pub const FILE: &str = "fits.parquet";

const ARTIFACT: Artifact = Artifact { name: "fits", version: 1 };

/// One model's fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitRecord {
    /// Name of the model.
    pub model: String,
    /// Scaling and fit, without reading and writing files.
    pub seconds: f64,
    /// Threads of the pool.
    pub threads: u32,
    /// Whether no other model was fitted at the same time.
    pub alone: bool,
    /// Train rows.
    pub rows: u32,
    /// Features.
    pub features: u32,
}

/// Reads the records.
///
/// # Errors
/// If the file is missing or not what this version writes.
pub fn read(folder: &Folder) -> Result<Vec<FitRecord>> {
    let table = Table::open(folder, FILE, ARTIFACT)?;
    let (model, seconds, threads) = (table.texts("model")?, table.f64s("seconds")?, table.u32s("threads")?);
    let (alone, rows, features) = (table.bools("alone")?, table.u32s("rows")?, table.u32s("features")?);
    let record = |i: usize| FitRecord {
        model: model[i].clone(),
        seconds: seconds[i],
        threads: threads[i],
        alone: alone[i],
        rows: rows[i],
        features: features[i],
    };
    Ok((0..table.rows()?).map(record).collect())
}

/// Stages the records.
///
/// # Errors
/// If the disk refuses them.
pub fn write(records: &[FitRecord], publication: &mut Publication) -> Result<()> {
    let rows = || records.iter();
    let table = Writing::new(ARTIFACT)
        .texts("model", rows().map(|row| &row.model))
        .f64s("seconds", rows().map(|row| row.seconds))
        .u32s("threads", rows().map(|row| row.threads))
        .bools("alone", rows().map(|row| row.alone))
        .u32s("rows", rows().map(|row| row.rows))
        .u32s("features", rows().map(|row| row.features));
    publication.record(FILE, &table.to_bytes()?)
}
