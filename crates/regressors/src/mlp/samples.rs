//! The rows of a fit: trained on, held out, scored.

use super::network::Network;
use super::sparse::SparseRows;
use crate::input::{WEIGHT_ON_BOTH_SIDES, require};
use crate::random::{RandomState, train_test_split};
use crate::sum::pairwise_sum;
use crate::{Error, Result};

/// Records with their targets and weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub(super) records: SparseRows,
    pub(super) targets: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl Samples {
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// Replaces the content with chosen rows of other samples.
    pub(super) fn select(&mut self, from: &Samples, rows: &[usize]) {
        self.records.select(&from.records, rows);
        self.targets.clear();
        self.targets.extend(rows.iter().map(|&row| from.targets[row]));
        self.weights.clear();
        self.weights.extend(rows.iter().map(|&row| from.weights[row]));
    }

    /// The rows to train on and those held out, as scikit-learn's `train_test_split` draws them.
    pub(super) fn hold_out(&self, fraction: f64, random: &mut RandomState) -> Result<(Self, Self)> {
        let split = train_test_split(self.len(), fraction, random);
        let is_parted = split.test.len() >= 2 && !split.train.is_empty();
        let requirement = "such that two rows are held out and one is left to train on";
        require(is_parted, "validation_fraction", fraction, requirement)?;
        let (mut train, mut held_out) = (Self::default(), Self::default());
        train.select(self, &split.train);
        held_out.select(self, &split.test);
        if [&train, &held_out].into_iter().any(|part| part.weights.iter().all(|weight| *weight == 0.0)) {
            return Err(Error::Empty(WEIGHT_ON_BOTH_SIDES));
        }
        Ok((train, held_out))
    }

    /// R² of the network on these rows: NaN for predictions that are not finite; for targets without
    /// variance, 1 if they are met and else 0.
    pub(super) fn r2(&self, network: &Network) -> f64 {
        let predictions = network.predict(&self.records);
        if predictions.iter().any(|prediction| !prediction.is_finite()) {
            return f64::NAN;
        }
        // Whether equal targets are their mean to the bit, and have no variance, depends on the order of its sum.
        let weighted_sum = |value: &dyn Fn(usize) -> f64| -> f64 {
            let weighted = self.weights.iter().enumerate().map(|(row, weight)| weight * value(row));
            pairwise_sum(&weighted.collect::<Vec<f64>>())
        };
        let mean = weighted_sum(&|row| self.targets[row]) / pairwise_sum(&self.weights);
        let residual = weighted_sum(&|row| (self.targets[row] - predictions[row]).powi(2));
        let total = weighted_sum(&|row| (self.targets[row] - mean).powi(2));
        match (residual == 0.0, total == 0.0) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => 1.0 - residual / total,
        }
    }
}
