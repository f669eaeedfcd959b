//! What all tables share.

use crate::numbers;
use maud::{Markup, Render, html};

/// A table in a box that scrolls, so that a wide one does not move the page of a phone. The box can
/// have the keyboard's focus, or nobody without a pointer could scroll it.
pub fn scrolling(name: &str, table: Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(name) tabindex="0" { (table) } }
}

/// A cell with a number; a dash for none.
pub fn number(value: Option<f64>, decimals: usize) -> Markup {
    html! {
        td.number { (value.map_or("–".to_owned(), |value| numbers::grouped(value, decimals))) }
    }
}

/// A cell with a text and a bar behind it that fills `share` of the cell, from 0 to 1.
pub fn bar(text: impl Render, share: f64) -> Markup {
    let share = 100.0 * if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    html! { td.number.bar style={ (format_args!("--share:{share:.1}%")) } { (text) } }
}

/// Digits after the point with which the largest of a column's numbers has five significant ones.
pub fn decimals(column: impl Iterator<Item = f64>) -> usize {
    numbers::decimals(column.filter(|value| value.is_finite()).fold(0.0, |a, b| f64::max(a, b.abs())), 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_in_their_cell() {
        for (share, text) in [(0.25, "25.0%"), (2.0, "100.0%"), (-1.0, "0.0%"), (f64::NAN, "0.0%")] {
            assert!(bar("x", share).0.contains(&format!("--share:{text}")), "{share}");
        }
    }
}
