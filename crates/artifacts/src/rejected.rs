//! `ingest/rejected.parquet`: rows left out, with the reason and their cells.

use crate::observations::{Column, kind_metadata};
use crate::table::{Artifact, Writing};
use crate::{Cell, CellsBuilder, Origin};
use stage::{Error, Publication, Result};
use std::collections::HashMap;

/// File name in the stage's folder.
pub const FILE: &str = "rejected.parquet";

const ARTIFACT: Artifact = Artifact { name: "rejected", version: 1 };

/// Further names that columns of raw files cannot have, beside [`crate::observations::RESERVED`].
pub const RESERVED: [&str; 2] = ["reason", "columns"];

/// Why a row was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A cell is missing.
    Missing,
    /// All cells are there, but the kind of a column cannot read its cell.
    Unparsable,
}

impl Reason {
    /// The name that the file uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unparsable => "unparsable",
        }
    }
}

/// Rows left out, in file order.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Index of the row in its raw file.
    pub row_id: Vec<i64>,
    /// File the row came from.
    pub origin: Vec<Origin>,
    /// Why the row was left out.
    pub reason: Vec<Reason>,
    /// Names of the columns that gave the reason.
    pub culprits: Vec<Vec<String>>,
    /// Columns as in the observations, with missing cells.
    pub columns: Vec<Column>,
    /// Name of the label column.
    pub label_name: String,
    /// The label; `None` where it is missing.
    pub label: Vec<Option<f64>>,
}

impl Rejected {
    /// Stages the file.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(&self, publication: &mut Publication) -> Result<()> {
        let mut culprits = CellsBuilder::default();
        for names in &self.culprits {
            let names = Cell::List(names.iter().map(String::as_str).collect());
            culprits.push(Some(names)).map_err(|mixed| Error::internal(format!("culprits are {mixed:?}")))?;
        }
        let mut table = Writing::new(ARTIFACT)
            .meta("label", &self.label_name)
            .i64s("row_id", self.row_id.iter().copied())
            .texts("origin", self.origin.iter().map(|origin| origin.name()))
            .texts("reason", self.reason.iter().map(|reason| reason.name()))
            .cells("columns", &culprits.finish(), HashMap::new());
        for column in &self.columns {
            table = table.cells(&column.name, &column.cells, kind_metadata(&column.kind)?);
        }
        let table = table.optional_f64s(&self.label_name, self.label.iter().copied());
        publication.artifact(FILE, &table.to_bytes()?)
    }
}
