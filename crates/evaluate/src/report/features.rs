//! Which candidate features stayed, which left, and why.

use super::Report;
use artifacts::selection::Candidate;
use maud::{Markup, html};
use page::numbers;
use page::table::{self, number};

/// The features that left, in order, and those that stayed.
pub(super) fn section(report: &Report) -> Markup {
    let (kept, mut left): (Vec<_>, Vec<_>) = report.selection.0.iter().partition(|c| c.kept);
    left.sort_by_key(|candidate| candidate.round);
    let intro = html! {
        @if left.is_empty() { "All " (numbers::count(kept.len())) " candidate features were kept." }
        @else {
            (numbers::count(kept.len())) " of " (numbers::count(report.selection.0.len()))
            " candidate features were kept."
        }
    };
    let body = html! {
        @if !left.is_empty() { (part("Left", &left, &Shown::of(&left))) }
        @if !kept.is_empty() { (part("Kept", &kept, &Shown::of(&kept))) }
    };
    page::section("features", "Features", intro, body)
}

/// The columns of a table that say something.
struct Shown {
    round: bool,
    vif: Option<usize>,
    f_score: Option<usize>,
    importance: Option<usize>,
    /// Whether the rows tell different reasons; one that all share stands above the table.
    reason: bool,
}

impl Shown {
    fn of(candidates: &[&Candidate]) -> Self {
        let decimals = |of: fn(&Candidate) -> Option<f64>, most: usize| {
            let values = || candidates.iter().filter_map(|candidate| of(candidate));
            values().next().map(|_| table::decimals_at_most(values(), most))
        };
        Self {
            round: candidates.iter().any(|candidate| candidate.round.is_some()),
            vif: decimals(|candidate| candidate.vif, 2),
            f_score: decimals(|candidate| candidate.f_score, 1),
            importance: decimals(|candidate| candidate.importance, 4),
            reason: candidates.windows(2).any(|pair| pair[0].reason != pair[1].reason),
        }
    }
}

fn part(name: &str, candidates: &[&Candidate], shown: &Shown) -> Markup {
    let table = html! {
        table.features {
            caption {
                (name) " (" (candidates.len()) ")"
                @if let (false, [first, ..]) = (shown.reason, candidates) { span.detail { (first.reason) } }
            }
            thead {
                tr {
                    @if shown.round { th.number scope="col" { "Round" } }
                    th scope="col" { "Feature" }
                    th scope="col" { "Source" }
                    @if shown.vif.is_some() { th.number scope="col" { "VIF" } }
                    @if shown.f_score.is_some() { th.number scope="col" { "F" } }
                    @if shown.importance.is_some() { th.number scope="col" { "Importance" } }
                    @if shown.reason { th scope="col" { "Why" } }
                }
            }
            tbody { @for candidate in candidates { (row(candidate, shown)) } }
        }
    };
    table::scrolling(&format!("Features: {name}"), table)
}

fn row(candidate: &Candidate, shown: &Shown) -> Markup {
    html! {
        tr {
            @if shown.round { (number(candidate.round.map(f64::from), 0)) }
            th scope="row" { (candidate.feature) }
            td {
                (candidate.column)
                @if let Some(level) = &candidate.level { span.level { (level) } }
                @else { span.detail { (candidate.kind) } }
            }
            @if let Some(decimals) = shown.vif { (number(candidate.vif, decimals)) }
            @if let Some(decimals) = shown.f_score { (number(candidate.f_score, decimals)) }
            @if let Some(decimals) = shown.importance { (number(candidate.importance, decimals)) }
            @if shown.reason { td { (candidate.reason) } }
        }
    }
}
