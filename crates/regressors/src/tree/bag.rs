//! A tree's training rows with their weights.

use super::packed::{Layout, Packed, Sums};
use super::partition::keep;
use crate::parallel::{for_each_part, map_parts, sum_rows};
use crate::target::EXACT;
use crate::{Error, Result};
use ndarray::Array1;
use std::ops::Range;

/// The rows that a tree is grown on, and what each of them adds to a sum.
#[derive(Clone, Debug)]
pub(super) struct Bag<'a, P> {
    pub(super) layout: Layout,
    /// A packed sum per row of the records.
    sums: Vec<P>,
    /// A target per row of the records, unless all weigh 1 and their sums are their targets.
    targets: Option<&'a [i64]>,
}

impl<'a, P: Packed> Bag<'a, P> {
    /// Rows without weights weigh 1 each.
    pub(super) fn new(targets: &'a [i64], weights: Option<&[u32]>, layout: Layout) -> Self {
        let mut sums = vec![P::default(); targets.len()];
        for_each_part(&mut sums, |start, sums| match weights {
            Some(weights) => {
                for (sum, (target, weight)) in
                    sums.iter_mut().zip(targets[start..].iter().zip(&weights[start..]))
                {
                    let weight = i64::from(*weight);
                    let count = weight.min(1);
                    *sum = P::pack(Sums { count, weight, sum: weight * target }, layout);
                }
            }
            None => {
                for (sum, target) in sums.iter_mut().zip(&targets[start..]) {
                    *sum = P::pack(Sums { count: 1, weight: 1, sum: *target }, layout);
                }
            }
        });
        Self { layout, sums, targets: weights.and(Some(targets)) }
    }

    /// What a row adds to a sum: nothing without weight.
    #[inline(always)]
    pub(super) fn of(&self, row: u32) -> P {
        self.sums[row as usize]
    }

    /// The number of rows of the records.
    pub(super) fn n_rows(&self) -> usize {
        self.sums.len()
    }

    /// What each of some rows that are neighbours adds to a sum.
    pub(super) fn neighbours(&self, rows: Range<usize>) -> &[P] {
        &self.sums[rows]
    }

    /// The sums of some rows, squares included.
    pub(super) fn node(&self, rows: &[u32]) -> NodeSums {
        let packed = sum_rows(rows, |rows| rows.iter().map(|row| self.of(*row)).sum::<P>());
        NodeSums { sums: packed.unpack(self.layout), squares: self.squares(rows) }
    }

    /// The sums of both parts of a node, whose left part has the sums `left`.
    pub(super) fn split(&self, node: &NodeSums, left: Sums, parts: (&[u32], &[u32])) -> (NodeSums, NodeSums) {
        let left_squares = if parts.0.len() <= parts.1.len() {
            self.squares(parts.0)
        } else {
            node.squares - self.squares(parts.1)
        };
        let right = NodeSums { sums: node.sums - left, squares: node.squares - left_squares };
        (NodeSums { sums: left, squares: left_squares }, right)
    }

    fn squares(&self, rows: &[u32]) -> i128 {
        let sum = |row: &u32| self.of(*row).unpack(self.layout).sum;
        let product = |a: i64, b: i64| i128::from(a) * i128::from(b);
        sum_rows(rows, |rows| match self.targets {
            Some(targets) => rows.iter().map(|row| product(sum(row), targets[*row as usize])).sum(),
            None => rows.iter().map(|row| product(sum(row), sum(row))).sum(),
        })
    }
}

/// The rows that have a weight, in ascending order; without weights, all of them. They take the place of those
/// in `memory`.
pub(super) fn rows_with_weight(n_rows: usize, weights: Option<&[u32]>, memory: Vec<u32>) -> Vec<u32> {
    let (all, mut rows) = (0..n_rows as u32, memory);
    match weights {
        Some(weights) => {
            let n_kept = weights.iter().filter(|weight| **weight > 0).count();
            keep(all, n_kept, |row| weights[row as usize] > 0, &mut rows);
        }
        None => {
            rows.clear();
            rows.extend(all);
        }
    }
    rows
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
        total if total > u64::from(u32::MAX) => {
            let row = (0..n).max_by_key(|row| whole[*row]).unwrap_or(0);
            Err(Error::Weight { row, value: weights[row], reason: "too large with the others: 2^32 in all" })
        }
        _ => Ok(Some(whole)),
    }
}

/// The sum of the weights of `n` rows.
pub(crate) fn total_weight(weights: Option<&[u32]>, n: usize) -> u64 {
    weights.map_or(n as u64, |weights| weights.iter().copied().map(u64::from).sum())
}

/// The sum of the magnitudes of all targets times their weights, which no other sum exceeds.
pub(super) fn largest_sum(targets: &[i64], weights: Option<&[u32]>) -> u64 {
    match weights {
        Some(weights) => {
            let of_row = |(target, weight): (&i64, &u32)| target.unsigned_abs() * u64::from(*weight);
            targets.iter().zip(weights).map(of_row).sum()
        }
        None => {
            let of_part = |targets: &[i64]| targets.iter().map(|target| target.unsigned_abs()).sum::<u64>();
            map_parts(targets, of_part).into_iter().sum()
        }
    }
}

/// Sums of a node, with the squares that its impurity needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeSums {
    pub(super) sums: Sums,
    squares: i128,
}

impl NodeSums {
    /// Whether `f64` holds the sum of squares without rounding.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact_squares().is_some()
    }

    /// The sum of squares, if `f64` holds it without rounding.
    fn exact_squares(&self) -> Option<f64> {
        // Most sums are this small; a conversion from 128 bits takes a call.
        i64::try_from(self.squares).ok().map(|squares| squares as f64).filter(|squares| *squares < EXACT)
    }

    pub(crate) fn weight(&self) -> f64 {
        self.sums.weight as f64
    }

    /// The mean target, before the quantum.
    pub(crate) fn mean(&self) -> f64 {
        self.sums.mean()
    }

    /// The variance, before the quantum.
    ///
    /// Where its terms are exact this is scikit-learn's formula, rounding included. Where they would round,
    /// the difference of two large numbers is taken exactly, so that equal targets have no variance.
    pub(crate) fn variance(&self) -> f64 {
        if let Some(squares) = self.exact_squares() {
            let mean = self.mean();
            return squares / self.weight() - mean * mean;
        }
        let (sum, weight) = (i128::from(self.sums.sum), i128::from(self.sums.weight));
        (weight * self.squares - sum * sum) as f64 / (self.weight() * self.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_without_weight_are_left_out() {
        assert_eq!(rows_with_weight(4, Some(&[2, 0, 1, 0]), vec![5]), [0, 2]);
        assert_eq!(rows_with_weight(2, None, Vec::new()), [0, 1]);
    }

    #[test]
    fn parts_add_up() {
        let bag = Bag::<i64>::new(&[5, -7, 3], Some(&[2, 0, 1]), Layout::new(3, 3, 20, true));
        let node = bag.node(&[0, 2]);
        assert_eq!((node.sums, node.squares), (Sums { count: 2, weight: 3, sum: 13 }, 59));
        let left = bag.of(2).unpack(bag.layout);
        let (left, right) = bag.split(&node, left, (&[2], &[0]));
        assert_eq!((left.squares, right.squares), (9, 50));
        assert_eq!(right.sums, Sums { count: 1, weight: 2, sum: 10 });
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
        let large = array![1.0, 4e9, 4e9];
        assert!(matches!(sample_weights(&large, 3), Err(Error::Weight { row: 1 | 2, .. })));
        assert!(matches!(sample_weights(&array![0.0], 1), Err(Error::Empty(_))));
        assert!(matches!(sample_weights(&array![1.0], 2), Err(Error::Shape { .. })));
    }

    #[test]
    fn large_equal_targets_have_no_variance() {
        let bag = Bag::<i128>::new(&[1_234_567_890_123_456; 3], None, Layout::new(3, 3, 1 << 52, false));
        let node = bag.node(&[0, 1, 2]);
        assert!(!node.is_exact());
        assert_eq!(node.variance(), 0.0);
    }
}
