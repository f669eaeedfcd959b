//! `json-columns`: pandas' `DataFrame.to_json()`, one object of columns, each an object of index to cell.
//!
//! The first column sets the index and its order; every other column must have the same.

use super::column::Column;
use super::json::{CellSeed, Stop};
use super::{REPEATED, REPEATED_COLUMN, RawTable, Source, finished, is_ignored, not_an_integer, repeated};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use stage::Result;
use std::fmt::{self, Display, Formatter};
use std::{io, mem};

pub(super) fn read(source: Source<'_>, text: &[u8]) -> Result<RawTable> {
    let mut columns = Vec::new();
    let mut take = |column: Column| columns.push(column);
    let mut reading = Reading { ignore: source.ignore, ..Reading::new(&mut take) };
    let mut parser = serde_json::Deserializer::from_slice(text);
    let parsed = parser.deserialize_map(TableVisitor(&mut reading)).and_then(|()| parser.end());
    if let Err(error) = parsed {
        let column = reading.names.last().map(String::as_str);
        let row = reading.row.as_ref().map(|row| row as &dyn Display);
        return Err(Stop { source, text, line: 1, column, row }.refuse(&error));
    }
    let row_id = reading.row_id;
    Ok(RawTable { row_id: Some(row_id), columns: finished(columns), singles: Vec::new() })
}

/// Gives every column to `take` as soon as it is complete, and forgets it; returns the index.
pub(super) fn stream(file: impl io::Read, take: &mut dyn FnMut(Column)) -> serde_json::Result<Vec<i64>> {
    let mut reading = Reading::new(take);
    let mut parser = serde_json::Deserializer::from_reader(file);
    parser.deserialize_map(TableVisitor(&mut reading))?;
    parser.end()?;
    Ok(reading.row_id)
}

/// What has been read, and where the parser stands.
struct Reading<'a> {
    row_id: Vec<i64>,
    /// Of all columns so far.
    names: Vec<String>,
    /// The column at which the parser stands.
    column: Column,
    row: Option<Row>,
    /// Names of columns whose cells are not kept.
    ignore: &'a [String],
    /// Takes the columns that are complete.
    take: &'a mut dyn FnMut(Column),
}

/// A row as its index names it.
enum Row {
    Index(i64),
    /// What stands where an index should.
    NoIndex(String),
}

impl Display for Row {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(formatter),
            Self::NoIndex(text) => write!(formatter, "'{text}'"),
        }
    }
}

impl<'a> Reading<'a> {
    fn new(take: &'a mut dyn FnMut(Column)) -> Self {
        let column = Column::new(String::new(), 0);
        Self { row_id: Vec::new(), names: Vec::new(), column, row: None, ignore: &[], take }
    }

    fn start(&mut self, name: String) -> Result<(), String> {
        self.row = None;
        self.column = Column::kept_if(!is_ignored(&name, self.ignore), name.clone(), 0);
        let known = self.names.contains(&name);
        self.names.push(name);
        if known { Err(REPEATED_COLUMN.to_owned()) } else { Ok(()) }
    }

    /// Takes the index of the next cell of the column.
    fn take_index(&mut self, text: &str) -> Result<(), String> {
        let Ok(index) = text.parse() else {
            self.row = Some(Row::NoIndex(text.to_owned()));
            return Err(not_an_integer(format_args!("'{text}'")));
        };
        self.row = Some(Row::Index(index));
        let [first, _, ..] = self.names.as_slice() else {
            self.row_id.push(index);
            return Ok(());
        };
        let rows = self.column.rows();
        match self.row_id.get(rows) {
            Some(expected) if *expected == index => Ok(()),
            Some(expected) => Err(format!(
                "the order of the index differs from column '{first}', which has row {expected} at this place ({}); \
                 write all columns from one table",
                rows + 1,
            )),
            None => Err(format!(
                "the column is longer than the {} rows of column '{first}'; write all columns from one table",
                self.row_id.len(),
            )),
        }
    }

    /// Checks the column once it is complete, and gives it away.
    fn end(&mut self) -> Result<(), String> {
        self.check_length()?;
        let next = Column::new(String::new(), 0);
        (self.take)(mem::replace(&mut self.column, next));
        Ok(())
    }

    fn check_length(&mut self) -> Result<(), String> {
        let [first, _, ..] = self.names.as_slice() else { return self.check_unique() };
        let rows = self.column.rows();
        let Some(&absent) = self.row_id.get(rows) else { return Ok(()) };
        self.row = Some(Row::Index(absent));
        Err(format!(
            "the column ends after {rows} rows and lacks this one, column '{first}' has {}; \
             write all columns from one table",
            self.row_id.len(),
        ))
    }

    fn check_unique(&mut self) -> Result<(), String> {
        let Some(index) = repeated(&self.row_id) else { return Ok(()) };
        self.row = Some(Row::Index(index));
        Err(REPEATED.to_owned())
    }
}

/// Reads the object of columns.
struct TableVisitor<'a, 'b>(&'a mut Reading<'b>);

impl<'de> Visitor<'de> for TableVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of columns; check ingest.format")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut columns: A) -> Result<(), A::Error> {
        while let Some(name) = columns.next_key()? {
            self.0.start(name).map_err(A::Error::custom)?;
            columns.next_value_seed(ColumnSeed(self.0))?;
            self.0.end().map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Reads one column's object of index to cell.
struct ColumnSeed<'a, 'b>(&'a mut Reading<'b>);

impl<'de> DeserializeSeed<'de> for ColumnSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ColumnSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of index to cell; check ingest.format")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        while cells.next_key_seed(IndexSeed(self.0))?.is_some() {
            cells.next_value_seed(CellSeed(&mut self.0.column))?;
        }
        Ok(())
    }
}

/// Reads the index of a cell, which is its key.
struct IndexSeed<'a, 'b>(&'a mut Reading<'b>);

impl<'de> DeserializeSeed<'de> for IndexSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IndexSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an index")
    }

    fn visit_str<E: serde::de::Error>(self, index: &str) -> Result<(), E> {
        self.0.take_index(index).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use crate::raw::Format;
    use crate::raw::testing::{parse, shown};

    fn read(text: &str) -> Result<crate::raw::RawTable, String> {
        parse(text.as_bytes(), Format::JsonColumns, None)
    }

    fn refused(text: &str) -> String {
        read(text).unwrap_err()
    }

    #[test]
    fn index_order_lists_and_missing_cells_stay() {
        let table = read(
            r#"{"b":{"7":"x","-3":null,"5":"lan 10\/100"},"a":{"7":["u","v\n"],"-3":[],"5":null},"y":{"7":1,"-3":2.5,"5":-1e3}}"#,
        )
        .unwrap();
        assert_eq!(table.row_id, Some(vec![7, -3, 5]));
        assert_eq!(shown(&table), ["b: 'x' - 'lan 10/100'", "a: [u v\n] [] -", "y: 1 2.5 -1000"]);
    }

    #[test]
    fn a_byte_order_mark_and_white_space_are_no_matter() {
        let table = read("\u{feff}\n{ \"a\" : { \"1\" : 2 } }\n").unwrap();
        assert_eq!(shown(&table), ["a: 2"]);
    }

    #[test]
    fn errors_name_column_and_row() {
        let nan = "is not a JSON number; write null where a cell is missing";
        assert_eq!(refused(r#"{"a":{"1":1,"2":NaN}}"#), format!("raw: column 'a', row 2: NaN {nan}"));
        assert_eq!(refused(r#"{"a":{"1":-Infinity}}"#), format!("raw: column 'a', row 1: -Infinity {nan}"));
        assert_eq!(refused(r#"{"a":{"1":nan}}"#), format!("raw: column 'a', row 1: nan {nan}"));
        assert_eq!(
            refused("{\"a\":{\"1\":1,\n\"2\":1e999}}"),
            "raw: column 'a', row 2: a number too large for 64 bits, at line 2, byte 9; correct it"
        );
        assert_eq!(
            refused(r#"{"a":{"1":{"b":2}}}"#),
            "raw: column 'a', row 1: an object inside a cell; give its values columns of their own"
        );
        assert_eq!(
            refused(r#"{"a":{"1":["b",3]}}"#),
            "raw: column 'a', row 1: invalid type: integer `3`, expected a text as item of a list; correct it"
        );
    }

    #[test]
    fn a_column_to_ignore_may_hold_anything() {
        let table = read(r#"{"ignored":{"1":{"b":[2]},"2":"x"},"a":{"1":1,"2":2}}"#).unwrap();
        assert_eq!((table.row_id.clone(), shown(&table)), (Some(vec![1, 2]), vec!["a: 1 2".to_owned()]));
        assert!(refused(r#"{"ignored":{"1":{},"2":3},"a":{"1":1}}"#).contains("lacks this one"));
    }

    #[test]
    fn tables_of_another_shape_are_refused() {
        assert_eq!(
            refused(r#"[{"a":1}]"#),
            "raw: invalid type: sequence, expected an object of columns; check ingest.format"
        );
        assert_eq!(
            refused(r#"{"a":[1]}"#),
            "raw: column 'a': invalid type: sequence, expected an object of index to cell; check ingest.format"
        );
        assert_eq!(refused("{}"), "raw: a table without rows; write it again");
        assert_eq!(refused(r#"{"a":{}}"#), "raw: a table without rows; write it again");
        assert_eq!(
            refused(r#"{"a":{"1":1}} {}"#),
            "raw: column 'a', row 1: not valid JSON: trailing characters at line 1, byte 15; correct it"
        );
    }
}
