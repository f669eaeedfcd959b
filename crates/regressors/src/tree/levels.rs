//! Sums over a node's rows by level of one feature.

use super::bag::Bag;
use super::columns::{Column, Columns, Kind};
use super::packed::{Packed, Sums};

/// Slots are walked as a whole; with more of them per row than this, the rows' codes are sorted instead.
const SLOTS_PER_ROW: usize = 2;

/// A level that occurs in a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) code: u32,
    pub(super) value: f32,
    pub(super) sums: Sums,
}

/// The levels of one feature in one node.
#[derive(Clone, Debug)]
pub(super) struct LevelCounts<P> {
    /// Levels that occur, ascending.
    pub(super) levels: Vec<Level>,
    /// Rows whose value is missing.
    pub(super) missing: Sums,
    coded: Vec<(u32, P)>,
}

impl<P: Packed> LevelCounts<P> {
    pub(super) fn new() -> Self {
        Self { levels: Vec::new(), missing: Sums::default(), coded: Vec::new() }
    }

    /// Counts the `rows` of a node, whose sums by slot are `histogram` if they have been counted.
    pub(super) fn count(
        &mut self,
        (columns, column): (&Columns, &Column),
        rows: &[u32],
        bag: &Bag<'_, P>,
        histogram: Option<&[P]>,
    ) {
        self.levels.clear();
        self.missing = Sums::default();
        match (&column.kind, histogram) {
            (Kind::Coded { first_slot, .. }, Some(slots))
                if column.n_codes() <= SLOTS_PER_ROW * rows.len() =>
            {
                self.count_slots(column, &slots[*first_slot..][..column.n_codes()], bag);
            }
            (Kind::Coded { at, .. }, _) => self.count_rows(column, rows, bag, |row| columns.code(row, *at)),
            (Kind::Ranked { codes }, _) => self.count_rows(column, rows, bag, |row| codes[row as usize]),
            (Kind::Constant | Kind::Binary { .. }, _) => {}
        }
        if self.levels.last().is_some_and(|level| level.code == column.missing()) {
            self.missing = self.levels.pop().map_or(self.missing, |level| level.sums);
        }
    }

    fn push(&mut self, column: &Column, code: u32, sums: Sums) {
        let value = column.levels.get(code as usize).copied().unwrap_or(f32::NAN);
        self.levels.push(Level { code, value, sums });
    }

    fn count_slots(&mut self, column: &Column, slots: &[P], bag: &Bag<'_, P>) {
        for (code, slot) in (0..).zip(slots) {
            if *slot != P::default() {
                self.push(column, code, slot.unpack(bag.layout));
            }
        }
    }

    fn count_rows(&mut self, column: &Column, rows: &[u32], bag: &Bag<'_, P>, code: impl Fn(u32) -> u32) {
        let mut coded = std::mem::take(&mut self.coded);
        coded.clear();
        coded.extend(rows.iter().map(|row| (code(*row), bag.of(*row))));
        coded.sort_unstable_by_key(|(code, _)| *code);
        for same in coded.chunk_by(|a, b| a.0 == b.0) {
            let mut sums = P::default();
            same.iter().for_each(|(_, sum)| sums += *sum);
            self.push(column, same[0].0, sums.unpack(bag.layout));
        }
        self.coded = coded;
    }
}
