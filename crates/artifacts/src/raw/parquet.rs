//! `parquet`: numbers of any width, booleans, texts (plain or as dictionary) and lists of texts.

use super::column::{Column, Value};
use super::{RawTable, Source, is_ignored, not_an_integer};
use crate::table::Table;
use arrow_array::cast::AsArray;
use arrow_array::types as t;
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::DataType;
use stage::{Error, Result};
use std::fmt::Display;

pub(super) fn read(source: Source<'_>, bytes: Vec<u8>) -> Result<RawTable> {
    let hint = |error: Error| error.hint("write it again or check ingest.format");
    let table = Table::parse(source.path.to_path_buf(), bytes).map_err(hint)?;
    let batches = table.batches().map_err(hint)?;
    let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    if let Some(name) = table.repeated_column() {
        return Err(source.refuse(Some(name), None, super::REPEATED_COLUMN));
    }
    let index = source.index.map(|name| {
        let field = names.iter().position(|other| other == name);
        field.ok_or_else(|| super::no_index(source, name))
    });
    let index = index.transpose()?;
    let mut row_id = Vec::new();
    if let Some(field) = index {
        for batch in batches {
            read_index(source, batch.column(field), &mut row_id)?;
        }
    }
    let mut columns = Vec::new();
    let is_wanted =
        |(field, name): &(usize, String)| Some(*field) != index && !is_ignored(name, source.ignore);
    for (field, name) in names.into_iter().enumerate().filter(is_wanted) {
        let mut column = Column::new(name, 0);
        for batch in batches {
            append(&mut column, batch.column(field)).map_err(|refused| {
                let row = refused.at_row.then(|| source.name_of(column.rows(), &row_id));
                let row = row.as_ref().map(|row| row as &dyn Display);
                source.refuse(Some(&column.name), row, refused.reason)
            })?;
        }
        columns.push(column);
    }
    let fields = table.schema().fields().iter();
    let singles = fields.filter(|field| *field.data_type() == DataType::Float32);
    let singles = singles.map(|field| field.name().clone()).collect();
    Ok(RawTable { singles, ..source.table(columns, row_id)? })
}

fn read_index(source: Source<'_>, array: &dyn Array, row_id: &mut Vec<i64>) -> Result<()> {
    for row in 0..array.len() {
        let place = source.name_of(row_id.len(), row_id);
        let refuse = |index: &dyn Display| source.refuse(source.index, Some(&place), not_an_integer(index));
        let id = integer(array, row).ok_or_else(|| match array.is_null(row) {
            true => refuse(&"null"),
            false => refuse(&format_args!("of type {}", array.data_type())),
        })?;
        row_id.push(id);
    }
    Ok(())
}

/// The integer at `row`, if there is one.
fn integer(array: &dyn Array, row: usize) -> Option<i64> {
    fn at<T: ArrowPrimitiveType<Native: TryInto<i64>>>(array: &dyn Array, row: usize) -> Option<i64> {
        array.as_primitive::<T>().value(row).try_into().ok()
    }
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Int8 => at::<t::Int8Type>(array, row),
        DataType::Int16 => at::<t::Int16Type>(array, row),
        DataType::Int32 => at::<t::Int32Type>(array, row),
        DataType::Int64 => at::<t::Int64Type>(array, row),
        DataType::UInt8 => at::<t::UInt8Type>(array, row),
        DataType::UInt16 => at::<t::UInt16Type>(array, row),
        DataType::UInt32 => at::<t::UInt32Type>(array, row),
        DataType::UInt64 => at::<t::UInt64Type>(array, row),
        _ => None,
    }
}

/// Why an array cannot be read: because of its type, or of one of its rows.
pub(crate) struct Refused {
    pub(crate) at_row: bool,
    pub(crate) reason: String,
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self { at_row: true, reason }
    }
}

/// Appends all cells of the array to the column.
pub(crate) fn append(column: &mut Column, array: &dyn Array) -> std::result::Result<(), Refused> {
    match array.data_type() {
        DataType::Null => column.pad(column.rows() + array.len()),
        DataType::Boolean => {
            let booleans = array.as_boolean().iter();
            push_all(column, booleans.map(|value| value.map(Value::Boolean)))?;
        }
        DataType::Utf8 => push_all(column, array.as_string::<i32>().iter().map(|x| x.map(Value::Text)))?,
        DataType::LargeUtf8 => push_all(column, array.as_string::<i64>().iter().map(|x| x.map(Value::Text)))?,
        DataType::Utf8View => push_all(column, array.as_string_view().iter().map(|x| x.map(Value::Text)))?,
        DataType::Dictionary(..) => append_dictionary(column, array)?,
        DataType::List(_) => append_lists(column, array.as_list::<i32>().iter())?,
        DataType::LargeList(_) => append_lists(column, array.as_list::<i64>().iter())?,
        _ => append_numbers(column, array)?,
    }
    Ok(())
}

fn push_all<'a>(
    column: &mut Column,
    values: impl Iterator<Item = Option<Value<'a>>>,
) -> std::result::Result<(), String> {
    values.map(|value| value.unwrap_or(Value::Missing)).try_for_each(|value| column.push(value))
}

fn append_numbers(column: &mut Column, array: &dyn Array) -> std::result::Result<(), Refused> {
    fn widened<T: ArrowPrimitiveType>(
        column: &mut Column,
        array: &dyn Array,
        widen: fn(T::Native) -> f64,
    ) -> std::result::Result<(), Refused> {
        let numbers: &PrimitiveArray<T> = array.as_primitive();
        Ok(push_all(column, numbers.iter().map(|number| number.map(|x| Value::Number(widen(x)))))?)
    }
    match array.data_type() {
        DataType::Float64 => widened::<t::Float64Type>(column, array, |x| x),
        DataType::Float32 => widened::<t::Float32Type>(column, array, f64::from),
        DataType::Int8 => widened::<t::Int8Type>(column, array, f64::from),
        DataType::Int16 => widened::<t::Int16Type>(column, array, f64::from),
        DataType::Int32 => widened::<t::Int32Type>(column, array, f64::from),
        DataType::Int64 => widened::<t::Int64Type>(column, array, |x| x as f64),
        DataType::UInt8 => widened::<t::UInt8Type>(column, array, f64::from),
        DataType::UInt16 => widened::<t::UInt16Type>(column, array, f64::from),
        DataType::UInt32 => widened::<t::UInt32Type>(column, array, f64::from),
        DataType::UInt64 => widened::<t::UInt64Type>(column, array, |x| x as f64),
        other => Err(Refused {
            at_row: false,
            reason: format!("cells of type {other}; write numbers, booleans, texts or lists of texts"),
        }),
    }
}

fn append_dictionary(column: &mut Column, array: &dyn Array) -> std::result::Result<(), Refused> {
    let dictionary = array.as_any_dictionary();
    let mut levels = Column::new(String::new(), 0);
    append(&mut levels, dictionary.values())?;
    let (_, levels) = levels.finish();
    if levels.is_empty() {
        // All rows are null, and `normalized_keys` wants a level.
        column.pad(column.rows() + array.len());
        return Ok(());
    }
    for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
        let cell = if array.is_null(row) { None } else { levels.get(key) };
        column.push(cell.map_or(Value::Missing, Value::from))?;
    }
    Ok(())
}

fn append_lists(
    column: &mut Column,
    lists: impl Iterator<Item = Option<arrow_array::ArrayRef>>,
) -> std::result::Result<(), Refused> {
    for list in lists {
        let Some(list) = list else {
            column.push(Value::Missing)?;
            continue;
        };
        let mut items = Column::new(String::new(), 0);
        append(&mut items, &list)?;
        let (_, items) = items.finish();
        let texts = (0..items.len()).map(|item| match items.get(item) {
            Some(crate::Cell::Text(text)) => Ok(text),
            Some(other) => Err(format!("a {} as item of a list; items are texts", other.type_name())),
            None => Err("a missing item of a list; leave it out".to_owned()),
        });
        let texts: std::result::Result<Vec<&str>, String> = texts.collect();
        column.push(Value::List(texts?))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::raw::testing::{parse, shown};
    use crate::raw::{Format, RawTable};
    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::types::Int8Type;
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
        Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray, UInt8Array,
    };
    use arrow_schema::{DataType, Field, Schema};
    use parquet::arrow::arrow_writer::ArrowWriterOptions;
    use parquet::arrow::{ArrowWriter, add_encoded_arrow_schema_to_metadata};
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;
    use std::sync::Arc;

    fn written(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        // As pandas and pyarrow compress unless told otherwise.
        let snappy = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(snappy)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn read(columns: Vec<(&str, ArrayRef)>, index: Option<&str>) -> Result<RawTable, String> {
        parse(&written(columns), Format::Parquet, index)
    }

    fn lists(rows: &[Option<&[Option<&str>]>]) -> ArrayRef {
        let mut lists = ListBuilder::new(StringBuilder::new());
        rows.iter().for_each(|row| lists.append_option(row.map(|items| items.iter().copied())));
        Arc::new(lists.finish())
    }

    #[test]
    fn numbers_texts_booleans_and_lists_are_read() {
        let levels: DictionaryArray<Int8Type> = [Some("b"), None, Some("a")].into_iter().collect();
        let table = read(
            vec![
                ("id", Arc::new(Int64Array::from(vec![7, -1, i64::MAX]))),
                ("double", Arc::new(Float64Array::from(vec![Some(1.5), None, Some(-2.0)]))),
                ("float", Arc::new(Float32Array::from(vec![0.5, 1.0, 2.0]))),
                ("byte", Arc::new(UInt8Array::from(vec![Some(255), None, Some(0)]))),
                ("text", Arc::new(StringArray::from(vec![Some("x"), None, Some("")]))),
                ("large", Arc::new(LargeStringArray::from(vec!["x", "y", "z"]))),
                ("view", Arc::new(StringViewArray::from(vec!["x", "y", "z"]))),
                ("level", Arc::new(levels)),
                ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
                ("list", lists(&[Some(&[Some("u"), Some("v")]), None, Some(&[])])),
            ],
            Some("id"),
        )
        .unwrap();
        assert_eq!(table.row_id, Some(vec![7, -1, i64::MAX]));
        assert_eq!(table.singles, ["float"]);
        assert_eq!(
            shown(&table),
            [
                "double: 1.5 - -2",
                "float: 0.5 1 2",
                "byte: 255 - 0",
                "text: 'x' - ''",
                "large: 'x' 'y' 'z'",
                "view: 'x' 'y' 'z'",
                "level: 'b' - 'a'",
                "flag: 'true' - 'false'",
                "list: [u v] - []",
            ]
        );
    }

    #[test]
    fn a_dictionary_without_levels_is_missing() {
        let levels: DictionaryArray<Int8Type> = [None::<&str>, None].into_iter().collect();
        let table = read(vec![("level", Arc::new(levels))], None).unwrap();
        assert_eq!(shown(&table), ["level: - -"]);
    }

    /// A file that calls its column `a` a dictionary, as pandas' categories are written, beside a column `b`.
    fn with_dictionary(values: ArrayRef) -> Vec<u8> {
        let b: ArrayRef = Arc::new(UInt8Array::from_iter_values(0..values.len() as u8));
        let dictionary = DataType::Dictionary(DataType::Int8.into(), values.data_type().clone().into());
        let claimed =
            Schema::new(vec![Field::new("a", dictionary, true), Field::new("b", DataType::UInt8, false)]);
        let batch = RecordBatch::try_from_iter([("a", values), ("b", b)]).unwrap();
        let mut properties = WriterProperties::default();
        add_encoded_arrow_schema_to_metadata(&claimed, &mut properties);
        let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true).with_properties(properties);
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn dictionaries_are_read_whatever_their_values_are() {
        let read = |values| parse(&with_dictionary(values), Format::Parquet, None);
        let booleans = BooleanArray::from(vec![Some(true), None, Some(false)]);
        assert_eq!(shown(&read(Arc::new(booleans)).unwrap()), ["a: 'true' - 'false'", "b: 0 1 2"]);
        let numbers = Float32Array::from(vec![Some(0.5), None, Some(2.0)]);
        assert_eq!(shown(&read(Arc::new(numbers)).unwrap()), ["a: 0.5 - 2", "b: 0 1 2"]);
        let texts = StringArray::from(vec![Some("x"), None, Some("")]);
        assert_eq!(shown(&read(Arc::new(texts)).unwrap()), ["a: 'x' - ''", "b: 0 1 2"]);
        let decimals = Decimal128Array::from(vec![1, 2, 3]);
        assert_eq!(
            read(Arc::new(decimals)).unwrap_err(),
            "raw: column 'a': cells of type Decimal128(38, 10); write numbers, booleans, texts or lists of texts"
        );
    }

    #[test]
    fn cells_that_are_refused() {
        let refused = |array: ArrayRef| read(vec![("a", array)], None).unwrap_err();
        assert_eq!(
            refused(Arc::new(Float64Array::from(vec![1.0, f64::INFINITY]))),
            "raw: column 'a', row 1: inf is no finite number; leave the cell out if it is missing"
        );
        assert_eq!(
            refused(Arc::new(Date32Array::from(vec![1]))),
            "raw: column 'a': cells of type Date32; write numbers, booleans, texts or lists of texts"
        );
        assert_eq!(
            refused(lists(&[Some(&[]), Some(&[None])])),
            "raw: column 'a', row 1: a missing item of a list; leave it out"
        );
    }

    #[test]
    fn a_column_to_ignore_may_have_any_type() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("ignored", Arc::new(Date32Array::from(vec![1, 2]))),
            ("a", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
        ];
        assert_eq!(shown(&read(columns, None).unwrap()), ["a: 1 2"]);
    }

    #[test]
    fn an_index_is_an_integer() {
        let refused = |array: ArrayRef| {
            read(vec![("id", array), ("a", Arc::new(UInt8Array::from(vec![1, 2])))], Some("id")).unwrap_err()
        };
        assert_eq!(
            refused(Arc::new(Int64Array::from(vec![Some(1), None]))),
            "raw: column 'id', row 1 (counted from 0): the index null is not an integer; number the rows"
        );
        assert_eq!(
            refused(Arc::new(Float64Array::from(vec![1.0, 2.0]))),
            "raw: column 'id', row 0 (counted from 0): the index of type Float64 is not an integer; number the rows"
        );
        assert_eq!(
            refused(Arc::new(Int64Array::from(vec![4, 4]))),
            "raw: column 'id', row 4: this index occurs twice; give every row an index of its own"
        );
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = written(vec![("a", Arc::new(Float64Array::from(vec![1.0, 2.0])))]);
        for length in [1, 4, 8, 40, good.len() / 2, good.len() - 1] {
            let error = parse(&good[..length], Format::Parquet, None).unwrap_err();
            assert!(error.starts_with("raw: not a readable Parquet file: "), "{error}");
        }
    }
}
