//! Memory is bounded by one column: a table with four times as many columns needs no more.
//!
//! The allocator counts for a whole process, so this test is alone in its binary.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of a test do as tests do")]

use artifacts::roles::Role;
use artifacts::{Origin, Split, splits};
use clap::Parser;
use explore::CommandLine;
use ndarray::Array2;
use peak_alloc::PeakAlloc;
use stage::Folder;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const ROWS: usize = 100_000;
/// Bytes of a column of numbers.
const COLUMN: f64 = 8.0 * ROWS as f64;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn number(row: usize, column: usize) -> f64 {
    ((row * 7919 + column * 31) % 10_007) as f64 + 0.25
}

fn parquet(folder: &Path, columns: usize) -> PathBuf {
    let folder = Folder::new(folder.join(format!("split{columns}")));
    let split = Split {
        row_id: (0..ROWS as i64).collect(),
        origin: vec![Origin::All; ROWS],
        names: (0..columns).map(|column| format!("feature {column}")).collect(),
        values: Array2::from_shape_fn((ROWS, columns), |(row, column)| number(row, column)),
        label_name: "y".into(),
        label: vec![Some(1.0); ROWS],
    };
    let mut publication = folder.publish(stage::Key::default()).unwrap();
    split.write(Role::Train, &mut publication).unwrap();
    publication.commit().unwrap();
    folder.file(&splits::file(Role::Train))
}

fn json_columns(folder: &Path, columns: usize) -> PathBuf {
    let path = folder.join(format!("{columns}.json"));
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for column in 0..columns {
        write!(file, "{}\"feature {column}\":{{", if column == 0 { "{" } else { "," }).unwrap();
        for row in 0..ROWS {
            let comma = if row == 0 { "" } else { "," };
            write!(file, "{comma}\"{row}\":{}", number(row, column)).unwrap();
        }
        write!(file, "}}").unwrap();
    }
    write!(file, "}}").unwrap();
    file.flush().unwrap();
    path
}

/// The most memory that a command needs above what the process has, in columns.
fn peak(path: &Path, command: &str) -> f64 {
    let line = CommandLine::try_parse_from(["explore", path.to_str().unwrap(), command]).unwrap();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let text = explore::show(&line, 100).unwrap();
    let columns = (MEMORY.peak_usage() - before) as f64 / COLUMN;
    println!("{}, {command}: {columns:.1} columns, {} lines", path.display(), text.lines().count());
    columns
}

#[test]
fn more_columns_need_no_more_memory() {
    let folder = tempfile::tempdir().unwrap();
    for write in [parquet, json_columns] {
        let [few, many] = [4, 16].map(|columns| write(folder.path(), columns));
        for command in ["info", "describe", "columns", "tail"] {
            let [few, many] = [&few, &many].map(|path| peak(path, command));
            assert!(many < few + 2.0, "{command}: {few} columns of memory for 4, {many} for 16");
            // A column as it is read, and as it is sorted or counted.
            assert!(many < 10.0 && many > 1.0, "{command}: {many} columns of memory");
        }
    }
}
