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
    files: Vec<File>,
    /// File and row in it of every complete row.
    complete: Vec<(usize, usize)>,
}

#[derive(Clone, Debug)]
struct File {
    role: Role,
    numbers: Vec<Cells>,
    texts: Vec<Cells>,
    lists: Vec<Cells>,
}

impl Listings {
    /// Reads the study's three files in `folder`. As in the study, rows with a missing or unreadable cell are left out.
    ///
    /// # Errors
    /// If a file is missing, no table, or lacks a column, and if no row to train on or to predict is complete.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        let mut complete = Vec::new();
        for (name, role) in FILES {
            let path = folder.join(name);
            let table = raw::read(&path, Format::JsonColumns, None)?;
            let rows = table.rows();
            let file = File::new(role, table, &path)?;
            let here = (0..rows).filter(|&row| file.is_complete(row)).map(|row| (files.len(), row));
            let before = complete.len();
            complete.extend(here);
            if complete.len() == before && role != Role::Val {
                return Err(Error::data(format!(
                    "{}: no row is complete; bring complete rows",
                    path.display()
                )));
            }
            files.push(file);
        }
        Ok(Self { files, complete })
    }

    /// Number of complete rows.
    pub fn rows(&self) -> usize {
        self.complete.len()
    }

    /// `rows` rows, drawn with replacement from the generator that `seed` starts; without a number, all complete rows
    /// in their order.
    pub fn draw(&self, rows: Option<usize>, seed: u32) -> Sample {
        let Some(rows) = rows else { return self.sample((0..self.complete.len()).collect()) };
        let mut random = RandomState::new(seed);
        let high = u32::try_from(self.complete.len()).unwrap_or(u32::MAX);
        self.sample((0..rows).map(|_| random.randint(high) as usize).collect())
    }

    fn sample(&self, picks: Vec<usize>) -> Sample {
        let of = |role| {
            let places = picks.iter().enumerate();
            let chosen = places.filter(|(_, pick)| self.files[self.complete[**pick].0].role == role);
            chosen.map(|(place, _)| place).collect()
        };
        Sample { train: of(Role::Train), test: of(Role::Test), picks }
    }

    /// A number of a row; NaN is never stored.
    pub fn number(&self, row: usize, attribute: Number) -> f64 {
        let (file, row) = self.complete[row];
        match self.files[file].numbers[attribute as usize].get(row) {
            Some(Cell::Number(number)) => number,
            _ => unreachable!("complete rows have numbers where File::is_complete saw them"),
        }
    }

    /// A text of a row.
    pub fn text(&self, row: usize, attribute: Text) -> &str {
        let (file, row) = self.complete[row];
        match self.files[file].texts[attribute as usize].get(row) {
            Some(Cell::Text(text)) => text,
            _ => unreachable!("complete rows have texts where File::is_complete saw them"),
        }
    }

    /// A list of a row, in file order.
    pub fn list(&self, row: usize, attribute: List) -> Vec<&str> {
        let (file, row) = self.complete[row];
        match self.files[file].lists[attribute as usize].get(row) {
            Some(Cell::List(items)) => items,
            _ => unreachable!("complete rows have lists where File::is_complete saw them"),
        }
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

    fn is_complete(&self, row: usize) -> bool {
        let texts = self.texts.iter().zip(Text::ALL);
        self.numbers.iter().all(|cells| matches!(cells.get(row), Some(Cell::Number(_))))
            && self.lists.iter().all(|cells| matches!(cells.get(row), Some(Cell::List(_))))
            && texts.into_iter().all(|(cells, text)| match cells.get(row) {
                Some(cell @ Cell::Text(_)) => text.kind().parse(cell).is_ok(),
                _ => false,
            })
    }
}
