//! What the models were told, and how long their fits took.

use super::Report;
use artifacts::fits::FitRecord;
use maud::{Markup, html};
use page::numbers;
use serde_json::{Map, Value};

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
            @for model in &report.run.models {
                article {
                    h3 { (model.name) }
                    @if let Some(fit) = report.fit(&model.name) { p.detail { (time(fit)) } }
                    (list(&model.parameters))
                }
            }
        }
    };
    page::section("models", "Models", intro, body)
}

fn time(fit: &FitRecord) -> String {
    let star = if fit.alone { "" } else { "*" };
    let threads = if fit.threads == 1 { "thread" } else { "threads" };
    format!("{}{star} · {} {threads}", numbers::time(fit.seconds), fit.threads)
}

fn list(parameters: &Map<String, Value>) -> Markup {
    html! {
        @if parameters.is_empty() { p.detail { "no parameters" } }
        @else {
            dl.parameters {
                @for (name, value) in parameters { div { dt { (name) } dd { (words(value)) } } }
            }
        }
    }
}

/// A value without the punctuation of JSON.
pub(super) fn words(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => list(items.iter().map(words).collect()),
        Value::Object(fields) => {
            list(fields.iter().map(|(key, value)| format!("{key} {}", words(value))).collect())
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_without_json() {
        let cases = [
            ("\"adam\"", "adam"),
            ("null", "none"),
            ("1e-8", "1e-8"),
            ("[100, 50]", "100, 50"),
            ("{\"A\": 0.4, \"B\": 0.6}", "A 0.4, B 0.6"),
        ];
        for (json, text) in cases {
            assert_eq!(words(&serde_json::from_str(json).unwrap()), text);
        }
    }
}
