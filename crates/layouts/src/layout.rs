//! What a layout of records can do. The tasks are written once against it, so that layouts differ in nothing
//! but how they hold and reach their values.

use crate::attributes::{List, Number, Text};
use crate::listings::{Listings, Sample};

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
