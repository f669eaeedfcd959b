//! Parquet files in memory: written with the artifact's name and schema version, read back column by column, or some
//! rows at a time.

use crate::{Cells, Origin, matrix};
use arrow_array::types::{Float64Type, Int8Type, Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array,
    PrimitiveArray, RecordBatch, RecordBatchOptions, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use bytes::Bytes;
use ndarray::Array2;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::ChunkReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use stage::{Error, Folder, Result};
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::iter;
use std::mem;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Rows of a row group. The writer holds a group in memory beside the table until it is complete; readers may
/// decode groups in parallel.
const ROW_GROUP: usize = 1 << 16;

/// Row groups that are encoded at once, each by as many threads as it has columns, while as many are written: they are
/// in memory beside the table.
const GROUPS_AT_ONCE: usize = 2;

/// Rows that are encoded or decoded at a time where there may be many: few enough to stay in a core's cache.
pub(crate) const BATCH: usize = 1 << 12;

/// A table's columns are decoded in so many parts per thread, for some take longer than others.
const PARTS_PER_THREAD: usize = 2;

/// Most bytes of a column's dictionary where values may be few or many; with more, the column goes on without.
const SMALL_DICTIONARY: usize = 1 << 16;

/// What files compressed by gzip begin with.
pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a file is: the artifact's name and the version of its schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Artifact {
    pub name: &'static str,
    pub version: u32,
}

/// A table to be written.
pub(crate) struct Writing {
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
    metadata: HashMap<String, String>,
    /// Columns whose values hardly repeat, or follow each other.
    plain: Vec<String>,
    /// Columns whose values may hardly repeat.
    mixed: Vec<String>,
}

impl Writing {
    pub(crate) fn new(artifact: Artifact) -> Self {
        let metadata = HashMap::from([
            ("artifact".to_owned(), artifact.name.to_owned()),
            ("version".to_owned(), artifact.version.to_string()),
        ]);
        Self { fields: Vec::new(), columns: Vec::new(), metadata, plain: Vec::new(), mixed: Vec::new() }
    }

    /// Adds to the file's metadata.
    pub(crate) fn meta(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// Says of columns that no dictionary is worth trying, and nobody asks for their extremes; integers are stored by
    /// their differences.
    pub(crate) fn plain(mut self, names: &[&str]) -> Self {
        self.plain.extend(names.iter().map(ToString::to_string));
        self
    }

    /// Says of columns that a dictionary is worth a short try, and nobody asks for their extremes.
    pub(crate) fn mixed(mut self, names: &[&str]) -> Self {
        self.mixed.extend(names.iter().map(ToString::to_string));
        self
    }

    /// Adds a column; it may hold nulls if `nullable`.
    fn push(mut self, name: &str, column: ArrayRef, nullable: bool) -> Self {
        self.fields.push(Field::new(name, column.data_type().clone(), nullable));
        self.columns.push(column);
        self
    }

    pub(crate) fn f64s(self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.push(name, Arc::new(Float64Array::from_iter_values(values)), false)
    }

    pub(crate) fn optional_f64s(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.push(name, Arc::new(values.into_iter().collect::<Float64Array>()), true)
    }

    pub(crate) fn i64s(self, name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        self.push(name, Arc::new(Int64Array::from_iter_values(values)), false)
    }

    pub(crate) fn i32s(self, name: &str, values: impl IntoIterator<Item = i32>) -> Self {
        self.push(name, Arc::new(Int32Array::from_iter_values(values)), false)
    }

    pub(crate) fn u64s(self, name: &str, values: impl IntoIterator<Item = u64>) -> Self {
        self.push(name, Arc::new(UInt64Array::from_iter_values(values)), false)
    }

    pub(crate) fn u32s(self, name: &str, values: impl IntoIterator<Item = u32>) -> Self {
        self.push(name, Arc::new(UInt32Array::from_iter_values(values)), false)
    }

    pub(crate) fn optional_u32s(self, name: &str, values: impl IntoIterator<Item = Option<u32>>) -> Self {
        self.push(name, Arc::new(values.into_iter().collect::<UInt32Array>()), true)
    }

    pub(crate) fn bools(self, name: &str, values: impl IntoIterator<Item = bool>) -> Self {
        let values: Vec<bool> = values.into_iter().collect();
        self.push(name, Arc::new(BooleanArray::from(values)), false)
    }

    pub(crate) fn texts<T: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.push(name, Arc::new(StringArray::from_iter_values(values)), false)
    }

    /// Adds what rows are known by: `row_id`, whose values hardly repeat, and `origin`.
    pub(crate) fn rows(self, row_id: Vec<i64>, origin: Vec<Origin>) -> Self {
        let origins = origin.into_iter().map(Origin::name);
        self.plain(&["row_id"]).i64s("row_id", row_id).names("origin", origins)
    }

    /// Adds a column of few texts, which takes a byte a row until it is written.
    pub(crate) fn names<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let column: DictionaryArray<Int8Type> = values.into_iter().collect();
        self.fields.push(Field::new(name, DataType::Utf8, false));
        self.columns.push(Arc::new(column));
        self
    }

    pub(crate) fn optional_texts<T: AsRef<str>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        self.push(name, Arc::new(values.into_iter().collect::<StringArray>()), true)
    }

    /// Adds the columns of a matrix, which are not copied if it is stored by column.
    pub(crate) fn matrix(mut self, names: &[String], values: Array2<f64>) -> Self {
        let rows = values.nrows();
        let all = Float64Array::from(matrix::into_columns(values));
        for (number, name) in names.iter().enumerate() {
            self = self.push(name, Arc::new(all.slice(number * rows, rows)), false);
        }
        self
    }

    /// Adds raw cells, with metadata of the field.
    pub(crate) fn cells(mut self, name: &str, cells: &Cells, metadata: HashMap<String, String>) -> Self {
        let column = cells.to_array();
        self.fields.push(Field::new(name, column.data_type().clone(), true).with_metadata(metadata));
        self.columns.push(column);
        self
    }

    /// The Parquet file. The same table gives the same bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the bytes of [`Self::to_bytes`].
    pub(crate) fn write(&self, file: &mut (dyn Write + Send)) -> Result<()> {
        let n_rows = self.columns.first().map_or(0, |column| column.len());
        if self.columns.iter().any(|column| column.len() != n_rows) {
            return Err(Error::internal("cannot encode columns that differ in length"));
        }
        let slice = |rows: Range<usize>| {
            self.columns.iter().map(|column| column.slice(rows.start, rows.len())).collect()
        };
        self.encode(file, n_rows, slice)
    }

    /// Writes the Parquet file of this table, which has no rows yet, with `n_rows` rows: `part` makes a table of some of
    /// them.
    pub(crate) fn write_rows(
        &self,
        file: &mut (dyn Write + Send),
        n_rows: usize,
        part: impl Fn(Range<usize>) -> Self + Sync,
    ) -> Result<()> {
        self.encode(file, n_rows, |rows| part(rows).columns)
    }

    /// Encodes `n_rows` rows, of which `batch` gives the columns of some at a time, and meanwhile writes those before.
    fn encode(
        &self,
        file: &mut (dyn Write + Send),
        n_rows: usize,
        batch: impl Fn(Range<usize>) -> Vec<ArrayRef> + Sync,
    ) -> Result<()> {
        let write = || {
            // Without metadata, which would be written in hash order; the file's key-value list has one.
            let schema = Arc::new(Schema::new(self.fields.clone()));
            let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(self.properties()))?;
            let mut metadata: Vec<_> = self.metadata.iter().collect();
            metadata.sort();
            for (key, value) in metadata {
                writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
            }
            let (mut file, writers) = writer.into_serialized_writer()?;
            let groups: Vec<(usize, Range<usize>)> = slices(0..n_rows, ROW_GROUP).enumerate().collect();
            let encode = |groups: &[(usize, Range<usize>)]| {
                let encoded = groups.par_iter().map(|(number, rows)| {
                    let batches = slices(rows.clone(), BATCH).map(&batch);
                    Group::encode(writers.create_column_writers(*number)?, &schema, batches)
                });
                encoded.collect::<Result<Vec<_>, ParquetError>>()
            };
            let mut append =
                |groups: Vec<Group>| groups.into_iter().try_for_each(|group| group.append(&mut file));
            let mut encoded = Vec::new();
            for groups in groups.chunks(rayon::current_num_threads().min(GROUPS_AT_ONCE)) {
                let before = mem::take(&mut encoded);
                let (next, appended) = rayon::join(|| encode(groups), || append(before));
                appended?;
                encoded = next?;
            }
            append(encoded)?;
            file.close()?;
            Ok(())
        };
        write().map_err(unencodable)
    }

    fn properties(&self) -> WriterProperties {
        let mut properties = WriterProperties::builder();
        for field in &self.fields {
            let column = ColumnPath::from(field.name().as_str());
            if self.plain.contains(field.name()) {
                properties = properties
                    .set_column_dictionary_enabled(column.clone(), false)
                    .set_column_statistics_enabled(column.clone(), EnabledStatistics::None);
                if field.data_type().is_integer() {
                    properties = properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
                }
            } else if self.mixed.contains(field.name()) {
                properties = properties
                    .set_column_dictionary_page_size_limit(column.clone(), SMALL_DICTIONARY)
                    .set_column_statistics_enabled(column, EnabledStatistics::None);
            }
        }
        properties.build()
    }
}

fn unencodable(error: ParquetError) -> Error {
    Error::internal(format!("cannot encode: {error}"))
}

/// Parts of a range, of `len` but the last.
fn slices(range: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(len).map(move |start| start..range.end.min(start + len))
}

/// A row group that is encoded, columns in parallel.
struct Group(Vec<ArrowColumnChunk>);

impl Group {
    fn encode(
        mut writers: Vec<ArrowColumnWriter>,
        schema: &Schema,
        batches: impl Iterator<Item = Vec<ArrayRef>>,
    ) -> Result<Self, ParquetError> {
        for batch in batches {
            let columns = writers.par_iter_mut().zip(schema.fields().par_iter().zip(&batch));
            // A field is one column in the file: there are no structures. What a column needs is freed with it.
            columns.try_for_each(|(writer, (field, column))| {
                compute_leaves(field, column)?.iter().try_for_each(|leaf| writer.write(leaf))
            })?;
        }
        writers.into_par_iter().map(ArrowColumnWriter::close).collect::<Result<_, _>>().map(Self)
    }

    fn append(self, file: &mut SerializedFileWriter<&mut (dyn Write + Send)>) -> Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        for chunk in self.0 {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close().map(drop)
    }
}

/// A table that was read; its rows are decoded when a column is first asked for.
pub(crate) struct Table {
    path: PathBuf,
    bytes: Bytes,
    reader: ArrowReaderMetadata,
    metadata: HashMap<String, String>,
    batches: OnceLock<Vec<RecordBatch>>,
}

/// Some rows of a table, column by column.
pub(crate) struct Rows<'a> {
    table: &'a Table,
    /// Place of the first row in the table.
    start: usize,
    batch: RecordBatch,
}

impl Table {
    /// Reads the file `name` of `folder` and checks that it is the given artifact in this version.
    pub(crate) fn open(folder: &Folder, name: &str, artifact: Artifact) -> Result<Self> {
        Self::checked(folder.file(name), folder.read(name)?, artifact)
    }

    /// Reads the head of a Parquet file that lies at `path` and checks that it is the given artifact in this version.
    pub(crate) fn checked(path: PathBuf, bytes: Vec<u8>, artifact: Artifact) -> Result<Self> {
        let table = Self::parse(path, bytes)?;
        let found = table.metadata.get("artifact");
        if found.map(String::as_str) != Some(artifact.name) {
            let found =
                found.map_or_else(|| "not written by this pipeline".to_owned(), |name| format!("'{name}'"));
            return Err(table.refuse(format!("expected the artifact '{}', found one {found}", artifact.name)));
        }
        let version = table.metadata.get("version").map_or("none", String::as_str);
        if version != artifact.version.to_string() {
            return Err(table.refuse(format!(
                "schema version {version} of '{}', this program reads version {}; run the stage that writes it again",
                artifact.name, artifact.version
            )));
        }
        Ok(table)
    }

    /// Reads the head of a Parquet file that lies at `path`.
    pub(crate) fn parse(path: PathBuf, bytes: Vec<u8>) -> Result<Self> {
        let bytes = Bytes::from(bytes);
        let read = || {
            let reader = head(&bytes)?;
            let pairs = reader.metadata().file_metadata().key_value_metadata().into_iter().flatten();
            let metadata = pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect();
            Ok((reader, metadata))
        };
        let (reader, metadata) =
            unhurt(read).map_err(|reason| unreadable(&path, &headless(&bytes, reason)))?;
        let declared = reader.metadata().file_metadata().num_rows();
        let mut groups = reader.metadata().row_groups().iter();
        let sum = groups.try_fold(0u64, |sum, group| sum.checked_add(u64::try_from(group.num_rows()).ok()?));
        if sum.is_none_or(|sum| i64::try_from(sum) != Ok(declared)) {
            return Err(unreadable(&path, "its row groups do not have as many rows as the file"));
        }
        Ok(Self { path, bytes, reader, metadata, batches: OnceLock::new() })
    }

    /// An error about this file.
    pub(crate) fn refuse(&self, reason: impl std::fmt::Display) -> Error {
        Error::data(format!("{}: {reason}", self.path.display()))
    }

    /// The first column with a name that another before it has.
    pub(crate) fn repeated_column(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        let mut names = self.schema().fields().iter().map(|field| field.name().as_str());
        names.find(|name| !seen.insert(*name))
    }

    pub(crate) fn rows(&self) -> Result<usize> {
        Ok(self.batches()?.iter().map(RecordBatch::num_rows).sum())
    }

    /// Numbers of rows by row group, which add up to the file's.
    fn group_rows(&self) -> impl Iterator<Item = usize> {
        let groups = self.reader.metadata().row_groups().iter();
        groups.map(|group| usize::try_from(group.num_rows()).unwrap_or_default())
    }

    /// The rows, in file order; some columns at a time, in parallel.
    pub(crate) fn batches(&self) -> Result<&[RecordBatch]> {
        if let Some(batches) = self.batches.get() {
            return Ok(batches);
        }
        let n_columns = self.schema().fields().len();
        let some = n_columns.div_ceil(PARTS_PER_THREAD * rayon::current_num_threads()).max(1);
        let parts: Vec<Range<usize>> = slices(0..n_columns, some).collect();
        // As in `read_rows`, the error does not depend on which was faster.
        let parts: Vec<_> = parts.into_par_iter().map(|columns| self.decode(columns)).collect();
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>();
        let batches = parts.and_then(|parts| self.side_by_side(parts.into_iter().flatten()));
        let batches = batches.map_err(|reason| unreadable(&self.path, &reason))?;
        Ok(self.batches.get_or_init(|| batches))
    }

    /// All rows of some columns: one batch of them, and none of no rows.
    fn decode(&self, columns: Range<usize>) -> Result<Vec<RecordBatch>, String> {
        let declared = self.group_rows().sum();
        let decode = || {
            let columns = ProjectionMask::roots(self.reader.parquet_schema(), columns);
            let decoder = self.builder(declared).with_projection(columns).build()?;
            decoder.collect::<Result<Vec<_>, _>>().map_err(ParquetError::from)
        };
        let batches = unhurt(decode)?;
        check_rows(batches.iter().map(RecordBatch::num_rows).sum(), declared)?;
        Ok(batches)
    }

    /// The rows whose columns the `parts` have.
    fn side_by_side(&self, parts: impl Iterator<Item = RecordBatch>) -> Result<Vec<RecordBatch>, String> {
        let rows = self.group_rows().sum();
        if rows == 0 {
            return Ok(Vec::new());
        }
        let columns = parts.flat_map(|part| part.columns().to_vec()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let whole = RecordBatch::try_new_with_options(Arc::clone(self.reader.schema()), columns, &options);
        Ok(vec![whole.map_err(|error| error.to_string())?])
    }

    /// What `read` makes of the rows of each row group, which it takes some at a time; groups in parallel, in file order.
    pub(crate) fn read_rows<T: Send>(
        &self,
        read: impl Fn(&mut dyn Iterator<Item = Result<Rows<'_>>>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let refuse = |reason: String| unreadable(&self.path, &reason);
        let ranges = self.group_rows().scan(0, |end, rows| {
            let start = mem::replace(end, *end + rows);
            Some(start..*end)
        });
        let groups: Vec<Range<usize>> = ranges.collect();
        let group = |(group, range): (usize, Range<usize>)| {
            let mut start = range.start;
            let build = || self.builder(BATCH).with_row_groups(vec![group]).build();
            let mut decoder = unhurt(build).map_err(refuse)?;
            read(&mut iter::from_fn(|| {
                let batch = unhurt(|| decoder.next().transpose().map_err(ParquetError::from));
                let batch = batch.and_then(|batch| {
                    if batch.is_none() {
                        check_rows(start - range.start, range.len())?;
                    }
                    Ok(batch)
                });
                let batch = batch.map_err(refuse);
                let rows = |batch: RecordBatch| {
                    let first = start;
                    start += batch.num_rows();
                    Rows { table: self, start: first, batch }
                };
                batch.map(|batch| batch.map(rows)).transpose()
            }))
        };
        // All are read before the first is refused, so that the error does not depend on which was faster.
        let read: Vec<Result<T>> = groups.into_par_iter().enumerate().map(group).collect();
        read.into_iter().collect()
    }

    /// What decodes so many rows at a time.
    fn builder(&self, rows: usize) -> ParquetRecordBatchReaderBuilder<Bytes> {
        let (bytes, reader) = (self.bytes.clone(), self.reader.clone());
        ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, reader).with_batch_size(rows.max(1))
    }

    pub(crate) fn schema(&self) -> &Schema {
        self.reader.schema()
    }

    /// A value of the file's metadata.
    pub(crate) fn meta(&self, key: &str) -> Result<&str> {
        self.metadata
            .get(key)
            .map(String::as_str)
            .ok_or_else(|| self.refuse(format!("its metadata lack '{key}'")))
    }

    pub(crate) fn f64s(&self, name: &str) -> Result<Vec<f64>> {
        self.numbers_of::<Float64Type>(name, "float64")
    }

    pub(crate) fn optional_f64s(&self, name: &str) -> Result<Vec<Option<f64>>> {
        self.collect::<Float64Array, _>(name, "float64", |column, rows| rows.extend(column.iter()))
    }

    pub(crate) fn i64s(&self, name: &str) -> Result<Vec<i64>> {
        self.numbers_of::<Int64Type>(name, "int64")
    }

    pub(crate) fn u64s(&self, name: &str) -> Result<Vec<u64>> {
        self.numbers_of::<UInt64Type>(name, "uint64")
    }

    pub(crate) fn u32s(&self, name: &str) -> Result<Vec<u32>> {
        self.numbers_of::<UInt32Type>(name, "uint32")
    }

    pub(crate) fn optional_u32s(&self, name: &str) -> Result<Vec<Option<u32>>> {
        self.collect::<UInt32Array, _>(name, "uint32", |column, rows| rows.extend(column.iter()))
    }

    pub(crate) fn bools(&self, name: &str) -> Result<Vec<bool>> {
        let values =
            self.collect::<BooleanArray, _>(name, "boolean", |column, rows| rows.extend(column.iter()))?;
        self.required(name, values)
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.required(name, self.optional_texts(name)?)
    }

    pub(crate) fn optional_texts(&self, name: &str) -> Result<Vec<Option<String>>> {
        self.collect::<StringArray, _>(name, "utf8", |column, rows| {
            rows.extend(column.iter().map(|text| text.map(str::to_owned)));
        })
    }

    /// A column of raw cells.
    pub(crate) fn cells(&self, name: &str) -> Result<Cells> {
        let index = self.index(name)?;
        let mut builder = crate::CellsBuilder::default();
        let mut columns = Vec::new();
        for batch in self.batches()? {
            let cells = Cells::try_from(Arc::clone(batch.column(index)))
                .map_err(|reason| self.refuse(format!("column '{name}': {reason}")))?;
            columns.push(cells);
        }
        if columns.len() == 1 {
            return Ok(columns.swap_remove(0));
        }
        for cells in &columns {
            for row in 0..cells.len() {
                builder
                    .push(cells.get(row))
                    .map_err(|_| self.refuse(format!("column '{name}': mixed types")))?;
            }
        }
        Ok(builder.finish())
    }

    /// A column of numbers of any width as `f64`, `None` where null.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        use arrow_array::types as t;
        let index = self.index(name)?;
        match self.schema().field(index).data_type() {
            DataType::Float64 => self.optional_f64s(name),
            DataType::Float32 => self.widened::<t::Float32Type>(name, f64::from),
            DataType::Int64 => self.widened::<t::Int64Type>(name, |x| x as f64),
            DataType::UInt64 => self.widened::<t::UInt64Type>(name, |x| x as f64),
            DataType::Int32 => self.widened::<t::Int32Type>(name, f64::from),
            DataType::UInt32 => self.widened::<t::UInt32Type>(name, f64::from),
            DataType::Int16 => self.widened::<t::Int16Type>(name, f64::from),
            DataType::UInt16 => self.widened::<t::UInt16Type>(name, f64::from),
            DataType::Int8 => self.widened::<t::Int8Type>(name, f64::from),
            DataType::UInt8 => self.widened::<t::UInt8Type>(name, f64::from),
            DataType::Boolean => self.collect::<BooleanArray, _>(name, "boolean", |column, rows| {
                rows.extend(column.iter().map(|x| x.map(f64::from)));
            }),
            other => {
                Err(self.refuse(format!("column '{name}': {other} is no number; encode it or leave it out")))
            }
        }
    }

    fn widened<T: arrow_array::ArrowPrimitiveType>(
        &self,
        name: &str,
        widen: fn(T::Native) -> f64,
    ) -> Result<Vec<Option<f64>>> {
        self.collect::<arrow_array::PrimitiveArray<T>, _>(name, "number", |column, rows| {
            rows.extend(column.iter().map(|x| x.map(widen)));
        })
    }

    fn index(&self, name: &str) -> Result<usize> {
        self.schema().index_of(name).map_err(|_| self.refuse(format!("column '{name}' is not there")))
    }

    fn collect<A: Array + 'static, V>(
        &self,
        name: &str,
        type_name: &str,
        append: impl Fn(&A, &mut Vec<Option<V>>),
    ) -> Result<Vec<Option<V>>> {
        let mut rows = Vec::with_capacity(self.rows()?);
        self.typed::<A>(name, type_name)?.into_iter().for_each(|column| append(column, &mut rows));
        Ok(rows)
    }

    /// A column of numbers without nulls.
    fn numbers_of<T: ArrowPrimitiveType>(&self, name: &str, type_name: &str) -> Result<Vec<T::Native>> {
        let mut rows = Vec::with_capacity(self.rows()?);
        for column in self.typed::<PrimitiveArray<T>>(name, type_name)? {
            self.check_present(name, column, rows.len())?;
            rows.extend_from_slice(column.values());
        }
        Ok(rows)
    }

    /// A column, batch by batch.
    fn typed<A: Array + 'static>(&self, name: &str, type_name: &str) -> Result<Vec<&A>> {
        let index = self.index(name)?;
        self.batches()?.iter().map(|batch| self.cast(batch.column(index), name, type_name)).collect()
    }

    fn cast<'a, A: Array + 'static>(
        &self,
        column: &'a ArrayRef,
        name: &str,
        type_name: &str,
    ) -> Result<&'a A> {
        column.as_any().downcast_ref::<A>().ok_or_else(|| {
            self.refuse(format!("column '{name}': expected {type_name}, found {}", column.data_type()))
        })
    }

    /// Refuses a column, whose first row is the table's row `start`, for its first null.
    fn check_present(&self, name: &str, column: &dyn Array, start: usize) -> Result<()> {
        if column.null_count() == 0 {
            return Ok(());
        }
        let null = (0..column.len()).find(|row| column.is_null(*row)).unwrap_or(0);
        Err(self.null(name, start + null))
    }

    /// Rows are counted from 0, as pandas does.
    fn null(&self, name: &str, row: usize) -> Error {
        self.refuse(format!("column '{name}', row {row}: null"))
    }

    /// A column's values, of which none may be null.
    pub(crate) fn required<V>(&self, name: &str, values: Vec<Option<V>>) -> Result<Vec<V>> {
        let null = values.iter().position(Option::is_none);
        match null {
            Some(row) => Err(self.null(name, row)),
            None => Ok(values.into_iter().flatten().collect()),
        }
    }
}

impl Rows<'_> {
    pub(crate) fn f64s(&self, name: &str) -> Result<&[f64]> {
        self.numbers_of::<Float64Type>(name, "float64")
    }

    pub(crate) fn i32s(&self, name: &str) -> Result<&[i32]> {
        self.numbers_of::<Int32Type>(name, "int32")
    }

    pub(crate) fn u32s(&self, name: &str) -> Result<&[u32]> {
        self.numbers_of::<UInt32Type>(name, "uint32")
    }

    pub(crate) fn bools(&self, name: &str) -> Result<&BooleanArray> {
        self.column(name, "boolean")
    }

    fn numbers_of<T: ArrowPrimitiveType>(&self, name: &str, type_name: &str) -> Result<&[T::Native]> {
        self.column::<PrimitiveArray<T>>(name, type_name).map(|column| &**column.values())
    }

    /// A column without nulls.
    fn column<A: Array + 'static>(&self, name: &str, type_name: &str) -> Result<&A> {
        let column = self.table.cast::<A>(self.batch.column(self.table.index(name)?), name, type_name)?;
        self.table.check_present(name, column, self.start)?;
        Ok(column)
    }
}

/// The head of a Parquet file. Of columns that Arrow's schema calls dictionaries those of texts stay so, and others have
/// their values' type, since the decoder makes no dictionaries of all types.
pub(crate) fn head(file: &impl ChunkReader) -> Result<ArrowReaderMetadata, ParquetError> {
    let head = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let plain = |field: &Arc<Field>| match field.data_type() {
        DataType::Dictionary(_, values) if !values.is_string() => {
            Arc::new(field.as_ref().clone().with_data_type(values.as_ref().clone()))
        }
        _ => Arc::clone(field),
    };
    let fields: Fields = head.schema().fields().iter().map(plain).collect();
    if fields == *head.schema().fields() {
        return Ok(head);
    }
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(Arc::clone(head.metadata()), options)
}

/// What `decode` gives. It may panic on hostile pages, and a refused file must not look like a bug of ours.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(decode)).map_err(|_| "damaged pages".to_owned())
}

/// As [`guarded`], with all errors as texts.
pub(crate) fn unhurt<T>(decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    guarded(decode)?.map_err(|error| error.to_string())
}

/// Refuses pages with other rows than their file's head declares; the decoder is silent about them.
pub(crate) fn check_rows(found: usize, declared: usize) -> Result<(), String> {
    if found == declared {
        return Ok(());
    }
    Err(format!("its pages have {found} rows where its head has {declared}"))
}

/// Why a file that begins with `start` has no head of a Parquet file, where the decoder says `reason`.
pub(crate) fn headless(start: &[u8], reason: String) -> String {
    if start.starts_with(&GZIP) {
        "the whole file is compressed by gzip, decompress it".to_owned()
    } else {
        reason
    }
}

/// An error about a file of which `reason` says why it is no Parquet file that can be read here.
pub(crate) fn unreadable(path: &Path, reason: &str) -> Error {
    let codec = reason.rsplit_once("Disabled feature at compile time: ").map(|(_, feature)| feature);
    let reason = match codec {
        Some(feature) => {
            let codec = if feature == "flate2" { "gzip" } else { feature };
            format!("its pages are compressed by {codec}, but may be by Snappy only, or not at all")
        }
        None => reason.to_owned(),
    };
    Error::data(format!("{}: not a readable Parquet file: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::metadata::{
        FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    };

    const ARTIFACT: Artifact = Artifact { name: "numbers", version: 1 };

    /// The file with a head that declares `more` rows in every row group.
    fn with_more_rows(bytes: &[u8], more: i64) -> Vec<u8> {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(bytes)).unwrap();
        let file = metadata.file_metadata();
        let mut groups = Vec::new();
        for group in metadata.row_groups() {
            let mut longer = group.clone().into_builder().set_num_rows(group.num_rows() + more);
            for column in longer.take_columns() {
                let values = column.num_values() + more;
                longer =
                    longer.add_column_metadata(column.into_builder().set_num_values(values).build().unwrap());
            }
            groups.push(longer.build().unwrap());
        }
        let file = FileMetaData::new(
            file.version(),
            file.num_rows() + more * groups.len() as i64,
            file.created_by().map(str::to_owned),
            file.key_value_metadata().cloned(),
            file.schema_descr_ptr(),
            file.column_orders().cloned(),
        );
        let pages = group_end(&metadata);
        let mut longer = bytes[..pages].to_vec();
        ParquetMetaDataWriter::new(&mut longer, &ParquetMetaData::new(file, groups)).finish().unwrap();
        longer
    }

    /// Where the pages of the last row group end.
    fn group_end(metadata: &ParquetMetaData) -> usize {
        let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
        columns.map(|column| column.byte_range()).map(|(start, len)| (start + len) as usize).max().unwrap()
    }

    #[test]
    fn pages_with_other_rows_than_the_head_are_refused() {
        let rows = ROW_GROUP as u32 + 5;
        let bytes = Writing::new(ARTIFACT).u32s("a", 0..rows).to_bytes().unwrap();
        let open = |more| Table::checked("a.parquet".into(), with_more_rows(&bytes, more), ARTIFACT).unwrap();
        let sum = |batches: &mut dyn Iterator<Item = Result<Rows<'_>>>| {
            batches.map(|rows| Ok(rows?.u32s("a")?.len())).sum::<Result<usize>>()
        };
        assert_eq!(open(0).u32s("a").unwrap().len(), rows as usize);
        assert_eq!(open(0).read_rows(sum).unwrap(), [ROW_GROUP, 5]);
        for more in [1, -1] {
            let error = open(more).u32s("a").map(|rows| rows.len()).unwrap_err().to_string();
            assert!(error.starts_with("a.parquet: not a readable Parquet file: "), "{error}");
            let error = open(more).read_rows(sum).unwrap_err().to_string();
            assert!(error.starts_with("a.parquet: not a readable Parquet file: "), "{error}");
        }
    }

    #[test]
    fn a_null_is_refused_by_its_row_in_the_table() {
        let null = ROW_GROUP + BATCH + 7;
        let numbers = (0..null + 100).map(|row| (row != null).then_some(row as u32));
        let bytes = Writing::new(ARTIFACT).optional_u32s("a", numbers).to_bytes().unwrap();
        let table = Table::checked("numbers.parquet".into(), bytes, ARTIFACT).unwrap();
        let sum = |batches: &mut dyn Iterator<Item = Result<Rows<'_>>>| {
            batches.map(|rows| Ok(rows?.u32s("a")?.len())).sum::<Result<usize>>()
        };
        let expected = format!("numbers.parquet: column 'a', row {null}: null");
        assert_eq!(table.read_rows(sum).unwrap_err().to_string(), expected);
        assert_eq!(table.u32s("a").unwrap_err().to_string(), expected);
    }

    #[test]
    fn columns_of_different_lengths_are_no_table() {
        for [a, b] in [[2, 3], [3, 2]] {
            let table = Writing::new(ARTIFACT).u32s("a", 0..a).u32s("b", 0..b);
            assert!(table.to_bytes().unwrap_err().to_string().contains("cannot encode"));
        }
    }

    #[test]
    fn few_texts_are_the_same_bytes_as_texts() {
        let names = || ["train", "all", "train"].into_iter().cycle().take(3 * BATCH / 2);
        let few = Writing::new(ARTIFACT).names("a", names()).to_bytes().unwrap();
        assert!(few == Writing::new(ARTIFACT).texts("a", names()).to_bytes().unwrap());
        let table = Table::checked("a.parquet".into(), few, ARTIFACT).unwrap();
        assert!(table.texts("a").unwrap().iter().map(String::as_str).eq(names()));
    }

    #[test]
    fn tables_in_parts_are_the_same_bytes_as_whole_ones_by_any_number_of_threads() {
        let numbers = |rows: Range<usize>| Writing::new(ARTIFACT).u64s("a", rows.map(|row| row as u64));
        let n_rows = 7 * ROW_GROUP / 2;
        let encode = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut bytes = Vec::new();
            pool.install(|| numbers(0..0).write_rows(&mut bytes, n_rows, numbers).unwrap());
            bytes
        };
        let bytes = encode(1);
        assert!(bytes == encode(3) && bytes == numbers(0..n_rows).to_bytes().unwrap());
        let table = Table::checked("a.parquet".into(), bytes, ARTIFACT).unwrap();
        let groups = [ROW_GROUP, ROW_GROUP, ROW_GROUP, ROW_GROUP / 2];
        assert_eq!(table.group_rows().collect::<Vec<_>>(), groups);
        assert!(table.u64s("a").unwrap().into_iter().eq(0..n_rows as u64));
    }
}
