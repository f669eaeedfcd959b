//! `feature-selection/features.parquet`: encoded, selected features of all rows.

use crate::Origin;
use crate::matrix::{self, Order};
use crate::names::row_name;
use crate::observations::{RESERVED, origins};
use crate::table::{Artifact, Table, Writing};
use ndarray::Array2;
use stage::{Error, Folder, Publication, Result};

/// File name in the stage's folder.
pub const FILE: &str = "features.parquet";

const ARTIFACT: Artifact = Artifact { name: "features", version: 1 };

/// Features of all rows, in the order of the observations.
#[derive(Clone, Debug)]
pub struct Features {
    /// Index of the row in its raw file.
    pub row_id: Vec<i64>,
    /// File the row came from.
    pub origin: Vec<Origin>,
    /// Hash of the feature cells; twins share it.
    pub group: Vec<u64>,
    /// Names of the features, in the order of the columns of `values`.
    pub names: Vec<String>,
    /// Finite values, shape `(n_rows, n_features)`; stored by column when read.
    pub values: Array2<f64>,
    /// Name of the label column.
    pub label_name: String,
    /// The label; `None` where the raw file has none.
    pub label: Vec<Option<f64>>,
}

impl Features {
    /// Reads the file and checks it.
    ///
    /// # Errors
    /// If it is missing, altered, or not what this version writes.
    pub fn read(folder: &Folder) -> Result<Self> {
        let table = Table::open(folder, FILE, ARTIFACT)?;
        let label_name = table.meta("label")?.to_owned();
        let names = feature_names(&table, &label_name);
        let features = Self {
            row_id: table.i64s("row_id")?,
            origin: origins(&table)?,
            group: table.u64s("group")?,
            values: matrix::read(table.rows()?, &names, Order::Columns, |name| table.f64s(name))?,
            names,
            label: table.optional_f64s(&label_name)?,
            label_name,
        };
        features.check().map_err(|reason| table.refuse(reason))?;
        Ok(features)
    }

    /// Checks and stages the file.
    ///
    /// # Errors
    /// If a value is not finite or lengths differ (a bug), or the disk refuses it.
    pub fn write(self, publication: &mut Publication) -> Result<()> {
        self.check().map_err(Error::internal)?;
        let table = Writing::new(ARTIFACT)
            .meta("label", &self.label_name)
            .rows(self.row_id, self.origin)
            .plain(&["group"])
            .u64s("group", self.group)
            .matrix(&self.names, self.values)
            .optional_f64s(&self.label_name, self.label);
        publication.artifact_with(FILE, |file| table.write(file))
    }

    fn check(&self) -> std::result::Result<(), String> {
        let rows = self.row_id.len();
        if [self.origin.len(), self.group.len(), self.label.len(), self.values.nrows()] != [rows; 4] {
            return Err("columns differ in length".into());
        }
        check_names(&self.names, &self.label_name)?;
        check_values(&self.names, &self.values, Some(&self.row_id))
    }
}

/// Features have distinct names that artifacts do not use for themselves.
pub(crate) fn check_names(names: &[String], label: &str) -> std::result::Result<(), String> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("two features are called '{}'", twice[0]));
    }
    match sorted.iter().find(|name| **name == label || RESERVED.contains(name)) {
        Some(name) => Err(format!("a feature is called '{name}', which has another meaning")),
        None => Ok(()),
    }
}

/// Values are finite. Without `row_id` a row goes by its place.
pub(crate) fn check_values(
    names: &[String],
    values: &Array2<f64>,
    row_id: Option<&[i64]>,
) -> std::result::Result<(), String> {
    // All of them in the order in which they lie, without an early end, are seen faster than one by one.
    let are_finite = |values: &[f64]| values.iter().fold(true, |are, value| are & value.is_finite());
    if values.as_slice_memory_order().is_some_and(are_finite) {
        return Ok(());
    }
    for (name, column) in names.iter().zip(values.columns()) {
        if let Some(row) = column.iter().position(|value| !value.is_finite()) {
            return Err(format!("column '{name}', {}: {} is not finite", row_name(row_id, row), column[row]));
        }
    }
    Ok(())
}

/// Labels are finite where there are any. Without `row_id` a row goes by its place.
pub(crate) fn check_labels(
    name: &str,
    labels: &[Option<f64>],
    row_id: Option<&[i64]>,
) -> std::result::Result<(), String> {
    match labels.iter().position(|label| label.is_some_and(|y| !y.is_finite())) {
        Some(row) => Err(format!("column '{name}', {}: the label is not finite", row_name(row_id, row))),
        None => Ok(()),
    }
}

/// All columns that are features, in file order.
pub(crate) fn feature_names(table: &Table, label: &str) -> Vec<String> {
    let names = table.schema().fields().iter().map(|field| field.name().as_str());
    names.filter(|name| *name != label && !RESERVED.contains(name)).map(str::to_owned).collect()
}
