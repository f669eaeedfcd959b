//! The system that a fit solves: records and targets less their means.

use crate::parallel::is_parallel;
use crate::vectors::vectorized;
use ndarray::{Array1, ArrayView1, ArrayView2};
use rayon::prelude::*;
use std::ops::Range;

/// Most parts of the rows: they are worked on by several threads and added up in their order.
const MOST_PARTS: usize = 16;

/// Rows that are worth a part.
const ROWS_OF_PART: usize = 512;

/// Products of two of a row's values that are worth one value of other work. So a system is shared whose products
/// take some two milliseconds: as long as it may take threads to wake.
const PRODUCTS_PER_VALUE: usize = 128;

/// A least-squares solution of smallest norm.
pub(super) struct Solution {
    pub(super) coefficients: Array1<f64>,
    pub(super) rank: usize,
}

/// The system `A w = b` to solve: centred records, and targets.
pub(super) struct Centred<'a> {
    pub(super) records: ArrayView2<'a, f64>,
    targets: ArrayView1<'a, f64>,
    weights: Option<Vec<f64>>,
    /// Of each column, and of the targets.
    pub(super) means: Array1<f64>,
}

impl<'a> Centred<'a> {
    /// Rows as they are, to be centred; without weights all weigh 1.
    pub(super) fn new(
        (records, targets): (ArrayView2<'a, f64>, ArrayView1<'a, f64>),
        weights: Option<Vec<f64>>,
    ) -> Self {
        let means = Array1::zeros(records.ncols() + 1);
        Self { records, targets, weights, means }
    }

    /// Values near the means: of each column, that of some rows which is nearest to their mean. A column that is
    /// constant where rows weigh anything is exactly zero less this, rather than noise that would pass for a
    /// direction of its own.
    pub(super) fn origin(&self) -> Array1<f64> {
        const SOME: usize = 16;
        let weighty: Vec<usize> = (0..self.records.nrows()).filter(|&row| self.weight(row) > 0.0).collect();
        let some = weighty.iter().step_by(weighty.len().div_ceil(SOME));
        let rows: Vec<Vec<f64>> = some.map(|&row| self.row(row)).collect();
        let of_column = |column: usize| {
            let mean = rows.iter().map(|row| row[column] / rows.len() as f64).sum::<f64>();
            let nearer = |a: f64, b: f64| if (b - mean).abs() < (a - mean).abs() { b } else { a };
            rows.iter().map(|row| row[column]).reduce(nearer).unwrap_or(mean)
        };
        (0..self.means.len()).map(of_column).collect()
    }

    /// Takes an origin and the weighted sums of what rows are more than it as means.
    pub(super) fn set_means(&mut self, origin: &Array1<f64>, sums: &[f64]) {
        let total = self.total_weight();
        self.means = origin.iter().zip(sums).map(|(origin, sum)| origin + sum / total).collect();
    }

    /// The sum of the weights of all rows.
    pub(super) fn total_weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.records.nrows() as f64, |weights| weights.iter().sum())
    }

    /// Finds the means of few rows.
    pub(super) fn centre(&mut self) {
        let origin = self.origin();
        let mut sums = vec![0.0; origin.len()];
        for at in 0..self.records.nrows() {
            let weight = self.weight(at);
            let row = self.row(at);
            sums.iter_mut()
                .zip(row.iter().zip(&origin))
                .for_each(|(sum, (x, origin))| *sum += weight * (x - origin));
        }
        self.set_means(&origin, &sums);
    }

    /// What the squares of a row count.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// A row of the records and its target, as they are.
    fn row(&self, row: usize) -> Vec<f64> {
        self.records.row(row).iter().copied().chain([self.targets[row]]).collect()
    }

    /// The sums of what `add` adds for the rows of each part: the same for any number of threads.
    pub(super) fn sum_parts(&self, len: usize, add: impl Fn(Range<usize>, &mut [f64]) + Sync) -> Vec<f64> {
        let (n_rows, width) = (self.records.nrows(), self.means.len());
        // Two or four threads have as many of them each.
        let n_parts = (n_rows / ROWS_OF_PART).clamp(1, MOST_PARTS).next_power_of_two();
        let size = n_rows.div_ceil(n_parts);
        let starts: Vec<usize> = (0..n_rows).step_by(size).collect();
        let sums_from = |start: usize| {
            let mut sums = vec![0.0; len];
            add(start..n_rows.min(start + size), &mut sums);
            sums
        };
        let n_products = n_rows.saturating_mul(width * width);
        let parts: Vec<Vec<f64>> = if is_parallel(n_products / PRODUCTS_PER_VALUE) {
            starts.into_par_iter().map(sums_from).collect()
        } else {
            starts.into_iter().map(sums_from).collect()
        };
        parts.into_iter().reduce(add_up).unwrap_or_else(|| vec![0.0; len])
    }

    /// Appends some rows of `[A | b]`, one after the other.
    pub(super) fn append(&self, rows: Range<usize>, system: &mut Vec<f64>) {
        let means = self.means.as_slice().unwrap_or_default();
        let Some((target_mean, means)) = means.split_last() else { return };
        system.reserve(rows.len() * self.means.len());
        for at in rows {
            let record = self.records.row(at);
            // A row of weight w adds w times its squared residual: that of sqrt(w) times the row.
            let root = self.weight(at).sqrt();
            match record.as_slice() {
                Some(record) => vectorized!(
                    system.extend(record.iter().zip(means).map(|(cell, mean)| root * (cell - mean)))
                ),
                None => system.extend(record.iter().zip(means).map(|(cell, mean)| root * (cell - mean))),
            }
            system.push(root * (self.targets[at] - target_mean));
        }
    }
}

fn add_up(mut sums: Vec<f64>, others: Vec<f64>) -> Vec<f64> {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
    sums
}
