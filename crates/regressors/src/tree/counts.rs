//! Sums over a node's rows by level of one feature.

use super::columns::Column;
use super::samples::{Sample, Sums};

/// A histogram is cleared and walked as a whole; with more bins per row than this, rows are sorted instead.
const BINS_PER_ROW: usize = 4;

/// A level that occurs in a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) code: u32,
    pub(super) value: f32,
    pub(super) sums: Sums,
}

/// The levels of one feature in one node.
#[derive(Clone, Debug, Default)]
pub(super) struct LevelCounts {
    /// Levels that occur, ascending.
    pub(super) levels: Vec<Level>,
    /// Rows whose value is missing.
    pub(super) missing: Sums,
    bins: Vec<Sums>,
    coded: Vec<(u32, Sample)>,
}

impl LevelCounts {
    /// Counts the `samples` of a node, whose sums are `total`.
    pub(super) fn count(&mut self, column: &Column, samples: &[Sample], total: Sums) {
        self.levels.clear();
        self.missing = Sums::default();
        match column.levels.len() {
            1 if !column.has_missing => self.push(column, 0, total),
            2 if !column.has_missing => self.count_two(column, samples, total),
            n if n > BINS_PER_ROW * samples.len() => self.count_sorted(column, samples),
            _ => self.count_bins(column, samples),
        }
        if self.levels.last().is_some_and(|level| level.code == column.missing()) {
            self.missing = self.levels.pop().map_or(self.missing, |level| level.sums);
        }
    }

    fn push(&mut self, column: &Column, code: u32, sums: Sums) {
        let value = column.levels.get(code as usize).copied().unwrap_or(f32::NAN);
        self.levels.push(Level { code, value, sums });
    }

    /// Two levels need no memory to count in: the rows of the upper one, and the rest.
    fn count_two(&mut self, column: &Column, samples: &[Sample], total: Sums) {
        let mut upper = Sums::default();
        for sample in samples {
            let code = column.codes[sample.row as usize];
            let mask = -i64::from(code);
            upper.count += code;
            upper.weight += i64::from(sample.weight) & mask;
            upper.sum += sample.sum & mask;
        }
        let lower = total - upper;
        for (code, sums) in [(0, lower), (1, upper)] {
            if sums.count > 0 {
                self.push(column, code, sums);
            }
        }
    }

    fn count_bins(&mut self, column: &Column, samples: &[Sample]) {
        self.bins.clear();
        self.bins.resize(column.levels.len() + 1, Sums::default());
        for sample in samples {
            self.bins[column.codes[sample.row as usize] as usize] += sample;
        }
        for code in 0..self.bins.len() {
            if self.bins[code].count > 0 {
                self.push(column, code as u32, self.bins[code]);
            }
        }
    }

    fn count_sorted(&mut self, column: &Column, samples: &[Sample]) {
        let mut coded = std::mem::take(&mut self.coded);
        coded.clear();
        coded.extend(samples.iter().map(|sample| (column.codes[sample.row as usize], *sample)));
        coded.sort_unstable_by_key(|(code, _)| *code);
        for same in coded.chunk_by(|a, b| a.0 == b.0) {
            let mut sums = Sums::default();
            same.iter().for_each(|(_, sample)| sums += sample);
            self.push(column, same[0].0, sums);
        }
        self.coded = coded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Columns;
    use crate::tree::samples::{NodeSums, samples};
    use ndarray::ArrayView2;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![1 => Just(f64::NAN), 9 => (0u8..6).prop_map(f64::from)]
    }

    proptest! {
        /// The three ways to count agree with each other and with a count by hand.
        #[test]
        fn every_way_counts_the_same(rows in prop::collection::vec((any_value(), -1000i64..1000), 1..40)) {
            let (values, targets): (Vec<f64>, Vec<i64>) = rows.iter().copied().unzip();
            let records = ArrayView2::from_shape((values.len(), 1), &values).unwrap();
            let columns = Columns::new(&records).unwrap();
            let column = columns.feature(0);
            let samples = samples(&targets, None);
            let total = NodeSums::of(&samples, &targets).sums;

            let mut chosen = LevelCounts::default();
            chosen.count(column, &samples, total);
            let mut ways = [LevelCounts::default(), LevelCounts::default()];
            ways[0].count_bins(column, &samples);
            ways[1].count_sorted(column, &samples);
            prop_assert_eq!(format!("{:?}", ways[0].levels), format!("{:?}", ways[1].levels));
            prop_assert_eq!(&ways[0].levels[..chosen.levels.len()], &chosen.levels[..]);

            for level in &chosen.levels {
                let is_here = |(value, _): &&(f64, i64)| *value == f64::from(level.value);
                let sum: i64 = rows.iter().filter(is_here).map(|(_, target)| target).sum();
                prop_assert_eq!(sum, level.sums.sum);
            }
            let n_missing = values.iter().filter(|value| value.is_nan()).count();
            prop_assert_eq!(chosen.missing.count as usize, n_missing);
        }
    }
}
