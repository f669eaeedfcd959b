//! Bootstrap samples of the training rows.

use crate::input::written;
use crate::random::RandomState;
use crate::sum::pairwise_sum;
use crate::target::InBag;
use crate::tree::{Samples, total_weight};
use crate::{Error, Result};

/// Draws of rows with replacement.
#[derive(Clone, Debug)]
pub(super) struct Bootstrap {
    n_samples: usize,
    /// Rows to draw, those drawn again included.
    pub(super) draws: u32,
    /// With sample weights: the probability of drawing a row or one before it.
    cumulative: Option<Vec<f64>>,
}

impl Bootstrap {
    /// # Errors
    /// If `max_samples` asks for more draws than a count can hold.
    pub(super) fn new(
        max_samples: Option<Samples>,
        weights: Option<&[u32]>,
        n_samples: usize,
    ) -> Result<Self> {
        let draws = match max_samples {
            None => n_samples,
            Some(Samples::Count(count)) => count,
            Some(Samples::Fraction(share)) => {
                ((share * total_weight(weights, n_samples) as f64) as usize).max(1)
            }
        };
        let draws = u32::try_from(draws).map_err(|_| Error::Parameter {
            name: "max_samples",
            value: match max_samples {
                Some(Samples::Fraction(share)) => written(share),
                _ => draws.to_string(),
            },
            requirement: "less than 2^32 rows",
        })?;
        Ok(Self { n_samples, draws, cumulative: weights.map(cumulative_probabilities) })
    }

    /// What the rows of a tree weigh, that is, how often they are drawn: all about equally often, unless by weights, and
    /// none 16 times more.
    pub(super) fn in_bag(&self) -> InBag {
        let each = 2.0 * f64::from(self.draws) / self.n_samples as f64;
        let each = if self.cumulative.is_some() { f64::INFINITY } else { each };
        InBag { total: u64::from(self.draws), each, more: 16.0 }
    }

    /// How often each row is drawn by the tree with this seed.
    pub(super) fn counts(&self, seed: u32) -> Vec<u32> {
        let mut random = RandomState::new(seed);
        let Some(cumulative) = &self.cumulative else {
            return random.count_randints(self.n_samples as u32, self.draws);
        };
        let mut counts = vec![0; self.n_samples];
        for _ in 0..self.draws {
            let drawn = random.random_sample();
            counts[cumulative.partition_point(|probability| *probability <= drawn)] += 1;
        }
        counts
    }
}

/// numpy's `cumsum(p)`, scaled to end at 1, of the weights' shares `p`.
fn cumulative_probabilities(weights: &[u32]) -> Vec<f64> {
    let weights: Vec<f64> = weights.iter().copied().map(f64::from).collect();
    let total = pairwise_sum(&weights);
    let mut sum = 0.0;
    let mut cumulative: Vec<f64> = weights
        .iter()
        .map(|weight| {
            sum += weight / total;
            sum
        })
        .collect();
    cumulative.iter_mut().for_each(|probability| *probability /= sum);
    cumulative
}
