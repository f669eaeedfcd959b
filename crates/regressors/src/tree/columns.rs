//! Records encoded once per fit: every feature's values become codes of its ascending levels.

use crate::{Error, Result};
use ndarray::ArrayView2;

/// A feature's values, rounded to `f32` as scikit-learn's trees see them.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Distinct values, ascending, without NaN.
    pub(crate) levels: Vec<f32>,
    /// A level per row; the number of levels where the value is missing.
    pub(crate) codes: Vec<u32>,
    pub(crate) has_missing: bool,
}

impl Column {
    fn new(values: &[f32]) -> Self {
        let mut levels = two_levels(values).unwrap_or_else(|| {
            let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_unstable_by(f32::total_cmp);
            sorted.dedup();
            sorted
        });
        levels.shrink_to_fit();
        let code = |value: &f32| {
            let below = levels.partition_point(|level| level < value);
            if value.is_nan() { levels.len() as u32 } else { below as u32 }
        };
        let codes = values.iter().map(code).collect();
        Self { codes, has_missing: values.iter().any(|value| value.is_nan()), levels }
    }

    /// The code of a missing value.
    pub(crate) fn missing(&self) -> u32 {
        self.levels.len() as u32
    }
}

/// The levels if there are at most two: encoded records are mostly 0 and 1, and need no sort.
fn two_levels(values: &[f32]) -> Option<Vec<f32>> {
    let mut present = values.iter().copied().filter(|value| !value.is_nan());
    let Some(first) = present.next() else { return Some(Vec::new()) };
    let Some(second) = present.find(|value| *value != first) else { return Some(vec![first]) };
    let only_two = present.all(|value| value == first || value == second);
    only_two.then(|| vec![first.min(second), first.max(second)])
}

/// All features of a fit, shared by its trees.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<Column>);

impl Columns {
    /// Most rows that a tree's node numbers, which are `i32`, have room for.
    const MAX_ROWS: usize = 1 << 30;

    /// Encodes records of shape `(n_samples, n_features)`; NaN is a missing value.
    ///
    /// # Errors
    /// If a value is infinite, also after rounding to `f32`, or there are too many rows or features.
    pub(crate) fn new(records: &ArrayView2<'_, f64>) -> Result<Self> {
        if records.nrows() > Self::MAX_ROWS {
            return Err(Error::Shape { what: "rows", expected: Self::MAX_ROWS, actual: records.nrows() });
        }
        if i32::try_from(records.ncols()).is_err() {
            let expected = i32::MAX as usize;
            return Err(Error::Shape { what: "features", expected, actual: records.ncols() });
        }
        let columns = records.columns().into_iter().enumerate().map(|(feature, column)| {
            let values: Vec<f32> = column.iter().map(|value| *value as f32).collect();
            match values.iter().position(|value| value.is_infinite()) {
                Some(row) => {
                    let reason = "infinite or too large for a 32-bit float";
                    Err(Error::Feature { row, feature, value: column[row], reason })
                }
                None => Ok(Column::new(&values)),
            }
        });
        columns.collect::<Result<_>>().map(Self)
    }

    pub(crate) fn n_features(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn feature(&self, feature: u32) -> &Column {
        &self.0[feature as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn levels_ascend_and_missing_comes_last() {
        let column = Column::new(&[2.0, f32::NAN, -1.0, 2.0, 0.5]);
        assert_eq!(column.levels, [-1.0, 0.5, 2.0]);
        assert_eq!(column.codes, [2, 3, 0, 2, 1]);
        assert_eq!(column.missing(), 3);
        assert!(column.has_missing);
    }

    #[test]
    fn few_levels_need_no_sort() {
        assert_eq!(Column::new(&[1.0, 0.0, 1.0]).levels, [0.0, 1.0]);
        assert_eq!(Column::new(&[f32::NAN, 7.0]).levels, [7.0]);
        assert_eq!(Column::new(&[f32::NAN]).levels, [0.0; 0]);
        assert_eq!(Column::new(&[0.0, -0.0]).codes, [0, 0]);
    }

    #[test]
    fn values_beyond_f32_are_refused() {
        let refused = Columns::new(&array![[0.0, 1.0], [0.0, 1e39]].view());
        assert!(matches!(refused, Err(Error::Feature { row: 1, feature: 1, .. })));
        assert!(Columns::new(&array![[f64::NEG_INFINITY]].view()).is_err());
    }
}
