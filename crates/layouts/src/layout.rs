//! What a layout of records can do. The tasks are written once against it, so that layouts differ in nothing
//! but how they hold and reach their values.

use crate::attributes::{List, Number, Text};
use crate::listings::{Listings, Sample};
use std::collections::HashMap;
use std::ops::Range;

/// Records whose attributes are visited together: as many as the processor's cache holds in any layout.
const BLOCK: usize = 128;

/// A map for what tasks tally. All layouts pay for it, so it hashes quickly: the layouts are compared, not the tallies.
pub(crate) type Tally<K, V> = HashMap<K, V, ahash::RandomState>;

/// All rows in blocks. A task visits one attribute after the other within a block: by attribute alone, records that hold
/// their attributes together would come from memory once an attribute.
pub(crate) fn blocks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(BLOCK).map(move |first| first..rows.min(first + BLOCK))
}

/// A way to hold listings in memory.
///
/// Reads give `None` where a record has no such attribute, which only dictionaries can come to.
pub trait Layout: Sized {
    /// What the layout is called.
    const NAME: &'static str;

    /// Holds copies of the rows of `listings` that `sample` names, in its order.
    fn hold(listings: &Listings, sample: &Sample) -> Self;

    /// Number of records.
    fn rows(&self) -> usize;

    /// A number of the record `row`.
    fn number(&self, row: usize, attribute: Number) -> Option<f64>;

    /// A text of the record `row`.
    fn text(&self, row: usize, attribute: Text) -> Option<&str>;

    /// The items of a list of the record `row`, in order.
    fn list(&self, row: usize, attribute: List) -> Option<impl ExactSizeIterator<Item = &str>>;

    /// Writes a number of every record anew, from what it was.
    fn rewrite(&mut self, attribute: Number, change: impl Fn(f64) -> f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_every_row_once() {
        for rows in [0, 1, BLOCK, BLOCK + 1, 10 * BLOCK - 1] {
            assert!(blocks(rows).flatten().eq(0..rows), "{rows}");
            assert!(blocks(rows).all(|block| (1..=BLOCK).contains(&block.len())));
        }
    }
}
