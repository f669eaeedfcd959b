//! The table of all models' scores.

use super::{Report, SPLITS};
use artifacts::metrics::Score;
use maud::{Markup, html};
use page::numbers;
use page::table;

/// The scores of all models, the best of each column marked.
pub(super) fn section(report: &Report) -> Markup {
    let Some(judge) = report.judge() else { return html! {} };
    let intro = html! {
        "Errors are in units of " span.label { (report.run.label) }
        @if judge == "train" { "." } @else { "; the best of each column is marked." }
        @if report.has_scores("test_unseen") {
            " “Test unseen” leaves out the test rows whose twin, a row with the same cells, is among the train rows."
        }
    };
    let splits = SPLITS.into_iter().filter(|(split, _)| report.has_scores(split));
    let errors: Vec<Column> = splits.map(|(split, name)| error(report, split, name, judge)).collect();
    let others = [mae(report, judge), r2(report, judge), mape(report, judge)]
        .map(|column| Column { best: column.best.filter(|_| judge != "train"), ..column });
    let seconds = (!report.fits.is_empty()).then(|| seconds(report));
    let columns = || errors.iter().chain(&others).chain(&seconds);
    let table = html! {
        table.scores {
            caption { "Scores of " (report.run.models.len()) " models" }
            thead {
                tr {
                    th scope="col" rowspan="2" { "Model" }
                    th.group scope="colgroup" colspan=(errors.len()) { "RMSE" }
                    th.group scope="colgroup" colspan=(others.len()) { "On " (judge) }
                    @if seconds.is_some() { th.group scope="colgroup" { "Fit" } }
                }
                tr { @for column in columns() { (column.head()) } }
            }
            tbody {
                @for (row, model) in report.models().enumerate() {
                    tr.winner[report.best().is_some_and(|best| best.model == model)] {
                        th scope="row" { span.model { (model) } }
                        @for column in columns() { (column.cell(row)) }
                    }
                }
            }
        }
    };
    page::section("scores", "Scores", intro, table::scrolling("Scores", table))
}

/// One score of every model.
struct Column {
    heading: &'static str,
    /// What stands below the heading.
    detail: Option<String>,
    /// Per model, in the order of the page.
    values: Vec<Option<f64>>,
    decimals: usize,
    /// The value to mark.
    best: Option<f64>,
    /// The value that a full bar stands for, in the column by which models are compared.
    full: Option<f64>,
}

impl Column {
    fn new(heading: &'static str, values: Vec<Option<f64>>) -> Self {
        // A model that diverged leaves the others three digits. What is smaller than that has a power of ten.
        let sizes = values.iter().flatten().copied().filter(|value| *value >= 1e-6);
        let smallest = sizes.clone().reduce(f64::min).unwrap_or_default();
        let decimals = table::decimals(sizes).max(numbers::decimals(smallest, 3));
        Self { heading, detail: None, values, decimals, best: None, full: None }
    }

    fn head(&self) -> Markup {
        html! {
            th.number scope="col" {
                (self.heading)
                @if let Some(detail) = &self.detail { span.detail { (detail) } }
            }
        }
    }

    fn cell(&self, row: usize) -> Markup {
        let value = self.values[row];
        let text = value.map_or("–".to_owned(), |value| numbers::grouped(value, self.decimals));
        let best = value.is_some() && value == self.best;
        let share = value.zip(self.full).map(|(value, full)| 100.0 * value / full);
        let bar = share.filter(|share| share.is_finite()).map(|share| format!("--share:{share:.1}%"));
        html! {
            td.number.best[best].bar[bar.is_some()] style=[bar] {
                (text)
                @if best { span.unseen { " (best)" } }
            }
        }
    }
}

/// What `of` says of every model's score on `split`.
fn values(report: &Report, split: &str, of: impl Fn(&Score) -> Option<f64>) -> Vec<Option<f64>> {
    report.models().map(|model| report.score(model, split).and_then(&of)).collect()
}

fn smallest(values: &[Option<f64>]) -> Option<f64> {
    values.iter().flatten().copied().min_by(f64::total_cmp)
}

fn largest(values: &[Option<f64>]) -> Option<f64> {
    values.iter().flatten().copied().max_by(f64::total_cmp)
}

/// The errors on one split. A small one on train is no merit.
fn error(report: &Report, split: &str, heading: &'static str, judge: &str) -> Column {
    let column = Column::new(heading, values(report, split, |score| Some(score.rmse)));
    let rows = report.run.metrics.iter().find(|score| score.split == split).map(|score| score.rows);
    Column {
        detail: rows.map(|rows| format!("{} rows", numbers::count(rows as usize))),
        best: smallest(&column.values).filter(|_| split != "train"),
        full: largest(&column.values).filter(|_| split == judge),
        ..column
    }
}

fn mae(report: &Report, split: &str) -> Column {
    let column = Column::new("MAE", values(report, split, |score| Some(score.mae)));
    Column { best: smallest(&column.values), ..column }
}

fn r2(report: &Report, split: &str) -> Column {
    let column = Column::new("R²", values(report, split, |score| score.r2));
    Column { best: largest(&column.values), decimals: 3, ..column }
}

fn mape(report: &Report, split: &str) -> Column {
    let column = Column::new("MAPE, %", values(report, split, |score| Some(100.0 * score.mape)));
    Column { best: smallest(&column.values), decimals: 1, ..column }
}

fn seconds(report: &Report) -> Column {
    let values: Vec<_> = report.models().map(|model| Some(report.fit(model)?.seconds)).collect();
    let decimals = if largest(&values).is_some_and(|seconds| seconds < 10.0) { 3 } else { 1 };
    Column { decimals, ..Column::new("seconds", values) }
}
