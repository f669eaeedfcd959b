//! The page: the answer, charts, all tables, and what a misspelt attribute does; one file that loads nothing.

use crate::report::Report;
use crate::{charts, print, words};
use maud::{Markup, html};
use page::{Page, figure, nav, section, table};

/// The whole page.
pub fn page(report: &Report) -> String {
    let sections = [
        ("memory", "Memory"),
        ("time", "Time"),
        ("findings", "All findings"),
        ("misspelt", "Misspelt"),
        ("method", "Method"),
    ];
    let header = html! {
        p.eyebrow { "layouts" }
        h1 { "What slots do to time and memory" }
        (nav(sections))
        (figures(report))
    };
    let main = html! {
        (section("memory", "Memory", "Bytes to hold one record, as asked of the allocator.", memory(report)))
        (section("time", "Time", time_intro(), time(report)))
        (section("findings", "All findings", "Comparisons are with dictionaries; in brackets the 95 % interval.", findings(report)))
        (section("misspelt", "A misspelt attribute", "Who notices that buynow_price was misspelt, and when.", misspelt(report)))
        (section("method", "Method", words::method(report), left_out(report)))
    };
    let title = "Dictionaries, slots, columns";
    Page { title, style: include_str!("html.css"), script: "", header, main }.to_html()
}

/// What the largest size says, in large figures.
fn figures(report: &Report) -> Markup {
    let Some(size) = report.sizes.iter().rev().find(|size| !size.held.is_empty()) else { return html! {} };
    let first = size.held[0].bytes.retained as f64;
    html! {
        dl.figures {
            @for held in &size.held {
                @let bytes = held.bytes.retained as f64;
                @let detail = if bytes == first { "a record".to_owned() } else { format!("a record, {}", words::smaller(bytes / first)) };
                (figure(&words::capital(held.layout), words::bytes(bytes / size.rows as f64), detail))
            }
        }
    }
}

fn memory(report: &Report) -> Markup {
    let Some(size) = report.sizes.iter().rev().find(|size| !size.held.is_empty()) else { return html! {} };
    html! {
        figure.chart { (charts::memory(size)) figcaption.detail { (words::title(size)) } }
    }
}

fn time_intro() -> Markup {
    html! {
        "Durations as multiples of those of dictionaries (the line at 1×): "
        span.key.slots { "slots" } " and " span.key.columns { "columns" }
        ", with 95 % intervals. Numbers at the left are rows."
    }
}

fn time(report: &Report) -> Markup {
    html! {
        figure.chart { (charts::ratios(report)) }
        @for size in report.sizes.iter().filter(|size| !size.tasks.is_empty()) {
            h3 { (words::title(size)) }
            ul.verdicts { @for sentence in words::verdicts(size) { li { (sentence) } } }
        }
    }
}

fn findings(report: &Report) -> Markup {
    html! {
        @for size in &report.sizes {
            @let rows = print::table(size);
            h3 { (words::title(size)) }
            (table::scrolling(&words::title(size), html! {
                table {
                    thead { tr { @for (place, cell) in rows[0].iter().enumerate() {
                        th scope="col" class=[(place > 0).then_some("number")] { (heading(place, cell)) }
                    } } }
                    tbody { @for row in &rows[1..] { tr {
                        @for (place, cell) in row.iter().enumerate() {
                            @if place == 0 {
                                th scope="row" class=[cell.starts_with(' ').then_some("phase")] { (cell.trim_start()) }
                            } @else { td.number { (cell) } }
                        }
                    } } }
                }
            }))
            @for task in size.tasks.iter().filter(|task| !task.rmse.is_empty()) {
                p.detail { "RMSE, the same in all layouts: " @for (place, (model, rmse)) in task.rmse.iter().enumerate() {
                    @if place > 0 { ", " } (model) " " (format!("{rmse:.2}"))
                } }
            }
        }
    }
}

/// Columns of comparisons have no name in text; a reader of tables needs one.
fn heading(place: usize, cell: &str) -> String {
    match (place, cell) {
        (0, _) => "task".to_owned(),
        (_, "") => "than dictionaries".to_owned(),
        (_, name) => name.to_owned(),
    }
}

fn misspelt(report: &Report) -> Markup {
    table::scrolling(
        "A misspelt attribute",
        html! {
            table {
                thead { tr { @for name in ["layout", "code", "what comes of it", "noticed"] { th scope="col" { (name) } } } }
                tbody { @for misspelling in &report.misspellings { tr {
                    th scope="row" { (misspelling.layout) }
                    td { code { (misspelling.code) } }
                    td { (misspelling.outcome) }
                    td { (misspelling.noticed) }
                } } }
            }
        },
    )
}

fn left_out(report: &Report) -> Markup {
    html! {
        @if !report.left_out.is_empty() {
            h3 { "Left out; --full measures it" }
            ul.verdicts { @for line in &report.left_out { li { (line) } } }
        }
    }
}
