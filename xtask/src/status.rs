//! `cargo xtask status` and `graph`, and the lines in which stages are called fresh or stale.

use crate::freshness::{Project, Report, State};
use crate::pipeline::{STAGES, Stage};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How `cargo xtask graph` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A line per stage
    #[default]
    Text,
    /// For Graphviz
    Dot,
}

/// What a run of `stages` would find: a line for each, or for each of its models where they differ.
pub(crate) fn plan(project: &Project, stages: &[Stage], force: bool) -> String {
    let mut stale: BTreeSet<&str> = BTreeSet::new();
    let mut rows = Vec::new();
    for stage in stages {
        let mut report = project.check(stage);
        if force {
            report.force();
        }
        let doubt: Vec<&str> = stage.reads.iter().copied().filter(|read| stale.contains(read)).collect();
        if !doubt.is_empty() || !report.is_fresh() {
            stale.insert(stage.name);
        }
        for line in lines(&report) {
            let line = match doubt.as_slice() {
                [] => line,
                doubt if line == FRESH => {
                    let give = if doubt.len() == 1 { "gives" } else { "give" };
                    format!("{FRESH}, if {} {give} the same again", doubt.join(" and "))
                }
                _ => line,
            };
            rows.push(vec![stage.name.to_owned(), line]);
        }
    }
    tables::aligned(&rows, &[0, 1])
}

/// What a stage is called whose outputs are what a run would give.
const FRESH: &str = "fresh";

/// Fresh, or why not: a line for all units that agree, with their names unless all of them do.
pub(crate) fn lines(report: &Report) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for state in &report.units {
        let reasons = reasons(state);
        match groups.iter_mut().find(|(other, _)| *other == reasons) {
            Some((_, units)) => units.push(&state.unit),
            None => groups.push((reasons, vec![&state.unit])),
        }
    }
    let mut lines: Vec<String> = match groups.as_slice() {
        [(reasons, _)] => vec![reasons.clone()],
        groups => groups
            .iter()
            .map(|(reasons, units)| match reasons.as_str() {
                FRESH => format!("{FRESH}: {}", units.join(", ")),
                reasons => format!("{}: {reasons}", units.join(", ")),
            })
            .collect(),
    };
    lines.extend(report.leftover.iter().map(|unit| format!("{unit}: not configured any more")));
    lines
}

/// The reasons in one line; more than three are counted.
fn reasons(state: &State) -> String {
    match state.reasons.as_slice() {
        [] => FRESH.to_owned(),
        few if few.len() <= 3 => few.join(", "),
        [first, second, third, rest @ ..] => format!("{first}, {second}, {third} and {} more", rest.len()),
        [..] => String::new(),
    }
}

/// The stages and what they read.
pub(crate) fn graph(format: Format) -> String {
    match format {
        Format::Text => {
            let row = |stage: &Stage| match stage.reads {
                [] => vec![stage.name.to_owned(), "<- raw files".to_owned()],
                reads => vec![stage.name.to_owned(), format!("<- {}", reads.join(", "))],
            };
            tables::aligned(&STAGES.iter().map(row).collect::<Vec<_>>(), &[0, 1])
        }
        Format::Dot => {
            let mut text =
                "digraph pipeline {\n  rankdir = LR;\n  \"raw files\" [shape = plaintext];\n".to_owned();
            for stage in &STAGES {
                let _ = writeln!(text, "  \"{}\" [shape = box];", stage.name);
                let reads = if stage.reads.is_empty() { &["raw files"] } else { stage.reads };
                for read in reads {
                    let _ = writeln!(text, "  \"{read}\" -> \"{}\";", stage.name);
                }
            }
            text.push_str("}\n");
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(unit: &str, reasons: &[&str]) -> State {
        State { unit: unit.to_owned(), reasons: reasons.iter().map(ToString::to_string).collect() }
    }

    fn report(units: Vec<State>) -> Report {
        Report { units, leftover: Vec::new() }
    }

    #[test]
    fn units_that_agree_share_a_line() {
        assert_eq!(lines(&report(vec![state("A", &[]), state("B", &[])])), ["fresh"]);
        let new = report(vec![state("A", &["not run yet"]), state("B", &["not run yet"])]);
        assert_eq!(lines(&new), ["not run yet"]);
        let mixed = report(vec![state("A", &[]), state("B", &["tool changed", "x"]), state("C", &[])]);
        assert_eq!(lines(&mixed), ["fresh: A, C", "B: tool changed, x"]);
        let grouped = report(vec![state("A", &["x"]), state("B", &["x"]), state("C", &["A is stale"])]);
        assert_eq!(lines(&grouped), ["A, B: x", "C: A is stale"]);
    }

    #[test]
    fn many_reasons_are_counted() {
        assert_eq!(lines(&report(vec![state("A", &["1", "2", "3", "4", "5"])])), ["1, 2, 3 and 2 more"]);
    }

    #[test]
    fn the_graph_names_every_stage() {
        for format in [Format::Text, Format::Dot] {
            let graph = graph(format);
            assert!(STAGES.iter().all(|stage| graph.contains(stage.name)), "{graph}");
        }
    }
}
