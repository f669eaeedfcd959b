//! What the models build on.

use super::Report;
use crate::importance::{ModelImportance, REPEATS};
use maud::{Markup, html};
use page::{numbers, table};

/// Most features that a table lists.
const MOST: usize = 60;

/// Permutation importances of all models, and impurity importances of those made of trees.
pub(super) fn section(report: &Report) -> Markup {
    let importances = &report.importances;
    let trees: Vec<&ModelImportance> =
        importances.models.iter().filter(|model| model.impurity.is_some()).collect();
    if importances.features.is_empty() || (importances.rows == 0 && trees.is_empty()) {
        return html! {};
    }
    let intro = html! {
        @if importances.rows > 0 {
            "Permutation: by how much the RMSE on val rises when a feature's values are shuffled. "
        }
        @if !trees.is_empty() {
            "Impurity: a feature's share of what the splits of the trees gain on train; it favours features with many values."
        }
    };
    let body = html! {
        @if importances.rows > 0 { (permutation(report)) }
        @if !trees.is_empty() { (impurity(report, &trees)) }
    };
    page::section("importances", "Feature importances", intro, body)
}

fn permutation(report: &Report) -> Markup {
    let importances = &report.importances;
    let models: Vec<&ModelImportance> = importances.models.iter().collect();
    let detail = format!(
        "rise of the RMSE on {} rows of val, mean of {REPEATS} shuffles ± standard deviation",
        numbers::count(importances.rows)
    );
    let means = models.iter().flat_map(|model| model.permutation.iter().map(|shuffled| shuffled.mean));
    let decimals = table::decimals_at_most(means, 5).saturating_sub(1);
    let cell = |model: &ModelImportance, feature: usize, full: f64| {
        let shuffled = model.permutation[feature];
        let text = html! {
            (numbers::grouped(shuffled.mean, decimals))
            span.detail { "± " (numbers::grouped(shuffled.std, decimals)) }
        };
        table::bar(text, shuffled.mean / full)
    };
    // A rise that other shuffles would not show again is none.
    let value = |model: &ModelImportance, feature: usize| {
        let shuffled = model.permutation[feature];
        if shuffled.mean > shuffled.std { shuffled.mean } else { 0.0 }
    };
    matrix(report, "Permutation", &detail, &models, (&value, &cell))
}

fn impurity(report: &Report, models: &[&ModelImportance]) -> Markup {
    let value = |model: &ModelImportance, feature: usize| {
        model.impurity.as_ref().map_or(0.0, |importances| importances[feature])
    };
    let cell = |model: &ModelImportance, feature: usize, full: f64| {
        let share = value(model, feature);
        table::bar(format!("{} %", numbers::grouped(100.0 * share, 1)), share / full)
    };
    matrix(report, "Impurity", "share of the trees' impurity decrease", models, (&value, &cell))
}

/// What a model says of a feature, as a number of at least 0 and as a cell, whose bar is full at the last argument.
type Columns<'a> =
    (&'a dyn Fn(&ModelImportance, usize) -> f64, &'a dyn Fn(&ModelImportance, usize, f64) -> Markup);

/// A row per feature, a column per model; the features that matter most come first.
fn matrix(
    report: &Report,
    name: &str,
    detail: &str,
    models: &[&ModelImportance],
    (value, cell): Columns<'_>,
) -> Markup {
    let features = &report.importances.features;
    let largest = |model: &ModelImportance| {
        (0..features.len()).map(|feature| value(model, feature)).fold(0.0, f64::max)
    };
    let full: Vec<f64> = models.iter().map(|model| largest(model)).collect();
    // Models differ in how much they lose, so each counts by its own largest, and not at all if it loses nothing.
    let weight = |feature: usize| -> f64 {
        let models = models.iter().zip(&full).filter(|(_, full)| **full > 0.0);
        models.map(|(model, full)| value(model, feature) / full).sum()
    };
    let mut order: Vec<usize> = (0..features.len()).collect();
    order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)));
    order.truncate(MOST);
    let table = html! {
        table.importances {
            caption {
                (name)
                span.detail {
                    (detail)
                    @if order.len() < features.len() {
                        "; the first " (order.len()) " of " (numbers::count(features.len())) " features"
                    }
                }
            }
            thead {
                tr {
                    th scope="col" { "Feature" }
                    @for model in models { th.number scope="col" { (model.model) } }
                }
            }
            tbody {
                @for &feature in &order {
                    tr {
                        th scope="row" { (features[feature]) }
                        @for (model, full) in models.iter().zip(&full) { (cell(model, feature, *full)) }
                    }
                }
            }
        }
    };
    table::scrolling(&format!("{name} importances"), table)
}
