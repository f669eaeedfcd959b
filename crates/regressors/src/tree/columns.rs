//! Records encoded once per fit: what a row adds to which sums, and what its values are.
//!
//! A feature with two values owns one *slot*, a sum over the rows with the rarer value; the other value's
//! sum is the difference to the node's. A feature with a few values owns one slot for each. So a row lists
//! few slots, whether its features are indicators, sets of levels or small numbers.

use super::by_slot::BySlot;
use super::codes::{self, CodeSet};
use super::packed::Packed;
use super::values::{MISSING, Pairs, Values, round, rounded_columns, value_of};
use crate::parallel::{part_size, parts};
use crate::vectors::vectorized;
use crate::{Error, Result};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::array;

/// Values closer than this count as equal, added in `f32`.
const FEATURE_THRESHOLD: f32 = 1e-7;

/// Whether scikit-learn takes the larger of two values for equal to the other.
pub(super) fn nearly_equal(lower: f32, upper: f32) -> bool {
    upper <= lower + FEATURE_THRESHOLD
}

/// Codes that are compared at once.
pub(super) const CODES: usize = 8;

/// scikit-learn's threshold between two neighbouring values.
pub(super) fn midpoint(lower: f32, upper: f32) -> f64 {
    f64::from(lower) / 2.0 + f64::from(upper) / 2.0
}

/// How the rows of a feature are summed.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// One value: never split.
    Constant,
    /// Two values that are not nearly equal: the slot that has the feature's number, and a bit per row.
    Binary {
        /// The level, 0 or 1, that fewer rows have; their bit is set.
        rarer_level: u8,
    },
    /// Up to [`LIMIT`](super::codes::LIMIT) values, missing included: a slot and a code for each.
    Coded {
        /// Position among a row's codes.
        at: usize,
        /// The slot of code 0.
        first_slot: usize,
    },
    /// Many values: no slots, but a rank per row for a code.
    Ranked {
        /// Position among a row's ranks.
        at: usize,
        /// The rows by ascending rank.
        sorted: Vec<u32>,
    },
}

/// A feature's values, rounded to `f32` as scikit-learn's trees see them.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Distinct values, ascending, without NaN; a value's position is its code, unless it is ranked.
    pub(super) levels: Vec<f32>,
    /// The largest value of each bin if levels are the smallest ones of bins.
    largest: Vec<f32>,
    pub(super) has_missing: bool,
    /// Whether no value is missing and no two are known to be nearly equal.
    pub(super) is_plain: bool,
    pub(super) kind: Kind,
}

impl Column {
    /// The code of a missing value, larger than all others.
    pub(super) fn missing(&self) -> u32 {
        if let Kind::Ranked { .. } = self.kind { MISSING } else { self.levels.len() as u32 }
    }

    /// The value of a code that is not missing.
    #[inline(always)]
    pub(super) fn value(&self, code: u32) -> f32 {
        if let Kind::Ranked { .. } = self.kind { value_of(code) } else { self.levels[code as usize] }
    }

    /// The largest value of a code that is not missing.
    #[inline(always)]
    fn largest(&self, code: u32) -> f32 {
        self.largest.get(code as usize).copied().unwrap_or_else(|| self.value(code))
    }

    /// Whether two codes, the first not larger, have values that scikit-learn does not part.
    #[inline(always)]
    pub(super) fn are_nearly_equal(&self, lower: u32, upper: u32) -> bool {
        lower == upper || (!self.is_plain && nearly_equal(self.largest(lower), self.value(upper)))
    }

    /// The threshold between two neighbouring codes.
    #[inline(always)]
    pub(super) fn midpoint(&self, lower: u32, upper: u32) -> f64 {
        midpoint(self.largest(lower), self.value(upper))
    }

    /// The number of slots of a coded feature.
    fn n_codes(&self) -> usize {
        self.levels.len() + usize::from(self.has_missing)
    }
}

/// All features of a fit, shared by its trees.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    n_rows: usize,
    n_slots: usize,
    /// Row by row the binary features of which it has the rarer value, and where each row's begin.
    rarer: Vec<u32>,
    starts: Vec<usize>,
    /// Row by row a bit per feature.
    bits: Vec<u64>,
    /// Row by row the codes of the coded features, padded to whole words.
    codes: Vec<[u8; CODES]>,
    /// Feature by feature the codes of the coded features, for nodes of many rows that are parted by one.
    codes_by_feature: Vec<Vec<u8>>,
    coded: Vec<u32>,
    /// The slot of code 0, per coded feature.
    first_slots: Vec<u32>,
    /// Whether every coded feature has a slot for every code that there can be.
    have_all_slots: bool,
    /// Row by row the ranks of the ranked features.
    ranks: Vec<u32>,
    n_ranked: usize,
    /// Coded and ranked features, as numbers and as a bit set.
    not_binary: Vec<u32>,
    not_binary_bits: Vec<u64>,
    /// Whether all columns are plain.
    are_plain: bool,
    /// The rows by slot, if there are enough roots to count for that.
    by_slot: Option<BySlot>,
}

impl Columns {
    /// Most rows that a tree's node numbers, which are `i32`, have room for.
    const MAX_ROWS: usize = 1 << 30;
    /// Most features that a tree's draws can mark.
    const MAX_FEATURES: usize = 1 << 30;
    /// Encodes records of shape `(n_samples, n_features)`; NaN is a missing value.
    ///
    /// With `max_bins`, features with more values are encoded as that many bins of about as many rows.
    ///
    /// # Errors
    /// If a value is infinite, also after rounding to `f32`, or there are too many rows or features.
    pub(crate) fn new(records: &ArrayView2<'_, f64>, max_bins: Option<usize>) -> Result<Self> {
        let (n_rows, n_features) = records.dim();
        if n_rows > Self::MAX_ROWS {
            return Err(Error::Shape { what: "rows", expected: Self::MAX_ROWS, actual: n_rows });
        }
        if n_features > Self::MAX_FEATURES {
            let expected = Self::MAX_FEATURES;
            return Err(Error::Shape { what: "features", expected, actual: n_features });
        }
        let mut columns = Self {
            columns: Vec::with_capacity(n_features),
            n_rows,
            n_slots: n_features,
            rarer: Vec::new(),
            starts: Vec::with_capacity(n_rows + 1),
            bits: Vec::new(),
            codes: Vec::new(),
            codes_by_feature: Vec::new(),
            coded: Vec::new(),
            first_slots: Vec::new(),
            have_all_slots: false,
            ranks: Vec::new(),
            n_ranked: 0,
            not_binary: Vec::new(),
            not_binary_bits: vec![0; n_features.div_ceil(64)],
            are_plain: true,
            by_slot: None,
        };
        let pairs = Pairs::find(records)?;
        let values = find_values(records, &pairs, max_bins);
        columns.have_all_slots = most_codes_are_used(&values);
        let mut codes = Vec::new();
        let mut ranks = Vec::new();
        for (feature, values) in values.into_iter().enumerate() {
            match values {
                Values::Pair(pair) => columns.add_pair(pair, pairs.n_upper(feature)),
                Values::Few { levels, largest, codes: of_feature, has_missing } => {
                    codes.push(of_feature);
                    columns.add_coded(feature, (levels, largest), has_missing);
                }
                Values::Many { ranks: of_feature, sorted, has_missing } => {
                    ranks.push(of_feature);
                    columns.add_ranked(feature, sorted, has_missing);
                }
            }
        }
        columns.are_plain = columns.columns.iter().all(|column| column.is_plain);
        columns.codes_by_feature = codes;
        columns.encode_rows(records);
        columns.ranks = vec![0; n_rows * ranks.len()];
        let n_ranks = ranks.len().max(1);
        let size = part_size(n_rows, n_rows * n_ranks);
        let parts = columns.ranks.par_chunks_mut(size * n_ranks).enumerate();
        parts.for_each(|(part, of_rows)| {
            for (row, of_row) in (part * size..).zip(of_rows.chunks_exact_mut(n_ranks)) {
                of_row.iter_mut().zip(&ranks).for_each(|(rank, ranks)| *rank = ranks[row]);
            }
        });
        Ok(columns)
    }

    fn add_pair(&mut self, [lower, upper]: [f32; 2], n_upper: u32) {
        let (levels, kind) = if lower == upper {
            (vec![lower], Kind::Constant)
        } else {
            let rarer_level = u8::from(2 * n_upper as usize <= self.n_rows);
            (vec![lower, upper], Kind::Binary { rarer_level })
        };
        self.columns.push(Column { levels, largest: Vec::new(), has_missing: false, is_plain: true, kind });
    }

    fn add_coded(&mut self, feature: usize, (levels, largest): (Vec<f32>, Vec<f32>), has_missing: bool) {
        let uppers = levels.iter().skip(1);
        let lowers = if largest.is_empty() { &levels } else { &largest };
        let is_plain = !has_missing && !lowers.iter().zip(uppers).any(|(a, b)| nearly_equal(*a, *b));
        let kind = Kind::Coded { at: self.coded.len(), first_slot: self.n_slots };
        self.columns.push(Column { levels, largest, has_missing, is_plain, kind });
        self.first_slots.push(self.n_slots as u32);
        self.n_slots += if self.have_all_slots { codes::LIMIT } else { self.columns[feature].n_codes() };
        self.coded.push(feature as u32);
        self.add_not_binary(feature);
    }

    fn add_ranked(&mut self, feature: usize, sorted: Vec<u32>, has_missing: bool) {
        let kind = Kind::Ranked { at: self.n_ranked, sorted };
        self.columns.push(Column {
            levels: Vec::new(),
            largest: Vec::new(),
            has_missing,
            is_plain: false,
            kind,
        });
        self.n_ranked += 1;
        self.add_not_binary(feature);
    }

    fn add_not_binary(&mut self, feature: usize) {
        self.not_binary.push(feature as u32);
        self.not_binary_bits[feature / 64] |= 1 << (feature % 64);
    }

    /// Fills in slots, bits and codes.
    fn encode_rows(&mut self, records: &ArrayView2<'_, f64>) {
        let (words, code_words) = (self.words(), self.code_words());
        let rarer_value = |column: &Column| match column.kind {
            Kind::Binary { rarer_level } => column.levels[usize::from(rarer_level)],
            _ => f32::NAN,
        };
        let mut rarer_values: Vec<f32> = self.columns.iter().map(rarer_value).collect();
        rarer_values.resize(words * 64, f32::NAN);
        self.bits = vec![0; words * self.n_rows];
        self.codes = vec![[0; CODES]; code_words * self.n_rows];
        let parts = parts(self.n_rows, records.len());
        let size = parts[0].len();
        let bits = self.bits.par_chunks_mut((size * words).max(1));
        let rarer = parts.into_par_iter().zip(bits).map(|(rows, bits)| {
            let mut values = vec![0.0; words * 64];
            let mut rarer = Vec::new();
            let mut lens = Vec::with_capacity(rows.len());
            for (row, bits) in rows.zip(bits.chunks_exact_mut(words)) {
                round(records.row(row), &mut values);
                vectorized!(set_bits(&values, &rarer_values, bits));
                let before = rarer.len();
                for (word, mut bits) in (0..).zip(bits.iter().copied()) {
                    while bits != 0 {
                        rarer.push(64 * word + bits.trailing_zeros());
                        bits &= bits - 1;
                    }
                }
                lens.push(rarer.len() - before);
            }
            (rarer, lens)
        });
        let rarer: Vec<(Vec<u32>, Vec<usize>)> = rarer.collect();
        self.starts.push(0);
        for (rarer, lens) in rarer {
            let mut end = self.rarer.len();
            self.rarer.extend(rarer);
            self.starts.extend(lens.into_iter().map(|len| {
                end += len;
                end
            }));
        }
        let coded = &self.codes_by_feature;
        let size = part_size(self.n_rows, self.n_rows * coded.len());
        let parts = self.codes.par_chunks_mut((size * code_words).max(1)).enumerate();
        parts.for_each(|(part, words)| {
            for (word, coded) in coded.chunks(CODES).enumerate() {
                for (row, words) in (part * size..).zip(words.chunks_exact_mut(code_words)) {
                    coded.iter().zip(&mut words[word]).for_each(|(codes, code)| *code = codes[row]);
                }
            }
        });
    }

    /// Lists the rows by slot if the roots of many trees are then counted in less time.
    pub(crate) fn with_rows_by_slot(mut self) -> Self {
        self.by_slot = BySlot::is_worth_it(&self).then(|| BySlot::new(&self, self.n_rows));
        self
    }

    pub(super) fn by_slot(&self) -> Option<&BySlot> {
        self.by_slot.as_ref()
    }

    pub(crate) fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// The number of slots; feature `f`'s is `f` if it is binary.
    pub(super) fn n_slots(&self) -> usize {
        self.n_slots
    }

    /// The mean number of slots that a row counts in, at least 1.
    pub(super) fn slots_per_row(&self) -> usize {
        (self.rarer.len() / self.n_rows + self.coded.len()).max(1)
    }

    /// Whether rows have the rarer value of so many binary features that it takes less time to look at
    /// `at_once` features after the other than to visit these.
    pub(super) fn are_dense(&self, at_once: usize) -> bool {
        // Visits also end where no processor foretells it, which takes as long as all of them.
        2 * self.rarer.len() * at_once >= self.n_features() * self.n_rows
    }

    #[inline]
    pub(super) fn feature(&self, feature: u32) -> &Column {
        &self.columns[feature as usize]
    }

    /// Whether the codes of a node's rows tell which features are constant in it.
    pub(super) fn are_plain(&self) -> bool {
        self.are_plain
    }

    /// Coded and ranked features, ascending.
    pub(super) fn not_binary(&self) -> &[u32] {
        &self.not_binary
    }

    /// The bit set of coded and ranked features.
    pub(super) fn not_binary_bits(&self) -> &[u64] {
        &self.not_binary_bits
    }

    /// Visits the slots that a row counts in.
    #[inline(always)]
    pub(super) fn for_each_slot(&self, row: u32, mut visit: impl FnMut(usize)) {
        self.for_each_rarer(row, &mut visit);
        self.for_each_code(row, visit);
    }

    /// Visits the slots of a row's codes.
    #[inline(always)]
    pub(super) fn for_each_code(&self, row: u32, mut visit: impl FnMut(usize)) {
        let (row, words) = (row as usize, self.code_words());
        let codes = self.codes[row * words..][..words].as_flattened();
        self.first_slots
            .iter()
            .zip(codes)
            .for_each(|(first, code)| visit(*first as usize + usize::from(*code)));
    }

    /// Visits the slots of the binary features of which a row has the rarer value.
    #[inline(always)]
    pub(super) fn for_each_rarer(&self, row: u32, visit: impl FnMut(usize)) {
        if !self.rarer.is_empty() {
            let rarer = &self.rarer[self.starts[row as usize]..self.starts[row as usize + 1]];
            rarer.iter().map(|slot| *slot as usize).for_each(visit);
        }
    }

    /// The codes of a row's coded features, in blocks of [`CODES`], if these features have [`codes::LIMIT`] slots
    /// each, one after the other behind the binary features' slots.
    pub(super) fn codes_with_all_slots(&self) -> Option<impl Fn(u32, usize) -> [u8; CODES]> {
        let blocks = self.code_words();
        self.have_all_slots.then_some(move |row, block| self.codes[row as usize * blocks + block])
    }

    /// The number of [`Self::bits`] words.
    pub(super) fn words(&self) -> usize {
        self.columns.len().div_ceil(64)
    }

    /// A row's bit set of binary features with the rarer value.
    #[inline]
    pub(super) fn bits(&self, row: u32) -> &[u64] {
        let words = self.words();
        &self.bits[row as usize * words..][..words]
    }

    /// Whether a row has the rarer value of a binary feature.
    #[inline(always)]
    pub(super) fn has_bit(&self, row: u32, feature: u32) -> bool {
        let word = self.bits[row as usize * self.words() + feature as usize / 64];
        word >> (feature % 64) & 1 == 1
    }

    /// A row's code of any feature that is not ranked.
    #[inline(always)]
    pub(super) fn code_of(&self, column: &Column, feature: u32, row: u32) -> u32 {
        match column.kind {
            Kind::Coded { at, .. } => self.code(row, at),
            Kind::Binary { rarer_level } => u32::from(self.has_bit(row, feature) == (rarer_level == 1)),
            Kind::Constant | Kind::Ranked { .. } => 0,
        }
    }

    fn code_words(&self) -> usize {
        self.coded.len().div_ceil(CODES)
    }

    pub(super) fn n_ranked(&self) -> usize {
        self.n_ranked
    }

    /// Whether a ranked feature has missing values.
    pub(super) fn has_missing_ranks(&self) -> bool {
        let of_ranked = |feature: &u32| {
            let column = self.feature(*feature);
            column.has_missing && matches!(column.kind, Kind::Ranked { .. })
        };
        self.not_binary.iter().any(of_ranked)
    }

    /// A row's rank of the feature at position `at` among the ranked ones.
    #[inline(always)]
    pub(super) fn rank(&self, row: u32, at: usize) -> u32 {
        self.ranks[row as usize * self.n_ranked + at]
    }

    /// A row's code of the feature at position `at` among the coded ones.
    #[inline(always)]
    pub(super) fn code(&self, row: u32, at: usize) -> u32 {
        u32::from(self.codes[row as usize * self.code_words() + at / CODES][at % CODES])
    }

    /// The codes of the feature at position `at` among the coded ones, by row.
    pub(super) fn codes(&self, at: usize) -> &[u8] {
        &self.codes_by_feature[at]
    }

    /// Calls `visit` for every coded feature, with whether its codes differ between some rows.
    #[inline(always)]
    pub(super) fn coded_varying(&self, rows: &[u32], mut visit: impl FnMut(u32, bool)) {
        let words = self.code_words();
        let word = |row: u32, at: usize| u64::from_ne_bytes(self.codes[row as usize * words + at]);
        for (at, features) in self.coded.chunks(CODES).enumerate() {
            let first = word(rows[0], at);
            let all = array::from_fn(|at| u8::from(at < features.len()));
            let mut differing = [0u8; CODES];
            for rows in rows.chunks(64) {
                let bits = rows.iter().fold(0, |any, row| any | (word(*row, at) ^ first)).to_ne_bytes();
                differing = array::from_fn(|at| differing[at] | u8::from(bits[at] != 0));
                if differing == all {
                    break;
                }
            }
            features.iter().zip(differing).for_each(|(feature, bits)| visit(*feature, bits != 0));
        }
    }

    /// The sums of a coded feature's codes, of which there are few, in a histogram.
    #[inline(always)]
    pub(super) fn slots_of<'a, P>(&self, column: &Column, histogram: &'a [P]) -> &'a [P] {
        match column.kind {
            Kind::Coded { first_slot, .. } => &histogram[first_slot..][..column.n_codes()],
            _ => &[],
        }
    }

    /// The codes of a coded feature that occur in a node with the given rows and sums by code.
    #[inline(always)]
    pub(super) fn codes_in<P: Packed, const WORDS: usize>(
        &self,
        column: &Column,
        rows: &[u32],
        slots: &[P],
    ) -> CodeSet<WORDS> {
        match column.kind {
            Kind::Coded { at, .. } if rows.len() < slots.len() => {
                CodeSet::of(rows.iter().map(|row| self.code(*row, at)))
            }
            _ => {
                let occurs = |(_, sums): &(u32, &P)| **sums != P::default();
                CodeSet::of((0..).zip(slots).filter(occurs).map(|(code, _)| code))
            }
        }
    }
}

/// Whether slots for all codes that there can be are few more than for those of coded features.
fn most_codes_are_used(values: &[Values]) -> bool {
    let n_codes = |values: &Values| match values {
        Values::Few { levels, .. } => Some(levels.len()),
        _ => None,
    };
    let n_codes: Vec<usize> = values.iter().filter_map(n_codes).collect();
    2 * n_codes.iter().sum::<usize>() > n_codes.len() * codes::LIMIT
}

/// The values of each feature.
fn find_values(records: &ArrayView2<'_, f64>, pairs: &Pairs, max_bins: Option<usize>) -> Vec<Values> {
    let pairs: Vec<_> = (0..records.ncols()).map(|feature| pairs.get(feature)).collect();
    let others: Vec<usize> = (0..pairs.len()).filter(|feature| pairs[*feature].is_none()).collect();
    // As many features at once as make a cache line of a row.
    let find = |features: &[usize]| {
        rounded_columns(records, features).into_par_iter().map(|values| Values::find(values, max_bins))
    };
    let found: Vec<Values> = others.par_chunks(64 / size_of::<f64>()).flat_map(find).collect();
    let mut found = found.into_iter();
    pairs.into_iter().filter_map(|pair| pair.map(Values::Pair).or_else(|| found.next())).collect()
}

/// Sets a bit for every value that is the rare one of its feature.
#[inline(always)]
fn set_bits(values: &[f32], rare: &[f32], bits: &mut [u64]) {
    let (values, _) = values.as_chunks::<64>();
    let (rare, _) = rare.as_chunks::<64>();
    for ((values, rare), bits) in values.iter().zip(rare).zip(bits) {
        for bit in 0..64 {
            *bits |= u64::from(values[bit] == rare[bit]) << bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn slots(columns: &Columns, row: u32) -> Vec<usize> {
        let mut slots = Vec::new();
        columns.for_each_slot(row, |slot| slots.push(slot));
        slots
    }

    #[test]
    fn levels_ascend_and_missing_comes_last() {
        let columns = Columns::new(&array![[2.0], [f64::NAN], [-1.0], [2.0], [0.5]].view(), None).unwrap();
        let column = columns.feature(0);
        assert_eq!(column.levels, [-1.0, 0.5, 2.0]);
        assert_eq!([0, 1, 2, 3, 4].map(|row| columns.code(row, 0)), [2, 3, 0, 2, 1]);
        assert_eq!((column.missing(), column.n_codes()), (3, 4));
    }

    #[test]
    fn a_binary_feature_counts_the_rarer_value() {
        let records = array![[1.0, 0.0, 7.0], [1.0, 1.0, 7.0], [0.0, 0.0, 7.0], [1.0, -0.0, 7.0]];
        let columns = Columns::new(&records.view(), None).unwrap();
        assert_eq!([0, 1, 2, 3].map(|row| slots(&columns, row)), [vec![], vec![1], vec![0], vec![]]);
        assert_eq!((columns.bits(1), columns.bits(2)), (&[0b10][..], &[0b01][..]));
        assert!(matches!(columns.feature(2).kind, Kind::Constant));
    }

    #[test]
    fn nearly_equal_values_are_coded() {
        let columns = Columns::new(&array![[1.0], [1.0 + 1e-7]].view(), None).unwrap();
        assert!(matches!(columns.feature(0).kind, Kind::Coded { at: 0, first_slot: 1 }));
        assert_eq!((slots(&columns, 0), slots(&columns, 1)), (vec![1], vec![2]));
    }

    #[test]
    fn many_values_are_ranked() {
        let column = |n: usize| Array2::from_shape_fn((n, 1), |(row, _)| (row * 7 % n) as f64);
        let few = Columns::new(&column(256).view(), None).unwrap();
        assert_eq!((few.n_slots(), few.code(1, 0)), (257, 7));
        let many = Columns::new(&column(257).view(), None).unwrap();
        let Kind::Ranked { at: 0, sorted } = &many.feature(0).kind else { panic!("not ranked") };
        assert_eq!(many.feature(0).value(many.rank(sorted[9], 0)), 9.0);
        assert_eq!((many.not_binary(), many.not_binary_bits()), (&[0][..], &[1][..]));
    }

    #[test]
    fn a_missing_value_takes_a_code() {
        let column = |n: usize| {
            let value = |(row, _): (usize, usize)| if row == n { f64::NAN } else { row as f64 };
            Array2::from_shape_fn((n + 1, 1), value)
        };
        let most = Columns::new(&column(255).view(), None).unwrap();
        assert_eq!((most.n_slots(), most.code(255, 0)), (257, 255));
        let more = Columns::new(&column(256).view(), None).unwrap();
        assert!(matches!(more.feature(0).kind, Kind::Ranked { .. }));
    }

    #[test]
    fn values_beyond_f32_are_refused() {
        let refused = Columns::new(&array![[0.0, 1.0], [0.0, 1e39]].view(), None);
        assert!(matches!(refused, Err(Error::Feature { row: 1, feature: 1, .. })));
        assert!(Columns::new(&array![[f64::NEG_INFINITY]].view(), None).is_err());
    }
}
