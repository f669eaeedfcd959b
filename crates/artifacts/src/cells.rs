//! Columns of raw cells: numbers, texts or lists of texts, any of them missing.

use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, Float64Array, ListArray, StringArray};
use std::sync::Arc;

/// One cell as read.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A list of texts, in file order.
    List(Vec<&'a str>),
}

impl Cell<'_> {
    /// What the cell is, as error messages name it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
        }
    }
}

/// A column of cells of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells(Inner);

#[derive(Clone, Debug, PartialEq)]
enum Inner {
    Number(Float64Array),
    Text(StringArray),
    List(ListArray),
}

impl Cells {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.array().len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of `row`, `None` where it is missing.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn get(&self, row: usize) -> Option<Cell<'_>> {
        if self.is_missing(row) {
            return None;
        }
        Some(match &self.0 {
            Inner::Number(numbers) => Cell::Number(numbers.value(row)),
            Inner::Text(texts) => Cell::Text(texts.value(row)),
            Inner::List(lists) => Cell::List(list(lists, row)),
        })
    }

    /// Whether the cell of `row` is missing.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn is_missing(&self, row: usize) -> bool {
        self.array().is_null(row)
    }

    /// What the cells are, as [`Cell::type_name`]; `None` if all are missing.
    pub fn type_name(&self) -> Option<&'static str> {
        let row = (0..self.len()).find(|&row| !self.is_missing(row))?;
        self.get(row).map(|cell| cell.type_name())
    }

    /// The given rows, in the given order.
    pub fn take(&self, rows: &[usize]) -> Self {
        let mut builder = CellsBuilder::default();
        for &row in rows {
            builder.push(self.get(row)).unwrap_or_else(|_| unreachable!("cells of one column have one type"));
        }
        builder.finish_like(self)
    }

    /// Bytes of the texts, with 8 an item in lists.
    pub(crate) fn content_bytes(&self) -> usize {
        let texts = |texts: &StringArray| {
            let offsets = texts.value_offsets();
            offsets.last().zip(offsets.first()).map_or(0, |(end, start)| (end - start) as usize)
        };
        match &self.0 {
            Inner::Number(numbers) => 8 * numbers.len(),
            Inner::Text(column) => texts(column),
            Inner::List(lists) => {
                let items: Option<&StringArray> = lists.values().as_any().downcast_ref();
                items.map_or(0, |items| texts(items) + 8 * items.len())
            }
        }
    }

    pub(crate) fn array(&self) -> &dyn Array {
        match &self.0 {
            Inner::Number(numbers) => numbers,
            Inner::Text(texts) => texts,
            Inner::List(lists) => lists,
        }
    }

    pub(crate) fn to_array(&self) -> ArrayRef {
        match &self.0 {
            Inner::Number(numbers) => Arc::new(numbers.clone()),
            Inner::Text(texts) => Arc::new(texts.clone()),
            Inner::List(lists) => Arc::new(lists.clone()),
        }
    }
}

fn list(lists: &ListArray, row: usize) -> Vec<&str> {
    let offsets = lists.value_offsets();
    let items: Option<&StringArray> = lists.values().as_any().downcast_ref();
    match items {
        Some(items) => (offsets[row]..offsets[row + 1]).map(|item| items.value(item as usize)).collect(),
        None => Vec::new(),
    }
}

/// Grows a column cell by cell; the first cell that is not missing decides the type.
#[derive(Debug)]
pub struct CellsBuilder(Growing);

#[derive(Debug)]
enum Growing {
    Missing(usize),
    Number(Float64Builder),
    Text(StringBuilder),
    List(ListBuilder<StringBuilder>),
}

impl Default for CellsBuilder {
    fn default() -> Self {
        Self(Growing::Missing(0))
    }
}

/// The column holds cells of another type, named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MixedTypes(pub &'static str);

impl CellsBuilder {
    /// A column of lists, whether it gets any or not.
    pub fn lists() -> Self {
        Self(Growing::List(ListBuilder::new(StringBuilder::new())))
    }

    /// Appends a cell.
    ///
    /// # Errors
    /// If it is of another type than the cells before.
    pub fn push(&mut self, cell: Option<Cell<'_>>) -> Result<(), MixedTypes> {
        let Some(cell) = cell else {
            self.push_missing();
            return Ok(());
        };
        if let Growing::Missing(rows) = self.0 {
            self.0 = Growing::start(&cell, rows);
        }
        match (&mut self.0, cell) {
            (Growing::Number(numbers), Cell::Number(number)) => numbers.append_value(number),
            (Growing::Text(texts), Cell::Text(text)) => texts.append_value(text),
            (Growing::List(lists), Cell::List(items)) => lists.append_value(items.into_iter().map(Some)),
            (growing, _) => return Err(MixedTypes(growing.type_name())),
        }
        Ok(())
    }

    fn push_missing(&mut self) {
        match &mut self.0 {
            Growing::Missing(rows) => *rows += 1,
            Growing::Number(numbers) => numbers.append_null(),
            Growing::Text(texts) => texts.append_null(),
            Growing::List(lists) => lists.append_null(),
        }
    }

    /// The column; one without any cell is of type text.
    pub fn finish(self) -> Cells {
        match self.0 {
            Growing::Missing(rows) => Cells(Inner::Text(StringArray::new_null(rows))),
            Growing::Number(mut numbers) => Cells(Inner::Number(numbers.finish())),
            Growing::Text(mut texts) => Cells(Inner::Text(texts.finish())),
            Growing::List(mut lists) => Cells(Inner::List(lists.finish())),
        }
    }

    /// The column; one without any cell is of the type of `other`.
    pub fn finish_like(self, other: &Cells) -> Cells {
        match (&self.0, &other.0) {
            (Growing::Missing(rows), Inner::Number(_)) => Cells(Inner::Number(Float64Array::new_null(*rows))),
            (Growing::Missing(rows), Inner::List(lists)) => {
                let field = match lists.data_type() {
                    arrow_schema::DataType::List(field) => Arc::clone(field),
                    other => unreachable!("a list array of type {other}"),
                };
                Cells(Inner::List(ListArray::new_null(field, *rows)))
            }
            _ => self.finish(),
        }
    }
}

impl Growing {
    fn start(cell: &Cell<'_>, missing: usize) -> Self {
        match cell {
            Cell::Number(_) => {
                let mut numbers = Float64Builder::new();
                numbers.append_nulls(missing);
                Self::Number(numbers)
            }
            Cell::Text(_) => {
                let mut texts = StringBuilder::new();
                (0..missing).for_each(|_| texts.append_null());
                Self::Text(texts)
            }
            Cell::List(_) => {
                let mut lists = ListBuilder::new(StringBuilder::new());
                (0..missing).for_each(|_| lists.append_null());
                Self::List(lists)
            }
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
        }
    }
}

impl TryFrom<ArrayRef> for Cells {
    type Error = String;

    fn try_from(array: ArrayRef) -> Result<Self, String> {
        let any = array.as_any();
        if let Some(numbers) = any.downcast_ref::<Float64Array>() {
            return Ok(Self(Inner::Number(numbers.clone())));
        }
        if let Some(texts) = any.downcast_ref::<StringArray>() {
            return Ok(Self(Inner::Text(texts.clone())));
        }
        match any.downcast_ref::<ListArray>() {
            Some(lists) if lists.values().as_any().is::<StringArray>() => {
                Ok(Self(Inner::List(lists.clone())))
            }
            _ => Err(format!("type {} is neither number, text nor list of texts", array.data_type())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_type_of_its_first_cell() {
        let mut builder = CellsBuilder::default();
        builder.push(None).unwrap();
        builder.push(Some(Cell::List(vec!["a", "b"]))).unwrap();
        assert_eq!(builder.push(Some(Cell::Number(1.0))), Err(MixedTypes("list")));
        builder.push(None).unwrap();
        let cells = builder.finish();
        assert_eq!(cells.len(), 3);
        assert_eq!((cells.get(0), cells.get(1)), (None, Some(Cell::List(vec!["a", "b"]))));
    }

    #[test]
    fn taking_only_missing_cells_keeps_the_type() {
        for cell in [Cell::Number(1.5), Cell::Text("x"), Cell::List(vec!["x"])] {
            let mut builder = CellsBuilder::default();
            builder.push(None).unwrap();
            builder.push(Some(cell)).unwrap();
            let cells = builder.finish();
            let missing = cells.take(&[0, 0]);
            assert_eq!(missing.array().data_type(), cells.array().data_type());
            assert_eq!(cells.take(&[1, 0]).get(0), cells.get(1));
        }
    }
}
