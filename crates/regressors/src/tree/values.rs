//! The distinct values of features.

use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2};
use pulp::Arch;

/// Rounds a row's values to `f32`, as scikit-learn's trees see them, without negative zeros.
pub(super) fn round(record: ArrayView1<'_, f64>, values: &mut [f32]) {
    match record.as_slice() {
        Some(record) => values.iter_mut().zip(record).for_each(|(to, from)| *to = *from as f32 + 0.0),
        None => values.iter_mut().zip(record).for_each(|(to, from)| *to = *from as f32 + 0.0),
    }
}

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
}

impl Pairs {
    /// # Errors
    /// If a value is infinite, also after rounding to `f32`.
    pub(super) fn find(records: &ArrayView2<'_, f64>) -> Result<Self> {
        let n = records.ncols();
        let mut pairs =
            Self { firsts: vec![f32::NAN; n], seconds: vec![f32::NAN; n], has_more: vec![false; n] };
        let mut values = vec![0.0; n];
        for (row, record) in records.rows().into_iter().enumerate() {
            round(record, &mut values);
            let is_known = Arch::new().dispatch(
                #[inline(always)]
                || pairs.are_known(&values),
            );
            if !is_known {
                pairs.insert(row, record, &values)?;
            }
        }
        Ok(pairs)
    }

    /// Whether there is nothing new in a row.
    #[inline(always)]
    fn are_known(&self, values: &[f32]) -> bool {
        let pairs = self.firsts.iter().zip(&self.seconds).zip(&self.has_more);
        values.iter().zip(pairs).fold(true, |known, (value, ((first, second), has_more))| {
            known & ((*value == *first) | (*value == *second) | (*has_more & (value.abs() <= f32::MAX)))
        })
    }

    fn insert(&mut self, row: usize, record: ArrayView1<'_, f64>, values: &[f32]) -> Result<()> {
        for (feature, value) in values.iter().copied().enumerate() {
            if value.is_infinite() {
                let reason = "infinite or too large for a 32-bit float";
                return Err(Error::Feature { row, feature, value: record[feature], reason });
            }
            let (first, second) = (&mut self.firsts[feature], &mut self.seconds[feature]);
            if value.is_nan() {
                self.has_more[feature] = true;
            } else if first.is_nan() {
                (*first, *second) = (value, value);
            } else if value != *first && value != *second {
                if *first == *second {
                    *second = value;
                } else {
                    self.has_more[feature] = true;
                }
            }
        }
        Ok(())
    }

    /// A feature's values, smaller first, if it has no others; twice the same if there is one.
    pub(super) fn get(&self, feature: usize) -> Option<[f32; 2]> {
        let (first, second) = (self.firsts[feature], self.seconds[feature]);
        (!self.has_more[feature]).then_some([first.min(second), first.max(second)])
    }
}

/// The distinct values of a feature and which of them each row has.
#[derive(Clone, Debug)]
pub(super) struct Values {
    /// Ascending, without NaN.
    pub(super) levels: Vec<f32>,
    /// A position among the levels per row; the number of levels where the value is missing.
    pub(super) codes: Vec<u32>,
    /// The rows by ascending value, missing values last; empty if the levels are few.
    pub(super) sorted: Vec<u32>,
    pub(super) has_missing: bool,
}

impl Values {
    /// One or two values, without codes.
    pub(super) fn pair([lower, upper]: [f32; 2]) -> Self {
        let levels = if lower == upper { vec![lower] } else { vec![lower, upper] };
        Self { levels, codes: Vec::new(), sorted: Vec::new(), has_missing: false }
    }

    pub(super) fn find(column: ArrayView1<'_, f64>) -> Self {
        let values: Vec<f32> = column.iter().map(|value| *value as f32 + 0.0).collect();
        let has_missing = values.iter().any(|value| value.is_nan());
        match few_levels(&values) {
            Some((levels, codes)) => Self { levels, codes, sorted: Vec::new(), has_missing },
            None => {
                let sorted = sorted_rows(&values);
                let (levels, codes) = sorted_levels(&values, &sorted);
                Self { levels, codes, sorted, has_missing }
            }
        }
    }
}

/// The levels of few distinct values, without a sort of all of them; `None` if they are more.
fn few_levels(values: &[f32]) -> Option<(Vec<f32>, Vec<u32>)> {
    const MOST: usize = 256;
    const PLACES: usize = 4 * MOST;
    const FREE: u32 = u32::MAX;
    // A hash table of numbers in the order in which values are seen.
    let mut table = [FREE; PLACES];
    let mut seen: Vec<f32> = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    for value in values {
        if value.is_nan() {
            codes.push(FREE);
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
        codes.push(table[place]);
    }
    let mut order: Vec<u32> = (0..seen.len() as u32).collect();
    order.sort_unstable_by(|a, b| seen[*a as usize].total_cmp(&seen[*b as usize]));
    let mut ranks = vec![0; seen.len()];
    (0..).zip(&order).for_each(|(rank, number)| ranks[*number as usize] = rank);
    let missing = seen.len() as u32;
    codes.iter_mut().for_each(|code| *code = ranks.get(*code as usize).copied().unwrap_or(missing));
    Some((order.iter().map(|number| seen[*number as usize]).collect(), codes))
}

/// The rows by ascending value, those without one last.
fn sorted_rows(values: &[f32]) -> Vec<u32> {
    let keys = (0u64..).zip(values).map(|(row, value)| u64::from(ordered(*value)) << 32 | row);
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}

/// The levels of any values whose rows are sorted.
fn sorted_levels(values: &[f32], sorted: &[u32]) -> (Vec<f32>, Vec<u32>) {
    let mut levels: Vec<f32> = Vec::new();
    let mut codes = vec![0; values.len()];
    for row in sorted {
        let value = values[*row as usize];
        if !value.is_nan() && levels.last() != Some(&value) {
            levels.push(value);
        }
        codes[*row as usize] = if value.is_nan() { levels.len() as u32 } else { levels.len() as u32 - 1 };
    }
    (levels, codes)
}

/// Bits that order as the values do.
fn ordered(value: f32) -> u32 {
    if value.is_nan() {
        return u32::MAX;
    }
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
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
            let few = few_levels(&values).unwrap();
            prop_assert_eq!(&few, &sorted_levels(&values, &sorted_rows(&values)));
            let (levels, codes) = few;
            prop_assert!(levels.is_sorted_by(|a, b| a < b));
            for (value, code) in values.iter().zip(codes) {
                let level = levels.get(code as usize).copied().unwrap_or(f32::NAN);
                prop_assert!(level == *value || (level.is_nan() && value.is_nan()));
            }
        }
    }
}
