//! Whether a model is as good for small labels as for large ones.

use super::Report;
use crate::bands::{Band, BandError};
use maud::{Markup, html};
use page::{numbers, table};

/// Errors of every model by bands of the label.
pub(super) fn section(report: &Report) -> Markup {
    if report.bands.is_empty() {
        return html! {};
    }
    let intro = html! {
        "The test rows by their " span.label { (report.run.label) } ", in bands of about equally many rows: equal ones stay \
        together. The bias is predicted less actual, on average: above zero, the model predicts too much."
    };
    let body = html! {
        (errors(report, "RMSE", true, |error| error.rmse))
        (errors(report, "MAE", true, |error| error.mae))
        (errors(report, "Bias", false, |error| error.bias))
    };
    page::section("bands", "Error by band of the label", intro, body)
}

/// One error: a row per model, a column per band. `marks` the smallest of each column.
fn errors(report: &Report, name: &str, marks: bool, of: fn(&BandError) -> f64) -> Markup {
    let bands = &report.bands;
    let decimals = table::decimals_at_most(bands.iter().flat_map(|band| &band.errors).map(of), 4);
    let labels = table::decimals_of_label(bands.iter().flat_map(|band| [band.low, band.high]));
    let best = |band: &Band| band.errors.iter().map(of).min_by(f64::total_cmp).filter(|_| marks);
    let table = html! {
        table.bands {
            caption { (name) " by band" }
            thead {
                tr {
                    th scope="col" { "Model" }
                    @for band in bands {
                        th.number scope="col" {
                            (numbers::grouped(band.low, labels)) " – " (numbers::grouped(band.high, labels))
                            span.detail { (numbers::count(band.rows)) " rows" }
                        }
                    }
                }
            }
            tbody {
                @for (place, model) in report.models().enumerate() {
                    tr {
                        th scope="row" { (model) }
                        @for band in bands {
                            @let value = of(&band.errors[place]);
                            @let best = best(band) == Some(value);
                            td.number.best[best] {
                                (numbers::grouped(value, decimals))
                                @if best { span.unseen { " (best)" } }
                            }
                        }
                    }
                }
            }
        }
    };
    table::scrolling(&format!("{name} by band"), table)
}
