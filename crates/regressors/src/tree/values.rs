//! The distinct values of features.

use super::codes;
use super::columns::nearly_equal;
use crate::parallel::parts;
use crate::random::TreeRandom;
use crate::vectors::vectorized;
use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// Rounds a row's values to `f32`, as scikit-learn's trees see them, without negative zeros.
pub(super) fn round(record: ArrayView1<'_, f64>, values: &mut [f32]) {
    match record.as_slice() {
        Some(record) => values.iter_mut().zip(record).for_each(|(to, from)| *to = *from as f32 + 0.0),
        None => values.iter_mut().zip(record).for_each(|(to, from)| *to = *from as f32 + 0.0),
    }
}

/// The values of some features, rounded as by [`round`].
pub(super) fn rounded_columns(records: &ArrayView2<'_, f64>, features: &[usize]) -> Vec<Vec<f32>> {
    let mut columns: Vec<Vec<f32>> = features.iter().map(|_| Vec::with_capacity(records.nrows())).collect();
    // Some rows at once stay in cache while each feature takes its values.
    for start in (0..records.nrows()).step_by(ROWS_AT_ONCE) {
        let rows = start..records.nrows().min(start + ROWS_AT_ONCE);
        let records = records.slice_axis(Axis(0), rows.into());
        for (column, feature) in columns.iter_mut().zip(features) {
            column.extend(records.column(*feature).iter().map(|value| *value as f32 + 0.0));
        }
    }
    columns
}

/// Rows whose values are rounded at once.
const ROWS_AT_ONCE: usize = 256;

/// The values of those features that have one or two.
///
/// Most features of encoded records are indicators, which one pass over the rows tells.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    /// NaN until a value is seen.
    firsts: Vec<f32>,
    /// As the first until another one is seen.
    seconds: Vec<f32>,
    has_more: Vec<bool>,
    /// Rows with the first value.
    n_firsts: Vec<u32>,
    n_rows: u32,
}

impl Pairs {
    /// # Errors
    /// If a value is infinite, also after rounding to `f32`.
    pub(super) fn find(records: &ArrayView2<'_, f64>) -> Result<Self> {
        let parts = parts(records.nrows(), records.len());
        let find = |rows: Range<usize>| Self::find_in(records, rows);
        let found: Vec<Result<Self>> = parts.into_par_iter().map(find).collect();
        let mut found = found.into_iter();
        let mut pairs = found.next().unwrap_or_else(|| Ok(Self::new(records.ncols())))?;
        for part in found {
            pairs.merge(&part?);
        }
        Ok(pairs)
    }

    fn new(n: usize) -> Self {
        Self {
            firsts: vec![f32::NAN; n],
            seconds: vec![f32::NAN; n],
            has_more: vec![false; n],
            n_firsts: vec![0; n],
            n_rows: 0,
        }
    }

    fn find_in(records: &ArrayView2<'_, f64>, rows: Range<usize>) -> Result<Self> {
        let mut pairs = Self::new(records.ncols());
        pairs.n_rows = rows.len() as u32;
        let mut values = vec![0.0; records.ncols()];
        for row in rows {
            let record = records.row(row);
            round(record, &mut values);
            if !vectorized!(pairs.count(&values)) {
                pairs.insert_row(row, record, &values)?;
            }
        }
        Ok(pairs)
    }

    /// Counts a row and returns whether there is nothing new in it.
    #[inline(always)]
    fn count(&mut self, values: &[f32]) -> bool {
        let firsts = self.firsts.iter().zip(&mut self.n_firsts);
        let others = self.seconds.iter().zip(&self.has_more);
        let mut is_known = true;
        for (value, ((first, n_firsts), (second, has_more))) in values.iter().zip(firsts.zip(others)) {
            let is_first = *value == *first;
            *n_firsts += u32::from(is_first);
            is_known &= is_first | (*value == *second) | (*has_more & (value.abs() <= f32::MAX));
        }
        is_known
    }

    fn insert_row(&mut self, row: usize, record: ArrayView1<'_, f64>, values: &[f32]) -> Result<()> {
        for (feature, value) in values.iter().copied().enumerate() {
            if value.is_infinite() {
                let reason = "infinite or too large for a 32-bit float";
                return Err(Error::Feature { row, feature, value: record[feature], reason });
            }
            if value.is_nan() {
                self.has_more[feature] = true;
            } else if self.firsts[feature].is_nan() {
                self.n_firsts[feature] = 1;
                self.insert(feature, value);
            } else {
                self.insert(feature, value);
            }
        }
        Ok(())
    }

    fn insert(&mut self, feature: usize, value: f32) {
        let (first, second) = (&mut self.firsts[feature], &mut self.seconds[feature]);
        if first.is_nan() {
            (*first, *second) = (value, value);
        } else if value != *first && value != *second {
            if *first == *second {
                *second = value;
            } else {
                self.has_more[feature] = true;
            }
        }
    }

    /// Adds what other rows have.
    fn merge(&mut self, other: &Self) {
        for feature in 0..self.firsts.len() {
            let [first, second] = [other.firsts[feature], other.seconds[feature]];
            self.has_more[feature] |= other.has_more[feature];
            [first, second]
                .into_iter()
                .filter(|value| !value.is_nan())
                .for_each(|value| self.insert(feature, value));
            // Of a feature with more values, the number is never asked for.
            self.n_firsts[feature] += match self.firsts[feature] {
                value if value == first => other.n_firsts[feature],
                value if value == second => other.n_rows - other.n_firsts[feature],
                _ => 0,
            };
        }
        self.n_rows += other.n_rows;
    }

    /// How many rows have the larger value of a feature that [`Self::get`] knows.
    pub(super) fn n_upper(&self, feature: usize) -> u32 {
        let n_firsts = self.n_firsts[feature];
        if self.firsts[feature] > self.seconds[feature] { n_firsts } else { self.n_rows - n_firsts }
    }

    /// A feature's values, smaller first, if it has no others and they can be parted; twice the same if there
    /// is one.
    pub(super) fn get(&self, feature: usize) -> Option<[f32; 2]> {
        let (first, second) = (self.firsts[feature], self.seconds[feature]);
        let (lower, upper) = (first.min(second), first.max(second));
        let is_pair = !self.has_more[feature] && (lower == upper || !nearly_equal(lower, upper));
        is_pair.then_some([lower, upper])
    }
}

/// The values of a feature.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// One or two, none missing.
    Pair([f32; 2]),
    /// Distinct values, ascending, without NaN, and a position among them per row, which is their number
    /// where the value is missing. Of bins, the levels are the smallest values, and `largest` are the others.
    Few { levels: Vec<f32>, largest: Vec<f32>, codes: Vec<u8>, has_missing: bool },
    /// A [`rank`] per row, and the rows by ascending rank.
    Many { ranks: Vec<u32>, sorted: Vec<u32>, has_missing: bool },
}

impl Values {
    /// The values of a feature that is rounded.
    pub(super) fn find(values: Vec<f32>, max_bins: Option<usize>) -> Self {
        let has_missing = values.iter().any(|value| value.is_nan());
        let few = few_levels(&values);
        // A missing value takes a code too.
        let most = max_bins.unwrap_or(usize::MAX).min(codes::LIMIT - usize::from(has_missing));
        if let Some((levels, codes)) = few.filter(|(levels, _)| levels.len() <= most) {
            return Self::Few { levels, largest: Vec::new(), codes, has_missing };
        }
        if let Some(max_bins) = max_bins {
            let (levels, largest, codes) = bins(&values, max_bins);
            return Self::Few { levels, largest, codes, has_missing };
        }
        let ranks: Vec<u32> = values.into_iter().map(rank).collect();
        let mut keys: Vec<u64> =
            (0u64..).zip(&ranks).map(|(row, rank)| u64::from(*rank) << 32 | row).collect();
        radsort::sort_by_key(&mut keys, |key| (key >> 32) as u32);
        Self::Many { ranks, sorted: keys.into_iter().map(|key| key as u32).collect(), has_missing }
    }
}

/// The levels of few distinct values, without a sort of all of them; `None` if they are more.
fn few_levels(values: &[f32]) -> Option<(Vec<f32>, Vec<u8>)> {
    const MOST: usize = codes::LIMIT;
    const PLACES: usize = 4 * MOST;
    const FREE: u32 = u32::MAX;
    // A hash table of numbers in the order in which values are seen.
    let mut table = [FREE; PLACES];
    let mut seen: Vec<f32> = Vec::new();
    let mut numbers = Vec::with_capacity(values.len());
    for value in values {
        if value.is_nan() {
            numbers.push(FREE);
            continue;
        }
        let mut place = (value.to_bits().wrapping_mul(0x9e37_79b1) >> 22) as usize % PLACES;
        while table[place] != FREE && seen[table[place] as usize] != *value {
            place = (place + 1) % PLACES;
        }
        if table[place] == FREE {
            if seen.len() == MOST {
                return None;
            }
            table[place] = seen.len() as u32;
            seen.push(*value);
        }
        numbers.push(table[place]);
    }
    let mut order: Vec<u32> = (0..seen.len() as u32).collect();
    order.sort_unstable_by(|a, b| seen[*a as usize].total_cmp(&seen[*b as usize]));
    let mut ranks = vec![0; seen.len()];
    (0..).zip(&order).for_each(|(rank, number)| ranks[*number as usize] = rank);
    let missing = seen.len() as u32;
    let code = |number: &u32| ranks.get(*number as usize).copied().unwrap_or(missing) as u8;
    let codes = numbers.iter().map(code).collect();
    Some((order.iter().map(|number| seen[*number as usize]).collect(), codes))
}

/// Where ascending numbers lie, in equal parts of their range: most searches end where they begin.
struct Places {
    lowest: f32,
    parts_per_unit: f32,
    /// How many numbers lie in the parts before each.
    before: Vec<u32>,
}

impl Places {
    const PARTS: usize = 2048;

    fn new(numbers: &[f32]) -> Self {
        let (lowest, highest) = (numbers.first().unwrap_or(&0.0), numbers.last().unwrap_or(&0.0));
        let parts_per_unit = (Self::PARTS - 1) as f32 / (highest - lowest);
        let mut places = Self { lowest: *lowest, parts_per_unit, before: Vec::new() };
        let parts = 0..=Self::PARTS;
        let before = parts.map(|part| numbers.partition_point(|number| places.part(*number) < part) as u32);
        places.before = before.collect();
        places
    }

    /// Never smaller for a larger number: subtraction, multiplication and `as` round monotonically.
    #[inline(always)]
    fn part(&self, number: f32) -> usize {
        (((number - self.lowest) * self.parts_per_unit) as usize).min(Self::PARTS - 1)
    }

    /// How many of the numbers are at most `value`.
    #[inline(always)]
    fn count_up_to(&self, numbers: &[f32], value: f32) -> usize {
        let part = self.part(value);
        let (first, last) = (self.before[part] as usize, self.before[part + 1] as usize);
        first + numbers[first..last].partition_point(|number| *number <= value)
    }
}

/// The smallest and the largest values of at most `max_bins` bins, and a bin per row.
///
/// The bins hold about equally many rows, judged as by scikit-learn's `HistGradientBoosting` from no more
/// than 200,000 of them, here one of each few neighbours, drawn: rows may come in turns.
fn bins(values: &[f32], max_bins: usize) -> (Vec<f32>, Vec<f32>, Vec<u8>) {
    const JUDGED: usize = 200_000;
    let mut random = TreeRandom::new(0);
    let neighbours = values.chunks(values.len().div_ceil(JUDGED).max(1));
    let judged = neighbours.map(|neighbours| neighbours[random.next() as usize % neighbours.len()]);
    let mut judged: Vec<f32> = judged.filter(|value| !value.is_nan()).collect();
    radsort::sort(&mut judged);
    // A bin ends before each of these.
    let mut ends: Vec<f32> =
        (1..max_bins).filter_map(|bin| judged.get(bin * judged.len() / max_bins)).copied().collect();
    ends.dedup();
    let places = Places::new(&ends);
    let n_bins = ends.len() + 1;
    let (mut smallest, mut largest) = (vec![f32::INFINITY; n_bins], vec![f32::NEG_INFINITY; n_bins]);
    let mut codes = Vec::with_capacity(values.len());
    for value in values {
        if value.is_nan() {
            codes.push(n_bins as u8);
            continue;
        }
        let bin = places.count_up_to(&ends, *value);
        smallest[bin] = smallest[bin].min(*value);
        largest[bin] = largest[bin].max(*value);
        codes.push(bin as u8);
    }
    // The first bin is empty if the smallest value is so frequent that it ends a bin.
    let is_used: Vec<bool> = smallest.iter().map(|value| value.is_finite()).collect();
    let numbers: Vec<u8> = is_used
        .iter()
        .scan(0, |used, is_used| {
            let number = *used;
            *used += u8::from(*is_used);
            Some(number)
        })
        .chain([is_used.iter().filter(|is_used| **is_used).count() as u8])
        .collect();
    codes.iter_mut().for_each(|code| *code = numbers[*code as usize]);
    smallest.retain(|value| value.is_finite());
    largest.retain(|value| value.is_finite());
    (smallest, largest, codes)
}

/// The rank of missing values.
pub(super) const MISSING: u32 = u32::MAX;

/// A value's bits, changed so that they order as the values do, and missing values come last.
pub(super) fn rank(value: f32) -> u32 {
    let bits = value.to_bits();
    match value.is_nan() {
        true => MISSING,
        false if bits >> 31 == 1 => !bits,
        false => bits | 1 << 31,
    }
}

/// The value of a rank.
#[inline(always)]
pub(super) fn value_of(rank: u32) -> f32 {
    f32::from_bits(if rank >> 31 == 1 { rank & !(1 << 31) } else { !rank })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn levels_and_codes_give_the_values_back(
            values in prop::collection::vec(prop_oneof![1 => Just(f32::NAN), 9 => (-9i8..9).prop_map(|v| f32::from(v) / 4.0)], 1..60)
        ) {
            let (levels, codes) = few_levels(&values).unwrap();
            prop_assert!(levels.is_sorted_by(|a, b| a < b));
            for (value, code) in values.iter().zip(codes) {
                let level = levels.get(code as usize).copied().unwrap_or(f32::NAN);
                prop_assert!(level == *value || (level.is_nan() && value.is_nan()));
            }
        }

        #[test]
        fn bins_hold_their_rows(
            values in prop::collection::vec(prop_oneof![1 => Just(f32::NAN), 9 => (-9i8..9).prop_map(f32::from)], 1..60),
            max_bins in 2usize..9,
        ) {
            prop_assume!(values.iter().any(|value| !value.is_nan()));
            let (smallest, largest, codes) = bins(&values, max_bins);
            prop_assert!(smallest.len() <= max_bins);
            prop_assert!(largest.iter().zip(&smallest[1..]).all(|(a, b)| a < b));
            for (value, code) in values.iter().zip(codes) {
                let code = code as usize;
                let is_in = |bin: usize| smallest[bin] <= *value && *value <= largest[bin];
                let holds = if value.is_nan() { code == smallest.len() } else { is_in(code) };
                prop_assert!(holds);
            }
        }

        #[test]
        fn places_count_as_a_search_does(
            mut numbers in prop::collection::vec(prop_oneof![-1.0f32..1.0, any::<f32>()], 0..20),
            values in prop::collection::vec(prop_oneof![-1.0f32..1.0, any::<f32>()], 1..20),
        ) {
            numbers.retain(|number| number.is_finite());
            numbers.sort_unstable_by(f32::total_cmp);
            let places = Places::new(&numbers);
            for value in values.iter().chain(&numbers).filter(|value| !value.is_nan()) {
                let expected = numbers.partition_point(|number| number <= value);
                prop_assert_eq!(places.count_up_to(&numbers, *value), expected);
            }
        }

        #[test]
        fn ranks_order_as_values(a: f32, b: f32) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            let (a, b) = (a + 0.0, b + 0.0);
            prop_assert_eq!(rank(a).cmp(&rank(b)), a.partial_cmp(&b).unwrap());
            prop_assert_eq!(value_of(rank(a)), a);
            prop_assert!(rank(a) < rank(f32::NAN));
        }
    }
}
