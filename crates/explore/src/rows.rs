//! `head` and `tail`: the first and the last rows.

use crate::Table;
use crate::frame::{Frame, Json, Labels};
use crate::value::Value;
use stage::Result;
use std::ops::Range;

/// The first `n` rows.
pub(crate) fn head(table: &Table<'_>, n: usize) -> Result<Frame> {
    frame(table, |rows| 0..n.min(rows))
}

/// The last `n` rows.
pub(crate) fn tail(table: &Table<'_>, n: usize) -> Result<Frame> {
    frame(table, |rows| rows.saturating_sub(n)..rows)
}

fn frame(table: &Table<'_>, chosen: impl Fn(usize) -> Range<usize>) -> Result<Frame> {
    let mut columns: Vec<(String, Vec<Value>)> = Vec::new();
    let rows = table.read(&mut |column| {
        let cells = chosen(column.values.len()).map(|row| Value::at(&column, row)).collect();
        columns.push((column.name, cells));
    })?;
    let label =
        |row: usize| rows.index.as_ref().map_or(row.into(), |index| Value::Integer(index[row].into()));
    // As pandas names an index that becomes a column.
    let name = if columns.iter().any(|(name, _)| name == "index") { "level_0" } else { "index" };
    let labels = Labels {
        name: name.to_owned(),
        values: chosen(rows.count).map(label).collect(),
        said: rows.index.is_some(),
    };
    Ok(Frame { title: None, labels, columns, json: Json::Row })
}
