//! A tree's training rows with their weights, and sums over them.

use crate::target::EXACT;
use crate::{Error, Result};
use ndarray::Array1;
use std::ops::{AddAssign, Sub};

/// A distinct row of a tree's training set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) row: u32,
    pub(crate) weight: u32,
    /// Weight times target.
    pub(crate) sum: i64,
}

impl Sample {
    fn square(&self, targets: &[i64]) -> i128 {
        i128::from(self.sum) * i128::from(targets[self.row as usize])
    }
}

/// The rows that have a weight, in ascending order; without weights, all of them.
pub(crate) fn samples(targets: &[i64], weights: Option<&[u32]>) -> Vec<Sample> {
    let sample = |(row, target): (usize, &i64)| {
        let weight = weights.map_or(1, |weights| weights[row]);
        Sample { row: row as u32, weight, sum: i64::from(weight) * target }
    };
    targets.iter().enumerate().map(sample).filter(|sample| sample.weight > 0).collect()
}

/// The weights of a dataset of `n` rows as whole numbers; `None` if it has no weights.
///
/// # Errors
/// If a weight is negative, NaN or no whole number, or all are zero.
pub(crate) fn sample_weights(weights: &Array1<f32>, n: usize) -> Result<Option<Vec<u32>>> {
    if weights.is_empty() {
        return Ok(None);
    }
    if weights.len() != n {
        return Err(Error::Shape { what: "sample weights", expected: n, actual: weights.len() });
    }
    let whole = weights.iter().enumerate().map(|(row, &value)| match value {
        value if value.is_nan() || value < 0.0 => {
            Err(Error::Weight { row, value, reason: "negative or not a number" })
        }
        value if value.fract() != 0.0 => {
            Err(Error::Weight { row, value, reason: "not a whole number; scale the weights" })
        }
        // As an f32, the largest u32 rounds to 2^32.
        value if value >= u32::MAX as f32 => Err(Error::Weight { row, value, reason: "too large" }),
        value => Ok(value as u32),
    });
    let whole: Vec<u32> = whole.collect::<Result<_>>()?;
    match total_weight(Some(&whole), n) {
        0 => Err(Error::Empty("rows with a sample weight above 0")),
        _ => Ok(Some(whole)),
    }
}

/// The sum of the weights of `n` rows.
pub(crate) fn total_weight(weights: Option<&[u32]>, n: usize) -> u64 {
    weights.map_or(n as u64, |weights| weights.iter().copied().map(u64::from).sum())
}

/// What a split needs to know of a set of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Distinct rows.
    pub(crate) count: u32,
    pub(crate) weight: i64,
    /// Sum of weight times target.
    pub(crate) sum: i64,
}

impl Sums {
    /// scikit-learn's proxy of a side's part in the impurity decrease.
    #[inline]
    pub(crate) fn score(&self) -> f64 {
        let sum = self.sum as f64;
        sum * sum / self.weight as f64
    }
}

impl AddAssign<&Sample> for Sums {
    #[inline]
    fn add_assign(&mut self, sample: &Sample) {
        self.count += 1;
        self.weight += i64::from(sample.weight);
        self.sum += sample.sum;
    }
}

impl AddAssign for Sums {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.weight += other.weight;
        self.sum += other.sum;
    }
}

impl Sub for Sums {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            weight: self.weight - other.weight,
            sum: self.sum - other.sum,
        }
    }
}

/// Sums of a node, with the squares that its impurity needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeSums {
    pub(crate) sums: Sums,
    squares: i128,
}

impl NodeSums {
    pub(crate) fn of(samples: &[Sample], targets: &[i64]) -> Self {
        let sums = samples.iter().fold(Sums::default(), |mut sums, sample| {
            sums += sample;
            sums
        });
        Self { sums, squares: squares(samples, targets) }
    }

    /// The sums of both parts of a node, whose left part has the sums `left`.
    pub(crate) fn split(&self, left: Sums, parts: (&[Sample], &[Sample]), targets: &[i64]) -> (Self, Self) {
        let left_squares = if parts.0.len() <= parts.1.len() {
            squares(parts.0, targets)
        } else {
            self.squares - squares(parts.1, targets)
        };
        let right = Self { sums: self.sums - left, squares: self.squares - left_squares };
        (Self { sums: left, squares: left_squares }, right)
    }

    /// Whether `f64` holds the sum of squares without rounding.
    pub(crate) fn is_exact(&self) -> bool {
        (self.squares as f64) < EXACT
    }

    pub(crate) fn weight(&self) -> f64 {
        self.sums.weight as f64
    }

    /// The mean target, before the quantum.
    pub(crate) fn mean(&self) -> f64 {
        self.sums.sum as f64 / self.weight()
    }

    /// The variance, before the quantum.
    ///
    /// Where its terms are exact this is scikit-learn's formula, rounding included. Where they would round,
    /// the difference of two large numbers is taken exactly, so that equal targets have no variance.
    pub(crate) fn variance(&self) -> f64 {
        if self.is_exact() {
            let mean = self.mean();
            return self.squares as f64 / self.weight() - mean * mean;
        }
        let (sum, weight) = (i128::from(self.sums.sum), i128::from(self.sums.weight));
        (weight * self.squares - sum * sum) as f64 / (self.weight() * self.weight())
    }
}

fn squares(samples: &[Sample], targets: &[i64]) -> i128 {
    samples.iter().map(|sample| sample.square(targets)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_without_weight_are_left_out() {
        let samples = samples(&[5, -7, 3], Some(&[2, 0, 1]));
        let rows: Vec<_> = samples.iter().map(|s| (s.row, s.weight, s.sum)).collect();
        assert_eq!(rows, [(0, 2, 10), (2, 1, 3)]);
    }

    #[test]
    fn weights_are_whole_and_not_negative() {
        assert_eq!(sample_weights(&array![], 3).unwrap(), None);
        assert_eq!(sample_weights(&array![0.0, 2.0], 2).unwrap(), Some(vec![0, 2]));
        for bad in
            [array![0.5], array![-1.0], array![f32::NAN], array![f32::INFINITY], array![4_294_967_296.0]]
        {
            assert!(matches!(sample_weights(&bad, 1), Err(Error::Weight { row: 0, .. })), "{bad}");
        }
        assert!(matches!(sample_weights(&array![0.0], 1), Err(Error::Empty(_))));
        assert!(matches!(sample_weights(&array![1.0], 2), Err(Error::Shape { .. })));
    }

    #[test]
    fn large_equal_targets_have_no_variance() {
        let targets = [1_234_567_890_123_456; 3];
        let node = NodeSums::of(&samples(&targets, None), &targets);
        assert!(!node.is_exact());
        assert_eq!(node.variance(), 0.0);
    }
}
