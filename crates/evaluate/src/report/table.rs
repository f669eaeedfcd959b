//! What all tables of the page share.

use crate::numbers;
use maud::{Markup, html};

/// A table in a box that scrolls, so that a wide one does not move the page of a phone. The box can
/// have the keyboard's focus, or nobody without a pointer could scroll it.
pub(super) fn scrolling(name: &str, table: Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(name) tabindex="0" { (table) } }
}

/// A cell with a number; a dash for none.
pub(super) fn number(value: Option<f64>, decimals: usize) -> Markup {
    html! {
        td.number { (value.map_or("–".to_owned(), |value| numbers::grouped(value, decimals))) }
    }
}

/// Digits after the point with which the largest of a column's numbers has five significant ones.
pub(super) fn decimals(column: impl Iterator<Item = f64>) -> usize {
    numbers::decimals(column.filter(|value| value.is_finite()).fold(0.0, |a, b| f64::max(a, b.abs())), 5)
}
