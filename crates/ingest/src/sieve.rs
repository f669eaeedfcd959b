//! Which rows are observations and which are rejected.

use crate::config::IngestConfig;
use crate::file::RawFile;
use artifacts::observations::{self, Column};
use artifacts::rejected::Reason;
use artifacts::{CellsBuilder, Kind, Observations, Origin, Rejected};
use stage::{Error, Result};
use std::path::PathBuf;

/// Both outputs of the stage.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) observations: Observations,
    pub(crate) rejected: Rejected,
}

/// Takes files one by one and keeps their rows, sorted out, in file order.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    features: Vec<Feature>,
    kept: Rows,
    group: Vec<u64>,
    rejected: Rows,
    reason: Vec<Reason>,
    culprits: Vec<Vec<String>>,
    files: Vec<PathBuf>,
    /// Row ids of all files so far, sorted, each with its file.
    indices: Vec<(i64, usize)>,
    /// Rows of all files so far.
    rows: usize,
}

/// A feature, in the order of the first file.
#[derive(Debug)]
struct Feature {
    name: String,
    kind: Kind,
    /// Type of its cells and the file that set it, once there is any.
    seen: Option<(&'static str, PathBuf)>,
}

/// Rows of one output.
#[derive(Debug, Default)]
struct Rows {
    row_id: Vec<i64>,
    origin: Vec<Origin>,
    label: Vec<Option<f64>>,
    columns: Vec<CellsBuilder>,
}

impl Sieve {
    /// Sorts out the rows of one file.
    ///
    /// # Errors
    /// If its cells are of other types than those of the files before, or an index is in one of them too.
    pub(crate) fn sort_out(&mut self, config: &IngestConfig, mut file: RawFile) -> Result<()> {
        self.start(&file);
        let first = |column: &Column| self.features.iter().position(|feature| feature.name == column.name);
        file.features.sort_by_key(first);
        self.check_types(&file)?;
        self.check_indices(&file)?;
        for row in 0..file.rows() {
            self.sort_row(config, &file, row)?;
        }
        self.rows += file.rows();
        self.files.push(file.path);
        Ok(())
    }

    /// Both outputs.
    ///
    /// # Errors
    /// If no row is left to train on.
    pub(crate) fn finish(self, config: &IngestConfig) -> Result<Sorted> {
        self.check_rest()?;
        let mut observations = Vec::new();
        let mut rejected = Vec::new();
        let builders = self.kept.columns.into_iter().zip(self.rejected.columns);
        for (feature, (kept, left_out)) in self.features.into_iter().zip(builders) {
            let Feature { name, kind, .. } = feature;
            let cells = kept.finish();
            let left_out = left_out.finish_like(&cells);
            rejected.push(Column { name: name.clone(), kind: kind.clone(), cells: left_out });
            observations.push(Column { name, kind, cells });
        }
        Ok(Sorted {
            observations: Observations {
                row_id: self.kept.row_id,
                origin: self.kept.origin,
                group: self.group,
                columns: observations,
                label_name: config.label.clone(),
                label: self.kept.label,
            },
            rejected: Rejected {
                row_id: self.rejected.row_id,
                origin: self.rejected.origin,
                reason: self.reason,
                culprits: self.culprits,
                columns: rejected,
                label_name: config.label.clone(),
                label: self.rejected.label,
            },
        })
    }

    /// Takes the order of the columns from the first file.
    fn start(&mut self, file: &RawFile) {
        if !self.files.is_empty() {
            return;
        }
        for column in &file.features {
            self.features.push(Feature { name: column.name.clone(), kind: column.kind.clone(), seen: None });
            self.kept.columns.push(CellsBuilder::default());
            self.rejected.columns.push(CellsBuilder::default());
        }
    }

    fn check_types(&mut self, file: &RawFile) -> Result<()> {
        for (feature, column) in self.features.iter_mut().zip(&file.features) {
            let cells = &column.cells;
            let Some(here) = cells.type_name() else { continue };
            match &feature.seen {
                None => feature.seen = Some((here, file.path.clone())),
                Some((there, _)) if *there == here => {}
                Some((there, path)) => {
                    let row = (0..cells.len()).find(|&row| !cells.is_missing(row)).unwrap_or_default();
                    let reason = format!(
                        "a {here}, while the column's cells in {} are of type {there}; give all cells one type",
                        path.display()
                    );
                    return Err(file.refuse(&column.name, row, reason));
                }
            }
        }
        Ok(())
    }

    fn check_indices(&mut self, file: &RawFile) -> Result<()> {
        let here = self.files.len();
        self.indices.extend(file.row_id.iter().flatten().map(|&row_id| (row_id, here)));
        self.indices.sort_unstable();
        match self.indices.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(Error::data(format!(
                "{}: row {}: this index is in {} too; give every row an index of its own",
                file.path.display(),
                pair[1].0,
                self.files[pair[0].1].display()
            ))),
            None => Ok(()),
        }
    }

    fn sort_row(&mut self, config: &IngestConfig, file: &RawFile, row: usize) -> Result<()> {
        let label = file.label.as_ref().map(|labels| labels[row]);
        let verdict = judge(config, file, label, row);
        let rows = if verdict.is_ok() { &mut self.kept } else { &mut self.rejected };
        rows.row_id.push(file.row_id.as_ref().map_or((self.rows + row) as i64, |row_id| row_id[row]));
        rows.origin.push(file.origin);
        rows.label.push(label.flatten());
        for (builder, column) in rows.columns.iter_mut().zip(&file.features) {
            let pushed = builder.push(column.cells.get(row));
            pushed.map_err(|mixed| Error::internal(format!("cells of one type are {mixed:?}")))?;
        }
        match verdict {
            Ok(()) => {
                let cells = file.features.iter().map(|column| column.cells.get(row));
                self.group.push(observations::group(cells));
            }
            Err((reason, culprits)) => {
                self.reason.push(reason);
                self.culprits.push(culprits);
            }
        }
        Ok(())
    }

    /// Checks that there is something to train on.
    fn check_rest(&self) -> Result<()> {
        if self.kept.origin.iter().any(|origin| matches!(origin, Origin::Train | Origin::All)) {
            return Ok(());
        }
        let file = self.files.first().map(|path| path.display().to_string()).unwrap_or_default();
        let count = |name: &str| self.culprits.iter().flatten().filter(|other| *other == name).count();
        let names = self.features.iter().map(|feature| feature.name.as_str());
        let worst = names.max_by_key(|name| count(name)).unwrap_or_default();
        Err(Error::data(format!(
            "{file}: column '{worst}': no row is complete and readable, and this column stands in the way most \
             often ({} of {} rows rejected); correct its cells or its kind, or ignore it",
            count(worst),
            self.rejected.row_id.len()
        )))
    }
}

/// Whether a row is an observation; otherwise why not, and the columns that are to blame.
///
/// `label` is `None` where the file has no labels at all.
fn judge(
    config: &IngestConfig,
    file: &RawFile,
    label: Option<Option<f64>>,
    row: usize,
) -> std::result::Result<(), (Reason, Vec<String>)> {
    let names = |is_to_blame: &dyn Fn(&Column) -> bool| -> Vec<String> {
        let columns = file.features.iter().filter(|column| is_to_blame(column));
        columns.map(|column| column.name.clone()).collect()
    };
    let mut missing = names(&|column| column.cells.is_missing(row));
    if label == Some(None) {
        missing.push(config.label.clone());
    }
    if !missing.is_empty() {
        return Err((Reason::Missing, missing));
    }
    let unparsable =
        names(&|column| column.cells.get(row).is_some_and(|cell| column.kind.parse(cell).is_err()));
    if unparsable.is_empty() { Ok(()) } else { Err((Reason::Unparsable, unparsable)) }
}
