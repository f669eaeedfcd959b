//! What people see: no line wider than their terminal, and every column and value somewhere.
#![expect(clippy::unwrap_used, reason = "helpers of a test do as tests do")]

use clap::Parser;
use explore::CommandLine;
use std::path::Path;

fn sample() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/laptops/train_dataset.json");
    path.to_str().unwrap().to_owned()
}

fn show(arguments: &[&str], width: usize) -> String {
    let file = sample();
    let line = [&["explore", &file], arguments].concat();
    explore::show(&CommandLine::try_parse_from(line).unwrap(), width).unwrap()
}

#[test]
fn lines_fit_the_terminal() {
    for command in ["info", "head", "tail", "describe", "columns"] {
        for width in [40, 60, 100, 200] {
            let text = show(&[command], width);
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{command}, {width}: {line}");
            }
        }
    }
}

#[test]
fn a_wide_table_is_folded_by_column() {
    let text = show(&["describe"], 60);
    let blocks: Vec<&str> = text.split("\n\n").collect();
    assert!(blocks.len() > 3);
    for block in &blocks {
        assert_eq!(block.lines().count(), 12, "{block}");
        assert!(block.lines().nth(1).unwrap().starts_with("count "), "{block}");
    }
    let (last, continued) = blocks.split_last().unwrap();
    assert!(continued.iter().all(|block| block.lines().next().unwrap().ends_with(" \\")));
    assert!(!last.contains('\\') && last.contains("buynow_price"));
}

#[test]
fn columns_say_how_many_more_values_there_are() {
    let text = show(&["columns", "--column", "CPU model", "--limit", "2"], 80);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("CPU model: ") && lines[0].ends_with(" missing"), "{text}");
    assert_eq!(lines.len(), 4);
    let all: usize = lines[0].split_whitespace().nth(2).unwrap().parse().unwrap();
    assert_eq!(lines[3], format!("  … and {} more", all - 2));
    let json = show(&["columns", "--column", "CPU model", "--format", "json"], 80);
    assert_eq!(json.matches("\"count\"").count(), all, "machines get all of them");
}
