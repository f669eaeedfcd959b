//! The shipped files are the ones that the model makes, and show the published marginals.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::files::{Table, files, tables};
use super::table::{Cell, Column, Row};

/// The larger levels, and how many rows of the real files have them.
const LEVELS: &[(Column, &[(&str, usize)])] = &[
    (Column::Graphics, &[("dedicated graphics", 4328), ("integrated graphics", 3029)]),
    (
        Column::Communications,
        &[
            ("bluetooth", 6524),
            ("lan 10/100/1000 mbps", 3961),
            ("wi-fi", 2958),
            ("lan 10/100 mbps", 2797),
            ("nfc (near field communication)", 1454),
            ("modem 3g (wwan)", 1009),
            ("intel wireless display (widi)", 1004),
        ],
    ),
    (Column::Resolution, &[("1920 x 1080", 4547), ("1366 x 768", 2100), ("1600 x 900", 363)]),
    (Column::Cores, &[("2", 4763), ("4", 2907)]),
    (Column::Ram, &[("8 gb", 3134), ("4 gb", 1729), ("16 gb", 1056), ("12 gb", 799), ("32 gb", 347)]),
    (
        Column::System,
        &[("windows 10 home", 4099), ("windows 10 professional", 1393), ("no system", 1320), ("other", 395)],
    ),
    (Column::DriveType, &[("ssd", 3762), ("hdd", 2330), ("ssd + hdd", 1147)]),
    (
        Column::InputDevices,
        &[("touchpad", 7155), ("keyboard", 6797), ("numeric keyboard", 3442), ("illuminated keyboard", 2623)],
    ),
    (
        Column::Multimedia,
        &[("camera", 7029), ("SD card reader", 6745), ("microphone", 6641), ("speakers", 6600)],
    ),
    (Column::RamType, &[("ddr4", 4533), ("ddr3", 1769), ("ddr3l", 687)]),
    (Column::Clock, &[("2.5", 1691), ("2.8", 950), ("2.0", 729), ("2.6", 645), ("2.3", 567)]),
    (Column::Model, &[("intel core i5", 2595), ("intel core i7", 2324), ("intel core i3", 1399)]),
    (Column::DriveSize, &[("1000.0", 1699), ("256.0", 961), ("240.0", 702), ("500.0", 672), ("480.0", 528)]),
    (Column::Warranty, &[("producer warranty", 6654), ("seller warranty", 1187)]),
    (Column::Screen, &[("15\" - 15.9\"", 5309), ("14\" - 14.9\"", 888), ("17\" - 17.9\"", 852)]),
];

/// How many levels of a column the study's encoding finds in complete rows, and in all rows.
const N_LEVELS: &[(Column, usize, usize)] = &[
    (Column::Graphics, 2, 2),
    (Column::Communications, 13, 13),
    (Column::System, 11, 12),
    (Column::DriveType, 5, 5),
    (Column::InputDevices, 4, 4),
    (Column::Multimedia, 4, 4),
    (Column::RamType, 3, 3),
    (Column::Model, 17, 18),
    (Column::Warranty, 2, 3),
    (Column::Screen, 6, 6),
    (Column::State, 1, 1),
];

fn is_complete(row: &Row) -> bool {
    !row.cells.contains(&Cell::Missing)
}

/// What a cell says, list items apart.
fn said(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Missing => Vec::new(),
        Cell::Text(text) => vec![(*text).to_owned()],
        Cell::Hundredths(value) => vec![format!("{:?}", f64::from(*value) / 100.0)],
        Cell::List(items) => items.iter().map(|item| (*item).to_owned()).collect(),
    }
}

/// The features of a row as one key, which twins share.
fn features(row: &Row) -> String {
    format!("{:?}", &row.cells[..Column::Price as usize])
}

fn assert_close(what: &str, found: f64, published: f64, tolerance: f64) {
    assert!((found / published - 1.0).abs() <= tolerance, "{what}: {found} instead of {published}");
}

#[test]
fn shipped_files_are_reproduced_to_the_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/laptops");
    for (name, text) in files() {
        let shipped = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(shipped == text, "{name} differs from what `cargo xtask sample` writes");
    }
}

#[test]
fn rows_and_missing_cells_are_as_published() {
    let counts = tables().map(|Table { rows, .. }| {
        let blank = |row: &&Row| row.cells.iter().filter(|cell| **cell == Cell::Missing).count() == 13;
        (rows.len(), rows.iter().filter(|row| is_complete(row)).count(), rows.iter().filter(blank).count())
    });
    assert_eq!(counts, [(4711, 3694, 149), (1571, 1215, 49), (1571, 1200, 57)]);
    let missing = tables().map(|Table { rows, .. }| {
        let of = |column| rows.iter().filter(|row| *row.cell(column) == Cell::Missing).count();
        [of(Column::Graphics), of(Column::Cores), of(Column::Clock), of(Column::Screen), of(Column::Price)]
    });
    assert_eq!(missing, [[294, 0, 530, 197, 0], [100, 0, 196, 73, 0], [102, 0, 210, 76, 0]]);
}

#[test]
fn indices_are_unique_over_the_files() {
    let indices: Vec<u32> = tables().into_iter().flat_map(|table| table.indices).collect();
    let distinct: BTreeSet<u32> = indices.iter().copied().collect();
    assert_eq!(distinct.len(), indices.len());
    assert!(indices.iter().all(|index| *index <= 11_719));
}

#[test]
fn levels_are_as_frequent_as_published() {
    let rows: Vec<Row> = tables().into_iter().flat_map(|table| table.rows).collect();
    for (column, levels) in LEVELS {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for level in rows.iter().flat_map(|row| said(row.cell(*column))) {
            *counts.entry(level).or_default() += 1;
        }
        for (level, published) in *levels {
            let found = counts.get(*level).copied().unwrap_or(0);
            let tolerance = if *published < 1000 { 0.27 } else { 0.12 };
            assert_close(&format!("{column:?} {level}"), found as f64, *published as f64, tolerance);
        }
    }
}

#[test]
fn complete_rows_have_the_levels_of_the_encoding() {
    let rows: Vec<Row> = tables().into_iter().flat_map(|table| table.rows).collect();
    for &(column, n_complete, n_all) in N_LEVELS {
        let all: BTreeSet<String> = rows.iter().flat_map(|row| said(row.cell(column))).collect();
        let complete: BTreeSet<String> =
            rows.iter().filter(|row| is_complete(row)).flat_map(|row| said(row.cell(column))).collect();
        assert_eq!((complete.len(), all.len()), (n_complete, n_all), "{column:?}");
    }
}

#[test]
fn complete_rows_can_be_parsed() {
    let number = |text: &str| text.parse::<f64>().is_ok();
    for row in tables().iter().flat_map(|table| &table.rows).filter(|row| is_complete(row)) {
        let text = |column| said(row.cell(column)).remove(0);
        assert!(number(&text(Column::Cores)), "{row:?}");
        assert!(text(Column::Ram).strip_suffix(" gb").is_some_and(number), "{row:?}");
        assert!(text(Column::Resolution).split_once(" x ").is_some_and(|(x, y)| number(x) && number(y)));
        assert!(number(&text(Column::Screen)[..2]), "{row:?}");
    }
}

#[test]
fn twins_are_as_frequent_as_published() {
    let [train, _, test] =
        tables().map(|table| -> Vec<Row> { table.rows.into_iter().filter(is_complete).collect() });
    let in_train: BTreeSet<String> = train.iter().map(features).collect();
    let n_twins = test.iter().filter(|row| in_train.contains(&features(row))).count();
    assert_close("distinct train rows", in_train.len() as f64, 2932.0, 0.03);
    assert_close("test rows with a twin in train", n_twins as f64, 420.0, 0.08);
}

#[test]
fn prices_are_distributed_as_published() {
    let [train, ..] = tables();
    let mut prices: Vec<f64> =
        train.rows.iter().map(|row| said(row.cell(Column::Price))[0].parse().unwrap()).collect();
    prices.sort_by(f64::total_cmp);
    let n = prices.len() as f64;
    let mean = prices.iter().sum::<f64>() / n;
    let sd = (prices.iter().map(|price| (price - mean).powi(2)).sum::<f64>() / n).sqrt();
    let nines = prices.iter().filter(|price| **price % 10.0 == 9.0).count() as f64;
    assert_close("mean", mean, 3495.83, 0.02);
    assert_close("standard deviation", sd, 1727.93, 0.04);
    assert_close("median", prices[prices.len() / 2], 3184.0, 0.03);
    assert_close("share of prices ending in 9", nines / n, 5766.0 / 7853.0, 0.03);
    assert!(prices[0] >= 429.0);
}
