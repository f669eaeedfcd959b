//! A node's rows by ascending value of each feature with many values.

use super::columns::{Columns, Kind};
use super::partition::{keep, partition};
use crate::parallel::is_parallel;
use rayon::prelude::*;
use std::ops::Range;

/// Every ranked feature's in-bag rows in the order of its values, those of a node being neighbours.
///
/// They are sorted once per fit; when a node is split, each order is parted and stays an order.
#[derive(Debug)]
pub(super) struct SortedRows {
    orders: Vec<Vec<u32>>,
    /// Whether a row of the node that is split goes left, per row of the records.
    goes_left: Vec<bool>,
}

impl SortedRows {
    /// The in-bag `rows` ascend.
    pub(super) fn new(columns: &Columns, rows: &[u32], n_rows: usize) -> Self {
        if columns.n_ranked() == 0 {
            return Self { orders: Vec::new(), goes_left: Vec::new() };
        }
        let mut in_bag = vec![false; n_rows];
        rows.iter().for_each(|row| in_bag[*row as usize] = true);
        let order = |feature: &u32| match &columns.feature(*feature).kind {
            Kind::Ranked { sorted, .. } if rows.len() == n_rows => Some(sorted.clone()),
            Kind::Ranked { sorted, .. } => {
                let mut order = Vec::new();
                keep(sorted.iter().copied(), rows.len(), |row| in_bag[row as usize], &mut order);
                Some(order)
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

    /// Marks the rows of the node in `range` that go left: the first `n_left` of the order at position `at`.
    ///
    /// Returns, per row of the records, whether it goes left.
    pub(super) fn mark_first(&mut self, at: usize, range: Range<usize>, n_left: usize) -> &[bool] {
        let (left, right) = self.orders[at][range].split_at(n_left);
        mark(&mut self.goes_left, left, right);
        &self.goes_left
    }

    /// Marks the rows that go left and those that go right.
    pub(super) fn mark(&mut self, (left, right): (&[u32], &[u32])) {
        mark(&mut self.goes_left, left, right);
    }

    /// Parts all orders of the node in `range` by the marks of its rows.
    pub(super) fn part(&mut self, range: Range<usize>, moved: &mut [u32]) {
        let Self { orders, goes_left } = self;
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

fn mark(goes_left: &mut [bool], left: &[u32], right: &[u32]) {
    left.iter().for_each(|row| goes_left[*row as usize] = true);
    right.iter().for_each(|row| goes_left[*row as usize] = false);
}
