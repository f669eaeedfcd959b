//! Levels that only a handful of rows have, dirty ones among them, put into so many rows of each kind.
//!
//! The market's tables leave them out: a weight would make their presence a matter of luck, and what the
//! study's encoding refuses (`not applicable` cores) must stay in incomplete rows.

use std::iter::repeat_n;

use self::Value::{Hundredths, List, Text};
use super::draw::Draw;
use super::segments::Segment::{self, Basic, Gaming, Home, Mini, Office, Ultrabook, Workstation};
use super::table::{Cell, Column, Row};

/// Levels and the rows that each gets: complete ones in train, val and test, and incomplete ones in train.
struct Rarity {
    column: Column,
    values: &'static [Value],
    segment: Segment,
    complete: [usize; 3],
    incomplete: usize,
}

/// A cell that can stand in a constant.
enum Value {
    Text(&'static str),
    Hundredths(u32),
    List(&'static [&'static str]),
}

const fn rare(
    column: Column,
    segment: Segment,
    values: &'static [Value],
    complete: [usize; 3],
    incomplete: usize,
) -> Rarity {
    Rarity { column, segment, values, complete, incomplete }
}

const WIN7_HOME: &str = "windows 7 home 64-bit";
const WIN7_PRO: &str = "windows 7 professional 64-bit";
const WIN7_PRO_32: &str = "windows 7 professional 32-bit";
const WIN8_PRO: &str = "windows 8.1 professional 64-bit";
const WIN8_PRO_32: &str = "windows 8.1 professional 32-bit";
const WIN10_PRO: &str = "windows 10 professional";
const WIFI_A: &str = "wi-fi 802.11 a/b/g/n";
const WIFI_B: &str = "wi-fi 802.11 b/g/n";

const RARITIES: &[Rarity] = &[
    rare(Column::Communications, Home, &[List(&[WIFI_A, "bluetooth", "lan 10/100/1000 mbps"])], [3, 1, 2], 2),
    rare(Column::Communications, Basic, &[List(&[WIFI_A, "lan 10/100 mbps"])], [4, 2, 1], 2),
    rare(Column::Communications, Basic, &[List(&[WIFI_B, "bluetooth", "lan 10/100 mbps"])], [16, 5, 5], 6),
    rare(Column::Resolution, Gaming, &[Text("other")], [0, 0, 0], 2),
    rare(Column::Resolution, Ultrabook, &[Text("2160 x 1440")], [1, 0, 0], 4),
    rare(Column::Resolution, Office, &[Text("1920 x 1200")], [1, 1, 0], 2),
    rare(Column::Resolution, Ultrabook, &[Text("2880 x 1620")], [1, 1, 1], 1),
    rare(Column::Resolution, Ultrabook, &[Text("2560 x 1600")], [1, 0, 0], 0),
    rare(Column::Cores, Home, &[Text("not applicable")], [0, 0, 0], 12),
    rare(Column::Cores, Gaming, &[Text("not applicable")], [0, 0, 0], 75),
    rare(Column::Cores, Workstation, &[Text("1")], [0, 0, 0], 7),
    rare(Column::Cores, Gaming, &[Text("8")], [1, 0, 0], 4),
    rare(Column::Cores, Home, &[Text("6")], [0, 0, 0], 1),
    rare(Column::Ram, Workstation, &[Text("64 gb")], [0, 0, 0], 5),
    rare(Column::Ram, Workstation, &[Text("24 gb")], [1, 0, 0], 0),
    rare(Column::Ram, Home, &[Text("256 mb")], [0, 0, 0], 1),
    rare(Column::System, Home, &[List(&["linux"])], [0, 0, 0], 2),
    rare(Column::System, Home, &[List(&[WIN7_HOME])], [0, 1, 0], 1),
    rare(Column::System, Home, &[List(&[WIN7_HOME, WIN7_PRO])], [0, 1, 1], 0),
    rare(Column::System, Office, &[List(&[WIN7_PRO_32, WIN7_PRO])], [0, 0, 1], 1),
    rare(Column::System, Office, &[List(&[WIN7_PRO_32, "other"])], [0, 0, 0], 1),
    rare(Column::System, Office, &[List(&[WIN8_PRO_32])], [1, 0, 0], 2),
    rare(Column::System, Office, &[List(&[WIN7_PRO, WIN8_PRO])], [1, 0, 0], 2),
    rare(Column::System, Office, &[List(&[WIN8_PRO, WIN10_PRO])], [1, 1, 1], 2),
    rare(Column::InputDevices, Basic, &[List(&["keyboard"])], [4, 1, 1], 6),
    rare(Column::InputDevices, Home, &[List(&["keyboard", "numeric keyboard"])], [3, 1, 1], 3),
    rare(Column::Clock, Home, &[Hundredths(0)], [1, 0, 0], 0),
    rare(Column::Clock, Mini, &[Hundredths(80)], [1, 0, 0], 1),
    rare(Column::Clock, Mini, &[Hundredths(115), Hundredths(146), Hundredths(224)], [0, 0, 0], 1),
    rare(Column::Clock, Mini, &[Hundredths(100), Hundredths(183)], [5, 2, 1], 0),
    rare(Column::Clock, Basic, &[Hundredths(150), Hundredths(158)], [4, 1, 1], 0),
    rare(Column::Clock, Mini, &[Hundredths(166), Hundredths(168), Hundredths(266)], [1, 0, 0], 0),
    rare(Column::Clock, Basic, &[Hundredths(186), Hundredths(213)], [3, 1, 1], 1),
    rare(Column::Clock, Basic, &[Hundredths(130), Hundredths(140)], [4, 2, 1], 4),
    rare(Column::Clock, Ultrabook, &[Hundredths(90)], [5, 2, 1], 0),
    rare(Column::Clock, Ultrabook, &[Hundredths(120)], [2, 1, 1], 6),
    rare(Column::Clock, Office, &[Hundredths(256), Hundredths(360)], [0, 0, 0], 1),
    rare(Column::Clock, Office, &[Hundredths(300)], [1, 1, 0], 12),
    rare(Column::Clock, Office, &[Hundredths(310)], [4, 1, 1], 1),
    rare(Column::Clock, Gaming, &[Hundredths(330), Hundredths(350)], [2, 1, 1], 1),
    rare(Column::Clock, Gaming, &[Hundredths(380)], [1, 0, 0], 0),
    rare(Column::Clock, Workstation, &[Hundredths(390)], [1, 1, 0], 3),
    rare(Column::Model, Basic, &[Text("amd a4")], [6, 2, 3], 0),
    rare(Column::Model, Basic, &[Text("intel celeron m")], [4, 1, 1], 0),
    rare(Column::Model, Ultrabook, &[Text("intel core m")], [5, 1, 1], 5),
    rare(Column::Model, Basic, &[Text("intel pentium 4")], [0, 0, 0], 15),
    rare(Column::DriveSize, Basic, &[size(0), size(8), size(60), size(100)], [0, 0, 0], 1),
    rare(Column::DriveSize, Home, &[size(1)], [0, 0, 0], 6),
    rare(Column::DriveSize, Basic, &[size(68), size(152), size(192)], [1, 0, 0], 1),
    rare(Column::DriveSize, Home, &[size(272), size(275), size(364), size(384)], [1, 0, 0], 0),
    rare(Column::DriveSize, Office, &[size(248), size(368), size(496), size(508)], [2, 1, 0], 0),
    rare(Column::DriveSize, Office, &[size(488), size(516), size(524), size(740)], [0, 0, 1], 0),
    rare(Column::DriveSize, Ultrabook, &[size(608), size(768)], [2, 1, 1], 0),
    rare(Column::DriveSize, Gaming, &[size(980), size(990), size(1012), size(1726)], [1, 0, 0], 0),
    rare(Column::DriveSize, Gaming, &[size(1525), size(1728), size(2120), size(2500)], [2, 0, 1], 0),
    rare(Column::DriveSize, Gaming, &[size(1275), size(1280), size(2048)], [0, 0, 0], 1),
    rare(Column::DriveSize, Gaming, &[size(10_000)], [0, 0, 1], 0),
    rare(Column::DriveSize, Workstation, &[size(2250)], [0, 1, 0], 0),
    rare(Column::Warranty, Home, &[Text("no warranty")], [0, 0, 0], 12),
];

const fn size(gigabytes: u32) -> Value {
    Hundredths(gigabytes * 100)
}

/// Puts the rarities into the rows of one file (0 train, 1 val, 2 test), of which those before `n_complete`
/// are complete. No row gets two.
pub(super) fn put(file: usize, n_complete: usize, rows: &mut [Row], draw: &mut Draw) {
    let mut free = vec![true; rows.len()];
    for rarity in RARITIES {
        let n_incomplete = if file == 0 { rarity.incomplete } else { 0 };
        let kinds = [(0..n_complete, rarity.complete[file]), (n_complete..rows.len(), n_incomplete)];
        for (range, n_rows) in kinds {
            for value in rarity.values.iter().flat_map(|value| repeat_n(value, n_rows)) {
                let fits =
                    |row: &Row| row.segment == rarity.segment && *row.cell(rarity.column) != Cell::Missing;
                let fitting: Vec<usize> =
                    range.clone().filter(|&row| free[row] && fits(&rows[row])).collect();
                let row = fitting[draw.below(fitting.len())];
                free[row] = false;
                rows[row].set(rarity.column, value.cell());
            }
        }
    }
}

impl Value {
    fn cell(&self) -> Cell {
        match *self {
            Value::Text(text) => Cell::Text(text),
            Value::Hundredths(value) => Cell::Hundredths(value),
            Value::List(items) => Cell::List(items.to_vec()),
        }
    }
}
