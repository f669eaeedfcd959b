//! The features of a node of two to four rows, of which a full tree has more than of all others.
//!
//! A split divides the rows by which of them differ from the first. There are at most 7 such patterns, hence
//! at most 7 scores, and word operations tell at once which binary features make which pattern.

use super::bag::Bag;
use super::columns::{Column, Columns, Kind};
use super::draws::{CONSTANT, MAY_WIN};
use super::levels::LevelCounts;
use super::packed::{Packed, Sums};
use super::search::{BARRED, Features, NOT_BINARY, Search, Split, random_threshold};
use super::splitter::{SplitRule, Splitter};
use super::stream::DrawStream;

/// Most rows of a small node.
pub(super) const MAX_ROWS: usize = 4;
/// One more than the largest pattern, which has a bit for every row after the first.
const PATTERNS: usize = 1 << (MAX_ROWS - 1);

/// Memory for the features of a small node, reused from node to node.
#[derive(Clone, Debug)]
pub(super) struct FeatureBits<P> {
    constant: Vec<u64>,
    may_win: Vec<u64>,
    levels: LevelCounts<P>,
}

impl<P: Packed> FeatureBits<P> {
    pub(super) fn new() -> Self {
        Self { constant: Vec::new(), may_win: Vec::new(), levels: LevelCounts::new() }
    }

    /// Finds the constant features and those whose pattern has the best score, which is returned.
    ///
    /// `ROWS` is the number of rows, of which `rows` are padded with the first.
    #[inline(always)]
    fn find<const ROWS: usize>(
        &mut self,
        columns: &Columns,
        rows: &[u32; MAX_ROWS],
        scores: &[f64; PATTERNS],
    ) -> f64 {
        let patterns = 1..1 << (ROWS - 1);
        let [first, others @ ..] = rows.map(|row| columns.bits(row));
        let differing = |word: usize| others.map(|other| other[word] ^ first[word]);
        let mut present = [0; PATTERNS];
        self.constant.clear();
        for (word, not_binary) in columns.not_binary_bits().iter().enumerate() {
            let differing = differing(word);
            let varying = differing.iter().fold(0, |any, bits| any | bits);
            self.constant.push(!varying | not_binary);
            patterns.clone().for_each(|pattern| present[pattern] |= with_pattern(differing, pattern));
        }
        let made = patterns.clone().filter(|pattern| present[*pattern] != 0);
        let best = made.fold(BARRED, |best, pattern| best.max(scores[pattern]));
        self.may_win.clear();
        for (word, not_binary) in columns.not_binary_bits().iter().enumerate() {
            let differing = differing(word);
            let winners = patterns.clone().filter(|pattern| scores[*pattern] == best);
            self.may_win
                .push(winners.fold(*not_binary, |bits, pattern| bits | with_pattern(differing, pattern)));
        }
        columns.coded_varying(&rows[..ROWS], |feature, varies| {
            if columns.feature(feature).is_plain {
                let (word, bit) = (feature as usize / 64, 1 << (feature % 64));
                let other = if varies { &mut self.constant } else { &mut self.may_win };
                other[word] &= !bit;
            }
        });
        best
    }
}

/// The features for which just the rows of a pattern differ from the first.
#[inline(always)]
fn with_pattern(differing: [u64; MAX_ROWS - 1], pattern: usize) -> u64 {
    let [a, b, c] = differing;
    let agree = |bits: u64, at: usize| if pattern >> at & 1 == 1 { bits } else { !bits };
    agree(a, 0) & agree(b, 1) & agree(c, 2)
}

/// The features of a small node, if none of its splits is barred and all features are drawn.
#[derive(Debug)]
pub(super) struct SmallNode<'a, P> {
    columns: &'a Columns,
    rows: &'a [u32],
    bag: &'a Bag<'a, P>,
    bits: &'a mut FeatureBits<P>,
    patterns: [f64; PATTERNS],
    best: f64,
    bound: f64,
}

impl<'a, P: Packed> SmallNode<'a, P> {
    /// `rows` are 2 to 4, whose sums are `total`.
    #[inline(always)]
    pub(super) fn new(
        columns: &'a Columns,
        bag: &'a Bag<'a, P>,
        rows: &'a [u32],
        total: Sums,
        bits: &'a mut FeatureBits<P>,
    ) -> Self {
        let mut padded = [rows[0]; MAX_ROWS];
        padded[..rows.len()].copy_from_slice(rows);
        let mut patterns = [f64::NAN; PATTERNS];
        for (pattern, score) in patterns.iter_mut().enumerate().take(1 << (rows.len() - 1)).skip(1) {
            let part = sums(rows, bag, (pattern as u32) << 1);
            *score = part.score() + (total - part).score();
        }
        let best = match rows.len() {
            2 => bits.find::<2>(columns, &padded, &patterns),
            3 => bits.find::<3>(columns, &padded, &patterns),
            _ => bits.find::<4>(columns, &padded, &patterns),
        };
        let bound = patterns[1..1 << (rows.len() - 1)].iter().fold(BARRED, |bound, score| bound.max(*score));
        Self { columns, rows, bag, bits, patterns, best, bound }
    }

    /// The score of the split that sends a set of rows to one side.
    #[inline(always)]
    fn score_of(&self, rows: u32) -> f64 {
        let all = (1 << self.rows.len()) - 1;
        // The pattern is the side without the first row.
        let pattern = if rows & 1 == 1 { all & !rows } else { rows } >> 1;
        self.patterns[pattern as usize % PATTERNS]
    }

    /// Offers the splits of a coded or ranked feature without missing values.
    fn look_at_codes<S: Splitter>(
        &self,
        search: &mut Search<S>,
        feature: u32,
        code: impl Fn(u32) -> u32,
        stream: &mut DrawStream,
    ) -> bool {
        let column = self.columns.feature(feature);
        let level = |code: u32| column.value(code);
        // Rows as codes and bits, in ascending order.
        let mut sorted = [(u32::MAX, 0u32); MAX_ROWS];
        for (at, row) in self.rows.iter().enumerate() {
            let mut place = at;
            let code = code(*row);
            while place > 0 && sorted[place - 1].0 > code {
                sorted[place] = sorted[place - 1];
                place -= 1;
            }
            sorted[place] = (code, 1 << at);
        }
        let sorted = &sorted[..self.rows.len()];
        let (lowest, highest) = (sorted[0].0, sorted[sorted.len() - 1].0);
        if column.are_nearly_equal(lowest, highest) {
            return true;
        }
        let split = |left: u32, cut: u32, threshold: f64| Split {
            feature,
            cut,
            threshold,
            missing_go_to_left: None,
            left: sums(self.rows, self.bag, left),
        };
        let mut left = 0;
        match S::RULE {
            SplitRule::Best => {
                for pair in sorted.windows(2) {
                    left |= pair[0].1;
                    let (lower, upper) = (pair[0].0, pair[1].0);
                    if !column.are_nearly_equal(lower, upper) {
                        let threshold = || column.midpoint(lower, upper);
                        search.offer_scored(self.score_of(left), || split(left, upper, threshold()));
                    }
                }
            }
            SplitRule::Random => {
                let threshold = random_threshold(stream.next(), level(lowest), level(highest));
                let below = sorted.iter().filter(|(code, _)| f64::from(level(*code)) <= threshold);
                let mut cut = 0;
                for (code, bit) in below {
                    left |= bit;
                    cut = code + 1;
                }
                search.offer_scored(self.score_of(left), || split(left, cut, threshold));
            }
        }
        false
    }
}

/// The sums of those rows whose bits are set.
#[inline(always)]
fn sums<P: Packed>(rows: &[u32], bag: &Bag<'_, P>, bits: u32) -> Sums {
    let mut sums = P::default();
    for (at, row) in rows.iter().enumerate() {
        if bits >> at & 1 == 1 {
            sums += bag.of(*row);
        }
    }
    sums.unpack(bag.layout)
}

impl<P: Packed, S: Splitter> Features<S> for SmallNode<'_, P> {
    #[inline(always)]
    fn marks(&self, feature: u32) -> u32 {
        let (word, bit) = (feature as usize / 64, feature % 64);
        let is_set = |bits: &[u64]| (bits[word] >> bit) as u32 & 1;
        (CONSTANT * is_set(&self.bits.constant)) | (MAY_WIN * is_set(&self.bits.may_win))
    }

    #[inline(always)]
    fn bound(&self) -> f64 {
        self.bound
    }

    fn score(&self, feature: u32) -> f64 {
        match self.columns.feature(feature).kind {
            Kind::Binary { .. } | Kind::Constant => self.best,
            Kind::Coded { .. } | Kind::Ranked { .. } => NOT_BINARY,
        }
    }

    fn look_closer(&mut self, search: &mut Search<S>, feature: u32, stream: &mut DrawStream) -> bool {
        let columns = self.columns;
        let column = columns.feature(feature);
        match &column.kind {
            Kind::Coded { at, .. } if !column.has_missing => {
                self.look_at_codes(search, feature, |row| columns.code(row, *at), stream)
            }
            Kind::Ranked { at, .. } if !column.has_missing => {
                self.look_at_codes(search, feature, |row| columns.rank(row, *at), stream)
            }
            _ => {
                let levels = &mut self.bits.levels;
                levels.count((columns, column), self.rows, self.bag, None);
                let is_constant = levels.is_constant(column);
                if !is_constant {
                    search.offer_levels(feature, column, levels, stream);
                }
                is_constant
            }
        }
    }

    fn binary(&self, feature: u32) -> (&Column, Sums) {
        let mut sums = P::default();
        let rarer = self.rows.iter().filter(|row| self.columns.has_bit(**row, feature));
        rarer.for_each(|row| sums += self.bag.of(*row));
        (self.columns.feature(feature), sums.unpack(self.bag.layout))
    }
}
