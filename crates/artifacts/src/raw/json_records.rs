//! `json-records` and `json-lines`: an array of records, or a record per line; a record maps columns to cells.
//!
//! Columns stand in the order in which they first appear. As in pandas, a column that a record lacks is
//! missing there, and one that a later record brings is missing before it.

use super::column::Column;
use super::json::{CellSeed, Stop};
use super::{REPEATED_COLUMN, RawTable, Source, is_ignored, not_an_integer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use stage::Result;
use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::io::{self, BufRead};
use std::ops::Range;

pub(super) fn read(source: Source<'_>, text: &[u8]) -> Result<RawTable> {
    let mut reading = Reading { ignore: source.ignore, ..Reading::new(source.index) };
    let mut parser = serde_json::Deserializer::from_slice(text);
    let parsed = parser.deserialize_seq(RecordsVisitor(&mut reading)).and_then(|()| parser.end());
    parsed.map_err(|error| {
        let row = source.name_of(reading.row, &reading.row_id);
        let row = reading.begun.then_some(&row as &dyn Display);
        Stop { source, text, line: 1, column: reading.column(), row }.refuse(&error)
    })?;
    reading.finish(source)
}

/// The columns of an array of records, of which those in `keep`, by place, have their cells.
pub(super) fn stream(file: impl io::Read, keep: Range<usize>) -> serde_json::Result<Vec<Column>> {
    let mut reading = Reading { keep, ..Reading::new(None) };
    let mut parser = serde_json::Deserializer::from_reader(file);
    parser.deserialize_seq(RecordsVisitor(&mut reading))?;
    parser.end()?;
    Ok(reading.columns)
}

/// As [`stream`], of a record per line.
pub(super) fn stream_lines(mut file: impl BufRead, keep: Range<usize>) -> serde_json::Result<Vec<Column>> {
    let mut reading = Reading { keep, ..Reading::new(None) };
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line).map_err(serde_json::Error::io)? > 0 {
        if !line.iter().all(u8::is_ascii_whitespace) {
            let mut parser = serde_json::Deserializer::from_slice(&line);
            RecordSeed(&mut reading).deserialize(&mut parser)?;
            parser.end()?;
        }
        line.clear();
    }
    Ok(reading.columns)
}

pub(super) fn read_lines(source: Source<'_>, text: &[u8]) -> Result<RawTable> {
    let mut reading = Reading { ignore: source.ignore, ..Reading::new(source.index) };
    let lines = text.split(|&byte| byte == b'\n').zip(1..);
    for (text, line) in lines.filter(|(text, _)| !text.iter().all(u8::is_ascii_whitespace)) {
        let mut parser = serde_json::Deserializer::from_slice(text);
        let parsed = RecordSeed(&mut reading).deserialize(&mut parser).and_then(|()| parser.end());
        parsed.map_err(|error| {
            let row = reading.row_id.get(reading.row).map_or(reading.row as i64, |id| *id);
            let row = format!("{row} (line {line})");
            Stop { source, text, line, column: reading.column(), row: Some(&row) }.refuse(&error)
        })?;
    }
    reading.finish(source)
}

/// What has been read, and where the parser stands.
struct Reading<'a> {
    index: Option<&'a str>,
    row_id: Vec<i64>,
    columns: Vec<Column>,
    /// Places of the columns whose cells are kept, but for those to ignore.
    keep: Range<usize>,
    ignore: &'a [String],
    places: HashMap<String, usize>,
    /// The record that is being read, or will be next.
    row: usize,
    /// Whether any record has begun.
    begun: bool,
    field: Field,
}

/// A field of a record.
#[derive(Clone, Copy)]
enum Field {
    /// None yet.
    Start,
    Index,
    Column(usize),
}

impl<'a> Reading<'a> {
    fn new(index: Option<&'a str>) -> Self {
        Self {
            index,
            row_id: Vec::new(),
            columns: Vec::new(),
            keep: 0..usize::MAX,
            ignore: &[],
            places: HashMap::new(),
            row: 0,
            begun: false,
            field: Field::Start,
        }
    }

    fn finish(self, source: Source<'_>) -> Result<RawTable> {
        source.table(self.columns, self.row_id)
    }

    /// Name of the column at which the parser stands.
    fn column(&self) -> Option<&str> {
        match self.field {
            Field::Start => None,
            Field::Index => self.index,
            Field::Column(place) => Some(&self.columns[place].name),
        }
    }

    fn start_record(&mut self) {
        self.begun = true;
        self.field = Field::Start;
    }

    fn start_field(&mut self, name: &str) -> Result<(), String> {
        let filled = if self.index == Some(name) {
            self.field = Field::Index;
            self.row_id.len()
        } else {
            let place = self.place(name);
            self.field = Field::Column(place);
            self.columns[place].rows()
        };
        if filled > self.row { Err(REPEATED_COLUMN.to_owned()) } else { Ok(()) }
    }

    /// Where the column stands; a new one is missing in all rows before.
    fn place(&mut self, name: &str) -> usize {
        // Records mostly have their columns in one order.
        let next = match self.field {
            Field::Column(place) => place + 1,
            _ => 0,
        };
        if self.columns.get(next).is_some_and(|column| column.name == name) {
            return next;
        }
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        let place = self.columns.len();
        let is_kept = self.keep.contains(&place) && !is_ignored(name, self.ignore);
        self.columns.push(Column::kept_if(is_kept, name.to_owned(), self.row));
        self.places.insert(name.to_owned(), place);
        place
    }

    fn end_record(&mut self) -> Result<(), String> {
        if let Some(index) = self.index
            && self.row_id.len() == self.row
        {
            self.field = Field::Index;
            return Err(format!("the record has no '{index}', which ingest.index names; number the rows"));
        }
        self.row += 1;
        for column in &mut self.columns {
            column.pad(self.row);
        }
        Ok(())
    }
}

/// Reads the array of records.
struct RecordsVisitor<'a, 'b>(&'a mut Reading<'b>);

impl<'de> Visitor<'de> for RecordsVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of records; check ingest.format")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while records.next_element_seed(RecordSeed(self.0))?.is_some() {}
        Ok(())
    }
}

/// Reads one record.
struct RecordSeed<'a, 'b>(&'a mut Reading<'b>);

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.start_record();
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record, an object of column to cell; check ingest.format")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while fields.next_key_seed(NameSeed(self.0))?.is_some() {
            match self.0.field {
                Field::Column(place) => fields.next_value_seed(CellSeed(&mut self.0.columns[place]))?,
                _ => self.0.row_id.push(fields.next_value_seed(IndexSeed)?),
            }
        }
        self.0.end_record().map_err(A::Error::custom)
    }
}

/// Reads the name of a field.
struct NameSeed<'a, 'b>(&'a mut Reading<'b>);

impl<'de> DeserializeSeed<'de> for NameSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a column")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<(), E> {
        self.0.start_field(name).map_err(E::custom)
    }
}

/// Reads the index of a row.
struct IndexSeed;

impl<'de> DeserializeSeed<'de> for IndexSeed {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for IndexSeed {
    type Value = i64;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an integer as index; number the rows")
    }

    fn visit_i64<E: serde::de::Error>(self, index: i64) -> Result<i64, E> {
        Ok(index)
    }

    fn visit_u64<E: serde::de::Error>(self, index: u64) -> Result<i64, E> {
        index.try_into().map_err(|_| E::custom(not_an_integer(index)))
    }

    fn visit_str<E: serde::de::Error>(self, index: &str) -> Result<i64, E> {
        index.parse().map_err(|_| E::custom(not_an_integer(format_args!("'{index}'"))))
    }
}

#[cfg(test)]
mod tests {
    use crate::raw::Format;
    use crate::raw::testing::{parse, shown};

    fn refused(text: &str, index: Option<&str>) -> String {
        parse(text.as_bytes(), Format::JsonRecords, index).unwrap_err()
    }

    #[test]
    fn columns_may_come_late_and_be_absent() {
        let text = r#"[{"a":1,"b":"x"},{"b":"y","c":["u"]},{"c":null,"a":2.5}]"#;
        let table = parse(text.as_bytes(), Format::JsonRecords, None).unwrap();
        assert_eq!(table.row_id, None);
        assert_eq!(shown(&table), ["a: 1 - 2.5", "b: 'x' 'y' -", "c: - [u] -"]);
    }

    #[test]
    fn a_column_to_ignore_may_hold_anything() {
        let text = r#"[{"ignored":{"b":[2]},"a":1},{"a":2,"ignored":"x"}]"#;
        let table = parse(text.as_bytes(), Format::JsonRecords, None).unwrap();
        assert_eq!(shown(&table), ["a: 1 2"]);
        assert!(refused(r#"[{"ignored":1,"ignored":2,"a":1}]"#, None).contains("occurs twice"));
    }

    #[test]
    fn lines_are_records() {
        let text = "{\"id\":5,\"a\":true}\r\n\n{\"a\":false,\"id\":-6}\n";
        let table = parse(text.as_bytes(), Format::JsonLines, Some("id")).unwrap();
        assert_eq!(table.row_id, Some(vec![5, -6]));
        assert_eq!(shown(&table), ["a: 'true' 'false'"]);
    }

    #[test]
    fn errors_name_column_row_and_line() {
        assert_eq!(
            refused(r#"[{"a":1},{"a":"x"}]"#, None),
            "raw: column 'a', row 1: a text, while the column's cells before it are of type number; give all cells one type"
        );
        assert_eq!(
            refused(r#"[{"a":1,"a":2}]"#, None),
            "raw: column 'a', row 0: this column occurs twice; rename one of them"
        );
        assert_eq!(
            parse(b"{\"a\":1}\n\n{\"a\":tru", Format::JsonLines, None).unwrap_err(),
            "raw: column 'a', row 1 (line 3): the file ends too early, at line 3, byte 8; it was cut off, copy it again"
        );
        assert_eq!(
            parse(b"{\"a\":1}\n{\"a\":2} {\"a\":3}", Format::JsonLines, None).unwrap_err(),
            "raw: column 'a', row 2 (line 2): not valid JSON: trailing characters at line 2, byte 9; correct it"
        );
    }

    #[test]
    fn an_index_is_an_integer_in_every_record() {
        assert_eq!(
            refused(r#"[{"id":1.5,"a":1}]"#, Some("id")),
            "raw: column 'id', row 0 (counted from 0): invalid type: floating point `1.5`, expected an integer as index; number the rows"
        );
        assert_eq!(
            refused(r#"[{"id":"x","a":1}]"#, Some("id")),
            "raw: column 'id', row 0 (counted from 0): the index 'x' is not an integer; number the rows"
        );
        assert_eq!(
            refused(r#"[{"id":1,"a":1},{"a":1}]"#, Some("id")),
            "raw: column 'id', row 1 (counted from 0): the record has no 'id', which ingest.index names; number the rows"
        );
        assert_eq!(
            refused(r#"[{"id":1,"a":1},{"id":1,"a":1}]"#, Some("id")),
            "raw: column 'id', row 1: this index occurs twice; give every row an index of its own"
        );
    }

    #[test]
    fn tables_of_another_shape_are_refused() {
        assert_eq!(
            refused(r#"{"a":{"1":2}}"#, None),
            "raw: invalid type: map, expected an array of records; check ingest.format"
        );
        assert_eq!(
            refused("[1]", None),
            "raw: row 0: invalid type: integer `1`, expected a record, an object of column to cell; check ingest.format"
        );
        assert_eq!(refused("[]", None), "raw: a table without rows; write it again");
    }
}
