//! A column while a reader fills it.

use crate::{Cell, Cells, CellsBuilder};

/// A cell as a reader meets it.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Missing,
    Number(f64),
    Boolean(bool),
    Text(&'a str),
    List(Vec<&'a str>),
}

impl<'a> From<Cell<'a>> for Value<'a> {
    fn from(cell: Cell<'a>) -> Self {
        match cell {
            Cell::Number(number) => Self::Number(number),
            Cell::Text(text) => Self::Text(text),
            Cell::List(items) => Self::List(items),
        }
    }
}

/// A column that grows row by row.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    cells: CellsBuilder,
    /// Whether cells are only counted.
    skipped: bool,
    rows: usize,
    /// Whether the cells so far are booleans, which are kept as texts; `None` before the first cell.
    booleans: Option<bool>,
}

impl Column {
    /// A column whose first `rows` cells are missing.
    pub(crate) fn new(name: String, rows: usize) -> Self {
        let mut column =
            Self { name, cells: CellsBuilder::default(), skipped: false, rows: 0, booleans: None };
        column.pad(rows);
        column
    }

    /// As [`Self::new`], or a column that counts its cells instead of keeping them.
    pub(super) fn kept_if(is_kept: bool, name: String, rows: usize) -> Self {
        if is_kept { Self::new(name, rows) } else { Self { skipped: true, rows, ..Self::new(name, 0) } }
    }

    /// Whether cells are only counted.
    pub(super) fn is_skipped(&self) -> bool {
        self.skipped
    }

    /// Whether there are booleans, and no texts.
    pub(crate) fn is_boolean(&self) -> bool {
        self.booleans == Some(true)
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Appends missing cells up to a length of `rows`.
    pub(super) fn pad(&mut self, rows: usize) {
        if self.skipped {
            self.rows = self.rows.max(rows);
        }
        while self.rows < rows {
            self.append(None).unwrap_or_else(|_| unreachable!("a missing cell has no type"));
        }
    }

    /// Appends a cell.
    ///
    /// # Errors
    /// What is wrong with it: another type than the cells before, or a number that is not finite.
    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), String> {
        if self.skipped {
            self.rows += 1;
            return Ok(());
        }
        match value {
            Value::Missing => self.append(None),
            Value::Number(number) if !number.is_finite() => {
                Err(format!("{number} is no finite number; leave the cell out if it is missing"))
            }
            Value::Number(number) => self.append(Some(Cell::Number(number))),
            Value::Boolean(value) => self.append_text(if value { "true" } else { "false" }, true),
            Value::Text(text) => self.append_text(text, false),
            Value::List(items) => self.append(Some(Cell::List(items))),
        }
    }

    fn append_text(&mut self, text: &str, boolean: bool) -> Result<(), String> {
        if *self.booleans.get_or_insert(boolean) != boolean {
            let (here, before) = if boolean { ("boolean", "text") } else { ("text", "boolean") };
            return Err(mixed(here, before));
        }
        self.append(Some(Cell::Text(text)))
    }

    fn append(&mut self, cell: Option<Cell<'_>>) -> Result<(), String> {
        let type_name = cell.as_ref().map_or("missing", |cell| match self.booleans {
            Some(true) if matches!(cell, Cell::Text(_)) => "boolean",
            _ => cell.type_name(),
        });
        self.cells.push(cell).map_err(|other| {
            mixed(
                type_name,
                if self.booleans == Some(true) && other.0 == "text" { "boolean" } else { other.0 },
            )
        })?;
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn finish(self) -> (String, Cells) {
        (self.name, self.cells.finish())
    }
}

fn mixed(here: &str, before: &str) -> String {
    format!("a {here}, while the column's cells before it are of type {before}; give all cells one type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_texts_that_do_not_mix_with_texts() {
        let mut column = Column::new("a".into(), 1);
        column.push(Value::Boolean(true)).unwrap();
        let error = column.push(Value::Text("true")).unwrap_err();
        assert_eq!(
            error,
            "a text, while the column's cells before it are of type boolean; give all cells one type"
        );
        let error = column.push(Value::Number(1.0)).unwrap_err();
        assert!(error.starts_with("a number, while the column's cells before it are of type boolean"));
        let (_, cells) = column.finish();
        assert_eq!((cells.get(0), cells.get(1)), (None, Some(Cell::Text("true"))));
    }

    #[test]
    fn numbers_are_finite() {
        let mut column = Column::new("a".into(), 0);
        assert!(column.push(Value::Number(f64::NAN)).unwrap_err().starts_with("NaN is no finite number"));
        assert_eq!(column.rows(), 0);
    }
}
