//! The head of the page: what was run, and what came out, in four figures.

use super::Report;
use super::table::decimals;
use crate::numbers;
use maud::{Markup, html};

/// The title, the links to the sections, and the figures.
pub(super) fn header(report: &Report) -> Markup {
    html! {
        header {
            p.eyebrow { (report.title) }
            h1 { "Predicting " span.label { (report.label) } }
            nav aria-label="Sections" {
                @if !report.scores.is_empty() { a href="#scores" { "Scores" } }
                @if !report.plots.is_empty() { a href="#plots" { "Plots" } }
                a href="#models" { "Models" }
                a href="#features" { "Features" }
                a href="#split" { "Split" }
            }
            dl.figures {
                (best(report))
                (rows(report))
                (features(report))
                (time(report))
            }
            @if !report.has_scores("test") {
                p.remark role="note" {
                    "The test rows have no labels: the run predicts them, and cannot score the predictions."
                }
            }
        }
    }
}

fn figure(name: &str, value: Markup, detail: Markup) -> Markup {
    html! {
        div {
            dt { (name) }
            dd.value { (value) }
            dd.detail { (detail) }
        }
    }
}

fn best(report: &Report) -> Markup {
    let Some(best) = report.best() else { return html! {} };
    let split = report.judge().unwrap_or_default();
    let judged = report.scores.iter().filter(|score| score.split == split);
    let rmse = numbers::grouped(best.rmse, decimals(judged.map(|score| score.rmse)));
    figure(
        "Best model",
        html! { (best.model) },
        html! {
            "RMSE " (rmse)
            @if let Some(r2) = best.r2 { " · R² " (numbers::grouped(r2, 3)) }
            " on " (split)
        },
    )
}

fn rows(report: &Report) -> Markup {
    let roles = super::split::roles(report);
    let total: usize = roles.iter().map(|(_, role)| role.rows).sum();
    let shares = roles.iter().map(|(name, role)| format!("{} {name}", numbers::count(role.rows)));
    figure("Rows", html! { (numbers::count(total)) }, html! { (shares.collect::<Vec<_>>().join(" · ")) })
}

fn features(report: &Report) -> Markup {
    let candidates = &report.selection.0;
    let kept = candidates.iter().filter(|candidate| candidate.kept).count();
    figure(
        "Features",
        html! { (numbers::count(kept)) },
        html! { "of " (numbers::count(candidates.len())) " candidates" },
    )
}

fn time(report: &Report) -> Markup {
    let Some(threads) = report.fits.iter().map(|fit| fit.threads).max() else { return html! {} };
    let seconds: f64 = report.fits.iter().map(|fit| fit.seconds).sum();
    let models = report.fits.len();
    figure(
        "Fit times, summed",
        html! { (numbers::time(seconds)) },
        html! {
            (models) @if models == 1 { " model" } @else { " models" }
            " · " (threads) @if threads == 1 { " thread" } @else { " threads" }
        },
    )
}
