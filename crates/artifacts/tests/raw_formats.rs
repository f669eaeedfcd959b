//! Any table reads back from every text format as it was written.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use artifacts::raw::{Format, RawTable, read};
use artifacts::{Cell, Cells, CellsBuilder, Kind, Parsed};
use proptest::prelude::*;
use serde_json::Value;
use std::fmt::Debug;
use std::fs;

/// A column of [`ROWS`] rows; a table takes as many of them as it has.
#[derive(Clone, Debug)]
enum Column {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
    Lists(Vec<Option<Vec<String>>>),
}

impl Column {
    fn value(&self, row: usize) -> Value {
        match self {
            Self::Numbers(cells) => serde_json::to_value(cells[row]).unwrap(),
            Self::Texts(cells) => serde_json::to_value(&cells[row]).unwrap(),
            Self::Lists(cells) => serde_json::to_value(&cells[row]).unwrap(),
        }
    }

    fn cells(&self, rows: usize) -> Cells {
        let mut builder = CellsBuilder::default();
        for row in 0..rows {
            let cell = match self {
                Self::Numbers(cells) => cells[row].map(Cell::Number),
                Self::Texts(cells) => cells[row].as_deref().map(Cell::Text),
                Self::Lists(cells) => {
                    cells[row].as_ref().map(|items| Cell::List(items.iter().map(String::as_str).collect()))
                }
            };
            builder.push(cell).unwrap();
        }
        builder.finish()
    }
}

/// A table; columns are sorted by name, as `serde_json` writes them.
#[derive(Clone, Debug)]
struct Table {
    row_id: Vec<i64>,
    columns: Vec<(String, Column)>,
}

impl Table {
    fn record(&self, row: usize) -> Value {
        let index = ("index".to_owned(), Value::from(self.row_id[row]));
        let cells = self.columns.iter().map(|(name, column)| (name.clone(), column.value(row)));
        Value::Object([index].into_iter().chain(cells).collect())
    }

    /// pandas' `to_json()`. Written by hand, as `serde_json`'s map would sort the index.
    fn json_columns(&self) -> String {
        let column = |(name, column): &(String, Column)| {
            let cells = self.row_id.iter().enumerate();
            let cells: Vec<_> = cells.map(|(row, id)| format!("\"{id}\":{}", column.value(row))).collect();
            format!("{}:{{{}}}", Value::from(name.as_str()), cells.join(","))
        };
        format!("{{{}}}", self.columns.iter().map(column).collect::<Vec<_>>().join(","))
    }

    fn json_records(&self) -> String {
        Value::from((0..self.row_id.len()).map(|row| self.record(row)).collect::<Vec<_>>()).to_string()
    }

    fn json_lines(&self) -> String {
        (0..self.row_id.len()).map(|row| format!("{}\n", self.record(row))).collect()
    }

    /// Columns of lists cannot be written.
    fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        writer.write_record(["index"].into_iter().chain(names)).unwrap();
        for (row, id) in self.row_id.iter().enumerate() {
            let cells = self.columns.iter().map(|(_, column)| match column.value(row) {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            });
            writer.write_record([id.to_string()].into_iter().chain(cells)).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    /// What a reader should find.
    fn expected(&self) -> RawTable {
        let columns = self.columns.iter();
        let columns = columns.map(|(name, column)| (name.clone(), column.cells(self.row_id.len())));
        RawTable { row_id: Some(self.row_id.clone()), columns: columns.collect(), singles: Vec::new() }
    }
}

const ROWS: usize = 12;

/// Any text that no format takes for a missing cell.
fn text() -> BoxedStrategy<String> {
    "[ -~äé\u{1F4BB}\\t\\r\\n]{0,9}".prop_map(|text| format!("{text}.")).boxed()
}

fn cells<T: Clone + Debug + 'static>(cell: BoxedStrategy<T>) -> BoxedStrategy<Vec<Option<T>>> {
    prop::collection::vec(prop::option::of(cell), ROWS).boxed()
}

fn number() -> BoxedStrategy<f64> {
    let any_bits = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |number| number.is_finite());
    prop_oneof![any_bits, (-9999..9999_i32).prop_map(f64::from)].boxed()
}

fn flat_column() -> BoxedStrategy<Column> {
    prop_oneof![cells(number()).prop_map(Column::Numbers), cells(text()).prop_map(Column::Texts)].boxed()
}

fn any_column() -> BoxedStrategy<Column> {
    let lists = cells(prop::collection::vec(text(), 0..4).boxed()).prop_map(Column::Lists);
    prop_oneof![flat_column(), lists].boxed()
}

fn table(column: BoxedStrategy<Column>) -> impl Strategy<Value = Table> {
    let row_id = prop::collection::btree_set(any::<i64>(), 1..=ROWS).prop_map(Vec::from_iter).prop_shuffle();
    let columns = prop::collection::btree_map("[a-z \"é]{0,6}!", column, 1..5).prop_map(Vec::from_iter);
    (row_id, columns).prop_map(|(row_id, columns)| Table { row_id, columns })
}

fn parse(text: &str, format: Format) -> RawTable {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw");
    fs::write(&path, text).unwrap();
    read(&path, format, if format.has_index() { None } else { Some("index") }, &[]).unwrap()
}

proptest! {
    #[test]
    fn json_reads_back(table in table(any_column())) {
        let expected = table.expected();
        prop_assert_eq!(&parse(&table.json_columns(), Format::JsonColumns), &expected);
        prop_assert_eq!(&parse(&table.json_records(), Format::JsonRecords), &expected);
        prop_assert_eq!(&parse(&table.json_lines(), Format::JsonLines), &expected);
    }

    #[test]
    fn csv_reads_back(table in table(flat_column())) {
        let read = parse(&table.csv(), Format::Csv);
        prop_assert_eq!(&read.row_id, &Some(table.row_id.clone()));
        for ((name, column), (read_name, read)) in table.columns.iter().zip(&read.columns) {
            prop_assert_eq!(name, read_name);
            let expected = column.cells(table.row_id.len());
            for row in 0..table.row_id.len() {
                let spelled = match expected.get(row) {
                    Some(Cell::Number(number)) => {
                        let read = read.get(row).map(|cell| Kind::Number.parse(cell));
                        prop_assert_eq!(read, Some(Ok(Parsed::Number(number))));
                        continue;
                    }
                    other => other,
                };
                prop_assert_eq!(read.get(row), spelled);
            }
        }
    }

    #[test]
    fn damage_never_panics(
        table in table(any_column()),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        for (text, format) in [
            (table.json_columns(), Format::JsonColumns),
            (table.json_records(), Format::JsonRecords),
            (table.json_lines(), Format::JsonLines),
        ] {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("raw");
            fs::write(&path, bytes).unwrap();
            if let Err(error) = read(&path, format, if format.has_index() { None } else { Some("index") }, &[]) {
                prop_assert_eq!(error.exit_code(), 65);
                prop_assert!(!error.to_string().contains('\n'));
            }
        }
    }
}
