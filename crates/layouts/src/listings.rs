//! The listings that all layouts hold: the complete rows of the raw files, and samples of them of any size.

use crate::attributes::{List, Number, Text};
use artifacts::raw::{self, Format, RawTable};
use artifacts::{Cell, Cells};
use regressors::random::RandomState;
use stage::{Error, Result};
use std::path::Path;

/// The study's files, and whether their rows are trained on, left alone, or predicted.
const FILES: [(&str, Role); 3] =
    [("train_dataset.json", Role::Train), ("val_dataset.json", Role::Val), ("test_dataset.json", Role::Test)];

/// What the study does with the rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Models are fitted on them.
    Train,
    /// Only looked at.
    Val,
    /// Models are scored on them.
    Test,
}

/// The complete rows, in file order, as the raw files have them.
#[derive(Clone, Debug)]
pub struct Listings {
    rows: Vec<Row>,
}

/// A complete row; values in the order of the variants.
#[derive(Clone, Debug)]
struct Row {
    role: Role,
    numbers: Vec<f64>,
    texts: Vec<String>,
    lists: Vec<Vec<String>>,
}

impl Listings {
    /// Reads the study's three files in `folder`. As in the study, rows with a missing or unreadable cell are left out.
    ///
    /// # Errors
    /// If a file is missing, no table, or lacks a column, and if no row to train on or to predict is complete.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut rows = Vec::new();
        for (name, role) in FILES {
            let path = folder.join(name);
            let table = raw::read(&path, Format::JsonColumns, None, &[])?;
            let (before, all) = (rows.len(), table.rows());
            let file = File::new(role, table, &path)?;
            rows.extend((0..all).filter_map(|row| file.complete(row)));
            if rows.len() == before && role != Role::Val {
                return Err(Error::data(format!(
                    "{}: no row is complete; bring complete rows",
                    path.display()
                )));
            }
        }
        Ok(Self { rows })
    }

    /// Number of complete rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// `rows` rows, drawn with replacement from the generator that `seed` starts; without a number, all complete rows
    /// in their order.
    pub fn draw(&self, rows: Option<usize>, seed: u32) -> Sample {
        let Some(rows) = rows else { return self.sample((0..self.rows()).collect()) };
        let mut random = RandomState::new(seed);
        let high = u32::try_from(self.rows()).unwrap_or(u32::MAX);
        self.sample((0..rows).map(|_| random.randint(high) as usize).collect())
    }

    fn sample(&self, picks: Vec<usize>) -> Sample {
        let of = |role| {
            let places = picks.iter().enumerate();
            let chosen = places.filter(|(_, pick)| self.rows[**pick].role == role);
            chosen.map(|(place, _)| place).collect()
        };
        Sample { train: of(Role::Train), test: of(Role::Test), picks }
    }

    /// A number of a row; NaN is never stored.
    pub fn number(&self, row: usize, attribute: Number) -> f64 {
        self.rows[row].numbers[attribute as usize]
    }

    /// A text of a row.
    pub fn text(&self, row: usize, attribute: Text) -> &str {
        &self.rows[row].texts[attribute as usize]
    }

    /// A list of a row, in file order.
    pub fn list(&self, row: usize, attribute: List) -> &[String] {
        &self.rows[row].lists[attribute as usize]
    }
}

/// Which rows of [`Listings`] are held, in order, and what is done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// A row of the listings for every row held.
    pub picks: Vec<usize>,
    /// Places in `picks` of rows to train on.
    pub train: Vec<usize>,
    /// Places in `picks` of rows to predict.
    pub test: Vec<usize>,
}

/// The study's columns of a file.
struct File {
    role: Role,
    numbers: Vec<Cells>,
    texts: Vec<Cells>,
    lists: Vec<Cells>,
}

impl File {
    fn new(role: Role, table: RawTable, path: &Path) -> Result<Self> {
        let take = |name: &str| {
            let column = table.columns.iter().find(|(other, _)| other == name);
            column.map(|(_, cells)| cells.clone()).ok_or_else(|| {
                Error::data(format!(
                    "{}: column '{name}' is not there; bring the study's columns",
                    path.display()
                ))
            })
        };
        let columns = |names: &[&str]| names.iter().map(|name| take(name)).collect::<Result<Vec<_>>>();
        Ok(Self {
            role,
            numbers: columns(&Number::ALL.map(Number::name))?,
            texts: columns(&Text::ALL.map(Text::name))?,
            lists: columns(&List::ALL.map(List::name))?,
        })
    }

    /// The row, if no cell is missing and its texts can be read.
    fn complete(&self, row: usize) -> Option<Row> {
        let number = |cells: &Cells| match cells.get(row) {
            Some(Cell::Number(number)) => Some(number),
            _ => None,
        };
        let text = |(cells, text): (&Cells, Text)| match cells.get(row) {
            Some(Cell::Text(level)) => text.kind().parse(Cell::Text(level)).is_ok().then(|| level.to_owned()),
            _ => None,
        };
        let list = |cells: &Cells| match cells.get(row) {
            Some(Cell::List(items)) => Some(items.into_iter().map(str::to_owned).collect()),
            _ => None,
        };
        Some(Row {
            role: self.role,
            numbers: self.numbers.iter().map(number).collect::<Option<_>>()?,
            texts: self.texts.iter().zip(Text::ALL).map(text).collect::<Option<_>>()?,
            lists: self.lists.iter().map(list).collect::<Option<_>>()?,
        })
    }
}
