//! Parquet files in memory: written with the artifact's name and schema version, read back column by column.

use crate::Cells;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int32Array, Int64Array, PrimitiveArray,
    RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use stage::{Error, Folder, Result};
use std::collections::HashMap;
use std::panic;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows of a row group. The writer holds a group in memory beside the table until it is complete.
const ROW_GROUP: usize = 1 << 17;

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
    /// Columns whose values hardly repeat.
    varied: Vec<String>,
}

impl Writing {
    pub(crate) fn new(artifact: Artifact) -> Self {
        let metadata = HashMap::from([
            ("artifact".to_owned(), artifact.name.to_owned()),
            ("version".to_owned(), artifact.version.to_string()),
        ]);
        Self { fields: Vec::new(), columns: Vec::new(), metadata, varied: Vec::new() }
    }

    /// Adds to the file's metadata.
    pub(crate) fn meta(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// Says of columns that their values hardly repeat: no dictionary is tried, and integers are stored by
    /// their differences.
    pub(crate) fn varied(mut self, names: &[&str]) -> Self {
        self.varied.extend(names.iter().map(ToString::to_string));
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

    pub(crate) fn optional_texts<T: AsRef<str>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        self.push(name, Arc::new(values.into_iter().collect::<StringArray>()), true)
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
        // Metadata of the schema itself would be written in hash order; the file's key-value list has one.
        let schema = Arc::new(Schema::new(self.fields.clone()));
        let batch = RecordBatch::try_new(Arc::clone(&schema), self.columns.clone())
            .map_err(|error| Error::internal(format!("inconsistent table: {error}")))?;
        let write = || {
            // Room that stays untouched costs nothing, while growth would copy.
            let mut bytes = Vec::with_capacity(batch.get_array_memory_size());
            let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(self.properties()))?;
            let mut metadata: Vec<_> = self.metadata.iter().collect();
            metadata.sort();
            for (key, value) in metadata {
                writer.append_key_value_metadata(parquet::file::metadata::KeyValue::new(
                    key.clone(),
                    value.clone(),
                ));
            }
            writer.write(&batch)?;
            writer.close()?;
            Ok(bytes)
        };
        write().map_err(|error: parquet::errors::ParquetError| {
            Error::internal(format!("cannot encode: {error}"))
        })
    }
}

impl Writing {
    fn properties(&self) -> WriterProperties {
        let mut properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROW_GROUP));
        for field in self.fields.iter().filter(|field| self.varied.contains(field.name())) {
            let column = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_dictionary_enabled(column.clone(), false);
            if field.data_type().is_integer() {
                properties = properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
            }
        }
        properties.build()
    }
}

/// A table that was read.
pub(crate) struct Table {
    path: PathBuf,
    batches: Vec<RecordBatch>,
    schema: Arc<Schema>,
    metadata: HashMap<String, String>,
}

impl Table {
    /// Reads the file `name` of `folder` and checks that it is the given artifact in this version.
    pub(crate) fn open(folder: &Folder, name: &str, artifact: Artifact) -> Result<Self> {
        Self::checked(folder.file(name), folder.read(name)?, artifact)
    }

    /// Decodes a Parquet file that lies at `path` and checks that it is the given artifact in this version.
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

    /// Decodes a Parquet file that lies at `path`.
    pub(crate) fn parse(path: PathBuf, bytes: Vec<u8>) -> Result<Self> {
        let refuse = |reason: String| {
            Error::data(format!("{}: not a readable Parquet file: {reason}", path.display()))
        };
        // The decoder may panic on hostile pages; a refused file must not look like a bug of ours.
        let decoded = panic::catch_unwind(|| decode(bytes)).map_err(|_| refuse("damaged pages".into()))?;
        let (schema, metadata, batches) = decoded.map_err(refuse)?;
        Ok(Self { path, batches, schema, metadata })
    }

    /// An error about this file.
    pub(crate) fn refuse(&self, reason: impl std::fmt::Display) -> Error {
        Error::data(format!("{}: {reason}", self.path.display()))
    }

    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows, in file order.
    pub(crate) fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
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

    pub(crate) fn i32s(&self, name: &str) -> Result<Vec<i32>> {
        self.numbers_of::<Int32Type>(name, "int32")
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
        for batch in &self.batches {
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
        match self.schema.field(index).data_type() {
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
        self.schema.index_of(name).map_err(|_| self.refuse(format!("column '{name}' is not there")))
    }

    fn collect<A: Array + 'static, V>(
        &self,
        name: &str,
        type_name: &str,
        append: impl Fn(&A, &mut Vec<Option<V>>),
    ) -> Result<Vec<Option<V>>> {
        let mut rows = Vec::with_capacity(self.rows());
        self.typed::<A>(name, type_name)?.into_iter().for_each(|column| append(column, &mut rows));
        Ok(rows)
    }

    /// A column of numbers without nulls.
    fn numbers_of<T: ArrowPrimitiveType>(&self, name: &str, type_name: &str) -> Result<Vec<T::Native>> {
        let mut rows = Vec::with_capacity(self.rows());
        for column in self.typed::<PrimitiveArray<T>>(name, type_name)? {
            if column.null_count() > 0 {
                let null = (0..column.len()).find(|row| column.is_null(*row)).unwrap_or(0);
                return Err(self.null(name, rows.len() + null));
            }
            rows.extend_from_slice(column.values());
        }
        Ok(rows)
    }

    /// A column, batch by batch.
    fn typed<A: Array + 'static>(&self, name: &str, type_name: &str) -> Result<Vec<&A>> {
        let index = self.index(name)?;
        let batches = self.batches.iter().map(|batch| {
            let column = batch.column(index);
            column.as_any().downcast_ref::<A>().ok_or_else(|| {
                self.refuse(format!("column '{name}': expected {type_name}, found {}", column.data_type()))
            })
        });
        batches.collect()
    }

    fn null(&self, name: &str, row: usize) -> Error {
        self.refuse(format!("column '{name}', row {}: null", row + 1))
    }

    fn required<V>(&self, name: &str, values: Vec<Option<V>>) -> Result<Vec<V>> {
        let null = values.iter().position(Option::is_none);
        match null {
            Some(row) => Err(self.null(name, row)),
            None => Ok(values.into_iter().flatten().collect()),
        }
    }
}

type Decoded = (Arc<Schema>, HashMap<String, String>, Vec<RecordBatch>);

fn decode(bytes: Vec<u8>) -> std::result::Result<Decoded, String> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).map_err(|e| e.to_string())?;
    let schema = Arc::clone(builder.schema());
    let metadata = builder
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .into_iter()
        .flatten()
        .filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)))
        .collect();
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).map_err(|e| e.to_string())?;
    let reader = builder.with_batch_size(rows.max(1)).build().map_err(|e| e.to_string())?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    Ok((schema, metadata, batches))
}
