//! Which rows are observations and which are rejected.

use crate::config::IngestConfig;
use crate::file::RawFile;
use artifacts::observations::{self, Column};
use artifacts::rejected::Reason;
use artifacts::{Cell, Cells, CellsBuilder, Kind, Observations, Origin, Parsed, Rejected};
use rayon::prelude::*;
use stage::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Both outputs of the stage.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) observations: Observations,
    pub(crate) rejected: Rejected,
}

/// Takes files one by one and keeps their rows, sorted out, in file order.
#[derive(Debug)]
pub(crate) struct Sieve<'a> {
    config: &'a IngestConfig,
    files: Vec<(Origin, PathBuf)>,
    /// Rows of all files so far.
    rows: usize,
    features: Vec<Feature>,
    kept: Rows,
    group: Vec<u64>,
    rejected: Rows,
    reason: Vec<Reason>,
    culprits: CellsBuilder,
}

/// A feature, in the order of the first file.
#[derive(Debug)]
struct Feature {
    name: String,
    kind: Kind,
    /// Type of its cells and the file that set it, once there is any.
    seen: Option<(&'static str, PathBuf)>,
    kept: CellsBuilder,
    rejected: CellsBuilder,
}

/// Rows that are judged before any is sorted out: enough for all threads, few beside the file.
const ROWS_AT_ONCE: usize = 1 << 14;

/// An observation's group, or why the row is rejected, and the columns that are to blame.
type Verdict<'a> = std::result::Result<u64, (Reason, Vec<&'a str>)>;

/// Rows of one output, without their features.
#[derive(Debug, Default)]
struct Rows {
    row_id: Vec<i64>,
    origin: Vec<Origin>,
    /// Numbers; half as large as the optional ones that the outputs hold.
    label: CellsBuilder,
}

impl Rows {
    fn labels(label: CellsBuilder) -> Vec<Option<f64>> {
        let cells = label.finish();
        let number = |row| match cells.get(row) {
            Some(Cell::Number(number)) => Some(number),
            _ => None,
        };
        (0..cells.len()).map(number).collect()
    }
}

impl<'a> Sieve<'a> {
    pub(crate) fn new(config: &'a IngestConfig) -> Self {
        Self {
            config,
            files: Vec::new(),
            rows: 0,
            features: Vec::new(),
            kept: Rows::default(),
            group: Vec::new(),
            rejected: Rows::default(),
            reason: Vec::new(),
            culprits: CellsBuilder::lists(),
        }
    }

    /// Sorts out the rows of one file.
    ///
    /// # Errors
    /// If its cells are of other types than those of the files before.
    pub(crate) fn sort_out(&mut self, mut file: RawFile) -> Result<()> {
        if self.files.is_empty() {
            self.features = file.features.iter().map(Feature::new).collect();
        }
        let place = |column: &Column| self.features.iter().position(|feature| feature.name == column.name);
        file.features.sort_by_key(place);
        for (feature, column) in self.features.iter_mut().zip(&file.features) {
            feature.check_type(&file, &column.cells)?;
        }
        let mut is_kept = Vec::with_capacity(file.rows());
        for start in (0..file.rows()).step_by(ROWS_AT_ONCE) {
            let rows = (start..file.rows().min(start + ROWS_AT_ONCE)).into_par_iter();
            let verdicts: Vec<Verdict<'_>> = rows.map(|row| judge(self.config, &file, row)).collect();
            for (row, verdict) in (start..).zip(verdicts) {
                is_kept.push(verdict.is_ok());
                self.sort_row(&file, row, verdict)?;
            }
        }
        self.rows += file.rows();
        self.files.push((file.origin, file.path));
        // Column by column, so that the raw cells go as their copies come.
        let columns = self.features.par_iter_mut().zip(file.features);
        columns.try_for_each(|(feature, column)| feature.append(&column.cells, &is_kept))
    }

    /// Both outputs.
    ///
    /// # Errors
    /// If an index is in two files, or no row is left to train on.
    pub(crate) fn finish(self) -> Result<Sorted> {
        if self.files.len() > 1 {
            self.check_indices()?;
        }
        let Self { config, files, features, kept, group, rejected, reason, culprits, .. } = self;
        let culprits = culprits.finish();
        if !kept.origin.iter().any(|origin| matches!(origin, Origin::Train | Origin::All)) {
            let names = features.iter().map(|feature| feature.name.as_str());
            return Err(nothing_left(&files[0].1, names.chain([config.label.as_str()]), &culprits));
        }
        let (columns, rejected_columns) = features.into_iter().map(Feature::finish).unzip();
        let observations = Observations {
            row_id: kept.row_id,
            origin: kept.origin,
            group,
            columns,
            label_name: config.label.clone(),
            label: Rows::labels(kept.label),
        };
        let rejected = Rejected {
            row_id: rejected.row_id,
            origin: rejected.origin,
            reason,
            culprits,
            columns: rejected_columns,
            label_name: config.label.clone(),
            label: Rows::labels(rejected.label),
        };
        Ok(Sorted { observations, rejected })
    }

    /// Takes all of a row but its features.
    fn sort_row(&mut self, file: &RawFile, row: usize, verdict: Verdict<'_>) -> Result<()> {
        let rows = if verdict.is_ok() { &mut self.kept } else { &mut self.rejected };
        rows.row_id.push(file.row_id.as_ref().map_or((self.rows + row) as i64, |row_id| row_id[row]));
        rows.origin.push(file.origin);
        push(&mut rows.label, file.label(row).flatten().map(Cell::Number))?;
        match verdict {
            Ok(group) => {
                self.group.push(group);
                Ok(())
            }
            Err((reason, culprits)) => {
                self.reason.push(reason);
                push(&mut self.culprits, Some(Cell::List(culprits)))
            }
        }
    }

    /// Checks that no index is in two files; inside one file the reader did.
    fn check_indices(&self) -> Result<()> {
        let rows = [&self.kept, &self.rejected].into_iter();
        let indices = rows.flat_map(|rows| rows.row_id.iter().copied().zip(rows.origin.iter().copied()));
        let mut indices: Vec<(i64, Origin)> = indices.collect();
        indices.sort_unstable();
        let Some(pair) = indices.windows(2).find(|pair| pair[0].0 == pair[1].0) else { return Ok(()) };
        let path = |origin| {
            let file = self.files.iter().find(|(other, _)| *other == origin);
            file.map(|(_, path)| path.display().to_string()).unwrap_or_default()
        };
        let column =
            self.config.index.as_ref().map_or_else(String::new, |index| format!("column '{index}', "));
        Err(Error::data(format!(
            "{}: {column}row {}: this index is in {} too; give every row an index of its own",
            path(pair[1].1),
            pair[1].0,
            path(pair[0].1),
        )))
    }
}

impl Feature {
    fn new(column: &Column) -> Self {
        let (name, kind) = (column.name.clone(), column.kind.clone());
        Self { name, kind, seen: None, kept: CellsBuilder::default(), rejected: CellsBuilder::default() }
    }

    fn check_type(&mut self, file: &RawFile, cells: &Cells) -> Result<()> {
        let Some(here) = cells.type_name() else { return Ok(()) };
        match &self.seen {
            None => {
                self.seen = Some((here, file.path.clone()));
                Ok(())
            }
            Some((before, _)) if *before == here => Ok(()),
            Some((before, path)) => {
                let row = (0..cells.len()).find(|&row| !cells.is_missing(row)).unwrap_or_default();
                let path = path.display();
                let reason = format!("a {here}, while the column's cells in {path} are of type {before}");
                Err(file.refuse(&self.name, row, reason).hint("give all cells one type"))
            }
        }
    }

    fn append(&mut self, cells: &Cells, is_kept: &[bool]) -> Result<()> {
        for (row, &is_kept) in is_kept.iter().enumerate() {
            push(if is_kept { &mut self.kept } else { &mut self.rejected }, cells.get(row))?;
        }
        Ok(())
    }

    /// The kept and the rejected cells.
    fn finish(self) -> (Column, Column) {
        let kept = self.kept.finish();
        let rejected = self.rejected.finish_like(&kept);
        let rejected = Column { name: self.name.clone(), kind: self.kind.clone(), cells: rejected };
        (Column { name: self.name, kind: self.kind, cells: kept }, rejected)
    }
}

/// Appends a cell to a column whose types have been checked.
fn push(cells: &mut CellsBuilder, cell: Option<Cell<'_>>) -> Result<()> {
    cells.push(cell).map_err(|mixed| Error::internal(format!("checked cells are {mixed:?}")))
}

/// Whether a row is an observation.
fn judge<'a>(config: &'a IngestConfig, file: &'a RawFile, row: usize) -> Verdict<'a> {
    let names = |is_to_blame: &dyn Fn(&Column) -> bool| -> Vec<&str> {
        let columns = file.features.iter().filter(|column| is_to_blame(column));
        columns.map(|column| column.name.as_str()).collect()
    };
    let mut missing = names(&|column| column.cells.is_missing(row));
    if file.label(row) == Some(None) {
        missing.push(&config.label);
    }
    if !missing.is_empty() {
        return Err((Reason::Missing, missing));
    }
    let unparsable =
        names(&|column| column.cells.get(row).is_some_and(|cell| column.kind.parse(cell).is_err()));
    if !unparsable.is_empty() {
        return Err((Reason::Unparsable, unparsable));
    }
    let cells = file.features.iter().flat_map(|column| compared(column, row)).flatten();
    Ok(observations::group(cells.map(Some)))
}

/// What twins share of a readable cell: the numbers that its kind reads, however they are spelled, or else itself.
fn compared(column: &Column, row: usize) -> [Option<Cell<'_>>; 2] {
    let cell = column.cells.get(row);
    if matches!(column.kind, Kind::Category | Kind::List) {
        return [cell, None];
    }
    match cell.clone().map(|cell| column.kind.parse(cell)) {
        Some(Ok(Parsed::Number(number))) => [Some(Cell::Number(number)), None],
        Some(Ok(Parsed::Pair(first, second))) => [first, second].map(|number| Some(Cell::Number(number))),
        _ => [cell, None],
    }
}

/// The error for a table without a row to train on; it names the column that rejected most.
fn nothing_left<'a>(path: &Path, names: impl Iterator<Item = &'a str>, culprits: &Cells) -> Error {
    let counts = rejected_by(culprits, 0..culprits.len());
    let count = |name| counts.get(name).copied().unwrap_or_default();
    let (worst, rejected) =
        names.map(|name| (name, count(name))).max_by_key(|(_, count)| *count).unwrap_or_default();
    Error::data(format!(
        "{}: column '{worst}': no row to train on is complete and readable; this column rejected {rejected} of {}; \
         correct its cells or its kind, or ignore it",
        path.display(),
        culprits.len()
    ))
}

/// How many of `rows` each column rejected, of all whose columns are given.
pub(crate) fn rejected_by(culprits: &Cells, rows: impl Iterator<Item = usize>) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let Some(Cell::List(names)) = culprits.get(row) else { continue };
        names.into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
    }
    counts
}
