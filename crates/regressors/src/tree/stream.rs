//! A tree's random numbers, made many at a time.

use crate::random::TreeRandom;
use crate::vectors::vectorized;

/// How far back stand the numbers whose exclusive or is the next one.
///
/// A [`TreeRandom`]'s steps are linear over the field of two elements, so its numbers obey the recurrence of
/// its characteristic polynomial and of all multiples of that. This is a multiple with four terms beside the
/// next number, and none nearer than 32; it was found by matching sums of two powers of x with sums of three.
const TERMS: [usize; 4] = [32, 71, 152, 551];
/// Numbers made together: the nearest term must have been made before.
const RUN: usize = TERMS[0];
/// Numbers that [`DrawStream::ahead`] shows.
pub(super) const AHEAD: usize = 512;
/// Numbers that are kept when others are made, which are enough for all terms and for [`AHEAD`].
const KEPT: usize = TERMS[3].next_multiple_of(RUN);
const _: () = assert!(KEPT >= AHEAD);
/// Numbers in memory.
const SIZE: usize = KEPT + 30 * RUN;

/// The numbers of a [`TreeRandom`], in their order.
///
/// The generator takes several cycles for a number, because each depends on the one before; the recurrence
/// makes many at once.
#[derive(Clone, Debug)]
pub(super) struct DrawStream {
    made: Box<[u32; SIZE]>,
    at: usize,
}

impl DrawStream {
    pub(super) fn new(mut random: TreeRandom) -> Self {
        let mut made = Box::new([0; SIZE]);
        made[SIZE - KEPT..].fill_with(|| random.next());
        Self { made, at: SIZE - KEPT }
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
        if self.at > SIZE - AHEAD {
            self.refill();
        }
    }

    /// Makes as many numbers as there is room for behind those that are kept.
    #[cold]
    fn refill(&mut self) {
        self.made.copy_within(SIZE - KEPT.., 0);
        self.at -= SIZE - KEPT;
        let made = &mut *self.made;
        vectorized!(extend(made));
    }
}

/// Makes the numbers behind the first [`KEPT`].
#[inline(always)]
fn extend(made: &mut [u32; SIZE]) {
    for at in (KEPT..SIZE).step_by(RUN) {
        let mut next = [0; RUN];
        for back in TERMS {
            next.iter_mut().zip(&made[at - back..]).for_each(|(sum, number)| *sum ^= number);
        }
        made[at..][..RUN].copy_from_slice(&next);
    }
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
