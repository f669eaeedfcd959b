//! Which codes of a feature occur in a node.

/// Codes are less than this.
pub(super) const LIMIT: usize = 256;

/// A set of codes that are less than `64 * WORDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CodeSet<const WORDS: usize = { LIMIT / 64 }>([u64; WORDS]);

impl<const WORDS: usize> CodeSet<WORDS> {
    #[inline(always)]
    pub(super) fn of(codes: impl Iterator<Item = u32>) -> Self {
        let mut set = [0; WORDS];
        codes.for_each(|code| set[code as usize / 64 % WORDS] |= 1 << (code % 64));
        Self(set)
    }

    /// The smallest and the largest code, if there are two.
    #[inline(always)]
    pub(super) fn ends(&self) -> Option<(u32, u32)> {
        let mut words = (0..WORDS).filter(|word| self.0[*word] != 0);
        let low = words.next()?;
        let high = words.next_back().unwrap_or(low);
        let lowest = 64 * low as u32 + self.0[low].trailing_zeros();
        let highest = 64 * high as u32 + 63 - self.0[high].leading_zeros();
        (lowest < highest).then_some((lowest, highest))
    }

    #[inline(always)]
    pub(super) fn without(mut self, code: u32) -> Self {
        self.0[code as usize / 64 % WORDS] &= !(1 << (code % 64));
        self
    }

    /// Visits the codes in ascending order.
    #[inline(always)]
    pub(super) fn for_each(self, mut visit: impl FnMut(u32)) {
        for (word, mut bits) in (0..).zip(self.0) {
            while bits != 0 {
                visit(64 * word + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn codes_come_out_in_order(codes in prop::collection::vec(0u32..256, 0..20)) {
            let set = <CodeSet>::of(codes.iter().copied());
            let expected: BTreeSet<u32> = codes.into_iter().collect();
            let mut visited = Vec::new();
            set.for_each(|code| visited.push(code));
            prop_assert_eq!(&visited, &expected.iter().copied().collect::<Vec<_>>());
            let ends = expected.first().copied().zip(expected.last().copied());
            prop_assert_eq!(set.ends(), ends.filter(|(low, high)| low < high));
            prop_assert!(visited.iter().all(|code| set.without(*code) != set));
        }
    }
}
