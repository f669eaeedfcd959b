//! The binary `layouts`: measures what dictionaries, slots and columns cost, prints it, and writes a page.

use clap::{Parser, ValueEnum};
use layouts::{Plan, html, print};
use stage::{Error, Result};
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Hold the same listings as dictionaries, as slots and as columns, and measure what each costs
///
/// Exploration, attribute access and machine learning, at the study's size and at 10,000, 100,000 and 1,000,000 rows; time and
/// memory in separate processes. A million rows in all layouts need some 7 GB at once. Durations and memory go to stdout, a page with
/// charts to --out.
#[derive(Debug, Parser)]
#[command(name = "layouts", version)]
struct Flags {
    /// Folder of the study's three files [default: the sample data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Numbers of rows besides the study's own, separated by commas
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000],
          value_parser = clap::value_parser!(u32).range(10..))]
    rows: Vec<u32>,

    /// How long it may take [default: 110, with --full 600]
    #[arg(long, value_name = "S", value_parser = positive)]
    seconds: Option<f64>,

    /// Measure also what takes longer: nothing is left out
    #[arg(long)]
    full: bool,

    /// Seed of draws, orders and bootstraps
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u32,

    /// How findings are printed
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,

    /// The page to write [default: layouts/layouts.html in cargo's target folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Tables for a terminal
    Text,
    /// All findings for programs
    Json,
    /// Tables for documents
    Markdown,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (1.0..=1e5).contains(&seconds) => Ok(seconds),
        _ => Err("must be a number of seconds from 1 to 100000".to_owned()),
    }
}

fn main() -> ExitCode {
    stage::program("layouts", run)
}

fn run(flags: &Flags) -> Result<()> {
    let program = env::current_exe().map_err(Error::internal)?;
    let threads = stage::threads(None)?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(Error::internal)?;
    let mut rows: Vec<usize> = flags.rows.iter().map(|&rows| rows as usize).collect();
    rows.sort_unstable();
    rows.dedup();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/laptops");
    let plan = Plan {
        data: flags.data.clone().unwrap_or(sample),
        rows,
        seed: flags.seed,
        seconds: flags.seconds.unwrap_or(if flags.full { 600.0 } else { 110.0 }),
        full: flags.full,
        counter: program.with_file_name("layouts-memory"),
    };
    let report = layouts::run(&plan)?;

    let target = program.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let out = flags.out.clone().unwrap_or_else(|| target.join("layouts/layouts.html"));
    write(&out, &html::page(&report)).map_err(|error| Error::writing(&out, &error))?;
    let text = match flags.format {
        Format::Text => print::text(&report),
        Format::Json => serde_json::to_string_pretty(&report).map_err(Error::internal)? + "\n",
        Format::Markdown => print::markdown(&report),
    };
    stage::print(&text)?;
    let _ = writeln!(io::stderr().lock(), "page: {}", out.display());
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder)?,
        _ => {}
    }
    fs::write(path, text)
}
