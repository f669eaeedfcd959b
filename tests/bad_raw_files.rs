//! Every file under `bad/raw` is refused with the message and the exit code that stand here, and leaves nothing
//! behind.
//!
//! All of them should have been a table of `cpu` (category), `ram` (number) and `price` (the label, at least 0),
//! like `bad/good.json`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A bad file, alone (`all`) unless it is a test file beside `good.json`.
struct Case {
    file: &'static str,
    beside_good: bool,
    exit_code: u8,
    /// What the error says, the bad file as FILE.
    message: &'static str,
}

const fn case(file: &'static str, message: &'static str) -> Case {
    Case { file, beside_good: false, exit_code: 65, message }
}

const CASES: &[Case] = &[
    case(
        "absent-column.json",
        "FILE: column 'ram' is not there, which ingest.columns names; correct the name or the file",
    ),
    case("absent-index.csv", "FILE: column 'id' is not there, which ingest.index names; correct the name"),
    case(
        "absent-index.records.json",
        "FILE: column 'id', row 1 (counted from 0): the record has no 'id', which ingest.index names; number the rows",
    ),
    case(
        "absent-label.json",
        "FILE: column 'price' is not there, which ingest.label names; correct the name or the file",
    ),
    case("blank.json", "FILE: the file is empty; write it again"),
    case(
        "boolean-among-texts.json",
        "FILE: column 'cpu', row 3: a boolean, while the column's cells before it are of type text; give all cells one type",
    ),
    case(
        "columns-as-records.records.json",
        "FILE: invalid type: map, expected an array of records; check ingest.format",
    ),
    case(
        "duplicate-index.csv",
        "FILE: column 'id', row 7: this index occurs twice; give every row an index of its own",
    ),
    case(
        "duplicate-index.json",
        "FILE: column 'cpu', row 7: this index occurs twice; give every row an index of its own",
    ),
    case(
        "duplicate-index.parquet",
        "FILE: column 'id', row 7: this index occurs twice; give every row an index of its own",
    ),
    case(
        "duplicate-index.records.json",
        "FILE: column 'id', row 7: this index occurs twice; give every row an index of its own",
    ),
    case("empty.csv", "FILE: the file is empty; write it again"),
    case("empty.json", "FILE: the file is empty; write it again"),
    case(
        "gzip-pages.parquet",
        "FILE: not a readable Parquet file: its pages are compressed by gzip, but may be by Snappy only, or not at all; write it again or check ingest.format",
    ),
    case(
        "gzip.parquet",
        "FILE: not a readable Parquet file: the whole file is compressed by gzip, decompress it; write it again or check ingest.format",
    ),
    case("header-only.csv", "FILE: a table without rows; write it again"),
    Case {
        beside_good: true,
        ..case(
            "index-in-two-files.json",
            "FILE: row 3: this index is in good.json too; give every row an index of its own",
        )
    },
    case(
        "index-orders-differ.json",
        "FILE: column 'ram', row 5: the order of the index differs from column 'cpu', which has row 3 at this place (2); write all columns from one table",
    ),
    case(
        "infinity.json",
        "FILE: column 'ram', row 3: -Infinity is not a JSON number; write null where a cell is missing",
    ),
    case(
        "label-is-a-text.csv",
        "FILE: column 'price', row 3: the label 'ask' is not a finite number; correct it",
    ),
    case(
        "label-is-a-text.json",
        "FILE: column 'price', row 3: the label 'ask' is not a finite number; correct it",
    ),
    case(
        "label-is-infinite.csv",
        "FILE: column 'price', row 3: the label 'inf' is not a finite number; correct it",
    ),
    case(
        "label-under-min.json",
        "FILE: column 'price', row 3: the label -0.5 is under ingest.label_min = 0; correct one of both",
    ),
    case(
        "list-of-numbers.json",
        "FILE: column 'ram', row 7: invalid type: integer `8`, expected a text as item of a list; correct it",
    ),
    case(
        "long-column.json",
        "FILE: column 'ram', row 5: the column is longer than the 2 rows of column 'cpu'; write all columns from one table",
    ),
    case(
        "mixed-types.json",
        "FILE: column 'cpu', row 3: a number, while the column's cells before it are of type text; give all cells one type",
    ),
    case(
        "mixed-types.records.json",
        "FILE: column 'ram', row 3: a text, while the column's cells before it are of type number; give all cells one type",
    ),
    case(
        "nan.json",
        "FILE: column 'ram', row 3: NaN is not a JSON number; write null where a cell is missing",
    ),
    case(
        "nan.parquet",
        "FILE: column 'ram', row 3: NaN is no finite number; leave the cell out if it is missing",
    ),
    case(
        "nan.records.json",
        "FILE: column 'ram', row 3: NaN is not a JSON number; write null where a cell is missing",
    ),
    case(
        "nested.json",
        "FILE: column 'cpu', row 7: an object inside a cell; give its values columns of their own",
    ),
    case("no-columns.json", "FILE: a table without rows; write it again"),
    case(
        "no-complete-row.json",
        "FILE: column 'cpu': no row to train on is complete and readable; this column rejected 2 of 2; correct its cells or its kind, or ignore it",
    ),
    case("no-rows.json", "FILE: a table without rows; write it again"),
    case(
        "non-integer-index.csv",
        "FILE: column 'id', row 1 (line 3): the index '' is not an integer; number the rows",
    ),
    case(
        "non-integer-index.json",
        "FILE: column 'cpu', row '3.5': the index '3.5' is not an integer; number the rows",
    ),
    case(
        "non-integer-index.records.json",
        "FILE: column 'id', row 1 (counted from 0): the index 'b' is not an integer; number the rows",
    ),
    case("non-utf8.csv", "FILE: column 'cpu', row 3 (line 3): not UTF-8; save the file as UTF-8"),
    case("non-utf8.json", "FILE: column 'cpu', row 3: not UTF-8 at line 1, byte 26; save the file as UTF-8"),
    case(
        "non-utf8.jsonl",
        "FILE: column 'cpu', row 3 (line 2): not UTF-8 at line 2, byte 19; save the file as UTF-8",
    ),
    case(
        "not-json.json",
        "FILE: column 'ram', row 3: not valid JSON: expected value at line 1, byte 45; correct it",
    ),
    case(
        "not-parquet.parquet",
        "FILE: not a readable Parquet file: Parquet error: Invalid Parquet file. Corrupt footer; write it again or check ingest.format",
    ),
    case(
        "number-too-large.json",
        "FILE: column 'ram', row 3: a number too large for 64 bits, at line 1, byte 49; correct it",
    ),
    case("ragged.csv", "FILE: row 1 (line 3): 3 cells under a header of 4; quote cells that hold a comma"),
    case(
        "records-as-columns.json",
        "FILE: invalid type: sequence, expected an object of columns; check ingest.format",
    ),
    case("repeated-column.csv", "FILE: column 'ram': this column occurs twice; rename one of them"),
    case("repeated-column.json", "FILE: column 'cpu': this column occurs twice; rename one of them"),
    case(
        "repeated-column.records.json",
        "FILE: column 'cpu', row 7: this column occurs twice; rename one of them",
    ),
    case(
        "short-column.json",
        "FILE: column 'ram', row 5: the column ends after 2 rows and lacks this one, column 'cpu' has 3; write all columns from one table",
    ),
    case(
        "trailing.json",
        "FILE: column 'price', row 5: not valid JSON: trailing characters at line 1, byte 107; correct it",
    ),
    case(
        "truncated-between-columns.json",
        "FILE: column 'ram', row 5: the file ends too early, at line 1, byte 63; it was cut off, copy it again",
    ),
    case(
        "truncated.json",
        "FILE: column 'ram', row 5: the file ends too early, at line 1, byte 60; it was cut off, copy it again",
    ),
    case(
        "truncated.jsonl",
        "FILE: column 'ram', row 3 (line 2): the file ends too early, at line 2, byte 26; it was cut off, copy it again",
    ),
    case(
        "truncated.parquet",
        "FILE: not a readable Parquet file: Parquet error: Invalid Parquet file. Corrupt footer; write it again or check ingest.format",
    ),
    case(
        "truncated.records.json",
        "FILE: column 'cpu', row 3: the file ends too early, at line 1, byte 66; it was cut off, copy it again",
    ),
    case(
        "two-records-in-a-line.jsonl",
        "FILE: column 'price', row 1 (line 1): not valid JSON: trailing characters at line 1, byte 44; correct it",
    ),
    Case {
        beside_good: true,
        ..case(
            "types-differ-between-files.json",
            "FILE: column 'ram', row 8: a text, while the column's cells in good.json are of type number; give all cells one type",
        )
    },
    Case {
        exit_code: 78,
        ..case(
            "unknown-column.json",
            "pipeline.toml: ingest.columns: column 'ports' of FILE is not configured; write \"ports\" = \"list\" (or another kind) here, or name it in ingest.ignore",
        )
    },
    case("utf16.json", "FILE: not UTF-8 at line 1, byte 1; save the file as UTF-8"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bad")
}

/// Runs ingest on one bad file; returns the exit code and the message, with paths relative to `bad`.
fn refuse(case: &Case) -> (u8, String) {
    let out = tempfile::tempdir().unwrap();
    let config = out.path().join("pipeline.toml");
    fs::write(&config, configuration(case)).unwrap();
    let artifacts = out.path().join("artifacts");
    let arguments = stage::Arguments {
        config: config.clone(),
        out: artifacts.clone(),
        data: Some(folder()),
        ..stage::Arguments::default()
    };
    let error = ingest::run(&arguments).expect_err(case.file);
    assert!(!artifacts.exists(), "{}: something was left in OUT", case.file);
    let message = error.to_string().replace(&format!("{}/", folder().display()), "");
    (error.exit_code(), message.replace(&config.display().to_string(), "pipeline.toml"))
}

fn configuration(case: &Case) -> String {
    let files = match case.beside_good {
        true => format!("train = \"good.json\", test = \"raw/{}\"", case.file),
        false => format!("all = \"raw/{}\"", case.file),
    };
    let format = match case.file.split_once('.').map(|(_, extension)| extension) {
        Some("json") => "\"json-columns\"",
        Some("records.json") => "\"json-records\"\nindex = \"id\"",
        Some("jsonl") => "\"json-lines\"\nindex = \"id\"",
        Some("csv") => "\"csv\"\nindex = \"id\"",
        Some("parquet") => "\"parquet\"\nindex = \"id\"",
        other => panic!("{}: no format for the extension {other:?}", case.file),
    };
    format!(
        "[ingest]\nfiles = {{ {files} }}\nformat = {format}\nlabel = \"price\"\nlabel_min = 0.0\n\
         [ingest.columns]\ncpu = \"category\"\nram = \"number\"\n"
    )
}

#[test]
fn every_bad_file_is_refused() {
    for case in CASES {
        let expected = (case.exit_code, case.message.replace("FILE", &format!("raw/{}", case.file)));
        assert_eq!(refuse(case), expected, "{}", case.file);
    }
}

#[test]
fn every_bad_file_has_a_case() {
    let files = fs::read_dir(folder().join("raw")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.file.to_owned()).collect();
    assert_eq!(files, cases);
    assert_eq!(cases.len(), CASES.len(), "a file has two cases");
}
