//! A node's rows by ascending value of each feature with many values.

use super::columns::{Columns, Kind};
use super::partition::partition;
use crate::parallel::is_parallel;
use rayon::prelude::*;
use std::ops::Range;

/// Every ranked feature's in-bag rows in the order of its values, those of a node being neighbours.
///
/// They are sorted once per fit; when a node is split, each order is parted and stays an order.
#[derive(Debug)]
pub(super) struct SortedRows {
    orders: Vec<Vec<u32>>,
    /// Whether a row goes left, per row of the records.
    goes_left: Vec<bool>,
}

impl SortedRows {
    /// The in-bag `rows` ascend.
    pub(super) fn new(columns: &Columns, rows: &[u32], n_rows: usize) -> Self {
        if columns.n_ranked() == 0 {
            return Self { orders: Vec::new(), goes_left: Vec::new() };
        }
        let mut in_bag = vec![rows.len() == n_rows; n_rows];
        rows.iter().for_each(|row| in_bag[*row as usize] = true);
        let order = |feature: &u32| match &columns.feature(*feature).kind {
            Kind::Ranked { sorted, .. } => {
                Some(sorted.iter().copied().filter(|row| in_bag[*row as usize]).collect())
            }
            _ => None,
        };
        let orders: Vec<Vec<u32>> = columns.not_binary().par_iter().filter_map(order).collect();
        Self { orders, goes_left: in_bag }
    }

    /// Whether there is no ranked feature.
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// The rows of the node in `range` by the ranks of the feature at position `at` among the ranked ones.
    pub(super) fn get(&self, at: usize, range: Range<usize>) -> &[u32] {
        &self.orders[at][range]
    }

    /// Parts the rows of the node in `range`, of which the first have gone `left`.
    pub(super) fn part(&mut self, range: Range<usize>, (left, right): (&[u32], &[u32]), moved: &mut [u32]) {
        let Self { orders, goes_left } = self;
        left.iter().for_each(|row| goes_left[*row as usize] = true);
        right.iter().for_each(|row| goes_left[*row as usize] = false);
        let part = |order: &mut Vec<u32>, moved: &mut [u32]| {
            partition(&mut order[range.clone()], moved, |row| goes_left[row as usize]);
        };
        if is_parallel(range.len() * orders.len()) {
            orders.par_iter_mut().for_each_init(|| vec![0; range.len()], |moved, order| part(order, moved));
        } else {
            orders.iter_mut().for_each(|order| part(order, moved));
        }
    }
}
