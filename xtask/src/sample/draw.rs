//! Draws from one seeded stream. Everything here is integer arithmetic, so that a draw is the same on
//! every platform; no float, logarithm or exponential takes part.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::levels::Level;
use super::segments::Segment;

/// A seeded stream of integer draws.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of a seed.
    pub(super) fn new(seed: u64) -> Draw {
        Draw(ChaCha8Rng::seed_from_u64(seed))
    }

    /// An integer in `0..bound`. The bias, `bound / 2^32`, is nothing for tables and lists of rows.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.0.next_u32()) * bound as u64) >> 32) as usize
    }

    /// True `per_mille` times out of a thousand.
    pub(super) fn chance(&mut self, per_mille: u16) -> bool {
        self.below(1000) < usize::from(per_mille)
    }

    /// A position, drawn with the weights.
    pub(super) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (position, &weight) in weights.iter().enumerate() {
            if left < weight {
                return position;
            }
            left -= weight;
        }
        unreachable!("invariant: the draw is below the sum of the weights")
    }

    /// A level of the table, drawn with the weights that it has in the segment.
    pub(super) fn pick<'t, T>(&mut self, table: &'t [Level<T>], segment: Segment) -> &'t Level<T> {
        let weights: Vec<usize> = table.iter().map(|level| level.weights[segment as usize].into()).collect();
        &table[self.weighted(&weights)]
    }

    /// A shuffled deck of `size` levels of the table, each in it as often as its weight in the segment says,
    /// rounded up or down.
    pub(super) fn deck<'t, T>(
        &mut self,
        table: &'t [Level<T>],
        segment: Segment,
        size: usize,
    ) -> Vec<&'t Level<T>> {
        let weight = |level: &Level<T>| usize::from(level.weights[segment as usize]);
        let total: usize = table.iter().map(weight).sum();
        let start = self.below(total);
        let mut deck = Vec::with_capacity(size);
        let mut passed = 0;
        for level in table {
            passed += weight(level);
            while deck.len() < size && deck.len() * total + start < passed * size {
                deck.push(level);
            }
        }
        self.shuffle(&mut deck);
        deck
    }

    /// `per_mille` of the numbers in `0..n`, rounded up or down, in rising order.
    pub(super) fn members(&mut self, n: usize, per_mille: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order.truncate((n * per_mille + self.below(1000)) / 1000);
        order.sort_unstable();
        order
    }

    /// A bell-shaped factor around 1000 per mille with a standard deviation of `spread` per mille (the sum of
    /// twelve uniform draws), or of three times as much in one draw out of ten.
    pub(super) fn factor(&mut self, spread: i64) -> i64 {
        let spread = if self.chance(100) { 3 * spread } else { spread };
        let bell: i64 = (0..12).map(|_| self.below(1001) as i64 - 500).sum();
        1000 + (bell * spread / 1000).max(-700)
    }

    /// Puts the items into random order (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
