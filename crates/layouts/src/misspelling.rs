//! What a misspelt attribute does in each layout: tried out on a listing, and said in words.

use crate::attributes::Number;
use crate::columns::Columns;
use crate::dictionaries::{Dictionaries, Value};
use crate::layout::Layout;
use crate::listings::{Listings, Sample};
use crate::slots::Slots;
use serde::Serialize;
use stage::{Error, Result};

/// The attribute that is meant, and what was typed.
const MEANT: &str = Number::Price.name();
const TYPED: &str = "buynow_prise";

/// What a misspelling does in a layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misspelling {
    /// [`Layout::NAME`].
    pub layout: &'static str,
    /// The line with the mistake.
    pub code: String,
    /// What comes of it.
    pub outcome: String,
    /// When somebody notices.
    pub noticed: &'static str,
}

/// Misspells the price of a listing in every layout.
///
/// # Errors
/// If a layout does otherwise than is said of it.
pub fn evidence(listings: &Listings) -> Result<Vec<Misspelling>> {
    let one = Sample { picks: vec![0], train: Vec::new(), test: Vec::new() };
    Ok(vec![dictionary(Dictionaries::hold(listings, &one))?, slot(), column(&Columns::hold(listings, &one))?])
}

fn dictionary(mut dictionaries: Dictionaries) -> Result<Misspelling> {
    let record = dictionaries.record(0);
    let before = record.len();
    let unknown = record.get(TYPED).is_none();
    let replaced = record.insert(TYPED, Value::Number(1.0));
    let (after, untouched) = (record.len(), record.get(MEANT) != Some(&Value::Number(1.0)));
    if !unknown || replaced.is_some() || after != before + 1 || !untouched {
        return Err(otherwise(Dictionaries::NAME));
    }
    Ok(Misspelling {
        layout: Dictionaries::NAME,
        code: format!("record.insert(\"{TYPED}\", 1.0)"),
        outcome: format!(
            "accepted: the record has {after} attributes instead of {before}, {MEANT} keeps its old value; \
             a read of a misspelt name is None"
        ),
        noticed: "when a result looks odd, if ever",
    })
}

fn slot() -> Misspelling {
    Misspelling {
        layout: Slots::NAME,
        code: "laptop.prise = 1.0".to_owned(),
        outcome: "error[E0609]: no field `prise` on type `&mut Laptop`".to_owned(),
        noticed: "by the compiler, in reads and writes",
    }
}

fn column(columns: &Columns) -> Result<Misspelling> {
    let Err(error) = columns.column(TYPED) else { return Err(otherwise(Columns::NAME)) };
    let message = error.to_string();
    let first = message.split(". ").next().unwrap_or(&message);
    Ok(Misspelling {
        layout: Columns::NAME,
        code: format!("columns.column(\"{TYPED}\")?"),
        outcome: format!("{first} (and the names that there are)"),
        noticed: "at the first look-up, before a value is read",
    })
}

fn otherwise(layout: &str) -> Error {
    Error::internal(format!("{layout} do not treat a misspelt attribute as they are said to"))
}
