//! Findings as text for a terminal and as Markdown, in the study's form: duration, memory, per cent faster, per
//! cent smaller.

use crate::experiment::LAYOUTS;
use crate::measure::Ratio;
use crate::report::{Held, Report, Size};
use crate::words;
use std::fmt::Write;

/// Columns that stand left: names, and comparisons beside the value that they belong to.
const TEXTS: [usize; 3] = [0, 3, 5];

/// Rows of a table, of cells; the first row is the head.
pub type Table = Vec<Vec<String>>;

/// The findings of a size: memory, then durations by task and phase.
pub fn table(size: &Size) -> Table {
    let [dictionaries, slots, columns] = LAYOUTS.map(str::to_owned);
    let mut table = vec![vec![String::new(), dictionaries, slots, String::new(), columns, String::new()]];
    if !size.held.is_empty() {
        table.push(memory("held", &size.held));
    }
    for task in &size.tasks {
        for phase in &task.phases {
            let cells = phase.durations.iter().map(|duration| {
                let ratio = duration.against_dictionaries.as_ref().map(compared);
                (words::duration(duration.seconds), ratio)
            });
            table.push(row(words::phase(task, phase), cells));
        }
        if !task.memory.is_empty() {
            table.push(memory(&format!("  peak memory of {}", task.task), &task.memory));
        }
    }
    table
}

fn compared(ratio: &Ratio) -> String {
    format!("{} ({})", words::faster(ratio.ratio), words::interval(ratio))
}

/// Bytes by layout: what is held where a layout retains something, else the peak.
fn memory(name: &str, held: &[Held]) -> Vec<String> {
    let bytes = |held: &Held| (if name == "held" { held.bytes.retained } else { held.bytes.peak }) as f64;
    let first = held.first().map_or(0.0, bytes);
    let cells = held.iter().enumerate().map(|(place, held)| {
        let ratio = (place > 0 && first > 0.0).then(|| words::smaller(bytes(held) / first));
        (words::bytes(bytes(held)), ratio)
    });
    row(name.to_owned(), cells)
}

/// The name, then a value a layout, each but the first with its comparison.
fn row(name: String, cells: impl Iterator<Item = (String, Option<String>)>) -> Vec<String> {
    let mut row = vec![name];
    for (place, (value, ratio)) in cells.enumerate() {
        row.push(value);
        if place > 0 {
            row.push(ratio.unwrap_or_default());
        }
    }
    row
}

/// All findings for a terminal.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for size in &report.sizes {
        paragraph(&mut text, &words::title(size));
        text.push_str(&tables::folded(&table(size), &TEXTS, 1, tables::terminal_width()));
        text.push('\n');
        lines(&mut text, &words::verdicts(size));
        for task in size.tasks.iter().filter(|task| !task.rmse.is_empty()) {
            let errors: Vec<String> =
                task.rmse.iter().map(|(model, rmse)| format!("{model} {rmse:.4}")).collect();
            lines(&mut text, &[format!("RMSE, the same in all layouts: {}", errors.join(", "))]);
        }
        text.push('\n');
    }
    paragraph(&mut text, "A misspelt attribute");
    for misspelling in &report.misspellings {
        let _ = writeln!(
            text,
            "{:<13} {:<36} {}; noticed {}",
            misspelling.layout, misspelling.code, misspelling.outcome, misspelling.noticed
        );
    }
    if !report.left_out.is_empty() {
        text.push('\n');
        paragraph(&mut text, "Left out (--full measures it)");
        lines(&mut text, &report.left_out);
    }
    text.push('\n');
    paragraph(&mut text, &words::method(report));
    text
}

/// All findings as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    for size in &report.sizes {
        paragraph(&mut text, &format!("### {}\n", words::title(size)));
        text.push_str(&tables::markdown(&table(size), &TEXTS));
        text.push('\n');
        listed(&mut text, &words::verdicts(size));
    }
    paragraph(&mut text, "### A misspelt attribute\n");
    let mut table = vec![["layout", "code", "outcome", "noticed"].map(str::to_owned).to_vec()];
    table.extend(report.misspellings.iter().map(|m| {
        vec![m.layout.to_owned(), format!("`{}`", m.code), m.outcome.clone(), m.noticed.to_owned()]
    }));
    text.push_str(&tables::markdown(&table, &[0, 1, 2, 3]));
    text.push('\n');
    if !report.left_out.is_empty() {
        paragraph(&mut text, "### Left out\n");
        listed(&mut text, &report.left_out);
    }
    paragraph(&mut text, &words::method(report));
    text
}

fn paragraph(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn lines(text: &mut String, lines: &[String]) {
    lines.iter().for_each(|line| paragraph(text, line));
}

fn listed(text: &mut String, lines: &[String]) {
    lines.iter().for_each(|line| paragraph(text, &format!("- {line}")));
    text.push('\n');
}
