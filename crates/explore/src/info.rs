//! `info`: the columns, their types, how many of their cells are there, and their memory.

use crate::Table;
use crate::frame::{Frame, Json, Labels};
use crate::value::Value;
use stage::Result;

/// A row per column.
pub(crate) fn frame(table: &Table<'_>) -> Result<Frame> {
    let (mut names, mut bytes) = (Vec::new(), 0);
    let mut cells: [(String, Vec<Value>); 4] =
        ["non_null", "missing", "type", "memory"].map(|name| (name.to_owned(), Vec::new()));
    let rows = table.read(&mut |column| {
        let (count, memory) = (column.values.count(), column.bytes());
        let described = [
            count.into(),
            (column.values.len() - count).into(),
            Value::Text(column.type_name.to_owned()),
            Value::Bytes(memory),
        ];
        cells.iter_mut().zip(described).for_each(|((_, cells), value)| cells.push(value));
        bytes += memory;
        names.push(Value::Text(column.name));
    })?;
    let title = format!(
        "{} rows, {} columns, {} in memory: {}",
        rows.count,
        names.len(),
        Value::Bytes(bytes).text(0),
        table.path.display()
    );
    Ok(Frame {
        title: Some(title),
        labels: Labels { name: "column".to_owned(), values: names, said: true },
        columns: cells.to_vec(),
        json: Json::Row,
    })
}
