//! Seeded draws for the data sets: the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// A generator of numbers.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal, mean 0 and variance 1: a sum of twelve uniform numbers needs no libm.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// A position in `0..n` by Zipf's law: the k-th is drawn in proportion to 1 / (k + 1).
    pub(crate) fn zipf(&mut self, n: usize) -> usize {
        let total: f64 = (1..=n).map(|k| 1.0 / k as f64).sum();
        let mut rest = self.uniform() * total;
        for k in 1..n {
            rest -= 1.0 / k as f64;
            if rest < 0.0 {
                return k - 1;
            }
        }
        n - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_have_their_moments() {
        let (mut a, mut b) = (Draw::new(1), Draw::new(1));
        let drawn: Vec<f64> = (0..10_000).map(|_| a.normal()).collect();
        assert!(drawn.iter().all(|x| *x == b.normal()));
        let mean = drawn.iter().sum::<f64>() / 1e4;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn zipf_reaches_every_level_and_prefers_the_first() {
        let mut draw = Draw::new(2);
        let mut counts = [0; 5];
        (0..2_000).for_each(|_| counts[draw.zipf(5)] += 1);
        assert!(counts.is_sorted_by(|a, b| a > b), "{counts:?}");
        assert!(counts[4] > 100, "{counts:?}");
    }
}
