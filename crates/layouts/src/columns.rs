//! Records as columns: an Arrow array per attribute, and a schema that knows their names.
//!
//! A name that is not there is refused where the column is looked up, before any value is read.

use crate::attributes::{ATTRIBUTES, Attribute, List, Number, Text};
use crate::layout::Layout;
use crate::listings::{Listings, Sample};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{Array, Float64Array, ListArray, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};

/// Listings as columns.
#[derive(Clone, Debug)]
pub struct Columns {
    schema: Schema,
    rows: usize,
    /// In the order of [`Number::ALL`].
    numbers: Vec<Float64Array>,
    /// In the order of [`Text::ALL`].
    texts: Vec<StringArray>,
    /// In the order of [`List::ALL`].
    lists: Vec<Lists>,
}

/// A column of lists, and its items as the texts that they are.
#[derive(Clone, Debug)]
struct Lists {
    lists: ListArray,
    items: StringArray,
}

impl Columns {
    /// The column of that name.
    ///
    /// # Errors
    /// As the schema refuses a name: with all names that there are.
    pub fn column(&self, name: &str) -> Result<&dyn Array, ArrowError> {
        Ok(match ATTRIBUTES[self.schema.index_of(name)?] {
            Attribute::Number(number) => &self.numbers[number as usize],
            Attribute::Text(text) => &self.texts[text as usize],
            Attribute::List(list) => &self.lists[list as usize].lists,
        })
    }
}

impl Layout for Columns {
    const NAME: &'static str = "columns";

    fn hold(listings: &Listings, sample: &Sample) -> Self {
        let numbers = |attribute| {
            let values = sample.picks.iter().map(|&row| listings.number(row, attribute));
            Float64Array::from_iter_values(values)
        };
        let texts = |attribute| {
            let values = sample.picks.iter().map(|&row| listings.text(row, attribute));
            StringArray::from_iter_values(values)
        };
        let lists = |attribute| {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for &row in &sample.picks {
                builder.append_value(listings.list(row, attribute).iter().map(Some));
            }
            let mut lists = builder.finish();
            // Builders grow by doubling; what is held should be no larger than its values.
            lists.shrink_to_fit();
            Lists::new(lists)
        };
        let columns = Self {
            schema: schema(),
            rows: sample.picks.len(),
            numbers: Number::ALL.into_iter().map(numbers).collect(),
            texts: Text::ALL.into_iter().map(texts).collect(),
            lists: List::ALL.into_iter().map(lists).collect(),
        };
        columns.shrunk()
    }

    fn rows(&self) -> usize {
        self.rows
    }

    #[inline]
    fn number(&self, row: usize, attribute: Number) -> Option<f64> {
        let column = &self.numbers[attribute as usize];
        column.is_valid(row).then(|| column.value(row))
    }

    #[inline]
    fn text(&self, row: usize, attribute: Text) -> Option<&str> {
        let column = &self.texts[attribute as usize];
        column.is_valid(row).then(|| column.value(row))
    }

    #[inline]
    fn list(&self, row: usize, attribute: List) -> Option<impl ExactSizeIterator<Item = &str>> {
        let Lists { lists, items } = &self.lists[attribute as usize];
        let offsets = lists.value_offsets();
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        lists.is_valid(row).then(|| range.map(|item| items.value(item)))
    }

    fn rewrite(&mut self, attribute: Number, change: impl Fn(f64) -> f64) {
        let place = &mut self.numbers[attribute as usize];
        let column = std::mem::replace(place, Float64Array::new_null(0));
        // In place where nothing else holds the values, as here; else on a copy.
        *place = column.unary_mut(&change).unwrap_or_else(|shared| shared.unary(&change));
    }
}

impl Columns {
    fn shrunk(mut self) -> Self {
        self.numbers.iter_mut().for_each(Array::shrink_to_fit);
        self.texts.iter_mut().for_each(Array::shrink_to_fit);
        self
    }
}

impl Lists {
    fn new(lists: ListArray) -> Self {
        let items = lists.values().as_any().downcast_ref().cloned();
        Self { items: items.unwrap_or_else(|| unreachable!("lists were built of texts")), lists }
    }
}

/// The attributes, in the order of the raw files.
fn schema() -> Schema {
    let field = |attribute: &Attribute| {
        let kind = match attribute {
            Attribute::Number(_) => DataType::Float64,
            Attribute::Text(_) => DataType::Utf8,
            Attribute::List(_) => DataType::new_list(DataType::Utf8, true),
        };
        Field::new(attribute.name(), kind, false)
    };
    Schema::new(ATTRIBUTES.iter().map(field).collect::<Vec<_>>())
}
