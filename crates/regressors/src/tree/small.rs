//! The features of a node of two to four rows, of which a full tree has more than of all others.
//!
//! A split divides the rows by which of them differ from the first. There are at most 7 such patterns, hence
//! at most 7 scores, and word operations tell at once which binary features make which pattern.

use super::bag::Bag;
use super::columns::{Column, Columns, Kind};
use super::draws::{CONSTANT, FeatureDraws, MAY_WIN, feature};
use super::levels::LevelCounts;
use super::packed::{Packed, Sums};
use super::search::{BARRED, Features, NOT_BINARY, Search, Split, random_threshold};
use super::splitter::{SplitRule, Splitter};
use std::array;

/// Most rows of a small node.
pub(super) const MAX_ROWS: usize = 4;
/// One more than the largest pattern, which has a bit for every row after the first.
const PATTERNS: usize = 1 << (MAX_ROWS - 1);

/// 64 features, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Where a row differs from the first.
    differing: [u64; MAX_ROWS - 1],
    constant: u64,
    may_win: u64,
}

/// A node of two rows: all features that vary have the same score, so the first drawn has the best split.
///
/// Columns have to be plain, and all features are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) columns: &'a Columns,
    pub(super) rows: [u32; 2],
}

/// What the split of a pair makes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairSplit {
    pub(super) feature: u32,
    pub(super) threshold: f64,
    /// The row that goes left, and the other.
    pub(super) rows: [u32; 2],
}

impl Pair<'_> {
    /// Gives every entry of an order the marks of its feature; `differing` is memory for a bit per feature.
    #[inline(always)]
    pub(super) fn mark(&self, differing: &mut [u64], order: &mut [u32]) {
        let [a, b] = self.rows.map(|row| self.columns.bits(row));
        for (differing, (a, b)) in differing.iter_mut().zip(a.iter().zip(b)) {
            *differing = a ^ b;
        }
        self.columns.coded_varying(&self.rows, |feature, varies| {
            differing[feature as usize / 64] |= u64::from(varies) << (feature % 64);
        });
        for entry in order {
            let feature = feature(*entry);
            let differs = differing[feature as usize / 64] >> (feature % 64) & 1 == 1;
            *entry = feature | if differs { 0 } else { CONSTANT };
        }
    }

    /// The split by the first feature drawn that varies, if any does.
    pub(super) fn split<S: Splitter>(&self, draws: &FeatureDraws<S>) -> Option<PairSplit> {
        let (entry, number) = draws.varying().next()?;
        let feature = feature(entry);
        let column = self.columns.feature(feature);
        let [row, other] = self.rows;
        let code = |row: u32| self.columns.code_of(column, feature, row);
        let (a, b) = (code(row), code(other));
        let ([lower, upper], rows) = if a > b { ([b, a], [other, row]) } else { ([a, b], [row, other]) };
        let threshold = match S::RULE {
            SplitRule::Best => column.midpoint(lower, upper),
            SplitRule::Random => random_threshold(number, column.value(lower), column.value(upper)),
        };
        Some(PairSplit { feature, threshold, rows })
    }
}

/// What is known of the features of a small node that was opened, in memory that is reused from node to node.
#[derive(Clone, Debug)]
pub(super) struct FeatureBits<P> {
    words: Vec<Word>,
    /// The sums of the rows of each pattern, and the score of parting them from the others.
    sums: [Sums; PATTERNS],
    scores: [f64; PATTERNS],
    /// The best score of a binary feature, and of any.
    best: f64,
    bound: f64,
    levels: LevelCounts<P>,
}

impl<P: Packed> FeatureBits<P> {
    pub(super) fn new(columns: &Columns) -> Self {
        Self {
            words: vec![Word::default(); columns.words()],
            sums: [Sums::default(); PATTERNS],
            scores: [f64::NAN; PATTERNS],
            best: BARRED,
            bound: BARRED,
            levels: LevelCounts::new(),
        }
    }

    /// Finds the constant features and those whose pattern has the best score, which is returned.
    #[inline(always)]
    fn find<const ROWS: usize>(&mut self, columns: &Columns, rows: &[u32; ROWS]) -> f64 {
        let scores = self.scores;
        let patterns = 1..1 << (ROWS - 1);
        let rows_bits = rows.map(|row| columns.bits(row));
        let mut present = [0; PATTERNS];
        for (at, (word, not_binary)) in self.words.iter_mut().zip(columns.not_binary_bits()).enumerate() {
            let bits = rows_bits.map(|bits| bits[at]);
            (1..ROWS).for_each(|row| word.differing[row - 1] = bits[row] ^ bits[0]);
            let differing = word.differing_of::<ROWS>();
            let varying = differing.iter().fold(0, |any, bits| any | bits);
            word.constant = !varying | not_binary;
            patterns.clone().for_each(|pattern| present[pattern] |= with_pattern(differing, pattern));
        }
        let made = patterns.clone().filter(|pattern| present[*pattern] != 0);
        let best = made.fold(BARRED, |best, pattern| best.max(scores[pattern]));
        for (word, not_binary) in self.words.iter_mut().zip(columns.not_binary_bits()) {
            let differing = word.differing_of::<ROWS>();
            let winners = patterns.clone().filter(|pattern| scores[*pattern] == best);
            word.may_win = winners.fold(*not_binary, |bits, pattern| bits | with_pattern(differing, pattern));
        }
        columns.coded_varying(rows, |feature, varies| {
            if columns.feature(feature).is_plain {
                let (word, bit) = (&mut self.words[feature as usize / 64], 1 << (feature % 64));
                let other = if varies { &mut word.constant } else { &mut word.may_win };
                *other &= !bit;
            }
        });
        best
    }
}

impl Word {
    /// As `differing`, of which only the first `ROWS - 1` are filled in.
    #[inline(always)]
    fn differing_of<const ROWS: usize>(&self) -> [u64; MAX_ROWS - 1] {
        array::from_fn(|at| if at + 1 < ROWS { self.differing[at] } else { 0 })
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
    pub(super) columns: &'a Columns,
    pub(super) bag: &'a Bag<'a, P>,
    /// 2 to 4 rows.
    pub(super) rows: &'a [u32],
    pub(super) total: Sums,
    pub(super) bits: &'a mut FeatureBits<P>,
}

impl<P: Packed> SmallNode<'_, P> {
    /// Gives every entry of an order the marks of its feature: [`CONSTANT`], [`MAY_WIN`], both or none.
    #[inline(always)]
    pub(super) fn mark(&mut self, order: &mut [u32]) {
        self.score_patterns();
        for entry in order {
            let feature = feature(*entry);
            let word = &self.bits.words[feature as usize / 64];
            let is_set = |bits: u64| (bits >> (feature % 64)) as u32 & 1;
            *entry = feature | (CONSTANT * is_set(word.constant)) | (MAY_WIN * is_set(word.may_win));
        }
    }

    #[inline(always)]
    fn score_patterns(&mut self) {
        let Self { columns, bag, rows, total, .. } = *self;
        let bits = &mut *self.bits;
        let mut packed = [P::default(); PATTERNS];
        bits.bound = BARRED;
        for pattern in 1..1_usize << (rows.len() - 1) {
            let lowest = pattern & pattern.wrapping_neg();
            packed[pattern] = packed[pattern ^ lowest] + bag.of(rows[1 + lowest.trailing_zeros() as usize]);
            bits.sums[pattern] = packed[pattern].unpack(bag.layout);
            bits.scores[pattern] = bits.sums[pattern].score() + (total - bits.sums[pattern]).score();
            bits.bound = bits.bound.max(bits.scores[pattern]);
        }
        bits.best = match *rows {
            [a, b] => bits.find(columns, &[a, b]),
            [a, b, c] => bits.find(columns, &[a, b, c]),
            _ => bits.find(columns, &array::from_fn::<_, MAX_ROWS, _>(|at| rows[at])),
        };
    }

    /// The pattern of the split that sends a set of rows to one side: the side without the first row.
    #[inline(always)]
    fn pattern(&self, rows: u32) -> usize {
        let all = (1 << self.rows.len()) - 1;
        let without_first = if rows & 1 == 1 { all & !rows } else { rows };
        (without_first >> 1) as usize % PATTERNS
    }

    /// The sums of a set of rows.
    fn sums_of(&self, rows: u32) -> Sums {
        let sums = self.bits.sums[self.pattern(rows)];
        if rows & 1 == 1 { self.total - sums } else { sums }
    }

    /// Offers the splits of a coded or ranked feature without missing values.
    fn look_at_codes<S: Splitter>(
        &self,
        search: &mut Search<S>,
        feature: u32,
        code: impl Fn(u32) -> u32,
        number: impl FnOnce() -> u32,
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
            left: self.sums_of(left),
        };
        let mut left = 0;
        match S::RULE {
            SplitRule::Best => {
                for pair in sorted.windows(2) {
                    left |= pair[0].1;
                    let (lower, upper) = (pair[0].0, pair[1].0);
                    if !column.are_nearly_equal(lower, upper) {
                        let threshold = || column.midpoint(lower, upper);
                        search.offer_scored(self.bits.scores[self.pattern(left)], || {
                            split(left, upper, threshold())
                        });
                    }
                }
            }
            SplitRule::Random => {
                let threshold = random_threshold(number(), level(lowest), level(highest));
                let below = sorted.iter().filter(|(code, _)| f64::from(level(*code)) <= threshold);
                let mut cut = 0;
                for (code, bit) in below {
                    left |= bit;
                    cut = code + 1;
                }
                search.offer_scored(self.bits.scores[self.pattern(left)], || split(left, cut, threshold));
            }
        }
        false
    }
}

impl<P: Packed, S: Splitter> Features<S> for SmallNode<'_, P> {
    #[inline(always)]
    fn bound(&self) -> f64 {
        self.bits.bound
    }

    fn score(&self, feature: u32) -> f64 {
        match self.columns.feature(feature).kind {
            Kind::Binary { .. } | Kind::Constant => self.bits.best,
            Kind::Coded { .. } | Kind::Ranked { .. } => NOT_BINARY,
        }
    }

    fn look_closer(&mut self, search: &mut Search<S>, feature: u32, number: impl FnMut() -> u32) -> bool {
        let columns = self.columns;
        let column = columns.feature(feature);
        match &column.kind {
            Kind::Coded { at, .. } if !column.has_missing => {
                self.look_at_codes(search, feature, |row| columns.code(row, *at), number)
            }
            Kind::Ranked { at, .. } if !column.has_missing => {
                self.look_at_codes(search, feature, |row| columns.rank(row, *at), number)
            }
            _ => {
                let levels = &mut self.bits.levels;
                levels.count((columns, column), self.rows, self.bag, None);
                let is_constant = levels.is_constant(column);
                if !is_constant {
                    search.offer_levels(feature, column, levels, number);
                }
                is_constant
            }
        }
    }

    #[inline(always)]
    fn binary(&self, feature: u32) -> (&Column, Sums) {
        let mut sums = P::default();
        let rarer = self.rows.iter().filter(|row| self.columns.has_bit(**row, feature));
        rarer.for_each(|row| sums += self.bag.of(*row));
        (self.columns.feature(feature), sums.unpack(self.bag.layout))
    }
}
