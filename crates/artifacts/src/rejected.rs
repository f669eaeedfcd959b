//! `ingest/rejected.parquet`: rows left out, with the reason and their cells.

use crate::observations::{self, Column, kind_metadata, origins};
use crate::table::{Artifact, Table, Writing};
use crate::{Cells, Origin};
use stage::{Folder, Publication, Result};
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
    /// Names of the columns that gave the reason, a list per row.
    pub culprits: Cells,
    /// Columns as in the observations, with missing cells.
    pub columns: Vec<Column>,
    /// Name of the label column.
    pub label_name: String,
    /// The label; `None` where it is missing.
    pub label: Vec<Option<f64>>,
}

impl Rejected {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is missing, altered, or not what this version writes.
    pub fn read(folder: &Folder) -> Result<Self> {
        let table = Table::open(folder, FILE, ARTIFACT)?;
        let label_name = table.meta("label")?.to_owned();
        let reason = |name: &String| {
            let known =
                [Reason::Missing, Reason::Unparsable].into_iter().find(|reason| reason.name() == name);
            known.ok_or_else(|| table.refuse(format!("'{name}' is no reason")))
        };
        let is_own = |name: &str| {
            name == label_name || RESERVED.contains(&name) || observations::RESERVED.contains(&name)
        };
        Ok(Self {
            row_id: table.i64s("row_id")?,
            origin: origins(&table)?,
            reason: table.texts("reason")?.iter().map(reason).collect::<Result<_>>()?,
            culprits: table.cells("columns")?,
            columns: observations::columns(&table, is_own)?,
            label: table.optional_f64s(&label_name)?,
            label_name,
        })
    }

    /// Stages the file. Takes the rows, as [`crate::Observations::write`] does.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(self, publication: &mut Publication) -> Result<()> {
        let mut table = Writing::new(ARTIFACT)
            .meta("label", &self.label_name)
            .rows(self.row_id, self.origin)
            .names("reason", self.reason.into_iter().map(Reason::name))
            .cells("columns", &self.culprits, HashMap::new());
        for column in self.columns {
            table = table.cells(&column.name, &column.cells, kind_metadata(&column.kind)?);
        }
        let table = table.optional_f64s(&self.label_name, self.label);
        publication.artifact_with(FILE, |file| table.write(file))
    }
}
