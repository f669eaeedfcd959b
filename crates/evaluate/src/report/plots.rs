//! The models' pictures, side by side, and the listings behind their points.

use super::Report;
use crate::judged::Judged;
use crate::plots::{self, Drawing};
use maud::{Markup, PreEscaped, html};
use page::numbers;
use serde_json::{Value, json};

/// Every model's predictions against the labels.
pub(super) fn section(report: &Report) -> Markup {
    let intro = html! {
        "One dot is one test row. A model that is right puts its dots on the dashed line; where the solid "
        "line leaves it, predictions are too high or too low on average."
        span.pointing hidden { " Point at a dot, or use the arrow keys in a picture, to see its listing in all of them." }
    };
    let drawings = report.plots.iter().map(|plots| &plots.regplot);
    pictures("plots", "Actual against predicted", intro, "actual", drawings)
}

/// Every model's residuals along its predictions.
pub(super) fn residuals(report: &Report) -> Markup {
    let intro = html! {
        "How far the label lies above the prediction. A model without a bias spreads its dots evenly around the dashed "
        "line, at small predictions and at large ones."
    };
    let drawings = report.plots.iter().map(|plots| &plots.residuals);
    pictures("residuals", "Residuals", intro, "residual", drawings)
}

fn pictures<'a>(
    id: &str,
    heading: &str,
    intro: Markup,
    up: &str,
    drawings: impl ExactSizeIterator<Item = &'a Drawing>,
) -> Markup {
    if drawings.len() == 0 {
        return html! {};
    }
    let frame = |drawing: &Drawing| drawing.frame.numbers().map(|number| number.to_string()).join(" ");
    // The pictures escape the names in them.
    let body = html! {
        div.plots {
            @for (model, drawing) in drawings.enumerate() {
                figure data-model=(model) data-up=(up) data-frame=(frame(drawing)) { (PreEscaped(&drawing.svg)) }
            }
        }
    };
    page::section(id, heading, intro, body)
}

/// What the script shows of a point: all rows of the pictures, with their cells and predictions.
pub(super) fn listings(report: &Report) -> Markup {
    if report.plots.is_empty() {
        return html! {};
    }
    let judged = &report.judged;
    let rows: Vec<usize> = plots::shown(judged.actual.len()).collect();
    let digits = digits(judged);
    let pick = |values: &[f64]| rows.iter().map(|&row| short(values[row], digits)).collect::<Vec<Value>>();
    let models =
        judged.models.iter().map(|(name, predicted)| json!({ "name": name, "predicted": pick(predicted) }));
    let data = json!({
        // As texts: a number of JavaScript has 53 bits.
        "row_id": rows.iter().map(|&row| judged.row_id[row].to_string()).collect::<Vec<String>>(),
        "digits": digits,
        "actual": pick(&judged.actual),
        "models": models.collect::<Vec<Value>>(),
        "listings": report.listings.to_json(&rows),
    });
    html! {
        div #tip role="status" hidden {}
        (page::data("rows", &data.to_string()))
    }
}

/// Significant digits of what the script shows: seven, less than half of the bytes of all, unless pictures of residuals
/// show more of the numbers.
fn digits(judged: &Judged) -> usize {
    let predictions = judged.models.iter().map(|(_, predicted)| predicted);
    let size = numbers::largest(predictions.clone().flatten().chain(&judged.actual).copied());
    let residuals = predictions.map(|predicted| {
        numbers::largest(predicted.iter().zip(&judged.actual).map(|(predicted, actual)| actual - predicted))
    });
    let least = residuals.filter(|residual| *residual > 0.0).fold(size, f64::min);
    ((size / least).log10().ceil() as usize + 5).clamp(7, 17)
}

/// A number with so many digits.
fn short(value: f64, digits: usize) -> Value {
    let short: f64 = format!("{value:.*e}", digits - 1).parse().unwrap_or(value);
    if short.fract() == 0.0 && short.abs() < 1e15 { json!(short as i64) } else { json!(short) }
}
