//! A node's rows by ascending value of each feature with many values.

use super::columns::{Columns, Kind};
use super::partition::partition;
use std::ops::Range;

/// Every ranked feature's in-bag rows in the order of its values, those of a node being neighbours.
///
/// They are sorted once per fit; when a node is split, each order is parted and stays an order.
#[derive(Debug)]
pub(super) struct SortedRows {
    /// Position among `orders` per feature.
    at: Vec<u32>,
    orders: Vec<Vec<u32>>,
    /// Whether a row goes left, per row of the records.
    goes_left: Vec<bool>,
    moved: Vec<u32>,
}

impl SortedRows {
    /// The in-bag `rows` ascend.
    pub(super) fn new(columns: &Columns, rows: &[u32], n_rows: usize) -> Self {
        let mut in_bag = vec![rows.len() == n_rows; n_rows];
        rows.iter().for_each(|row| in_bag[*row as usize] = true);
        let mut at = vec![u32::MAX; columns.n_features()];
        let mut orders = Vec::new();
        for feature in columns.not_binary() {
            if let Kind::Ranked { sorted, .. } = &columns.feature(*feature).kind {
                at[*feature as usize] = orders.len() as u32;
                let order = sorted.iter().copied().filter(|row| in_bag[*row as usize]);
                orders.push(order.collect());
            }
        }
        let moved = if orders.is_empty() { Vec::new() } else { vec![0; rows.len()] };
        Self { at, orders, goes_left: in_bag, moved }
    }

    /// Whether there is no ranked feature.
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// The rows of the node in `range` by the values of a ranked feature.
    pub(super) fn get(&self, feature: u32, range: Range<usize>) -> &[u32] {
        &self.orders[self.at[feature as usize] as usize][range]
    }

    /// Parts the rows of the node in `range`, of which the first have gone `left`.
    pub(super) fn part(&mut self, range: Range<usize>, (left, right): (&[u32], &[u32])) {
        let Self { orders, goes_left, moved, .. } = self;
        left.iter().for_each(|row| goes_left[*row as usize] = true);
        right.iter().for_each(|row| goes_left[*row as usize] = false);
        for order in orders {
            partition(&mut order[range.clone()], &mut moved[..range.len()], |row| goes_left[row as usize]);
        }
    }
}
