//! What the models were told, and how long their fits took.

use super::{Report, framed};
use crate::numbers;
use artifacts::fits::FitRecord;
use maud::{Markup, html};

/// A card per model.
pub(super) fn section(report: &Report) -> Markup {
    let intro = html! {
        "Parameters and seeds, by the names that scikit-learn gives them."
        @if report.fits.iter().any(|fit| !fit.alone) {
            " Times with a star were taken while other models were fitted."
        }
    };
    let body = html! {
        div.cards {
            @for (model, parameters) in &report.parameters {
                article {
                    h3 { (model) }
                    @if let Some(fit) = report.fit(model) { p.detail { (time(fit)) } }
                    (list(parameters))
                }
            }
        }
    };
    framed("models", "Models", intro, body)
}

fn time(fit: &FitRecord) -> String {
    let star = if fit.alone { "" } else { "*" };
    let threads = if fit.threads == 1 { "thread" } else { "threads" };
    format!("{}{star} · {} {threads}", numbers::time(fit.seconds), fit.threads)
}

fn list(parameters: &[(String, String)]) -> Markup {
    html! {
        @if parameters.is_empty() { p.detail { "no parameters" } }
        @else {
            dl.parameters {
                @for (name, value) in parameters { div { dt { (name) } dd { (value) } } }
            }
        }
    }
}
