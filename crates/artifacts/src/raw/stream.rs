//! Raw files column by column: a file of columns in one pass, a file of rows in as many as its size asks for.

use super::column::Column;
use super::{Format, csv, json_columns, json_records, read};
use stage::{Error, Kind, Result};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

/// Bytes of a file of rows whose columns are held at once; of larger files a share, at least one column.
const AT_ONCE: u64 = 16 << 20;

/// Gives every column of a text format to `take`, in file order, and returns the index if the file has one.
///
/// # Errors
/// As [`read`]; the columns before the refused cell may have been given.
pub(crate) fn stream(path: &Path, format: Format, take: &mut dyn FnMut(Column)) -> Result<Option<Vec<i64>>> {
    let read_through = if format == Format::JsonColumns {
        json_columns::stream(open(path)?, take).ok().filter(|index| !index.is_empty()).map(Some)
    } else {
        by_rows(path, format, AT_ONCE, take)?.then_some(None)
    };
    read_through.ok_or_else(|| refusal(path, format))
}

/// Why the file is refused. The reader of whole files knows where, and what to do.
fn refusal(path: &Path, format: Format) -> Error {
    let changed = || Error::new(Kind::Temporary, format!("{}: changed while it was read", path.display()));
    read(path, format, None, &[]).map_or_else(|error| error, |_| changed().hint("try again"))
}

/// Whether the file was read to its end.
fn by_rows(path: &Path, format: Format, at_once: u64, take: &mut dyn FnMut(Column)) -> Result<bool> {
    let size = fs::metadata(path).map_err(|error| Error::reading(path, &error))?.len();
    let mut keep = 0..if size <= at_once { usize::MAX } else { 1 };
    loop {
        let Some(columns) = pass(path, format, &keep)? else { return Ok(false) };
        if columns.first().is_none_or(|column| column.rows() == 0) {
            return Ok(false);
        }
        let total = columns.len();
        columns
            .into_iter()
            .zip(0..)
            .filter(|(_, place)| keep.contains(place))
            .for_each(|(column, _)| take(column));
        if keep.end >= total {
            return Ok(true);
        }
        let share = usize::try_from(total as u64 * at_once / size).unwrap_or(usize::MAX);
        keep = keep.end..keep.end.saturating_add(share.max(1));
    }
}

/// All columns, of which those in `keep` have their cells; `None` for a file that is refused.
fn pass(path: &Path, format: Format, keep: &Range<usize>) -> Result<Option<Vec<Column>>> {
    let file = open(path)?;
    Ok(match format {
        Format::JsonRecords => json_records::stream(file, keep.clone()).ok(),
        Format::JsonLines => json_records::stream_lines(file, keep.clone()).ok(),
        Format::Csv => csv::stream(file, keep),
        Format::JsonColumns | Format::Parquet => unreachable!("{format:?} is not written by rows"),
    })
}

/// The file after its byte order mark.
fn open(path: &Path) -> Result<impl BufRead> {
    let refuse = |error| Error::reading(path, &error);
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(refuse)?);
    if file.fill_buf().map_err(refuse)?.starts_with(b"\xEF\xBB\xBF") {
        file.consume(3);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::RawTable;
    use std::fmt::Write;

    const FORMATS: [Format; 3] = [Format::JsonRecords, Format::JsonLines, Format::Csv];

    fn write(folder: &Path, format: Format, rows: usize) -> std::path::PathBuf {
        let mut text = String::new();
        for row in 0..rows {
            let record = format!(r#"{{"a":{row},"b":"x{}","c":null,"d":[],"e":true}}"#, row % 3);
            let _ = match format {
                Format::Csv if row == 0 => write!(text, "a,b,c,d,e\n0,x0,,[],true\n"),
                Format::Csv => writeln!(text, "{row},x{},,[],true", row % 3),
                Format::JsonLines => writeln!(text, "{record}"),
                _ => write!(text, "{}{record}", if row == 0 { "[" } else { "," }),
            };
        }
        if format == Format::JsonRecords {
            text.push(']');
        }
        let path = folder.join("raw");
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn several_passes_give_what_one_gives() {
        let folder = tempfile::tempdir().unwrap();
        for format in FORMATS {
            let path = write(folder.path(), format, 50);
            let RawTable { columns, .. } = read(&path, format, None, &[]).unwrap();
            // 0: a column a pass; others: a share of the columns.
            for at_once in [0, 500, 1000, u64::MAX] {
                let mut streamed = Vec::new();
                assert!(
                    by_rows(&path, format, at_once, &mut |column| streamed.push(column.finish())).unwrap()
                );
                assert_eq!(streamed, columns, "{format:?}, {at_once}");
            }
        }
    }

    #[test]
    fn what_is_refused_is_refused_in_the_readers_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        for (format, text) in [
            (Format::JsonColumns, r#"{"a":{"1":1},"b":{"2":1}}"#),
            (Format::JsonColumns, "{}"),
            (Format::JsonRecords, r#"[{"a":1},{"a":"x"}]"#),
            (Format::JsonLines, "{\"a\":1}\n{\"a\":"),
            (Format::Csv, "a,b\n1\n"),
            (Format::Csv, "a,a\n1,2\n"),
            (Format::Csv, "a\n"),
        ] {
            fs::write(&path, text).unwrap();
            let expected = read(&path, format, None, &[]).unwrap_err().to_string();
            let refused = stream(&path, format, &mut |_| ()).unwrap_err();
            assert_eq!((refused.to_string(), refused.exit_code()), (expected, 65), "{text}");
        }
    }
}
