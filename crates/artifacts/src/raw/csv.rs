//! `csv`: comma-separated values under a header line. Cells are texts, whatever they spell.

use super::column::{Column, Value};
use super::{REPEATED_COLUMN, RawTable, Source, is_ignored, not_an_integer};
use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use stage::{Error, Result};
use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::{io, str};

/// The spellings of a missing cell, as pandas has them.
const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

pub(super) fn read(source: Source<'_>, text: &[u8]) -> Result<RawTable> {
    let mut reader = ReaderBuilder::new().from_reader(text);
    let mut place = Place { row: 0, id: None, text, byte: 0 };
    let header = reader.byte_headers().map_err(|error| refuse(source, place, &error))?;
    if let Some(separator) = other_separator(header) {
        let reason = format!("the header: cells are separated by {separator}; write it with commas");
        return Err(source.refuse(None, None, reason));
    }
    let (index, mut columns) = fields(source, header)?;
    if reader.position().byte() >= text.len() as u64 && Quotes::of(text).are_open() {
        return Err(source.refuse(None, None, format!("the header: {OPEN_QUOTE}")));
    }
    let mut row_id = Vec::new();
    let mut record = ByteRecord::new();
    loop {
        let outcome = reader.read_byte_record(&mut record);
        place.byte = record.position().map_or(0, csv::Position::byte);
        // A record that ends with the text may hold all that follows a quote.
        if reader.position().byte() >= text.len() as u64 && Quotes::of(place.rest()).are_open() {
            return Err(source.refuse(None, Some(&place), OPEN_QUOTE));
        }
        if !outcome.map_err(|error| refuse(source, place, &error))? {
            break;
        }
        if let Some(index) = index {
            place.id = None;
            let cell = text_of(source, source.index.unwrap_or_default(), place, &record[index])?;
            let id = cell.trim().parse().map_err(|_| {
                source.refuse(source.index, Some(&place), not_an_integer(format_args!("'{cell}'")))
            })?;
            place.id = Some(id);
            row_id.push(id);
        }
        let cells = record.iter().zip(0..).filter(|(_, field)| Some(*field) != index);
        for (column, (cell, _)) in columns.iter_mut().zip(cells) {
            let cell = text_of(source, &column.name, place, cell)?;
            let value = if MISSING.contains(&cell) { Value::Missing } else { Value::Text(cell) };
            column.push(value).map_err(|reason| source.refuse(Some(&column.name), Some(&place), reason))?;
        }
        place.row += 1;
    }
    source.table(columns, row_id)
}

/// The columns, of which those in `keep`, by place, have their cells. `None` where [`read`] refuses the file.
pub(super) fn stream(file: impl io::Read, keep: &Range<usize>) -> Option<Vec<Column>> {
    let mut reader = ReaderBuilder::new().from_reader(Quoted { file, quotes: Quotes::default() });
    let mut columns: Vec<Column> = Vec::new();
    if other_separator(reader.byte_headers().ok()?).is_some() {
        return None;
    }
    for (place, name) in reader.headers().ok()?.iter().enumerate() {
        if columns.iter().any(|column| column.name == name) {
            return None;
        }
        columns.push(Column::kept_if(keep.contains(&place), name.to_owned(), 0));
    }
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).ok()? {
        for (column, cell) in columns.iter_mut().zip(&record) {
            let cell = str::from_utf8(cell).ok()?;
            let value = if MISSING.contains(&cell) { Value::Missing } else { Value::Text(cell) };
            column.push(value).ok()?;
        }
    }
    (!reader.get_ref().quotes.are_open()).then_some(columns)
}

/// What is wrong with a text that ends inside of quotes, which the reader takes for their end.
const OPEN_QUOTE: &str = "a quoted cell does not end; close its quote, or fetch the file again";

/// Whether a text has come to its end inside of a quoted cell.
#[derive(Clone, Copy, Default)]
enum Quotes {
    /// Where a cell begins.
    #[default]
    Start,
    /// In a cell without quotes around it, or behind them.
    Bare,
    Open,
    /// Behind a quote that closes the cell, unless another follows.
    Closed,
}

impl Quotes {
    fn of(text: &[u8]) -> Self {
        let mut quotes = Self::default();
        quotes.pass(text);
        quotes
    }

    fn pass(&mut self, text: &[u8]) {
        for byte in text {
            *self = match (*self, byte) {
                (Self::Open, b'"') => Self::Closed,
                (Self::Open, _) | (Self::Start | Self::Closed, b'"') => Self::Open,
                (_, b',' | b'\r' | b'\n') => Self::Start,
                _ => Self::Bare,
            };
        }
    }

    fn are_open(self) -> bool {
        matches!(self, Self::Open)
    }
}

/// A file that is read, and its quotes.
struct Quoted<F> {
    file: F,
    quotes: Quotes,
}

impl<F: io::Read> io::Read for Quoted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.quotes.pass(&buffer[..n]);
        Ok(n)
    }
}

/// A row, by its index or number and its line.
#[derive(Clone, Copy)]
struct Place<'a> {
    row: usize,
    /// Its index, once that is read.
    id: Option<i64>,
    text: &'a [u8],
    /// Where the row starts in the text; line breaks may stand before it.
    byte: u64,
}

impl<'a> Place<'a> {
    fn split(self) -> (&'a [u8], &'a [u8]) {
        self.text.split_at(usize::try_from(self.byte).unwrap_or(usize::MAX).min(self.text.len()))
    }

    /// The text from the row's start on.
    fn rest(self) -> &'a [u8] {
        self.split().1
    }
}

impl Display for Place<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        // The reader's own count is wrong after blank lines and after \r\n.
        let (before, rest) = self.split();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let breaks = before.iter().chain(blank).filter(|byte| **byte == b'\n').count();
        let row = self.id.unwrap_or(self.row as i64);
        write!(formatter, "{row} (line {})", breaks + 1)
    }
}

/// What separates the names of a header that has no comma.
fn other_separator(header: &ByteRecord) -> Option<&'static str> {
    let name = header.get(0).filter(|_| header.len() == 1)?;
    let separators = [(b';', "';'"), (b'\t', "tabs"), (b'|', "'|'")];
    separators.into_iter().find(|(byte, _)| name.contains(byte)).map(|(_, shown)| shown)
}

/// The place of the index in the header, and the other columns.
fn fields(source: Source<'_>, header: &ByteRecord) -> Result<(Option<usize>, Vec<Column>)> {
    let mut index = None;
    let mut columns: Vec<Column> = Vec::new();
    for (field, name) in header.iter().enumerate() {
        let name = str::from_utf8(name)
            .map_err(|_| source.refuse(None, None, "the header is not UTF-8; save the file as UTF-8"))?;
        if columns.iter().any(|column| column.name == name) || (index.is_some() && source.index == Some(name))
        {
            return Err(source.refuse(Some(name), None, REPEATED_COLUMN));
        }
        if source.index == Some(name) {
            index = Some(field);
        } else {
            columns.push(Column::kept_if(!is_ignored(name, source.ignore), name.to_owned(), 0));
        }
    }
    match source.index {
        Some(name) if index.is_none() => Err(super::no_index(source, name)),
        _ => Ok((index, columns)),
    }
}

fn text_of<'a>(source: Source<'_>, column: &str, place: Place<'_>, cell: &'a [u8]) -> Result<&'a str> {
    str::from_utf8(cell)
        .map_err(|_| source.refuse(Some(column), Some(&place), "not UTF-8; save the file as UTF-8"))
}

/// An error of the reader at the row after `last`.
fn refuse(source: Source<'_>, last: Place<'_>, error: &csv::Error) -> Error {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let byte = pos.as_ref().map_or(0, csv::Position::byte);
            let place = Place { id: None, byte, ..last };
            let reason =
                format!("{len} cells under a header of {expected_len}; quote cells that hold a comma");
            source.refuse(None, Some(&place), reason)
        }
        _ => source.refuse(None, Some(&last.row), format!("not CSV: {error}; correct it")),
    }
}

#[cfg(test)]
mod tests {
    use crate::raw::Format;
    use crate::raw::testing::{parse, shown};

    fn refused(text: &[u8], index: Option<&str>) -> String {
        parse(text, Format::Csv, index).unwrap_err()
    }

    #[test]
    fn cells_are_texts_and_spellings_of_missing_are_missing() {
        let text = "\u{feff}a,b,y\r\n\"x, \"\"z\"\"\",,1\r\n4,NaN,-2.5\r\n\r\n null ,\"\",3\r\n";
        let table = parse(text.as_bytes(), Format::Csv, None).unwrap();
        assert_eq!(table.row_id, None);
        assert_eq!(shown(&table), ["a: 'x, \"z\"' '4' ' null '", "b: - - -", "y: '1' '-2.5' '3'"]);
    }

    #[test]
    fn an_index_column_names_the_rows() {
        let table = parse(b",a\n7,x\n-2,y\n", Format::Csv, Some("")).unwrap();
        assert_eq!((table.row_id.clone(), shown(&table)), (Some(vec![7, -2]), vec!["a: 'x' 'y'".to_owned()]));
        assert_eq!(
            refused(b"id,a\n1,x\n1.0,y\n", Some("id")),
            "raw: column 'id', row 1 (line 3): the index '1.0' is not an integer; number the rows"
        );
        assert_eq!(
            refused(b"id,a\n1,x\n1,y\n", Some("id")),
            "raw: column 'id', row 1: this index occurs twice; give every row an index of its own"
        );
        assert_eq!(
            refused(b"id,a\n1,x\n", Some("no")),
            "raw: column 'no' is not there, which ingest.index names; correct the name"
        );
    }

    #[test]
    fn ragged_rows_and_repeated_names_are_refused() {
        assert_eq!(
            refused(b"a,b\n1,2\n\n1,2,3\n", None),
            "raw: row 1 (line 4): 3 cells under a header of 2; quote cells that hold a comma"
        );
        assert_eq!(
            refused(b"a,b\r\n\"1\r\n\",2\r\n\r\n3\r\n", None),
            "raw: row 1 (line 5): 1 cells under a header of 2; quote cells that hold a comma"
        );
        assert_eq!(
            refused(b"a,b,a\n1,2,3\n", None),
            "raw: column 'a': this column occurs twice; rename one of them"
        );
        assert_eq!(refused(b"a,b\n", None), "raw: a table without rows; write it again");
    }

    #[test]
    fn other_separators_are_named() {
        for (separator, shown) in [(";", "';'"), ("\t", "tabs"), ("|", "'|'")] {
            let text = format!("\u{feff}a{separator}b\n1,5{separator}2\n");
            let message = format!("raw: the header: cells are separated by {shown}; write it with commas");
            assert_eq!(refused(text.as_bytes(), Some("a")), message);
            assert!(super::stream(text.as_bytes(), &(0..2)).is_none());
        }
        parse(b"a;b,c\n1,2\n", Format::Csv, None).unwrap();
        parse(b"a\n1;2\n", Format::Csv, None).unwrap();
    }

    #[test]
    fn quotes_that_stay_open_are_refused() {
        let open = "a quoted cell does not end; close its quote, or fetch the file again";
        for text in ["a,b\n1,x\n2,\"y\n3,z\n", "a,b\n1,x\n\n2,\"y\"\"", "a,b\n1,x\n\"2,y\n3,z\n"] {
            let line = if text.contains("\n\n") { 4 } else { 3 };
            assert_eq!(refused(text.as_bytes(), None), format!("raw: row 1 (line {line}): {open}"), "{text}");
        }
        assert_eq!(refused(b"a,\"b\n1,x\n", None), format!("raw: the header: {open}"));
        // Quotes inside of a cell are the cell's, and so is what follows one.
        for text in [
            "a,b\n15\",x\n",
            "a,b\n1,15\"",
            "a,b\n1,\"15\"\"\"",
            "a,b\n1,\"1\"5\"",
            "a,b\n1,\"\"",
            "a,b\n1,\"\"\n\n",
        ] {
            parse(text.as_bytes(), Format::Csv, None).unwrap();
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        assert_eq!(
            refused(b"a,b\n1,caf\xe9\n", None),
            "raw: column 'b', row 0 (line 2): not UTF-8; save the file as UTF-8"
        );
        assert_eq!(refused(b"a,\xe9\n1,2\n", None), "raw: the header is not UTF-8; save the file as UTF-8");
    }
}
