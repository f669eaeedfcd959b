//! The three files: so many rows each, under indices of their own, with gaps and rarities.

use std::io;
use std::path::Path;

use super::draw::Draw;
use super::table::Row;
use super::{gaps, json, market, rarities};

/// Seed of the shipped files.
const SEED: u64 = 8050;

/// A file: its name, its rows, and how many of them are complete.
const FILES: [(&str, usize, usize); 3] =
    [("train_dataset.json", 4711, 3694), ("val_dataset.json", 1571, 1215), ("test_dataset.json", 1571, 1200)];

/// Row indices are below this: the market had more offers than the files tell of.
const N_INDICES: u32 = 11_720;

/// A file before it is text.
pub(super) struct Table {
    /// The file's name.
    pub(super) name: &'static str,
    /// The rows' indices in the market.
    pub(super) indices: Vec<u32>,
    /// The rows, in file order.
    pub(super) rows: Vec<Row>,
}

/// Writes the three files into a folder.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    for (name, text) in files() {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The three files, name and text; the same on every platform.
pub(crate) fn files() -> [(&'static str, String); 3] {
    tables().map(|table| (table.name, json::columns(&table.indices, &table.rows)))
}

/// The three files as tables.
pub(super) fn tables() -> [Table; 3] {
    let mut draw = Draw::new(SEED);
    let mut offers = market::offers(FILES.iter().map(|(_, n_rows, _)| n_rows).sum(), &mut draw);
    draw.shuffle(&mut offers);
    let mut indices: Vec<u32> = (0..N_INDICES).collect();
    draw.shuffle(&mut indices);
    [0, 1, 2].map(|file| {
        let (name, n_rows, n_complete) = FILES[file];
        let mut rows: Vec<Row> = offers.drain(..n_rows).collect();
        gaps::make(file, &mut rows[n_complete..], &mut draw);
        rarities::put(file, n_complete, &mut rows, &mut draw);
        draw.shuffle(&mut rows);
        Table { name, indices: indices.drain(..n_rows).collect(), rows }
    })
}
