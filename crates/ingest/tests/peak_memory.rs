//! Ingest needs at most four times the size of a raw file: it holds neither the JSON as a tree nor its text
//! twice.
//!
//! The kernel counts for a whole process, so this test is alone in its binary. What threads need of their own is no
//! matter of the file, so their number is the same on all machines.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of a test do as tests do")]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Forgets the peak so far.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The most memory that this process had since [`forget_peak`], in bytes, without its executable.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let bytes = |key| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    bytes("VmHWM:") - bytes("RssFile:")
}

/// A column: its name, its kind, and how its cells are written. The last of a table is the label.
type Column = (&'static str, &'static str, fn(usize) -> String);

/// Writes a `json-columns` file and its configuration.
fn write_table(folder: &Path, rows: usize, columns: &[Column]) {
    let mut file = BufWriter::new(File::create(folder.join("raw.json")).unwrap());
    for (place, (name, _, cell)) in columns.iter().enumerate() {
        write!(file, "{}\"{name}\":{{", if place == 0 { "{" } else { "," }).unwrap();
        for row in 0..rows {
            write!(file, "{}\"{row}\":{}", if row == 0 { "" } else { "," }, cell(row)).unwrap();
        }
        write!(file, "}}").unwrap();
    }
    write!(file, "}}").unwrap();
    file.flush().unwrap();
    let (label, features) = columns.split_last().unwrap();
    let features: String = features.iter().map(|(name, kind, _)| format!("{name} = \"{kind}\"\n")).collect();
    let label = label.0;
    let config = format!(
        "[ingest]\nfiles = {{ all = \"raw.json\" }}\nformat = \"json-columns\"\nlabel = \"{label}\"\n[ingest.columns]\n{features}"
    );
    fs::write(folder.join("pipeline.toml"), config).unwrap();
}

/// Peak memory of ingest, as a multiple of the file's size.
fn peak_per_size(rows: usize, columns: &[Column]) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    write_table(folder.path(), rows, columns);
    let arguments = stage::Arguments {
        config: folder.path().join("pipeline.toml"),
        out: folder.path().join("out"),
        ..stage::Arguments::default()
    };
    forget_peak();
    let summary = ingest::run(&arguments).unwrap();
    let (peak, size) = (peak(), fs::metadata(folder.path().join("raw.json")).unwrap().len());
    let times = peak as f64 / size as f64;
    println!("{}: {peak} bytes for a file of {size}, {times:.2} times", summary.text);
    times
}

#[test]
fn peak_memory_is_at_most_four_times_the_file() {
    // The worst case: nothing but numbers of one digit, the label among them.
    let numbers: [Column; 2] =
        [("a", "number", |row| (row % 10).to_string()), ("y", "", |row| (row % 7).to_string())];
    // As the laptops are: levels, numbers, lists, texts that are all different; a fifth of the rows is rejected.
    let laptops: [Column; 6] = [
        ("model", "category", |row| format!("\"intel core i{}\"", row % 9)),
        ("name", "category", |row| format!("\"laptop number {row} of its series\"")),
        ("flag", "category", |row| format!("\"{}\"", row % 2)),
        ("ports", "list", |row| format!("[\"usb {}\",\"lan 10\\/100 mbps\",\"nfc\"]", row % 4)),
        ("size", "number", |row| if row % 5 == 0 { "null".to_owned() } else { (row % 8).to_string() }),
        ("price", "", |row| format!("{}.5", row * 37 % 9001)),
    ];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let [narrow, wide] =
        pool.install(|| [peak_per_size(1_000_000, &numbers), peak_per_size(300_000, &laptops)]);
    assert!(narrow <= 4.0 && wide <= 4.0, "{narrow} and {wide} times the file");
    // Less than the file itself cannot be: then the counter would not see what ingest does.
    assert!(narrow >= 1.0 && wide >= 1.0, "{narrow} and {wide} times the file");
}
