//! The models' pictures, side by side.

use super::Report;
use maud::{Markup, PreEscaped, html};

/// Every model's predictions against the labels.
pub(super) fn section(report: &Report) -> Markup {
    if report.plots.is_empty() {
        return html! {};
    }
    let intro = html! {
        "One dot is one test row. A model that is right puts its dots on the dashed line; where the solid "
        "line leaves it, predictions are too high or too low on average."
    };
    // The pictures escape the names in them.
    let body = html! {
        div.plots {
            @for (_, svg) in &report.plots { figure { (PreEscaped(svg)) } }
        }
    };
    page::section("plots", "Actual against predicted", intro, body)
}
