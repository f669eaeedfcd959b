//! One raw file, with its columns matched to the configuration.

use crate::config::{IngestConfig, Use};
use artifacts::observations::Column;
use artifacts::raw::{self, RawTable, is_pandas_index};
use artifacts::{Cell, Cells, CellsBuilder, Kind, Origin};
use stage::{Error, Result, quoted};
use std::path::PathBuf;

/// From here on, neighbouring whole numbers are read as one.
const INEXACT: f64 = (1_u64 << 53) as f64;

/// A raw file: its features, its label, and how its rows are named.
#[derive(Debug)]
pub(crate) struct RawFile {
    pub(crate) path: PathBuf,
    pub(crate) origin: Origin,
    /// The index, if the file has one.
    pub(crate) row_id: Option<Vec<i64>>,
    /// In file order.
    pub(crate) features: Vec<Column>,
    /// Cells that are numbers or spell them; `None` for a test file without labels.
    label: Option<Cells>,
}

impl RawFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If it is refused, has columns that the configuration does not know, or lacks some that it names.
    pub(crate) fn read(config: &IngestConfig, origin: Origin, path: PathBuf) -> Result<Self> {
        let RawTable { row_id, columns, singles } =
            raw::read(&path, config.format, config.index.as_deref(), &config.ignore)?;
        let mut file = Self { path, origin, row_id, features: Vec::new(), label: None };
        let mut unknown = None;
        for (name, cells) in columns {
            match config.use_of(&name) {
                Some(Use::Feature(kind)) => {
                    let single = singles.contains(&name);
                    file.add_feature(name, kind, cells, single)?;
                }
                Some(Use::Label) => file.add_label(config, cells)?,
                None if unknown.is_none() => unknown = Some((name, cells)),
                None => {}
            }
        }
        file.check_label(config)?;
        if let Some((name, cells)) = unknown {
            return Err(file.unknown_column(config, &name, &cells));
        }
        file.check_features(config)?;
        Ok(file)
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.features.first().map_or(0, |column| column.cells.len())
    }

    /// The label of `row`, `None` where it is missing; `None` altogether for a file without labels.
    pub(crate) fn label(&self, row: usize) -> Option<Option<f64>> {
        self.label.as_ref().map(|cells| cells.get(row).and_then(number))
    }

    /// An error about the cell of `column` in `row`; rows without an index are counted from 0.
    pub(crate) fn refuse(&self, column: &str, row: usize, reason: impl std::fmt::Display) -> Error {
        let row = self.row_id.as_ref().map_or(row as i64, |row_id| row_id[row]);
        Error::data(format!("{}: column '{column}', row {row}: {reason}", self.path.display()))
    }

    fn add_feature(&mut self, name: String, kind: &Kind, cells: Cells, single: bool) -> Result<()> {
        let cells = if *kind == Kind::Category { self.levels(&name, cells, single)? } else { cells };
        self.features.push(Column { name, kind: kind.clone(), cells });
        Ok(())
    }

    /// Levels are texts: numbers that stand for levels are taken by their shortest spelling, those of 32 bits by that of 32.
    fn levels(&self, column: &str, cells: Cells, single: bool) -> Result<Cells> {
        if cells.type_name() != Some("number") {
            return Ok(cells);
        }
        let mut texts = CellsBuilder::default();
        for row in 0..cells.len() {
            let text = match cells.get(row) {
                Some(Cell::Number(number)) if number.abs() >= INEXACT => {
                    let reason = "a level of 2^53 or more, which a number does not tell from its neighbours";
                    return Err(self.refuse(column, row, format!("{reason}; write levels as texts")));
                }
                // Without a sign of 0.
                Some(Cell::Number(number)) if single => Some((number as f32 + 0.0).to_string()),
                Some(Cell::Number(number)) => Some((number + 0.0).to_string()),
                _ => None,
            };
            let cell = text.as_deref().map(Cell::Text);
            texts.push(cell).map_err(|mixed| Error::internal(format!("levels are {mixed:?}")))?;
        }
        Ok(texts.finish())
    }

    fn add_label(&mut self, config: &IngestConfig, cells: Cells) -> Result<()> {
        let refuse = |row, reason: String| Err(self.refuse(&config.label, row, reason));
        for row in 0..cells.len() {
            let Some(cell) = cells.get(row) else { continue };
            match (number(cell.clone()), config.label_min) {
                (None, _) => {
                    return refuse(
                        row,
                        format!("the label {} is not a finite number; correct it", shown(&cell)),
                    );
                }
                (Some(label), Some(min)) if label < min => {
                    let advice = format!("ingest.label_min = {min}; correct one of both");
                    return refuse(row, format!("the label {label} is under {advice}"));
                }
                _ => {}
            }
        }
        self.label = Some(cells);
        Ok(())
    }

    fn check_label(&self, config: &IngestConfig) -> Result<()> {
        // The test file may lack labels: its rows get predictions and no metrics.
        if self.label.is_some() || self.origin == Origin::Test {
            return Ok(());
        }
        let reason = "is not there, which ingest.label names; correct the name or the file";
        Err(Error::data(format!("{}: column '{}' {reason}", self.path.display(), config.label)))
    }

    fn check_features(&self, config: &IngestConfig) -> Result<()> {
        let known = |name: &&str| self.features.iter().any(|column| column.name == *name);
        match config.features().find(|name| !known(name)) {
            Some(name) => Err(Error::data(format!(
                "{}: column '{name}' is not there, which ingest.columns names; correct the name or the file",
                self.path.display()
            ))),
            None => Ok(()),
        }
    }

    fn unknown_column(&self, config: &IngestConfig, name: &str, cells: &Cells) -> Error {
        let are_numbers =
            || (0..cells.len()).filter_map(|row| cells.get(row)).all(|cell| number(cell).is_some());
        let kind = match cells.type_name() {
            Some("list") => "list",
            Some(_) if are_numbers() => "number",
            _ => "category",
        };
        let key = quoted(name);
        let is_index = is_index_of_pandas(name) && config.index.is_none() && !config.format.has_index();
        let index = if is_index {
            format!("set ingest.index = {key} if it numbers the rows, ")
        } else {
            String::new()
        };
        config.error(
            "columns",
            format!(
                "column '{name}' of {} is not configured; {index}write {key} = \"{kind}\" (or another kind) here, \
                 or name it in ingest.ignore",
                self.path.display()
            ),
        )
    }
}

/// Whether pandas may have written its index, which has no name there, under this one.
fn is_index_of_pandas(name: &str) -> bool {
    matches!(name, "" | "Unnamed: 0") || is_pandas_index(name)
}

/// A label: a number, or a text that spells one, as all cells of CSV do.
fn number(cell: Cell<'_>) -> Option<f64> {
    match Kind::Number.parse(cell) {
        Ok(artifacts::Parsed::Number(number)) => Some(number),
        _ => None,
    }
}

/// A cell as messages show it.
fn shown(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => format!("'{text}'"),
        Cell::List(items) => format!("{items:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_32_bits_have_the_digits_that_they_need() {
        let mut file = RawFile {
            path: "raw".into(),
            origin: Origin::All,
            row_id: None,
            features: Vec::new(),
            label: None,
        };
        let mut cells = CellsBuilder::default();
        for number in [0.1_f32, -0.0, 16_777_216.0] {
            cells.push(Some(Cell::Number(number.into()))).unwrap();
        }
        file.add_feature("single".into(), &Kind::Category, cells.finish(), true).unwrap();
        let mut cells = CellsBuilder::default();
        cells.push(Some(Cell::Number(0.1_f32.into()))).unwrap();
        file.add_feature("double".into(), &Kind::Category, cells.finish(), false).unwrap();
        let mut levels = Vec::new();
        for column in &file.features {
            levels.extend((0..column.cells.len()).map(|row| shown(&column.cells.get(row).unwrap())));
        }
        assert_eq!(levels, ["'0.1'", "'0'", "'16777216'", "'0.10000000149011612'"]);
    }
}
