//! The rows that the best model knows least about.

use super::Report;
use maud::{Markup, html};
use page::{numbers, table};

/// Rows in the table.
const MOST: usize = 12;

/// The largest errors of the best model, with the listings.
pub(super) fn section(report: &Report) -> Markup {
    let best = report.best().map(|best| best.model.as_str()).unwrap_or_default();
    let judged = &report.judged;
    let Some((_, predicted)) = judged.models.iter().find(|(name, _)| name == best) else { return html! {} };
    if judged.actual.is_empty() {
        return html! {};
    }
    let error = |row: usize| predicted[row] - judged.actual[row];
    let mut rows: Vec<usize> = (0..judged.actual.len()).collect();
    rows.sort_by(|&a, &b| error(b).abs().total_cmp(&error(a).abs()));
    rows.truncate(MOST);
    let decimals = table::decimals_of_label(rows.iter().map(|&row| judged.actual[row]));
    let decimals_of_errors = decimals.max(numbers::decimals(error(rows[0]), 3));
    let intro = html! { "The test rows where " (best) ", the best model, is furthest off. Odd listings show here first." };
    let table = html! {
        table.errors {
            caption { "Largest errors of " (best) }
            thead {
                tr {
                    th.number scope="col" { "Row" }
                    th.number scope="col" { "Actual" }
                    th.number scope="col" { "Predicted" }
                    th.number scope="col" { "Error" }
                    th scope="col" { "Listing" }
                }
            }
            tbody {
                @for &row in &rows {
                    tr {
                        th.number scope="row" { (judged.row_id[row]) }
                        (table::number(Some(judged.actual[row]), decimals))
                        (table::number(Some(predicted[row]), decimals))
                        (table::number(Some(error(row)), decimals_of_errors))
                        td { (listing(report, row)) }
                    }
                }
            }
        }
    };
    page::section("errors", "Largest errors", intro, table::scrolling("Largest errors", table))
}

fn listing(report: &Report, row: usize) -> Markup {
    let cells = report.listings.columns.iter().zip(&report.listings.cells[row]);
    html! {
        ul.listing {
            @for (column, cell) in cells { li { span.detail { (column) } " " (cell) } }
        }
    }
}
