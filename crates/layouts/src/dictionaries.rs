//! Records as dictionaries: a map from attribute names to values per record, as Python keeps the attributes of
//! objects without slots.
//!
//! Names are shared by all records, as Python interns them; values belong to their record. Any name may be
//! written, and a name that was never written is only missed when it is read.

use crate::attributes::{ATTRIBUTES, Attribute, List, Number, Text};
use crate::layout::Layout;
use crate::listings::{Listings, Sample};
use std::collections::HashMap;

/// A value of any attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// A listing as a dictionary.
pub type Record = HashMap<&'static str, Value>;

/// Listings as dictionaries.
#[derive(Clone, Debug)]
pub struct Dictionaries {
    records: Vec<Record>,
}

impl Dictionaries {
    /// The record `row`, to read and write any attribute by its name.
    ///
    /// # Panics
    /// If there is no such record.
    pub fn record(&mut self, row: usize) -> &mut Record {
        &mut self.records[row]
    }
}

impl Layout for Dictionaries {
    const NAME: &'static str = "dictionaries";

    fn hold(listings: &Listings, sample: &Sample) -> Self {
        let value = |row: usize, attribute| match attribute {
            Attribute::Number(number) => Value::Number(listings.number(row, number)),
            Attribute::Text(text) => Value::Text(listings.text(row, text).to_owned()),
            Attribute::List(list) => Value::List(listings.list(row, list).to_vec()),
        };
        let record = |&row: &usize| ATTRIBUTES.iter().map(|&a| (a.name(), value(row, a))).collect();
        Self { records: sample.picks.iter().map(record).collect() }
    }

    fn rows(&self) -> usize {
        self.records.len()
    }

    fn number(&self, row: usize, attribute: Number) -> Option<f64> {
        match self.records[row].get(attribute.name()) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    fn text(&self, row: usize, attribute: Text) -> Option<&str> {
        match self.records[row].get(attribute.name()) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn list(&self, row: usize, attribute: List) -> Option<impl ExactSizeIterator<Item = &str>> {
        match self.records[row].get(attribute.name()) {
            Some(Value::List(items)) => Some(items.iter().map(String::as_str)),
            _ => None,
        }
    }

    fn rewrite(&mut self, attribute: Number, change: impl Fn(f64) -> f64) {
        for record in &mut self.records {
            if let Some(Value::Number(number)) = record.get_mut(attribute.name()) {
                *number = change(*number);
            }
        }
    }
}
