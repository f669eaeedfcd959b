//! Looks at any table, artifact or raw file: its columns, its first and last rows, its statistics, its values.
//!
//! A command reads a table once, column by column, and gives a frame (`frame`) that every output format shows.

mod place;

mod describe;
mod info;
mod levels;
mod rows;

mod distinct;
mod statistics;

mod frame;
mod value;

use artifacts::columns::{self, Column};
use artifacts::raw::Format;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Deserialize;
use serde::de::value::{Error as NoFormat, StringDeserializer};
use stage::{Error, Result};
use std::path::PathBuf;

/// Name of the program.
pub const NAME: &str = "explore";

/// The formats of raw files, as the configuration names them.
const FORMATS: [&str; 5] = ["json-columns", "json-records", "json-lines", "csv", "parquet"];

/// Looks at a table, artifact or raw file.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = NAME, version, long_about = include_str!("help.txt"))]
pub struct CommandLine {
    /// A file, or the name of an artifact such as `split/train`; without it the artifacts in OUT are listed
    pub table: Option<PathBuf>,

    /// What to show
    #[arg(value_enum, default_value_t = Command::Info)]
    pub command: Command,

    /// How many rows head and tail show
    #[arg(short, value_name = "N", default_value_t = 5)]
    pub n: usize,

    /// How many values of a column `columns` shows [default: 20; all of them as json and csv]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// Show this column only; may be repeated
    #[arg(long, value_name = "NAME")]
    pub column: Vec<String>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub format: Output,

    /// Format of the file [default: as its content and name tell]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS).try_map(input_format))]
    pub input_format: Option<Format>,

    /// Folder of the artifacts
    #[arg(long, value_name = "OUT")]
    pub out: Option<PathBuf>,
}

/// What to show of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Command {
    /// Per column: cells that are not missing, type, memory
    Info,
    /// The first rows
    Head,
    /// The last rows
    Tail,
    /// Statistics of all columns
    Describe,
    /// Distinct values and how often they occur
    Columns,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Aligned, as wide as the terminal
    Text,
    /// JSON
    Json,
    /// Comma-separated values
    Csv,
    /// A Markdown table
    Markdown,
}

fn input_format(name: String) -> std::result::Result<Format, NoFormat> {
    Format::deserialize(StringDeserializer::new(name))
}

/// Runs the command and writes to stdout.
///
/// # Errors
/// If the table is not there or is refused, or stdout cannot be written; a reader that has gone is no error.
pub fn run(line: &CommandLine) -> Result<()> {
    stage::print(&show(line, tables::terminal_width())?)
}

/// What the command shows, in lines of at most `width` if it is text.
///
/// # Errors
/// As [`run`].
pub fn show(line: &CommandLine, width: usize) -> Result<String> {
    let Some(name) = &line.table else {
        return Ok(place::list(line.out.as_deref())?.write(line.format, width));
    };
    let path = place::find(name, line.out.as_deref())?;
    let format = match line.input_format {
        Some(format) => format,
        None => columns::format_of(&path)?.ok_or_else(|| {
            Error::data(format!("{}: neither name nor content tell what table it is", path.display()))
                .hint("say it with --input-format")
        })?,
    };
    let table = Table { path, format, column: &line.column };
    let frame = match line.command {
        Command::Info => info::frame(&table)?,
        Command::Head => rows::head(&table, line.n)?,
        Command::Tail => rows::tail(&table, line.n)?,
        Command::Describe => describe::frame(&table)?,
        Command::Columns => return levels::write(&table, line.limit, line.format, width),
    };
    Ok(frame.write(line.format, width))
}

/// The table that is looked at.
struct Table<'a> {
    path: PathBuf,
    format: Format,
    /// The columns to show; all if there are none.
    column: &'a [String],
}

impl Table<'_> {
    /// Gives the columns that are shown to `take`, one at a time.
    fn read(&self, take: &mut dyn FnMut(Column)) -> Result<columns::Rows> {
        let mut missing: Vec<&String> = self.column.iter().collect();
        let wanted = |name: &str| self.column.is_empty() || self.column.iter().any(|column| column == name);
        let rows = columns::read(&self.path, self.format, &wanted, &mut |column| {
            missing.retain(|name| **name != column.name);
            take(column);
        })?;
        match missing.first() {
            Some(name) => Err(Error::usage(format!("{}: there is no column '{name}'", self.path.display()))
                .hint("`info` lists the columns")),
            None => Ok(rows),
        }
    }
}
