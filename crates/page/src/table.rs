//! What all tables share.

use crate::numbers::{self, largest};
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
    numbers::decimals(largest(column), 5)
}

/// As [`decimals`], but `most` at most, unless that would leave the largest number fewer than three digits.
pub fn decimals_at_most(column: impl Iterator<Item = f64>, most: usize) -> usize {
    let largest = largest(column);
    numbers::decimals(largest, 5).min(most).max(numbers::decimals(largest, 3))
}

/// Digits after the point for values of a label: two at most, unless their size or their span would be left fewer than
/// three digits.
pub fn decimals_of_label(column: impl Iterator<Item = f64> + Clone) -> usize {
    let lowest = column.clone().fold(f64::INFINITY, f64::min);
    let span = largest(column.clone().map(|value| value - lowest));
    decimals_at_most(column, 2).max(numbers::decimals(span, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_digits_that_their_numbers_need() {
        for (decimals, column) in
            [(0, [429.0, 15_472.65]), (2, [3.0, -7.25]), (4, [0.0, 0.0312]), (7, [0.0, 5e-5])]
        {
            assert_eq!(decimals_at_most(column.into_iter(), 2), decimals, "{column:?}");
        }
        assert_eq!(decimals_of_label([429.0, 15_472.65].into_iter()), 0);
        assert_eq!(decimals_of_label([4_999_998.2, 5_000_001.7].into_iter()), 2);
        assert_eq!(decimals_of_label([7.0, 7.0].into_iter()), 2);
    }

    #[test]
    fn bars_stay_in_their_cell() {
        for (share, text) in [(0.25, "25.0%"), (2.0, "100.0%"), (-1.0, "0.0%"), (f64::NAN, "0.0%")] {
            assert!(bar("x", share).0.contains(&format!("--share:{text}")), "{share}");
        }
    }
}
