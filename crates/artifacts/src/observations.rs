//! `ingest/observations.parquet`: complete rows with their cells as read.

use crate::features::check_labels;
use crate::table::{Artifact, Table, Writing};
use crate::{Cell, Cells, Kind, Origin};
use stage::{Error, Folder, Publication, Result};
use std::collections::HashMap;

/// File name in the stage's folder.
pub const FILE: &str = "observations.parquet";

const ARTIFACT: Artifact = Artifact { name: "observations", version: 1 };

/// Names that columns of raw files cannot have, since artifacts use them for themselves.
pub const RESERVED: [&str; 3] = ["row_id", "origin", "group"];

/// A raw column: its cells as read, and the kind that gives them a meaning.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name in the raw files.
    pub name: String,
    /// How its cells are read.
    pub kind: Kind,
    /// The cells, none of them missing in observations.
    pub cells: Cells,
}

/// All complete rows, in file order: train, val, test, inside a file its own order.
#[derive(Clone, Debug)]
pub struct Observations {
    /// Index of the row in its raw file.
    pub row_id: Vec<i64>,
    /// File the row came from.
    pub origin: Vec<Origin>,
    /// Hash of the feature cells; twins share it.
    pub group: Vec<u64>,
    /// Columns in the order of the raw files, without index, label and ignored columns.
    pub columns: Vec<Column>,
    /// Name of the label column.
    pub label_name: String,
    /// The label; `None` where the raw file has none.
    pub label: Vec<Option<f64>>,
}

impl Observations {
    /// Reads the file and checks it.
    ///
    /// # Errors
    /// If it is missing, altered, or not what this version writes.
    pub fn read(folder: &Folder) -> Result<Self> {
        let table = Table::open(folder, FILE, ARTIFACT)?;
        let label_name = table.meta("label")?.to_owned();
        let observations = Self {
            row_id: table.i64s("row_id")?,
            origin: origins(&table)?,
            group: table.u64s("group")?,
            columns: columns(&table, |name| name == label_name || RESERVED.contains(&name))?,
            label: table.optional_f64s(&label_name)?,
            label_name,
        };
        observations.check().map_err(|reason| table.refuse(reason))?;
        Ok(observations)
    }

    /// Checks and stages the file. Takes the observations, since a copy beside them would be large.
    ///
    /// # Errors
    /// If a cell is missing or lengths differ (a bug), or the disk refuses it.
    pub fn write(self, publication: &mut Publication) -> Result<()> {
        self.check().map_err(Error::internal)?;
        let mut table = Writing::new(ARTIFACT)
            .meta("label", &self.label_name)
            .rows(self.row_id, self.origin)
            .plain(&["group"])
            .u64s("group", self.group);
        for column in self.columns {
            table = table.cells(&column.name, &column.cells, kind_metadata(&column.kind)?);
        }
        let table = table.optional_f64s(&self.label_name, self.label);
        publication.artifact_with(FILE, |file| table.write(file))
    }

    fn check(&self) -> std::result::Result<(), String> {
        let rows = self.row_id.len();
        let columns = self.columns.iter().map(|column| column.cells.len());
        if columns.chain([self.origin.len(), self.group.len(), self.label.len()]).any(|length| length != rows)
        {
            return Err("columns differ in length".into());
        }
        for column in &self.columns {
            if let Some(row) = (0..rows).find(|&row| column.cells.get(row).is_none()) {
                return Err(format!("column '{}', row_id {}: missing", column.name, self.row_id[row]));
            }
        }
        check_labels(&self.label_name, &self.label, Some(&self.row_id))
    }
}

/// The group of a row: a hash of its feature cells. Lists are sets: their order does not count, nor does the sign of 0.
pub fn group<'a>(cells: impl IntoIterator<Item = Option<Cell<'a>>>) -> u64 {
    let mut row = Vec::new();
    let mut text = |text: &str| {
        row.extend((text.len() as u64).to_le_bytes());
        row.extend(text.as_bytes());
    };
    for cell in cells {
        match cell {
            None => text("missing"),
            Some(Cell::Number(number)) => text(&format!("number {:?}", number + 0.0)),
            Some(Cell::Text(value)) => {
                text("text");
                text(value);
            }
            Some(Cell::List(mut items)) => {
                items.sort_unstable();
                items.dedup();
                text(&format!("list {}", items.len()));
                items.into_iter().for_each(&mut text);
            }
        }
    }
    let mut hash = [0; 8];
    blake3::Hasher::new().update(&row).finalize_xof().fill(&mut hash);
    u64::from_le_bytes(hash)
}

pub(crate) fn kind_metadata(kind: &Kind) -> Result<HashMap<String, String>> {
    let text = serde_json::to_string(kind).map_err(Error::internal)?;
    Ok(HashMap::from([("kind".to_owned(), text)]))
}

pub(crate) fn origins(table: &Table) -> Result<Vec<Origin>> {
    let names = table.texts("origin")?;
    names.iter().map(|name| name.parse().map_err(|reason: String| table.refuse(reason))).collect()
}

/// The raw columns: all but those that `is_own` to the artifact.
pub(crate) fn columns(table: &Table, is_own: impl Fn(&str) -> bool) -> Result<Vec<Column>> {
    let fields = table.schema().fields().iter();
    let raw = fields.filter(|field| !is_own(field.name()));
    raw.map(|field| {
        let name = field.name();
        let kind = field.metadata().get("kind").and_then(|text| serde_json::from_str(text).ok());
        let kind = kind.ok_or_else(|| table.refuse(format!("column '{name}': its kind is not there")))?;
        Ok(Column { name: name.clone(), kind, cells: table.cells(name)? })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_share_a_group() {
        let row =
            |list| group([Some(Cell::Text("a")), Some(Cell::Number(1.0)), Some(Cell::List(list)), None]);
        assert_eq!(row(vec!["x", "y"]), row(vec!["y", "x"]));
        assert_ne!(row(vec!["x", "y"]), row(vec!["x"]));
    }

    #[test]
    fn a_group_keeps_cells_apart() {
        let split = group([Some(Cell::Text("a")), Some(Cell::Text("bc"))]);
        assert_ne!(split, group([Some(Cell::Text("ab")), Some(Cell::Text("c"))]));
        assert_ne!(group([Some(Cell::Text("1"))]), group([Some(Cell::Number(1.0))]));
        assert_eq!(group([Some(Cell::Number(-0.0))]), group([Some(Cell::Number(0.0))]));
    }
}
