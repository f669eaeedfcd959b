//! `cargo xtask bench`: how fast the learners are, beside those of other libraries.
//!
//! Every side is a worker that loads a data set once. For a row of [`rows::ROWS`] the sides fit in turn, one at a
//! time, several rounds; the table shows medians. The workers are `crates/bench` and its `python/peer.py`.

mod machine;
mod measure;
mod report;
mod rows;
mod sets;
mod worker;

use crate::{build, python, root};
use anyhow::{Context, Result};
use measure::Sides;
use report::Line;
use rows::{Data, ROWS};
use sets::Set;
use stage::Error;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Measure scikit-learn, LightGBM, XGBoost and Rust crates as well; needs python3, and PyPI for the first run
    #[arg(long)]
    peers: bool,

    /// Data sets to measure on, separated by commas [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    data: Vec<Data>,

    /// Folder of the laptops' files [default: the sample]
    #[arg(long, value_name = "DIR")]
    laptops: Option<PathBuf>,

    /// Rounds of every row: up to five times as many where one takes less than two seconds; a side that took half a
    /// minute for a row is asked no more
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    repeats: u16,

    /// Threads of every fit
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = stage::thread_count())]
    threads: u16,

    /// Write the table into README.md, between its markers, instead of stdout
    #[arg(long)]
    write: bool,
}

/// The lines of all tables.
#[derive(Debug, Default)]
struct Lines {
    fit: Vec<Line>,
    predict: Vec<Line>,
    memory: Vec<Line>,
    versions: BTreeMap<String, String>,
    sets: Vec<String>,
}

/// Measures and shows the tables.
///
/// # Errors
/// If data sets or workers cannot be made, a fit fails, or README.md lacks the markers.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let readme = root().join("README.md");
    if flags.write {
        // Not after an hour of measuring.
        put(&readme, "")?;
    }
    let target = build::target()?;
    let python = flags.peers.then(|| {
        let list = root().join("crates/bench/python/requirements.txt");
        python::interpreter(&target.join("venv/bench"), &list)
    });
    let python = python.transpose()?;
    let binaries = build::packages(&["bench"], if flags.peers { &["bench/peers"] } else { &[] })?;
    let sides =
        Sides { bench: binaries.join("bench"), python, threads: flags.threads, rounds: flags.repeats };

    let mut lines = Lines::default();
    let chosen = |data: &Data| flags.data.is_empty() || flags.data.contains(data);
    for data in Data::ALL.into_iter().filter(chosen) {
        let set = sets::prepare(data, &sides.bench, &target.join("bench"), flags.laptops.as_deref())?;
        measure_set(&set, &sides, &mut lines)?;
        if data == Data::Laptops {
            let line = measure::pipeline(&sides, flags.laptops.as_deref(), &target.join("bench/pipeline"))?;
            lines.fit.push(line);
        }
    }
    let text = render(&lines, flags);
    if flags.write {
        fs::write(&readme, put(&readme, &text)?).map_err(|error| Error::writing(&readme, &error))?;
    } else {
        stage::print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The README with `text` between its markers.
fn put(readme: &Path, text: &str) -> Result<String> {
    let document = fs::read_to_string(readme).map_err(|error| Error::reading(readme, &error))?;
    report::replace(&document, text).with_context(|| readme.display().to_string())
}

/// All rows of a data set.
fn measure_set(set: &Set, sides: &Sides, lines: &mut Lines) -> Result<()> {
    let mut workers = measure::Workers::start(set, sides)?;
    lines.versions.extend(workers.versions());
    lines.sets.push(workers.describe(set));
    for row in ROWS.iter().filter(|row| row.data == set.data) {
        let measured = workers.row(row, sides)?;
        lines.fit.extend(measured.fits());
        lines.predict.extend(measured.predictions());
    }
    drop(workers);
    for row in ROWS.iter().filter(|row| row.data == set.data && row.memory.is_some()) {
        lines.memory.extend(measure::memory(row, set, sides)?);
    }
    Ok(())
}

fn render(lines: &Lines, flags: &Flags) -> String {
    let mut text = report::table("Fit", &lines.fit);
    text += &report::table("Predict all test rows", &lines.predict);
    text += &report::table("Peak memory of a fit, above the loaded data", &lines.memory);
    let versions: Vec<String> =
        lines.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    text += &format!(
        "{}; {} threads, sides in turn, medians of {} rounds (up to five times as many of short rows, fewer where a \
         side took half a minute). Data: {}.",
        machine::describe(),
        flags.threads,
        flags.repeats,
        lines.sets.join("; ")
    );
    if !versions.is_empty() {
        text += &format!(" {}.", versions.join(", "));
    }
    text + &format!(" `{}`\n", command(flags))
}

/// The command line that gives the same tables; the folder of the laptops is the reader's own.
fn command(flags: &Flags) -> String {
    let mut command = "cargo xtask bench".to_owned();
    if flags.peers {
        command += " --peers";
    }
    if !flags.data.is_empty() {
        let names: Vec<&str> = flags.data.iter().map(|data| data.name()).collect();
        command += &format!(" --data {}", names.join(","));
    }
    if flags.laptops.is_some() {
        command += " --laptops DIR";
    }
    command + &format!(" --repeats {} --threads {}", flags.repeats, flags.threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        flags: Flags,
    }

    fn parse(line: &str) -> Result<Flags, clap::Error> {
        CommandLine::try_parse_from(line.split_whitespace()).map(|line| line.flags)
    }

    #[test]
    fn flags_read_back_from_the_command_that_is_shown() {
        let line = "cargo xtask bench --peers --data laptops,A --repeats 3 --threads 2";
        let flags = parse(line.strip_prefix("cargo xtask ").unwrap()).unwrap();
        assert_eq!(flags.data, [Data::Laptops, Data::A]);
        assert_eq!(command(&flags), line);
    }

    #[test]
    fn wrong_flags_are_refused() {
        for line in ["bench --data D", "bench --repeats 0", "bench --threads two"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
