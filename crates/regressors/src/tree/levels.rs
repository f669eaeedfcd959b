//! Sums over a node's rows by level of one feature.

use super::bag::Bag;
use super::codes::CodeSet;
use super::columns::{Column, Columns, Kind};
use super::packed::{Packed, Sums};

/// A level that occurs in a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) code: u32,
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
            (Kind::Coded { .. }, Some(histogram)) => {
                let slots = columns.slots_of(column, histogram);
                let codes: CodeSet = columns.codes_in(column, rows, slots);
                codes.for_each(|code| self.push(code, slots[code as usize], bag));
            }
            (Kind::Coded { at, .. }, None) => self.count_rows(rows, bag, |row| columns.code(row, *at)),
            (Kind::Ranked { at, .. }, _) => self.count_rows(rows, bag, |row| columns.rank(row, *at)),
            (Kind::Constant | Kind::Binary { .. }, _) => {}
        }
        if self.levels.last().is_some_and(|level| level.code == column.missing()) {
            self.missing = self.levels.pop().map_or(self.missing, |level| level.sums);
        }
    }

    /// Whether a node cannot be split by the feature.
    pub(super) fn is_constant(&self, column: &Column) -> bool {
        match self.levels.as_slice() {
            [] => true,
            [first, .., last] => self.missing.count == 0 && column.are_nearly_equal(first.code, last.code),
            [_] => self.missing.count == 0,
        }
    }

    fn push(&mut self, code: u32, sums: P, bag: &Bag<'_, P>) {
        self.levels.push(Level { code, sums: sums.unpack(bag.layout) });
    }

    fn count_rows(&mut self, rows: &[u32], bag: &Bag<'_, P>, code: impl Fn(u32) -> u32) {
        let mut coded = std::mem::take(&mut self.coded);
        coded.clear();
        coded.extend(rows.iter().map(|row| (code(*row), bag.of(*row))));
        coded.sort_unstable_by_key(|(code, _)| *code);
        for same in coded.chunk_by(|a, b| a.0 == b.0) {
            let mut sums = P::default();
            same.iter().for_each(|(_, sum)| sums += *sum);
            self.push(same[0].0, sums, bag);
        }
        self.coded = coded;
    }
}
