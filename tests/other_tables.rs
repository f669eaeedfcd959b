//! Other tables than the laptops work by another configuration: every format, a label of any name and sign, files
//! without index or without labels, a single file.

use artifacts::observations::Observations;
use artifacts::{Cell, Origin};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const COLUMNS: &str = "[ingest.columns]\nname = \"category\"\nsize = \"number\"\n";

/// A folder of raw files with a configuration.
struct Table(TempDir);

impl Table {
    /// `files` are names with their contents.
    fn new(config: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pipeline.toml"), format!("[ingest]\n{config}\n{COLUMNS}")).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn arguments(&self) -> stage::Arguments {
        stage::Arguments {
            config: self.path().join("pipeline.toml"),
            out: self.path().join("out"),
            ..stage::Arguments::default()
        }
    }

    /// Runs ingest; returns its summary and the observations.
    fn ingest(&self) -> (String, Observations) {
        let arguments = self.arguments();
        let summary = ingest::run(&arguments).unwrap();
        (summary.text, Observations::read(&arguments.folder(ingest::NAME)).unwrap())
    }

    fn refused(&self) -> (u8, String) {
        let error = ingest::run(&self.arguments()).unwrap_err();
        (error.exit_code(), error.to_string().replace(&format!("{}/", self.path().display()), ""))
    }
}

/// One line per row: index, origin, cells and label.
fn shown(observations: &Observations) -> Vec<String> {
    let cell = |cell: Option<Cell<'_>>| match cell {
        Some(Cell::Number(number)) => number.to_string(),
        Some(Cell::Text(text)) => text.to_owned(),
        other => format!("{other:?}"),
    };
    let row = |row: usize| {
        let cells = observations.columns.iter().map(|column| cell(column.cells.get(row)));
        let label = observations.label[row].map_or_else(|| "-".to_owned(), |label| label.to_string());
        let (id, origin) = (observations.row_id[row], observations.origin[row]);
        format!("{id} {origin} {} {label}", cells.collect::<Vec<_>>().join(" "))
    };
    (0..observations.row_id.len()).map(row).collect()
}

#[test]
fn one_table_is_the_same_in_every_format() {
    let all = |format: &str| format!("files = {{ all = \"raw\" }}\nformat = \"{format}\"\nlabel = \"gain\"");
    let expected = ["5 all a 1 -2.5", "9 all b 2 0"];
    let columns =
        r#"{"name":{"5":"a","7":null,"9":"b"},"size":{"5":1,"7":3,"9":2},"gain":{"5":-2.5,"7":1,"9":0}}"#;
    let json_columns = Table::new(&all("json-columns"), &[("raw", columns)]);
    let (summary, observations) = json_columns.ingest();
    assert_eq!(
        (summary.as_str(), shown(&observations)),
        ("2 rows kept, 1 rejected", expected.map(Into::into).to_vec())
    );

    let index = "\nindex = \"id\"";
    let records = [
        r#"{"id":5,"name":"a","size":1,"gain":-2.5}"#,
        r#"{"id":7,"size":3,"gain":1}"#,
        r#"{"gain":0,"size":2,"name":"b","id":9}"#,
    ];
    for (format, text) in [
        ("json-records", format!("[{}]", records.join(","))),
        ("json-lines", records.join("\n")),
        ("csv", "id,name,size,gain\n5,a,1,-2.5\n7,,3,1\n9,b,2,0\n".to_owned()),
    ] {
        let (summary, observations) = Table::new(&(all(format) + index), &[("raw", &text)]).ingest();
        assert_eq!(summary, "2 rows kept, 1 rejected", "{format}");
        assert_eq!(shown(&observations), expected, "{format}");
    }

    // The observations are a Parquet file themselves.
    let config = all("parquet") + "\nindex = \"row_id\"\nignore = [\"origin\", \"group\"]";
    let parquet = Table::new(&config, &[]);
    fs::copy(json_columns.path().join("out/ingest/observations.parquet"), parquet.path().join("raw"))
        .unwrap();
    assert_eq!(shown(&parquet.ingest().1), expected);
}

#[test]
fn rows_without_index_count_on_across_files_in_their_order() {
    let table = Table::new(
        "files = { test = \"c\", val = \"b\", train = \"a\" }\nformat = \"csv\"\nlabel = \"y\"",
        &[
            ("a", "name,size,y\nu,1,1\nv,,2\nw,3,3\n"),
            ("b", "size,y,name\n4,4,x\n"),
            ("c", "y,name,size\n5,z,5\n"),
        ],
    );
    let (summary, observations) = table.ingest();
    assert_eq!(summary, "4 rows kept (2 train, 1 val, 1 test), 1 rejected");
    assert_eq!(shown(&observations), ["0 train u 1 1", "2 train w 3 3", "3 val x 4 4", "4 test z 5 5"]);
}

#[test]
fn a_test_file_may_lack_labels_but_no_other_file() {
    let labelled = "name,size,y\nu,1,1\n";
    let config = |files: &str| format!("files = {{ {files} }}\nformat = \"csv\"\nlabel = \"y\"");
    let files = [("a", labelled), ("b", "name,size\nv,2\n")];
    let (_, observations) = Table::new(&config("train = \"a\", test = \"b\""), &files).ingest();
    assert_eq!(observations.origin, [Origin::Train, Origin::Test]);
    assert_eq!(observations.label, [Some(1.0), None]);

    let message = "b: column 'y' is not there, which ingest.label names; correct the name or the file";
    let refused = Table::new(&config("train = \"b\", test = \"a\""), &files).refused();
    assert_eq!(refused, (65, message.to_owned()));
}

#[test]
fn rows_without_labels_are_no_train_rows_of_a_random_split() {
    let config = |by: &str| {
        let files = "files = { train = \"a\", test = \"b\" }\nformat = \"csv\"\nlabel = \"y\"";
        format!("{files}\n[split]\nby = \"{by}\"\nfractions = {{ test = 0.3 }}")
    };
    let files =
        [("a", "name,size,y\nu,1,1\nu,2,1\nw,3,2\nw,5,2\nw,8,2\n"), ("b", "name,size\nv,2\nv,4\nv,6\nv,7\n")];
    let split = |by: &str| {
        let table = Table::new(&config(by), &files);
        let arguments = table.arguments();
        ingest::run(&arguments).unwrap();
        feature_selection::run(&arguments).unwrap();
        split::run(&arguments).map(|summary| summary.text).map_err(|error| error.to_string())
    };
    assert!(split("origin").unwrap().starts_with("5 train, 0 val, 4 test"));
    for by in ["random", "grouped"] {
        let error = split(by).unwrap_err();
        assert!(error.contains("a train row, but it has no label; set it to \"origin\""), "{error}");
    }
}

#[test]
fn what_a_fit_or_a_score_cannot_take_is_said_with_file_and_row() {
    let refused = |train: &str, test: &str, select: &str| {
        let config = "files = { train = \"a\", test = \"b\" }\nformat = \"csv\"\nlabel = \"y\"\nindex = \"id\"\n\
                      [train.DecisionTree]\nmax_depth = 1\n[feature-selection]\n";
        let table = Table::new(
            &format!("{config}{select}"),
            &[
                ("a", &format!("id,name,size,y\n70,u,1,1\n71,v,2,2\n72,v,3,{train}\n")),
                ("b", &format!("id,name,size,y\n80,u,1,1\n81,v,5,{test}\n82,v,6,3\n")),
            ],
        );
        let arguments = table.arguments();
        ingest::run(&arguments).unwrap();
        let rest = feature_selection::run(&arguments).and_then(|_| {
            split::run(&arguments)?;
            train::run(&train::Arguments { stage: arguments.clone(), ..train::Arguments::default() })?;
            evaluate::run(&evaluate::Arguments { stage: arguments.clone(), baseline: None })
        });
        let error = rest.unwrap_err();
        assert_eq!(error.exit_code(), 65, "{error}");
        error.to_string().replace(&format!("{}/", table.path().display()), "")
    };
    assert_eq!(
        refused("1e200", "2", ""),
        "DecisionTree: out/split/train.parquet: column 'y', row_id 72: 1e200 is too large to square"
    );
    assert_eq!(
        refused("1e200", "2", "select = [\"forest-importance\"]\n"),
        "feature-selection.forest-importance: out/ingest/observations.parquet: column 'y', row_id 72: 1e200 is too \
         large to square"
    );
    assert_eq!(
        refused("3", "1e200", ""),
        "DecisionTree on test: the scores are not finite; labels or predictions are too large to be squared, or \
         labels too small; the largest are in out/split/test.parquet, row_id 81: label 1e200, prediction 2.5e0"
    );
}

#[test]
fn a_row_without_label_is_rejected_where_its_file_has_labels() {
    let table = Table::new(
        "files = { train = \"a\", test = \"b\" }\nformat = \"csv\"\nlabel = \"y\"",
        &[("a", "name,size,y\nu,1,1\nv,2,\n"), ("b", "name,size,y\nw,3,NA\nx,4,4\n")],
    );
    assert_eq!(shown(&table.ingest().1), ["0 train u 1 1", "3 test x 4 4"]);
}

#[test]
fn a_cell_that_its_kind_cannot_read_rejects_the_row() {
    let table = Table::new(
        "files = { all = \"raw\" }\nformat = \"csv\"\nlabel = \"y\"",
        &[("raw", "name,size,y\nu,not applicable,1\nv,2,2\nw,inf,3\n")],
    );
    let (summary, observations) = table.ingest();
    assert_eq!(summary, "1 rows kept, 2 rejected (2 by 'size': unparsable)");
    assert_eq!(shown(&observations), ["1 all v 2 2"]);
}

#[test]
fn levels_may_be_numbers_and_twins_share_a_group() {
    let table = Table::new(
        "files = { all = \"raw\" }\nformat = \"json-records\"\nlabel = \"y\"",
        &[("raw", r#"[{"name":4,"size":1,"y":1},{"name":0.5,"size":1,"y":2},{"name":4,"size":1,"y":3}]"#)],
    );
    let (_, observations) = table.ingest();
    assert_eq!(shown(&observations), ["0 all 4 1 1", "1 all 0.5 1 2", "2 all 4 1 3"]);
    let group = &observations.group;
    assert!(group[0] == group[2] && group[0] != group[1]);
}

#[test]
fn twins_are_rows_that_are_read_alike_however_they_are_spelled() {
    let kinds = "ram = \"size-gb\"\nscreen = \"leading-number\"\n\
                 pixels = { kind = \"pair\", into = [\"w\", \"h\"] }\n";
    let config = "files = { all = \"raw\" }\nformat = \"csv\"\nlabel = \"y\"";
    let text = "name,size,ram,screen,pixels,y\nu,1,8 gb,15 inch,1920 x 1080,1\n\
                u,1.0,8GB,15,1920x1080,2\nu,1,8 gb,15,1080 x 1920,3\n";
    let table = Table::new(config, &[("raw", text)]);
    let path = table.path().join("pipeline.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + kinds).unwrap();
    let group = table.ingest().1.group;
    assert!(group[0] == group[1] && group[0] != group[2]);
}

#[test]
fn levels_that_numbers_cannot_tell_apart_are_refused() {
    let refused = |level: &str| {
        let config = "files = { all = \"raw\" }\nformat = \"json-records\"\nlabel = \"y\"";
        let row = |level: &str| format!(r#"{{"name":{level},"size":9007199254740993,"y":1}}"#);
        let text = format!("[{},{}]", row("9007199254740991"), row(level));
        Table::new(config, &[("raw", &text)]).refused()
    };
    for level in ["9007199254740993", "-9007199254740993"] {
        let message = "raw: column 'name', row 1: a level of 2^53 or more, which a number does not tell from its \
                       neighbours; write levels as texts";
        assert_eq!(refused(level), (65, message.to_owned()));
    }
}

#[test]
fn a_column_that_is_not_configured_is_offered_the_kind_of_its_cells() {
    let advice = |format: &str, raw: &str| {
        let config = format!("files = {{ all = \"raw\" }}\nformat = \"{format}\"\nlabel = \"y\"");
        let (code, message) = Table::new(&config, &[("raw", raw)]).refused();
        let advice = message.strip_prefix("pipeline.toml: ingest.columns: column '").unwrap();
        assert_eq!(code, 78);
        advice.replace(" (or another kind) here, or name it in ingest.ignore", "")
    };
    let of_csv = |name: &str, cells: [&str; 2]| {
        advice("csv", &format!("{name},name,size,y\n{},u,1,1\n{},v,2,2\n", cells[0], cells[1]))
    };
    assert_eq!(of_csv("rooms", ["3", ""]), "rooms' of raw is not configured; write \"rooms\" = \"number\"");
    assert_eq!(
        of_csv("rooms", ["3", "x"]),
        "rooms' of raw is not configured; write \"rooms\" = \"category\""
    );
    assert_eq!(of_csv("rooms", ["", ""]), "rooms' of raw is not configured; write \"rooms\" = \"category\"");
    assert_eq!(
        of_csv("", ["0", "1"]),
        "' of raw is not configured; set ingest.index = \"\" if it numbers the rows, write \"\" = \"number\""
    );
    assert_eq!(
        of_csv("\"a \"\"b\"\"\n\\\"", ["3", "4"]),
        "a \"b\" \\' of raw is not configured; write \"a \\\"b\\\"\\u000A\\\\\" = \"number\""
    );
    let records = r#"[{"Unnamed: 0":1,"name":"u","size":1,"y":1}]"#;
    assert!(advice("json-records", records).contains("; set ingest.index = \"Unnamed: 0\" if"));
}

#[test]
fn an_absent_file_has_an_exit_code_of_its_own() {
    let table = Table::new("files = { all = \"raw\" }\nformat = \"csv\"\nlabel = \"y\"", &[]);
    assert_eq!(table.refused(), (66, "raw: no such file".to_owned()));
}
