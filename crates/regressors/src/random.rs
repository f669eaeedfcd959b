//! The two generators that scikit-learn draws from: numpy's legacy `RandomState` and the trees' `rand_r`.

/// numpy's `RandomState(seed)`: MT19937 (Matsumoto & Nishimura 1998) with numpy's legacy draws.
#[derive(Clone)]
pub struct RandomState {
    state: [u32; Self::WORDS],
    /// The numbers that the state gives, of which the first `next` are drawn.
    numbers: [u32; Self::WORDS],
    next: usize,
}

impl std::fmt::Debug for RandomState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RandomState").field("next", &self.next).finish_non_exhaustive()
    }
}

impl RandomState {
    const WORDS: usize = 624;
    const SHIFT: usize = 397;

    /// The generator that numpy seeds with the integer `seed`.
    pub fn new(seed: u32) -> Self {
        let mut state = [seed; Self::WORDS];
        for i in 1..Self::WORDS {
            let previous = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        Self { state, numbers: [0; Self::WORDS], next: Self::WORDS }
    }

    #[inline(never)]
    fn regenerate(&mut self) {
        let twist = |upper: u32, lower: u32, far: u32| {
            let y = (upper & 0x8000_0000) | (lower & 0x7fff_ffff);
            far ^ (y >> 1) ^ (0x9908_b0df * (y & 1))
        };
        let (state, ahead) = (&mut self.state, Self::SHIFT);
        let behind = Self::WORDS - ahead;
        for i in 0..behind {
            state[i] = twist(state[i], state[i + 1], state[i + ahead]);
        }
        for i in behind..Self::WORDS - 1 {
            state[i] = twist(state[i], state[i + 1], state[i - behind]);
        }
        let last = Self::WORDS - 1;
        state[last] = twist(state[last], state[0], state[last - behind]);
        self.numbers = self.state.map(|word| {
            let mut y = word;
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c_5680;
            y ^= (y << 15) & 0xefc6_0000;
            y ^ (y >> 18)
        });
        self.next = 0;
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.next == Self::WORDS {
            self.regenerate();
        }
        let number = self.numbers[self.next];
        self.next += 1;
        number
    }

    /// `random_sample()`: uniform in `[0, 1)` with 53 bits.
    pub fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// Uniform in `0..=max` by masked rejection; draws nothing for `max == 0`.
    fn below_or_at(&mut self, max: u32) -> u32 {
        if max == 0 {
            return 0;
        }
        let mask = u32::MAX >> max.leading_zeros();
        loop {
            let value = self.next_u32() & mask;
            if value <= max {
                return value;
            }
        }
    }

    /// `randint(0, high)`: uniform in `0..high`.
    ///
    /// # Panics
    /// If `high` is 0.
    pub fn randint(&mut self, high: u32) -> u32 {
        assert!(high > 0, "an empty range has no integers to draw");
        self.below_or_at(high - 1)
    }

    /// `bincount(randint(0, high, draws), minlength=high)`: how often each integer in `0..high` is drawn.
    ///
    /// # Panics
    /// If `high` is 0.
    pub(crate) fn count_randints(&mut self, high: u32, draws: u32) -> Vec<u32> {
        assert!(high > 0, "an empty range has no integers to draw");
        let max = high - 1;
        if max == 0 {
            return vec![draws];
        }
        let mask = u32::MAX >> max.leading_zeros();
        // No processor foretells which values are beyond the range: they are counted too, and forgotten.
        let mut counts = vec![0; mask as usize + 1];
        let mut drawn = 0;
        while drawn < draws {
            let value = self.next_u32() & mask;
            counts[value as usize] += 1;
            drawn += u32::from(value <= max);
        }
        counts.truncate(high as usize);
        counts
    }

    /// The seed that scikit-learn draws for each tree: `randint(0, 2^31 - 1)`.
    pub fn tree_seed(&mut self) -> u32 {
        self.randint(i32::MAX as u32)
    }

    /// `shuffle(items)`, Fisher-Yates from the end.
    ///
    /// # Panics
    /// If there are 2^32 items or more.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        assert!(u32::try_from(items.len()).is_ok(), "numpy draws 64-bit words for longer slices");
        for i in (1..items.len()).rev() {
            let j = self.below_or_at(i as u32) as usize;
            items.swap(i, j);
        }
    }

    /// `permutation(n)`: 0..n in shuffled order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

/// Rows of `train_test_split(test_size, random_state)`, each part in scikit-learn's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainTest {
    /// Positions of the train rows.
    pub train: Vec<usize>,
    /// Positions of the test rows, `ceil(test_size * n)` of them.
    pub test: Vec<usize>,
}

/// scikit-learn's `train_test_split` of `n` rows; `test_size` is a fraction in `(0, 1)`.
pub fn train_test_split(n: usize, test_size: f64, random: &mut RandomState) -> TrainTest {
    let n_test = ((test_size * n as f64).ceil() as usize).min(n);
    let mut test = random.permutation(n);
    let train = test.split_off(n_test);
    TrainTest { train, test }
}

/// The xorshift generator inside scikit-learn's trees (`our_rand_r`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeRandom(u32);

impl TreeRandom {
    /// Largest value of [`Self::next`].
    pub const MAX: u32 = i32::MAX as u32;

    /// A generator in the given state.
    pub fn new(state: u32) -> Self {
        Self(state)
    }

    /// The next draw, in `0..=MAX`. The state keeps all 32 bits.
    #[inline(always)]
    #[expect(clippy::should_implement_trait, reason = "a generator that never ends is no iterator")]
    pub fn next(&mut self) -> u32 {
        let mut state = if self.0 == 0 { 1 } else { self.0 };
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        self.0 = state;
        state & Self::MAX
    }

    /// `rand_uniform(low, high)` of a number that was drawn already, the upper end included.
    #[inline]
    pub fn scale(draw: u32, low: f64, high: f64) -> f64 {
        (high - low) * f64::from(draw) / f64::from(Self::MAX) + low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_numpys() {
        let mut random = RandomState::new(42);
        assert_eq!([0; 3].map(|_| random.tree_seed()), [1_608_637_542, 1_273_642_419, 1_935_803_228]);
        let mut random = RandomState::new(42);
        assert_eq!([0; 5].map(|_| random.randint(1000)), [102, 435, 860, 270, 106]);
        let mut random = RandomState::new(42);
        assert_eq!(
            [0; 2].map(|_| random.random_sample()),
            [0.374_540_118_847_362_5, 0.950_714_306_409_916_2]
        );
        assert_eq!(RandomState::new(42).permutation(10), [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
    }

    #[test]
    fn numbers_go_on_as_numpys() {
        // np.random.RandomState(42).randint(0, 2**32, 2000, dtype=np.uint32)
        let mut random = RandomState::new(42);
        let numbers: Vec<u32> = (0..2000).map(|_| random.next_u32()).collect();
        assert_eq!([623, 624, 1999].map(|at| numbers[at]), [1_077_437_785, 108_880_612, 2_238_969_328]);
        assert_eq!(numbers.into_iter().map(u64::from).sum::<u64>(), 4_277_769_182_228);
    }

    #[test]
    fn counts_are_those_of_single_draws() {
        for (high, draws) in [(1, 3), (2, 50), (1000, 5000), (1024, 5000)] {
            let (mut random, mut counting) = (RandomState::new(7), RandomState::new(7));
            let mut expected = vec![0; high as usize];
            (0..draws).for_each(|_| expected[random.randint(high) as usize] += 1);
            assert_eq!(counting.count_randints(high, draws), expected);
            assert_eq!(counting.next_u32(), random.next_u32());
        }
    }

    #[test]
    fn a_range_of_one_draws_nothing() {
        let mut random = RandomState::new(7);
        assert_eq!(random.randint(1), 0);
        assert_eq!(random.next_u32(), RandomState::new(7).next_u32());
    }

    #[test]
    fn the_test_part_comes_first() {
        let parts = train_test_split(10, 0.25, &mut RandomState::new(42));
        assert_eq!(parts, TrainTest { test: vec![8, 1, 5], train: vec![0, 7, 2, 9, 4, 3, 6] });
    }

    #[test]
    fn tree_draws_are_scikit_learns() {
        for (state, draw) in [(1, 270_369), (2, 540_738), (0, 270_369), (1_608_637_542, 1_774_773_328)] {
            assert_eq!(TreeRandom::new(state).next(), draw & TreeRandom::MAX);
        }
    }
}
