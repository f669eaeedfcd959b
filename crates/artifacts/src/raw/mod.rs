//! Raw files: tables that other programs wrote, read as they are.
//!
//! A reader keeps the order of the rows, lists as lists and missing cells as missing, and gives no cell a
//! meaning; that is the work of [`crate::Kind`]. It refuses, by file, column and row, what is no table: an
//! index that is no integer or occurs twice, columns that differ in length, mixed types in a column, numbers
//! that are not finite, files that are empty, cut off or not UTF-8.
//!
//! Messages name rows by their index; rows of a file without index are counted from 0, as in pandas.

mod json_columns;
mod json_records;

mod csv;
pub(crate) mod parquet;

pub(crate) mod column;
mod json;

pub(crate) mod stream;

use self::column::Column;
use crate::Cells;
use crate::table::GZIP;
use serde::Deserialize;
use stage::{Error, Result};
use std::fmt::Display;
use std::fs;
use std::path::Path;

/// How a raw file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// pandas' `DataFrame.to_json()`: one object of columns, each an object of index to cell.
    JsonColumns,
    /// An array of records, each an object of column to cell.
    JsonRecords,
    /// A record per line.
    JsonLines,
    /// Comma-separated values under a header line.
    Csv,
    /// Parquet.
    Parquet,
}

impl Format {
    /// Whether the rows of such a file have an index without a column that is named for it.
    pub fn has_index(self) -> bool {
        self == Self::JsonColumns
    }
}

/// A raw file's rows and columns, in file order.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTable {
    /// The index of the rows, each once, if the file has one.
    pub row_id: Option<Vec<i64>>,
    /// The other columns by name, all of one length, at least one row long.
    pub columns: Vec<(String, Cells)>,
    /// Names of the columns whose numbers have 32 bits in the file: they are spelled with fewer digits there.
    pub singles: Vec<String>,
}

impl RawTable {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| cells.len())
    }
}

/// Reads the file at `path`, without the columns that `ignore` names: their cells may be anything. `index` names the
/// column of row ids for formats that have no index.
///
/// # Errors
/// If the file is not there or cannot be read, or is no table (see the [module](self)).
pub fn read(path: &Path, format: Format, index: Option<&str>, ignore: &[String]) -> Result<RawTable> {
    let source = Source { path, index, ignore };
    let bytes = fs::read(path).map_err(|error| Error::reading(path, &error))?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(source.refuse(None, None, "the file is empty; write it again"));
    }
    if format != Format::Parquet && bytes.starts_with(&GZIP) {
        return Err(source.refuse(None, None, "the file is compressed by gzip; decompress it"));
    }
    let table = match format {
        Format::JsonColumns => json_columns::read(source, text),
        Format::JsonRecords => json_records::read(source, text),
        Format::JsonLines => json_records::read_lines(source, text),
        Format::Csv => csv::read(source, text),
        Format::Parquet => parquet::read(source, bytes),
    }?;
    if table.rows() == 0 {
        return Err(source.refuse(None, None, "a table without rows; write it again"));
    }
    Ok(table)
}

/// The file that is being read.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    path: &'a Path,
    /// The column of row ids.
    index: Option<&'a str>,
    /// Names of columns that are left out.
    ignore: &'a [String],
}

impl Source<'_> {
    /// An error about a cell, a column, a row or the whole file.
    fn refuse(self, column: Option<&str>, row: Option<&dyn Display>, reason: impl Display) -> Error {
        let path = self.path.display();
        Error::data(match (column, row) {
            (Some(column), Some(row)) => format!("{path}: column '{column}', row {row}: {reason}"),
            (Some(column), None) => format!("{path}: column '{column}': {reason}"),
            (None, Some(row)) => format!("{path}: row {row}: {reason}"),
            (None, None) => format!("{path}: {reason}"),
        })
    }

    /// The name of the row at `place`, by its index if `row_id` has that.
    fn name_of(self, place: usize, row_id: &[i64]) -> String {
        match (self.index, row_id.get(place)) {
            (Some(_), Some(id)) => id.to_string(),
            (Some(_), None) => format!("{place} (counted from 0)"),
            (None, _) => place.to_string(),
        }
    }

    /// The finished table, from columns and, if the configuration names an index, the row ids found.
    fn table(self, columns: Vec<Column>, row_id: Vec<i64>) -> Result<RawTable> {
        let columns = finished(columns);
        let Some(index) = self.index else {
            return Ok(RawTable { row_id: None, columns, singles: Vec::new() });
        };
        match repeated(&row_id) {
            Some(row) => Err(self.refuse(Some(index), Some(&row), REPEATED)),
            None => Ok(RawTable { row_id: Some(row_id), columns, singles: Vec::new() }),
        }
    }
}

/// The columns whose cells were kept.
fn finished(columns: Vec<Column>) -> Vec<(String, Cells)> {
    columns.into_iter().filter(|column| !column.is_skipped()).map(Column::finish).collect()
}

/// Whether a column of this name is left out.
fn is_ignored(name: &str, ignore: &[String]) -> bool {
    ignore.iter().any(|ignored| ignored == name)
}

/// Whether pandas calls an index so that has no name: `__index_level_0__`. It would not take it for a column either.
pub fn is_pandas_index(name: &str) -> bool {
    let level = name.strip_prefix("__index_level_").and_then(|rest| rest.strip_suffix("__"));
    level.is_some_and(|level| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What is wrong with a table in which an index is [`repeated`].
const REPEATED: &str = "this index occurs twice; give every row an index of its own";

/// The smallest index that occurs more than once.
fn repeated(row_id: &[i64]) -> Option<i64> {
    let mut sorted = row_id.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// What is wrong with a column name that occurs twice.
pub(crate) const REPEATED_COLUMN: &str = "this column occurs twice; rename one of them";

/// A file without the column that should hold its index.
fn no_index(source: Source<'_>, name: &str) -> Error {
    let reason = format!("column '{name}' is not there, which ingest.index names; correct the name");
    source.refuse(None, None, reason)
}

/// What is wrong with an index that is no integer.
fn not_an_integer(index: impl Display) -> String {
    format!("the index {index} is not an integer; number the rows")
}

#[cfg(test)]
mod tests {
    use super::Format;
    use super::testing::parse;

    #[test]
    fn compressed_texts_are_refused() {
        for format in [Format::JsonColumns, Format::JsonRecords, Format::JsonLines, Format::Csv] {
            let error = parse(b"\x1f\x8b\x08\x00", format, None).unwrap_err();
            assert_eq!(error, "raw: the file is compressed by gzip; decompress it");
        }
    }
}

#[cfg(test)]
mod testing {
    //! What the tests of the readers share.

    use super::{Format, RawTable, read};
    use crate::Cell;
    use stage::Result;
    use std::fs;

    /// Reads `bytes` as a file named `raw`; messages are without its folder.
    pub(super) fn parse(
        bytes: &[u8],
        format: Format,
        index: Option<&str>,
    ) -> std::result::Result<RawTable, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        fs::write(&path, bytes).unwrap();
        let table: Result<RawTable> = read(&path, format, index, &["ignored".to_owned()]);
        table.map_err(|error| {
            assert_eq!(error.exit_code(), 65, "{error}");
            error.to_string().replace(&format!("{}/", folder.path().display()), "")
        })
    }

    /// All cells, column by column, as text.
    pub(super) fn shown(table: &RawTable) -> Vec<String> {
        let cell = |cell: Option<Cell<'_>>| match cell {
            None => "-".to_owned(),
            Some(Cell::Number(number)) => number.to_string(),
            Some(Cell::Text(text)) => format!("'{text}'"),
            Some(Cell::List(items)) => format!("[{}]", items.join(" ")),
        };
        let columns = table.columns.iter();
        let rows =
            |cells: &crate::Cells| (0..cells.len()).map(|row| cell(cells.get(row))).collect::<Vec<_>>();
        columns.map(|(name, cells)| format!("{name}: {}", rows(cells).join(" "))).collect()
    }
}
