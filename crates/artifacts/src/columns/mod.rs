//! Any table, artifact or raw file, a column at a time: for programs that look at tables without knowing them.
//!
//! Columns have the types that pandas gives them: integers without missing cells stay integers, with them they are
//! numbers; a column of a JSON or CSV file without any cell is one of numbers; texts of a CSV file that all spell
//! numbers or booleans are such.

mod parquet;
mod sniff;
mod typed;

pub use sniff::format_of;

use crate::Cells;
use crate::raw::{self, Format};
use stage::Result;
use std::path::Path;

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Type of the cells: `float64`, `int64`, `uint32` and so on, `bool`, `str` or `list`; of Parquet's columns that
    /// become texts `date`, `time`, `timestamp`, `duration`, `decimal` or `binary`.
    pub type_name: &'static str,
    /// The cells.
    pub values: Values,
}

/// The cells of a column, in the order of the rows.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers, NaN where missing.
    Numbers(Vec<f64>),
    /// Signed integers, none missing.
    Integers(Vec<i64>),
    /// Unsigned integers, none missing.
    Naturals(Vec<u64>),
    /// Booleans, `None` where missing.
    Booleans(Vec<Option<bool>>),
    /// Texts.
    Texts(Cells),
    /// Lists of texts.
    Lists(Cells),
}

impl Values {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Integers(integers) => integers.len(),
            Self::Naturals(integers) => integers.len(),
            Self::Booleans(booleans) => booleans.len(),
            Self::Texts(cells) | Self::Lists(cells) => cells.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of cells that are not missing.
    pub fn count(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.iter().filter(|number| !number.is_nan()).count(),
            Self::Integers(_) | Self::Naturals(_) => self.len(),
            Self::Booleans(booleans) => booleans.iter().flatten().count(),
            Self::Texts(cells) | Self::Lists(cells) => {
                (0..cells.len()).filter(|&row| !cells.is_missing(row)).count()
            }
        }
    }
}

impl Column {
    /// Bytes of the column in memory. Numbers, booleans and texts as pandas counts them (texts held by Arrow: their
    /// UTF-8, 8 bytes a row, a bit a row if any is missing); lists likewise, with 8 bytes more an item.
    pub fn bytes(&self) -> usize {
        let rows = self.values.len();
        let validity = if self.values.count() < rows { rows.div_ceil(8) } else { 0 };
        match &self.values {
            Values::Booleans(_) => rows + validity,
            Values::Texts(cells) | Values::Lists(cells) => cells.content_bytes() + 8 * rows + validity,
            _ => {
                let bits: usize =
                    self.type_name.trim_start_matches(char::is_alphabetic).parse().unwrap_or(64);
                rows * bits / 8
            }
        }
    }
}

/// What a table has beside its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Number of rows.
    pub count: usize,
    /// The index of the rows, if the format has one.
    pub index: Option<Vec<i64>>,
}

/// Gives the columns of the file at `path` whose names are `wanted` to `take`, in file order, and holds one of them at a
/// time. Files of rows (records, lines, CSV) are held up to 16 MB at once, and of larger ones one column or as many as
/// make 16 MB.
///
/// # Errors
/// If the file is not there, cannot be read, or is no table of that format; of Parquet's columns, those that are not
/// wanted may have any type.
pub fn read(
    path: &Path,
    format: Format,
    wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(Column),
) -> Result<Rows> {
    if format == Format::Parquet {
        return Ok(Rows { count: parquet::read(path, wanted, take)?, index: None });
    }
    let mut count = 0;
    let index = raw::stream::stream(path, format, &mut |column| {
        count = column.rows();
        if wanted(&column.name) {
            take(typed::from_text(column, format));
        }
    })?;
    Ok(Rows { count, index })
}
