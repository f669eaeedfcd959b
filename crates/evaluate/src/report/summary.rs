//! The head of the page: what was run, and what came out, in four figures.

use super::Report;
use maud::{Markup, html};
use page::numbers;

/// The title, the `links` to the sections, and the figures.
pub(super) fn header(report: &Report, links: &Markup) -> Markup {
    html! {
        p.eyebrow { (report.title) }
        h1 { "Predicting " span.label { (report.run.label) } }
        (links)
        dl.figures {
            (best(report))
            (rows(report))
            (features(report))
            (time(report))
        }
        @if !report.has_scores("test") {
            p.remark role="note" {
                @if !super::split::roles(report).iter().any(|(name, _)| *name == "test") {
                    "There is no test row: none was complete."
                } @else {
                    "The test rows have no labels: the run predicts them, and cannot score the predictions."
                }
                " Without test scores no model is called the best."
            }
        }
    }
}

fn best(report: &Report) -> Markup {
    let Some(best) = report.best() else { return html! {} };
    page::figure(
        "Best model",
        html! { (best.model) },
        html! {
            "RMSE " (numbers::significant(best.rmse, 5))
            @if let Some(r2) = best.r2 { " · R² " (numbers::grouped(r2, 3)) }
            " on test"
        },
    )
}

fn rows(report: &Report) -> Markup {
    let roles = super::split::roles(report);
    let total: usize = roles.iter().map(|(_, role)| role.rows).sum();
    let shares = roles.iter().map(|(name, role)| format!("{} {name}", numbers::count(role.rows)));
    page::figure(
        "Rows",
        html! { (numbers::count(total)) },
        html! { (shares.collect::<Vec<_>>().join(" · ")) },
    )
}

fn features(report: &Report) -> Markup {
    let candidates = &report.selection.0;
    let kept = candidates.iter().filter(|candidate| candidate.kept).count();
    page::figure(
        "Features",
        html! { (numbers::count(kept)) },
        html! { "of " (numbers::count(candidates.len())) " candidates" },
    )
}

fn time(report: &Report) -> Markup {
    let Some(threads) = report.fits.iter().map(|fit| fit.threads).max() else { return html! {} };
    let seconds: f64 = report.fits.iter().map(|fit| fit.seconds).sum();
    let models = report.fits.len();
    page::figure(
        "Fit times, summed",
        html! { (numbers::time(seconds)) },
        html! {
            (models) @if models == 1 { " model" } @else { " models" }
            " · " (threads) @if threads == 1 { " thread" } @else { " threads" }
        },
    )
}
