//! A tree's random numbers, made many at a time.

use crate::random::TreeRandom;
use crate::vectors::vectorized;

/// Generators that run side by side, each from where the one before it will stop.
const LANES: usize = 16;
/// Numbers that each of them makes.
const RUN: usize = 64;
/// Numbers made together.
const BATCH: usize = LANES * RUN;
/// Numbers that [`DrawStream::ahead`] may show.
pub(super) const AHEAD: usize = 512;

/// The numbers of a [`TreeRandom`], in their order.
///
/// One generator takes several cycles for a number, because each depends on the one before. Its state after
/// a run is a linear function of its state before, so several generators can start where they would arrive.
#[derive(Clone, Debug)]
pub(super) struct DrawStream {
    /// The generator after the numbers made so far.
    random: TreeRandom,
    made: Box<[u32; BATCH + AHEAD]>,
    at: usize,
}

impl DrawStream {
    pub(super) fn new(random: TreeRandom) -> Self {
        let mut stream = Self { random, made: Box::new([0; BATCH + AHEAD]), at: BATCH + AHEAD };
        stream.refill();
        stream
    }

    /// The next number.
    #[inline]
    pub(super) fn next(&mut self) -> u32 {
        let number = self.made[self.at];
        self.skip(1);
        number
    }

    /// The next numbers, which stay to come.
    #[inline]
    pub(super) fn ahead(&self) -> &[u32] {
        &self.made[self.at..][..AHEAD]
    }

    /// Passes over `n` numbers, at most as many as [`Self::ahead`] shows.
    #[inline]
    pub(super) fn skip(&mut self, n: usize) {
        self.at += n;
        if self.at > BATCH {
            self.refill();
        }
    }

    /// Makes a batch and puts the numbers that are left before it.
    #[cold]
    fn refill(&mut self) {
        let left = self.made.len() - self.at;
        self.made.copy_within(self.at.., AHEAD - left);
        self.at = AHEAD - left;
        let (random, batch) = (self.random, &mut self.made[AHEAD..]);
        self.random = vectorized!(run(random, batch));
    }
}

/// Makes every lane's numbers, one lane's after the other's, and returns the last generator.
#[inline(always)]
fn run(random: TreeRandom, batch: &mut [u32]) -> TreeRandom {
    let mut lanes = [random; LANES];
    for lane in 1..LANES {
        lanes[lane] = lanes[lane - 1].after::<RUN>();
    }
    let mut steps = [[0; LANES]; RUN];
    for step in &mut steps {
        for lane in 0..LANES {
            step[lane] = lanes[lane].next();
        }
    }
    for (lane, numbers) in batch.chunks_exact_mut(RUN).enumerate() {
        numbers.iter_mut().zip(&steps).for_each(|(number, step)| *number = step[lane % LANES]);
    }
    lanes[LANES - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_stream_is_the_generators(
            state: u32,
            steps in prop::collection::vec(0..=AHEAD, 1..200),
        ) {
            let mut random = TreeRandom::new(state);
            let mut stream = DrawStream::new(random);
            for step in steps {
                let mut later = random;
                prop_assert_eq!(stream.ahead(), [0; AHEAD].map(|_| later.next()));
                stream.skip(step);
                (0..step).for_each(|_| _ = random.next());
                prop_assert_eq!(stream.next(), random.next());
            }
        }
    }
}
