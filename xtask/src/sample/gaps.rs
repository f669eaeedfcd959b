//! Missing cells: which rows of a file lack what.
//!
//! Of the incomplete rows some lack everything that can be missing, some lack a block of columns, and the
//! rest lack one or two cells; each column lacks exactly as many cells as it is told to.

use super::draw::Draw;
use super::table::{Cell, Column, Row};

/// The columns that can be missing, with the number of missing cells in train, val and test.
const QUOTAS: [(Column, [usize; 3]); 13] = [
    (Column::Graphics, [294, 100, 102]),
    (Column::Communications, [450, 162, 170]),
    (Column::Resolution, [350, 129, 129]),
    (Column::Ram, [254, 93, 103]),
    (Column::System, [376, 134, 140]),
    (Column::DriveType, [257, 86, 92]),
    (Column::InputDevices, [390, 145, 143]),
    (Column::Multimedia, [401, 151, 156]),
    (Column::RamType, [499, 177, 188]),
    (Column::Clock, [530, 196, 210]),
    (Column::Model, [322, 104, 107]),
    (Column::DriveSize, [272, 104, 105]),
    (Column::Screen, [197, 73, 76]),
];

/// Rows that lack all thirteen columns, in train, val and test.
const BLANK: [usize; 3] = [149, 49, 57];

/// Per mille of the other incomplete rows that lack a block of columns.
const BLOCK_ROWS: usize = 270;
/// Per mille of the cells missing outside blank rows that such rows lack.
const BLOCK_CELLS: usize = 700;

/// Takes cells out of rows, each of which then lacks at least one: the incomplete rows of one file (0 train,
/// 1 val, 2 test).
pub(super) fn make(file: usize, rows: &mut [Row], draw: &mut Draw) {
    let (blank, others) = rows.split_at_mut(BLANK[file]);
    for row in blank {
        QUOTAS.iter().for_each(|&(column, _)| row.set(column, Cell::Missing));
    }
    let (block, sparse) = others.split_at_mut(others.len() * BLOCK_ROWS / 1000);
    let (mut block_cards, mut sparse_cards) = (Vec::new(), Vec::new());
    let mut quotas = QUOTAS;
    draw.shuffle(&mut quotas);
    for (column, quota) in quotas {
        let n_cards = quota[file] - BLANK[file];
        let n_block_cards = block.len().min(n_cards * BLOCK_CELLS / 1000);
        block_cards.extend(vec![column; n_block_cards]);
        sparse_cards.extend(vec![column; n_cards - n_block_cards]);
    }
    deal(block, &block_cards);
    deal(sparse, &sparse_cards);
}

/// Deals the cards round the table; a row loses the cell of each column that it is dealt. The cards lie
/// column by column, no column having more cards than there are rows, so no row gets a card twice.
fn deal(rows: &mut [Row], cards: &[Column]) {
    for (turn, &column) in cards.iter().enumerate() {
        rows[turn % rows.len()].set(column, Cell::Missing);
    }
}
