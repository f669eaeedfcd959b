//! The stage `feature-selection`: observations become numbers, and the features worth keeping are selected.
//!
//! Levels come from all rows; everything fitted sees train rows only (unless `fit_on = "all"`).

mod config;
mod encode;
mod f_regression;
mod select;
mod vif;

pub use f_regression::f_regression;
pub use vif::{Drop, Elimination, eliminate};

use artifacts::roles::{self, Assignable, Role, SplitConfig};
use artifacts::selection::{Candidate, Selection};
use artifacts::{Features, Observations};
use config::{FitOn, Section};
use encode::Encoded;
use ndarray::{Array1, Axis};
use select::{Fitted, Outcome};
use stage::log::{self, Level};
use stage::{Arguments, Error, Key, Result, Summary};
use std::path::PathBuf;

/// Reads the observations, encodes and selects, writes features and selection.
///
/// # Errors
/// If the observations or the configuration are refused, or the disk refuses an output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let config = arguments.config()?;
    let section: Section = config.section("feature-selection")?;
    let split: SplitConfig = config.section("split")?;

    let ingest = arguments.folder("ingest");
    let mut observations = Observations::read(&ingest)?;
    log::event(Level::Info, "input", &[("observations", observations.row_id.len().into())]);
    let encoded = encode::encode(&observations, &section.blocks)
        .map_err(|reason| config.error("feature-selection", reason))?;
    // Beside what they became, the cells would take as much memory again.
    observations.columns = Vec::new();
    let file = ingest.file(artifacts::observations::FILE);
    let fitted = fitted_rows(&observations, &split, section.fit_on, file)?;
    let outcome = select::select(&encoded, &fitted, &section)?;

    let text = format!(
        "{} rows, {} of {} features",
        observations.row_id.len(),
        outcome.kept.len(),
        encoded.features.len()
    );
    // Who is a train row decides what is selected.
    let key = Key::new(&config, &["feature-selection", "split"])?.read(&ingest);
    let mut publication = arguments.folder("feature-selection").publish(key)?;
    selection(&encoded, &outcome).write(&mut publication)?;
    features(observations, encoded, &outcome).write(&mut publication)?;
    Ok(Summary { text, written: publication.commit()? })
}

/// The rows that selection may see.
fn fitted_rows(
    observations: &Observations,
    split: &SplitConfig,
    fit_on: FitOn,
    file: PathBuf,
) -> Result<Fitted> {
    let assignable =
        Assignable { row_id: &observations.row_id, origin: &observations.origin, group: &observations.group };
    let roles = roles::assign(assignable, split)?;
    let seen = |&row: &usize| fit_on == FitOn::All || roles[row] == Role::Train;
    let rows: Vec<usize> = (0..roles.len()).filter(seen).collect();
    let has_label = |row: &usize| observations.label[*row].is_some();
    let labelled: Vec<usize> = rows.iter().copied().filter(has_label).collect();
    if labelled.is_empty() {
        return Err(Error::data(format!("no train row has a value of '{}'", observations.label_name)));
    }
    let label = labelled.iter().filter_map(|&row| observations.label[row]).collect::<Array1<f64>>();
    let row_id = labelled.iter().map(|&row| observations.row_id[row]).collect();
    Ok(Fitted { file, rows, labelled, row_id, label_name: observations.label_name.clone(), label })
}

fn selection(encoded: &Encoded, outcome: &Outcome) -> Selection {
    let candidates = encoded.features.iter().zip(&outcome.notes);
    Selection(
        candidates
            .enumerate()
            .map(|(index, (feature, note))| Candidate {
                feature: feature.name.clone(),
                column: feature.column.clone(),
                kind: feature.kind.to_owned(),
                level: feature.level.clone(),
                vif: note.vif,
                f_score: note.f_score,
                importance: note.importance,
                kept: outcome.kept.contains(&index),
                round: note.round,
                reason: note.reason.clone(),
            })
            .collect(),
    )
}

fn features(observations: Observations, encoded: Encoded, outcome: &Outcome) -> Features {
    let keeps_all = outcome.kept.iter().copied().eq(0..encoded.features.len());
    let values = if keeps_all { encoded.values } else { encoded.values.select(Axis(1), &outcome.kept) };
    Features {
        row_id: observations.row_id,
        origin: observations.origin,
        group: observations.group,
        names: outcome.kept.iter().map(|&index| encoded.features[index].name.clone()).collect(),
        values,
        label_name: observations.label_name,
        label: observations.label,
    }
}
