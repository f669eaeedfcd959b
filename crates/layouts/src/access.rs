//! The task attribute access: values read and written for their own sake.

use crate::attributes::{ATTRIBUTES, Attribute, Number};
use crate::layout::Layout;
use regressors::random::RandomState;

/// The most records that are read at random.
const AT_RANDOM: usize = 100_000;

/// Records to read at random: all in shuffled order, or as many of them.
pub fn visits(rows: usize, seed: u32) -> Vec<usize> {
    let mut order = RandomState::new(seed).permutation(rows);
    order.truncate(AT_RANDOM);
    order
}

/// Reads one attribute of every record, in order; returns the sum.
pub fn read_one(layout: &impl Layout) -> f64 {
    (0..layout.rows()).filter_map(|row| layout.number(row, Number::Price)).sum()
}

/// Reads all attributes of the records that `visits` names; returns the sum of all numbers and of the lengths of
/// all texts.
pub fn read_records(layout: &impl Layout, visits: &[usize]) -> f64 {
    visits
        .iter()
        .map(|&row| ATTRIBUTES.iter().map(|attribute| read(layout, row, *attribute)).sum::<f64>())
        .sum()
}

#[inline]
fn read(layout: &impl Layout, row: usize, attribute: Attribute) -> f64 {
    match attribute {
        Attribute::Number(number) => layout.number(row, number).unwrap_or_default(),
        Attribute::Text(text) => layout.text(row, text).map_or(0, str::len) as f64,
        Attribute::List(list) => {
            layout.list(row, list).map_or(0, |items| items.map(str::len).sum::<usize>()) as f64
        }
    }
}

/// Writes one attribute of every record, twice: the second time undoes the first.
pub fn write_one(layout: &mut impl Layout) {
    for _ in 0..2 {
        layout.rewrite(Number::Price, |price| -price);
    }
}
