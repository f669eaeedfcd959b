//! Parquet files of any size, a column at a time.

use super::typed::{self, named};
use super::{Column, Values};
use crate::raw::{column, parquet as raw};
use crate::table::{check_rows, guarded, head, headless, unhurt, unreadable};
use arrow_array::cast::AsArray;
use arrow_array::types::{self as t, ArrowTemporalType, DecimalType};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray, StringArray, downcast_temporal_array};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use stage::{Error, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Rows that are decoded at once.
const BATCH: usize = 1 << 14;

/// Gives every column that is wanted to `take`, in file order; returns the number of rows.
pub(super) fn read(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(Column),
) -> Result<usize> {
    let file = File::open(path).map_err(|error| Error::reading(path, &error))?;
    let refuse = |reason: String| unreadable(path, &reason);
    let metadata = unhurt(|| head(&file));
    let metadata = metadata.map_err(|reason| {
        let mut start = [0; 2];
        let _ = file.read_exact_at(&mut start, 0);
        refuse(headless(&start, reason))
    })?;
    let rows = metadata.metadata().file_metadata().num_rows();
    let rows = usize::try_from(rows).map_err(|error| refuse(error.to_string()))?;
    let fields = metadata.schema().fields().iter().enumerate();
    for (place, _) in fields.filter(|(_, field)| wanted(field.name())) {
        let (column, found) = guarded(|| read_column(path, &file, &metadata, place)).map_err(refuse)??;
        check_rows(found, rows).map_err(refuse)?;
        take(column);
    }
    Ok(rows)
}

/// A column, and how many rows its pages have.
fn read_column(
    path: &Path,
    file: &File,
    metadata: &ArrowReaderMetadata,
    place: usize,
) -> Result<(Column, usize)> {
    let field = metadata.schema().field(place);
    let refuse = |reason: &dyn std::fmt::Display| {
        Error::data(format!("{}: column '{}': {reason}", path.display(), field.name()))
    };
    let file = file.try_clone().map_err(|error| Error::reading(path, &error))?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
    let mask = ProjectionMask::roots(builder.parquet_schema(), [place]);
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build();
    let (mut growing, mut rows) = (Growing::new(field.data_type()), 0);
    let undecoded =
        |error: &dyn std::fmt::Display| unreadable(path, &format!("column '{}': {error}", field.name()));
    for batch in reader.map_err(|error| undecoded(&error))? {
        let batch = batch.map_err(|error| undecoded(&error))?;
        growing.append(batch.column(0)).map_err(|reason| refuse(&reason).hint(others(metadata, place)))?;
        rows += batch.num_rows();
    }
    Ok((growing.finish(field.name(), field.data_type()), rows))
}

/// What to do about a column that cannot be shown.
fn others(metadata: &ArrowReaderMetadata, place: usize) -> String {
    let fields = metadata.schema().fields().iter().enumerate().filter(|(other, _)| *other != place);
    let names: Vec<&str> = fields.map(|(_, field)| field.name().as_str()).collect();
    format!("or choose among the others with --column: {}", names.join(", "))
}

/// The name of a type whose cells are shown as texts.
fn spelled_type(data_type: &DataType) -> Option<&'static str> {
    match data_type {
        DataType::Date32 | DataType::Date64 => Some("date"),
        DataType::Time32(_) | DataType::Time64(_) => Some("time"),
        DataType::Timestamp(..) => Some("timestamp"),
        DataType::Duration(_) => Some("duration"),
        binary if binary.is_binary() => Some("binary"),
        decimal if decimal.is_decimal() => Some("decimal"),
        _ => None,
    }
}

/// The cells of such a type as texts; `None` of another type.
fn spelled(array: &dyn Array) -> Option<StringArray> {
    fn decimals<T: DecimalType>(array: &dyn Array) -> StringArray {
        let array: &PrimitiveArray<T> = array.as_primitive();
        (0..array.len()).map(|row| array.is_valid(row).then(|| array.value_as_string(row))).collect()
    }
    fn moments<T: ArrowTemporalType>(array: &PrimitiveArray<T>) -> StringArray
    where
        i64: From<T::Native>,
    {
        (0..array.len()).map(|row| array.is_valid(row).then(|| moment(array, row))).collect()
    }
    // What is no ASCII is written as \x and two digits.
    fn bytes<'a>(cells: impl Iterator<Item = Option<&'a [u8]>>) -> StringArray {
        cells.map(|cell| cell.map(|bytes| bytes.escape_ascii().to_string())).collect()
    }
    Some(downcast_temporal_array!(
        array => moments(array),
        DataType::Duration(TimeUnit::Second) => moments::<t::DurationSecondType>(array.as_primitive()),
        DataType::Duration(TimeUnit::Millisecond) => moments::<t::DurationMillisecondType>(array.as_primitive()),
        DataType::Duration(TimeUnit::Microsecond) => moments::<t::DurationMicrosecondType>(array.as_primitive()),
        DataType::Duration(TimeUnit::Nanosecond) => moments::<t::DurationNanosecondType>(array.as_primitive()),
        DataType::Binary => bytes(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().iter()),
        DataType::BinaryView => bytes(array.as_binary_view().iter()),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().iter()),
        DataType::Decimal32(..) => decimals::<t::Decimal32Type>(array),
        DataType::Decimal64(..) => decimals::<t::Decimal64Type>(array),
        DataType::Decimal128(..) => decimals::<t::Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<t::Decimal256Type>(array),
        _ => return None,
    ))
}

/// A date, time or both (of UTC, if the type has a zone), or a duration by ISO 8601; the bare number if it is beyond the
/// calendar.
fn moment<T: ArrowTemporalType>(array: &PrimitiveArray<T>, row: usize) -> String
where
    i64: From<T::Native>,
{
    let text = match spelled_type(&T::DATA_TYPE) {
        Some("date") => array.value_as_date(row).map(|date| date.to_string()),
        Some("time") => array.value_as_time(row).map(|time| time.to_string()),
        Some("duration") => array.value_as_duration(row).map(|duration| duration.to_string()),
        _ => array.value_as_datetime(row).map(|moment| moment.to_string()),
    };
    text.unwrap_or_else(|| i64::from(array.value(row)).to_string())
}

/// The cells so far.
enum Growing {
    Numbers(Vec<f64>),
    Integers(Whole<i64>),
    Naturals(Whole<u64>),
    Booleans(Vec<Option<bool>>),
    /// Texts, their dictionaries and lists, and what is shown as texts.
    Raw(column::Column),
}

impl Growing {
    fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Float64 | DataType::Float32 | DataType::Float16 => Self::Numbers(Vec::new()),
            DataType::Boolean => Self::Booleans(Vec::new()),
            signed if signed.is_signed_integer() => Self::Integers(Whole::default()),
            unsigned if unsigned.is_unsigned_integer() => Self::Naturals(Whole::default()),
            _ => Self::Raw(column::Column::new(String::new(), 0)),
        }
    }

    fn append(&mut self, array: &dyn Array) -> std::result::Result<(), String> {
        match (self, array.data_type()) {
            (Self::Numbers(numbers), DataType::Float32) => {
                let cells = array.as_primitive::<t::Float32Type>();
                numbers.extend(cells.iter().map(|cell| cell.map_or(f64::NAN, f64::from)));
            }
            (Self::Numbers(numbers), DataType::Float16) => {
                let cells = array.as_primitive::<t::Float16Type>();
                numbers.extend(cells.iter().map(|cell| cell.map_or(f64::NAN, f64::from)));
            }
            (Self::Numbers(numbers), _) => {
                let cells = array.as_primitive::<t::Float64Type>();
                numbers.extend(cells.iter().map(|cell| cell.unwrap_or(f64::NAN)));
            }
            (Self::Booleans(booleans), _) => booleans.extend(array.as_boolean().iter()),
            (Self::Integers(integers), DataType::Int8) => integers.extend::<t::Int8Type>(array),
            (Self::Integers(integers), DataType::Int16) => integers.extend::<t::Int16Type>(array),
            (Self::Integers(integers), DataType::Int32) => integers.extend::<t::Int32Type>(array),
            (Self::Integers(integers), _) => integers.extend::<t::Int64Type>(array),
            (Self::Naturals(integers), DataType::UInt8) => integers.extend::<t::UInt8Type>(array),
            (Self::Naturals(integers), DataType::UInt16) => integers.extend::<t::UInt16Type>(array),
            (Self::Naturals(integers), DataType::UInt32) => integers.extend::<t::UInt32Type>(array),
            (Self::Naturals(integers), _) => integers.extend::<t::UInt64Type>(array),
            (Self::Raw(column), _) => {
                let texts = spelled(array);
                let cells = texts.as_ref().map_or(array, |texts| texts);
                raw::append(column, cells).map_err(|refused| match refused.at_row {
                    true => format!("row {}: {}", column.rows(), refused.reason),
                    false => refused.reason,
                })?;
            }
        }
        Ok(())
    }

    fn finish(self, name: &str, data_type: &DataType) -> Column {
        let values = match self {
            Self::Numbers(numbers) => Values::Numbers(numbers),
            Self::Booleans(booleans) => Values::Booleans(booleans),
            Self::Integers(integers) => integers.finish(Values::Integers, |x| x as f64),
            Self::Naturals(integers) => integers.finish(Values::Naturals, |x| x as f64),
            Self::Raw(column) => {
                let typed = typed::of_cells(column);
                match (typed, data_type) {
                    (Values::Texts(cells), DataType::List(_) | DataType::LargeList(_)) => {
                        Values::Lists(cells)
                    }
                    (values, _) => values,
                }
            }
        };
        let type_name = match (&values, data_type) {
            (Values::Numbers(_), DataType::Float16) => "float16",
            (Values::Numbers(_), DataType::Float32) => "float32",
            (Values::Integers(_), DataType::Int8) => "int8",
            (Values::Integers(_), DataType::Int16) => "int16",
            (Values::Integers(_), DataType::Int32) => "int32",
            (Values::Naturals(_), DataType::UInt8) => "uint8",
            (Values::Naturals(_), DataType::UInt16) => "uint16",
            (Values::Naturals(_), DataType::UInt32) => "uint32",
            (_, other) => match spelled_type(other) {
                Some(type_name) => type_name,
                None => return named(name.to_owned(), values),
            },
        };
        Column { name: name.to_owned(), type_name, values }
    }
}

/// Integers, and where they are missing.
#[derive(Default)]
struct Whole<V> {
    values: Vec<V>,
    missing: Vec<usize>,
}

impl<V: Copy + Default> Whole<V> {
    fn extend<T: ArrowPrimitiveType<Native: Into<V>>>(&mut self, array: &dyn Array) {
        for cell in array.as_primitive::<T>() {
            if cell.is_none() {
                self.missing.push(self.values.len());
            }
            self.values.push(cell.map_or_else(V::default, Into::into));
        }
    }

    /// With missing cells they are numbers, as in pandas.
    fn finish(self, whole: fn(Vec<V>) -> Values, widen: fn(V) -> f64) -> Values {
        if self.missing.is_empty() {
            return whole(self.values);
        }
        let mut numbers: Vec<f64> = self.values.into_iter().map(widen).collect();
        self.missing.into_iter().for_each(|row| numbers[row] = f64::NAN);
        Values::Numbers(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::{Values, read};
    use crate::Cell;
    use arrow_array::types::Float16Type;
    use arrow_array::{
        ArrayRef, ArrowPrimitiveType, BinaryArray, Date32Array, Decimal128Array, DurationMillisecondArray,
        Float16Array, Float64Array, Int64Array, RecordBatch, StructArray, Time32SecondArray,
        TimestampMillisecondArray,
    };
    use arrow_schema::{DataType, Field};
    use parquet::arrow::ArrowWriter;
    use std::fs::File;
    use std::path::PathBuf;
    use std::sync::Arc;

    /// A file of the columns in a folder that lasts as long as the first value.
    fn written(columns: Vec<(&str, ArrayRef)>) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("days.parquet");
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        (folder, path)
    }

    #[test]
    fn a_column_that_is_not_wanted_may_have_any_type() {
        let of_pair: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let a = Arc::new(Field::new("a", DataType::Int64, false));
        let (_folder, path) = written(vec![
            ("pair", Arc::new(StructArray::from(vec![(a, of_pair)]))),
            ("n", Arc::new(Int64Array::from(vec![3, 4]))),
            ("x", Arc::new(Float64Array::from(vec![0.5, 1.5]))),
        ]);
        let mut names = Vec::new();
        let rows = read(&path, &|name| name == "n", &mut |column| names.push(column.name)).unwrap();
        assert_eq!((rows, names), (2, vec!["n".to_owned()]));
        let error = read(&path, &|_| true, &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("column 'pair': cells of type Struct("), "{error}");
        assert!(error.to_string().ends_with("or choose among the others with --column: n, x"), "{error}");
    }

    #[test]
    fn numbers_of_16_bits_are_numbers() {
        type Half = <Float16Type as ArrowPrimitiveType>::Native;
        let halves = Float16Array::from(vec![Some(Half::from_f32(0.5)), None]);
        let (_folder, path) = written(vec![("half", Arc::new(halves))]);
        let mut columns = Vec::new();
        read(&path, &|_| true, &mut |column| columns.push(column)).unwrap();
        let Values::Numbers(numbers) = &columns[0].values else { panic!("{columns:?}") };
        assert_eq!((columns[0].type_name, numbers[0], numbers[1].is_nan()), ("float16", 0.5, true));
    }

    #[test]
    fn dates_times_decimals_and_bytes_are_shown_as_texts() {
        let decimals = Decimal128Array::from(vec![Some(1250), None]).with_precision_and_scale(9, 2).unwrap();
        let (_folder, path) = written(vec![
            ("date", Arc::new(Date32Array::from(vec![Some(20_000), None]))),
            ("time", Arc::new(Time32SecondArray::from(vec![Some(3_661), None]))),
            ("timestamp", Arc::new(TimestampMillisecondArray::from(vec![Some(1_500), None]))),
            ("decimal", Arc::new(decimals)),
            ("duration", Arc::new(DurationMillisecondArray::from(vec![Some(90_500), None]))),
            ("binary", Arc::new(BinaryArray::from(vec![Some(&b"a\xff"[..]), None]))),
        ]);
        let mut shown = Vec::new();
        read(&path, &|_| true, &mut |column| {
            assert_eq!(column.type_name, column.name);
            let Values::Texts(cells) = column.values else { panic!("{} is no text", column.name) };
            assert_eq!(cells.get(1), None);
            shown.push(match cells.get(0) {
                Some(Cell::Text(text)) => text.to_owned(),
                other => panic!("{other:?}"),
            });
        })
        .unwrap();
        assert_eq!(
            shown,
            ["2024-10-04", "01:01:01", "1970-01-01 00:00:01.500", "12.50", "PT90.5S", "a\\xff"]
        );
    }
}
