//! What is known of Allegro's files, as `cargo xtask explore` shows it.

use crate::workspace::real_data;
use clap::Parser;
use explore::CommandLine;
use serde_json::Value;

fn json(folder: &std::path::Path, name: &str, command: &str) -> Value {
    let path = folder.join(format!("{name}_dataset.json"));
    let line = ["explore", path.to_str().unwrap(), command, "--format", "json"];
    let text = explore::show(&CommandLine::try_parse_from(line).unwrap(), 80).unwrap();
    serde_json::from_str(&text).unwrap()
}

const FILES: [(&str, u64); 3] = [("train", 4711), ("val", 1571), ("test", 1571)];

/// Missing cells of train, val and test.
const MISSING: [(&str, [u64; 3]); 17] = [
    ("graphic card type", [294, 100, 102]),
    ("communications", [450, 162, 170]),
    ("resolution (px)", [350, 129, 129]),
    ("CPU cores", [0, 0, 0]),
    ("RAM size", [254, 93, 103]),
    ("operating system", [376, 134, 140]),
    ("drive type", [257, 86, 92]),
    ("input devices", [390, 145, 143]),
    ("multimedia", [401, 151, 156]),
    ("RAM type", [499, 177, 188]),
    ("CPU clock speed (GHz)", [530, 196, 210]),
    ("CPU model", [322, 104, 107]),
    ("state", [0, 0, 0]),
    ("drive memory size (GB)", [272, 104, 105]),
    ("warranty", [0, 0, 0]),
    ("screen size", [197, 73, 76]),
    ("buynow_price", [0, 0, 0]),
];

#[test]
fn missing_cells_are_counted() {
    let Some(data) = real_data("missing_cells_are_counted") else { return };
    for (file, (name, rows)) in FILES.into_iter().enumerate() {
        let info = json(&data, name, "info");
        let info = info.as_array().unwrap();
        assert_eq!(info.len(), MISSING.len());
        for (column, (expected, missing)) in info.iter().zip(MISSING) {
            assert_eq!(column["column"], expected);
            assert_eq!(column["missing"], missing[file], "{name}, {expected}");
            assert_eq!(column["non_null"], rows - missing[file], "{name}, {expected}");
        }
    }
}

#[test]
fn levels_occur_as_often_as_the_study_counts() {
    let Some(data) = real_data("levels_occur_as_often_as_the_study_counts") else { return };
    let columns = FILES.map(|(name, _)| json(&data, name, "columns"));
    let count = |column: &str, level: &str| -> u64 {
        let values = columns.iter().flat_map(|file| file[column]["values"].as_array().unwrap());
        values.filter(|value| value["value"] == level).map(|value| value["count"].as_u64().unwrap()).sum()
    };
    for (column, level, expected) in [
        ("graphic card type", "dedicated graphics", 4328),
        ("CPU cores", "not applicable", 87),
        ("RAM size", "256 mb", 1),
        ("RAM type", "ddr3l", 687),
        ("CPU model", "intel celeron ", 120),
        ("communications", "bluetooth", 6524),
        ("communications", "wi-fi 802.11 a/b/g/n", 17),
        ("operating system", "linux", 2),
        ("multimedia", "camera", 7029),
        ("screen size", "15\" - 15.9\"", 5309),
        ("state", "new", 7853),
    ] {
        assert_eq!(count(column, level), expected, "{column}: {level}");
    }
}

#[test]
fn prices_have_the_studys_statistics() {
    let Some(data) = real_data("prices_have_the_studys_statistics") else { return };
    let price = &json(&data, "train", "describe")["buynow_price"];
    let number = |statistic: &str| price[statistic].as_f64().unwrap();
    assert_eq!(price["count"], 4711);
    assert!((number("mean") - 3495.83).abs() < 0.005 && (number("std") - 1727.93).abs() < 0.005, "{price}");
    assert_eq!([number("min"), number("50%"), number("max")], [429.0, 3184.0, 15472.65]);
}
