//! `split/train.parquet`, `val.parquet`, `test.parquet`: the rows of one role.

use crate::Origin;
use crate::features::{check_labels, check_names, check_values, feature_names};
use crate::matrix::{self, Order};
use crate::observations::origins;
use crate::raw::{REPEATED_COLUMN, is_pandas_index};
use crate::roles::Role;
use crate::table::{Artifact, Table, Writing};
use ndarray::Array2;
use stage::{Error, Folder, Prepared, Publication, Result, hash_of};
use std::fs;
use std::io::Write;
use std::path::Path;

const ARTIFACT: Artifact = Artifact { name: "split", version: 1 };

/// File name of a role's rows in the stage's folder.
pub fn file(role: Role) -> String {
    format!("{}.parquet", role.name())
}

/// The rows of one role, in the order of the features.
#[derive(Clone, Debug)]
pub struct Split {
    /// Index of the row in its raw file.
    pub row_id: Vec<i64>,
    /// File the row came from.
    pub origin: Vec<Origin>,
    /// Names of the features.
    pub names: Vec<String>,
    /// Finite values, shape `(n_rows, n_features)`; stored by row when read.
    pub values: Array2<f64>,
    /// Name of the label column.
    pub label_name: String,
    /// The label; `None` where the raw file has none.
    pub label: Vec<Option<f64>>,
}

impl Split {
    /// Reads the rows of `role` and checks them.
    ///
    /// # Errors
    /// If the file is missing, altered, or not what this version writes.
    pub fn read(folder: &Folder, role: Role) -> Result<Self> {
        let table = Table::open(folder, &file(role), ARTIFACT)?;
        let label_name = table.meta("label")?.to_owned();
        let names = feature_names(&table, &label_name);
        let split = Self {
            row_id: table.i64s("row_id")?,
            origin: origins(&table)?,
            values: matrix::read(table.rows()?, &names, Order::Rows, |name| table.f64s(name))?,
            names,
            label: table.optional_f64s(&label_name)?,
            label_name,
        };
        split.check(Some(&split.row_id)).map_err(|reason| table.refuse(reason))?;
        Ok(split)
    }

    /// Reads any Parquet file of numeric columns, all of them features but for the label, `row_id`, `origin`, `group`
    /// and pandas' index without a name; with the hash of the file.
    ///
    /// The first three are what artifacts have: an int64 index, a text, and a uint64 hash. Rows without `row_id` are
    /// numbered from 0; without the label column no row has a label.
    ///
    /// # Errors
    /// If the file cannot be read, two columns have one name, a feature or label is not numeric and finite, or a column
    /// has a name that artifacts use for something else: `row_id`, `origin` and `group` of other types.
    pub fn from_plain_file(path: &Path, label_name: &str) -> Result<(Self, String)> {
        let bytes = fs::read(path).map_err(|error| Error::reading(path, &error))?;
        let hash = hash_of(&bytes);
        let table = Table::parse(path.to_path_buf(), bytes)?;
        check_plain(&table, label_name)?;
        let mut names = feature_names(&table, label_name);
        names.retain(|name| !is_pandas_index(name));
        let rows = table.rows()?;
        let values =
            matrix::read(rows, &names, Order::Rows, |name| table.required(name, table.numbers(name)?))?;
        let label = match table.schema().index_of(label_name) {
            Ok(_) => table.numbers(label_name)?,
            Err(_) => vec![None; rows],
        };
        let row_id = match table.schema().index_of("row_id") {
            Ok(_) => table.i64s("row_id").map_err(|error| error.hint(RENAME))?,
            Err(_) => (0..rows as i64).collect(),
        };
        let split = Self {
            row_id,
            origin: vec![Origin::All; rows],
            names,
            values,
            label,
            label_name: label_name.to_owned(),
        };
        split.check(None).map_err(|reason| table.refuse(reason))?;
        Ok((split, hash))
    }

    /// Checks and stages the file of `role`.
    ///
    /// # Errors
    /// If a value is not finite or lengths differ (a bug), or the disk refuses it.
    pub fn write(self, role: Role, publication: &mut Publication) -> Result<()> {
        publication.artifact_with(&file(role), |file| self.encode(file))
    }

    /// Checks the file of `role` and writes it ahead of its publication.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn prepare(self, role: Role, folder: &Folder) -> Result<Prepared> {
        folder.prepare(&file(role), |file| self.encode(file))
    }

    fn encode(self, file: &mut (dyn Write + Send)) -> Result<()> {
        self.check(Some(&self.row_id)).map_err(Error::internal)?;
        let table = Writing::new(ARTIFACT)
            .meta("label", &self.label_name)
            .rows(self.row_id, self.origin)
            .matrix(&self.names, self.values)
            .optional_f64s(&self.label_name, self.label);
        table.write(file)
    }

    /// The labels of all rows.
    ///
    /// # Errors
    /// If a row has none.
    pub fn labels(&self) -> Result<Vec<f64>> {
        let missing = self.label.iter().position(Option::is_none);
        match missing {
            Some(row) => Err(Error::data(format!(
                "column '{}', row {row}: null, but fitting needs every label",
                self.label_name
            ))),
            None => Ok(self.label.iter().flatten().copied().collect()),
        }
    }

    /// Without `row_id` a row goes by its place.
    fn check(&self, row_id: Option<&[i64]>) -> std::result::Result<(), String> {
        let rows = self.row_id.len();
        if [self.origin.len(), self.label.len(), self.values.nrows()] != [rows; 3] {
            return Err("columns differ in length".into());
        }
        check_labels(&self.label_name, &self.label, row_id)?;
        check_names(&self.names, &self.label_name)?;
        check_values(&self.names, &self.values, row_id)
    }
}

/// What to do about a column of a plain file whose name has another meaning.
const RENAME: &str = "rename the column, or leave it out";

/// Refuses columns of a plain file that would be taken for something else, or for each other.
fn check_plain(table: &Table, label_name: &str) -> Result<()> {
    if let Some(name) = table.repeated_column() {
        return Err(table.refuse(format!("column '{name}': {REPEATED_COLUMN}")));
    }
    for field in table.schema().fields() {
        let name = field.name().as_str();
        let is_taken = match name {
            "group" => table.u64s(name).is_err(),
            "origin" => table.numbers(name).is_ok(),
            _ => false,
        };
        if is_taken && name != label_name {
            let reason = "the name has another meaning, and no feature can have it";
            return Err(table.refuse(format!("column '{name}': {reason}; {RENAME}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a plain file of a feature `x`, a label `y` and what `more` adds.
    fn read(more: impl FnOnce(Writing) -> Writing) -> std::result::Result<Split, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.parquet");
        let table = Writing::new(ARTIFACT).f64s("x", [1.0, 2.0]).f64s("y", [3.0, 4.0]);
        fs::write(&path, more(table).to_bytes().unwrap()).unwrap();
        Split::from_plain_file(&path, "y").map(|(split, _)| split).map_err(|error| {
            assert_eq!(error.exit_code(), 65, "{error}");
            error.to_string().replace(&format!("{}/", folder.path().display()), "")
        })
    }

    #[test]
    fn what_artifacts_have_beside_features_is_none() {
        let of_artifacts = |table: Writing| {
            table.i64s("row_id", [7, 9]).texts("origin", ["train", "b"]).u64s("group", [1, 2])
        };
        let split = read(of_artifacts).unwrap();
        assert_eq!((split.names, split.row_id), (vec!["x".to_owned()], vec![7, 9]));
        assert_eq!(read(|table| table).unwrap().row_id, [0, 1]);
    }

    #[test]
    fn an_index_that_pandas_hides_is_no_feature() {
        let indexed =
            |table: Writing| table.i64s("__index_level_0__", [5, 3]).texts("__index_level_12__", ["a", "b"]);
        assert_eq!(read(indexed).unwrap().names, ["x"]);
        let others = |table: Writing| table.f64s("__index_level___", [0.0, 1.0]).f64s("index", [0.0, 1.0]);
        assert_eq!(read(others).unwrap().names, ["x", "__index_level___", "index"]);
    }

    #[test]
    fn columns_that_would_be_lost_are_refused() {
        let taken = |name| {
            format!(
                "plain.parquet: column '{name}': the name has another meaning, and no feature can have it; \
                 rename the column, or leave it out"
            )
        };
        assert_eq!(read(|table| table.f64s("group", [0.0, 1.0])).unwrap_err(), taken("group"));
        assert_eq!(read(|table| table.i64s("origin", [0, 1])).unwrap_err(), taken("origin"));
        let message = "plain.parquet: column 'row_id': expected int64, found Float64; rename the column, or leave it \
                       out";
        assert_eq!(read(|table| table.f64s("row_id", [0.5, 1.5])).unwrap_err(), message);
    }

    #[test]
    fn values_that_are_not_finite_are_refused_by_their_row() {
        let message = "plain.parquet: column 'z', row 1: inf is not finite";
        assert_eq!(read(|table| table.f64s("z", [0.0, f64::INFINITY])).unwrap_err(), message);
    }

    #[test]
    fn a_feature_without_a_value_is_refused_by_its_row() {
        let message = "plain.parquet: column 'z', row 1: null";
        assert_eq!(read(|table| table.optional_f64s("z", [Some(1.0), None])).unwrap_err(), message);
    }

    #[test]
    fn columns_of_one_name_are_refused() {
        let twice =
            |name| format!("plain.parquet: column '{name}': this column occurs twice; rename one of them");
        assert_eq!(read(|table| table.f64s("y", [0.0, 1.0])).unwrap_err(), twice("y"));
        assert_eq!(read(|table| table.f64s("x", [0.0, 1.0])).unwrap_err(), twice("x"));
    }
}
