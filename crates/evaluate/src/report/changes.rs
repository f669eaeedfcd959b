//! What changed against an earlier run.

use super::{Report, SPLITS};
use maud::{Markup, html};
use page::{numbers, table};
use runs::{Change, Run};
use serde_json::{Map, Value};

/// Scores before and after, by model and split, and what was set otherwise.
pub(super) fn section(report: &Report) -> Markup {
    let Some(baseline) = &report.baseline else { return html! {} };
    let changes = runs::changes(baseline, &report.run);
    let same = changes.iter().filter(|change| change.is_none()).count();
    let intro = html! {
        "Against the run " span.label { (baseline.id) } ". An error is better where its change is below zero. "
        @if same == changes.len() { "All scores are the same to the bit." }
        @else if same > 0 { (same) " of " (changes.len()) " rows are the same to the bit." }
    };
    let settings = settings(baseline, &report.run);
    let body = html! {
        @if same < changes.len() { (scores(&changes)) }
        @if !settings.is_empty() {
            h3 { "Set otherwise" }
            ul.settings { @for setting in &settings { li { (setting) } } }
        }
    };
    page::section("changes", "Changes", intro, body)
}

fn scores(changes: &[Change<'_>]) -> Markup {
    let rmse = changes.iter().flat_map(|change| change.of(|score| Some(score.rmse))).flatten();
    let decimals = table::decimals(rmse);
    let table = html! {
        table.changes {
            caption { "Scores before and after" }
            thead {
                tr {
                    th scope="col" { "Model" }
                    th scope="col" { "Split" }
                    th.number scope="col" { "RMSE before" }
                    th.number scope="col" { "after" }
                    th.number scope="col" { "change" }
                    th.number scope="col" { "%" }
                    th.number scope="col" { "MAE change" }
                    th.number scope="col" { "R² change" }
                    th.number scope="col" { "MAPE change, points" }
                }
            }
            tbody {
                @for change in changes {
                    @let [before, after] = change.of(|score| Some(score.rmse));
                    @let difference = difference([before, after]);
                    tr {
                        th scope="row" { (change.model) }
                        td { (split_name(change.split)) }
                        (table::number(before, decimals))
                        (table::number(after, decimals))
                        td.number.best[difference.is_some_and(|by| by < 0.0)] {
                            (signed(difference, decimals))
                            @match difference {
                                Some(by) if by < 0.0 => span.unseen { " (better)" },
                                Some(by) if by > 0.0 => span.unseen { " (worse)" },
                                Some(_) => {},
                                None if before.is_none() => span.detail { "new" },
                                None => span.detail { "gone" },
                            }
                        }
                        td.number { (signed(difference.zip(before).map(|(by, before)| 100.0 * by / before), 2)) }
                        td.number { (signed(self::difference(change.of(|score| Some(score.mae))), decimals)) }
                        td.number { (signed(self::difference(change.of(|score| score.r2)), 4)) }
                        td.number { (signed(self::difference(change.of(|score| Some(100.0 * score.mape))), 2)) }
                    }
                }
            }
        }
    };
    table::scrolling("Scores before and after", table)
}

fn split_name(split: &str) -> &str {
    SPLITS.iter().find(|(name, _)| *name == split).map_or(split, |(_, name)| name)
}

fn difference([before, after]: [Option<f64>; 2]) -> Option<f64> {
    Some(after? - before?)
}

fn signed(value: Option<f64>, decimals: usize) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let text = numbers::grouped(value, decimals);
    let vanished = text.chars().all(|c| matches!(c, '0' | '.'));
    if value > 0.0 && !vanished { format!("+{text}") } else { text }
}

/// Inputs and parameters that differ, in words.
fn settings(before: &Run, after: &Run) -> Vec<String> {
    let mut settings = Vec::new();
    for (stage, hash) in &after.inputs {
        if before.inputs.get(stage).is_some_and(|other| other != hash) {
            settings.push(format!("{stage}: other artifacts"));
        }
    }
    // Scores alone do not know the parameters of their models.
    let known = |other: &&runs::Model| !other.parameters.is_empty();
    for model in &after.models {
        if let Some(other) = before.models.iter().filter(known).find(|other| other.name == model.name) {
            let of = |parameters: &Map<String, Value>, key: &str| {
                parameters.get(key).map_or_else(|| "not set".to_owned(), super::models::words)
            };
            let keys = model
                .parameters
                .keys()
                .chain(other.parameters.keys().filter(|key| !model.parameters.contains_key(*key)));
            for key in keys.filter(|key| model.parameters.get(*key) != other.parameters.get(*key)) {
                let (before, after) = (of(&other.parameters, key), of(&model.parameters, key));
                settings.push(format!("{}: {key} {before} → {after}", model.name));
            }
        }
    }
    settings
}
