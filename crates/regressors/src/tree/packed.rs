//! Sums over rows, packed into one integer so that a single addition counts a row.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Sums over a set of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Distinct rows, or their weight where a [`Layout`] has no room for both.
    pub(crate) count: i64,
    pub(crate) weight: i64,
    /// Sum of weight times target.
    pub(crate) sum: i64,
}

impl Sums {
    /// scikit-learn's proxy of a side's part in the impurity decrease; NaN of no rows.
    #[inline(always)]
    pub(crate) fn score(self) -> f64 {
        let sum = self.sum as f64;
        sum * sum / self.weight as f64
    }

    /// The mean target.
    pub(crate) fn mean(self) -> f64 {
        self.sum as f64 / self.weight as f64
    }

    #[inline(always)]
    pub(super) fn fields(self) -> Fields {
        Fields { weight: self.weight as f64, sum: self.sum as f64 }
    }
}

impl AddAssign for Sums {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.weight += other.weight;
        self.sum += other.sum;
    }
}

impl Sub for Sums {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            weight: self.weight - other.weight,
            sum: self.sum - other.sum,
        }
    }
}

/// Weight and sum of [`Sums`] as floating-point numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fields {
    pub(super) weight: f64,
    pub(super) sum: f64,
}

impl Fields {
    /// As [`Sums::score`].
    #[inline(always)]
    pub(super) fn score(self) -> f64 {
        self.sum * self.sum / self.weight
    }

    /// Whether the score of this and the other part of a node may be as large as `score`: most are far from it,
    /// which tells without a division.
    #[inline(always)]
    pub(super) fn may_reach(self, other: Self, score: f64) -> bool {
        let times_weights = self.sum * self.sum * other.weight + other.sum * other.sum * self.weight;
        // The margin is wider than all these roundings.
        times_weights >= score * (self.weight * other.weight) * (1.0 - 1e-12)
    }
}

impl Sub for Fields {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { weight: self.weight - other.weight, sum: self.sum - other.sum }
    }
}

/// An integer that holds [`Sums`]: from the top the sum, the weight and, where needed, the count.
///
/// The lower fields never overflow into the upper ones, so packed sums add and subtract like plain numbers.
pub(super) trait Packed:
    Copy
    + Default
    + Debug
    + Eq
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Sum
    + Send
    + Sync
{
    /// The number of bits.
    const BITS: u32;

    fn pack(sums: Sums, layout: Layout) -> Self;

    fn unpack(self, layout: Layout) -> Sums;

    /// As [`Self::unpack`], by operations that processors do on many numbers at once; of layouts that
    /// [have them](Layout::has_fields).
    fn fields(self, layout: Layout) -> Fields;

    /// The same numbers as integers of 64 bits, if they are such.
    fn as_i64s(packed: &mut [Self]) -> Option<&mut [i64]>;

    /// The lowest 64 bits.
    fn as_i64(self) -> i64;
}

/// Where the fields of packed sums lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// 0 if the weight stands for the count too.
    count_bits: u32,
    /// Bits below the sum.
    low_bits: u32,
    /// All bits, the sum's sign included.
    bits: u32,
}

impl Layout {
    /// Room for sums over any of `count` rows with the given total weight, whose absolute targets, times
    /// weights, add up to `sum`; `counts` says whether rows must be counted apart from their weight.
    pub(super) fn new(count: u64, weight: u64, sum: u64, counts: bool) -> Self {
        let bits = |n: u64| u64::BITS - n.leading_zeros();
        let count_bits = if counts { bits(count) } else { 0 };
        let low_bits = count_bits + bits(weight);
        let sign = 1;
        Self { count_bits, low_bits, bits: sign + bits(sum) + low_bits }
    }

    /// Whether `P` has room for such sums.
    pub(super) fn fits<P: Packed>(self) -> bool {
        self.bits <= P::BITS
    }

    /// Whether packed sums have [`Packed::fields`].
    #[inline(always)]
    pub(super) fn has_fields(self) -> bool {
        const MOST: u32 = f64::MANTISSA_DIGITS - 1;
        self.bits <= u64::BITS && self.low_bits <= MOST && self.bits - self.low_bits <= MOST
    }
}

/// Whole numbers of up to 52 bits, put into the lowest of this, are added to it.
const WHOLE: f64 = 4_503_599_627_370_496.0;

macro_rules! packed {
    ($integer:ty, $as_i64s:expr) => {
        impl Packed for $integer {
            const BITS: u32 = <$integer>::BITS;

            fn pack(sums: Sums, layout: Layout) -> Self {
                let count = if layout.count_bits == 0 { 0 } else { sums.count as $integer };
                ((sums.sum as $integer) << layout.low_bits)
                    + ((sums.weight as $integer) << layout.count_bits)
                    + count
            }

            #[inline(always)]
            fn unpack(self, layout: Layout) -> Sums {
                let low = self & ((1 << layout.low_bits) - 1);
                let weight = (low >> layout.count_bits) as i64;
                let counted = (low & ((1 << layout.count_bits) - 1)) as i64;
                let count = if layout.count_bits == 0 { weight } else { counted };
                Sums { count, weight, sum: (self >> layout.low_bits) as i64 }
            }

            #[inline(always)]
            fn fields(self, layout: Layout) -> Fields {
                let packed = self as u64;
                let float = |whole: u64| f64::from_bits(WHOLE.to_bits() | whole);
                let weight = (packed & ((1 << layout.low_bits) - 1)) >> layout.count_bits;
                // As if the smallest sum were 0.
                let smallest = 1 << (layout.bits - 1 - layout.low_bits);
                let sum = packed.wrapping_add(smallest << layout.low_bits) >> layout.low_bits;
                Fields { weight: float(weight) - WHOLE, sum: float(sum) - float(smallest) }
            }

            fn as_i64s(packed: &mut [Self]) -> Option<&mut [i64]> {
                $as_i64s(packed)
            }

            #[inline(always)]
            fn as_i64(self) -> i64 {
                self as i64
            }
        }
    };
}

packed!(i64, Some);
packed!(i128, |_| None);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<P: Packed>(rows: &[Sums], layout: Layout) -> Result<(), TestCaseError> {
        let mut packed = P::default();
        let mut sums = Sums::default();
        for row in rows {
            packed += P::pack(*row, layout);
            sums += *row;
            let mut expected = sums;
            if layout.count_bits == 0 {
                expected.count = sums.weight;
            }
            prop_assert_eq!(packed.unpack(layout), expected);
            let Sums { weight, sum, .. } = expected;
            if layout.has_fields() {
                prop_assert_eq!(packed.fields(layout), Fields { weight: weight as f64, sum: sum as f64 });
            }
        }
        for row in rows {
            packed -= P::pack(*row, layout);
        }
        prop_assert_eq!(packed, P::default());
        Ok(())
    }

    proptest! {
        #[test]
        fn packed_sums_add_like_sums(rows in prop::collection::vec((0u32..9, -1_000_000i64..1_000_000), 1..50)) {
            let sums = |(weight, k): &(u32, i64)| Sums { count: 1, weight: i64::from(*weight), sum: i64::from(*weight) * k };
            let rows: Vec<Sums> = rows.iter().map(sums).collect();
            let weight = rows.iter().map(|row| row.weight as u64).sum();
            let largest: u64 = rows.iter().map(|row| row.sum.unsigned_abs()).sum();
            for (counts, room) in [(false, 0), (true, 0), (false, (1 << 48) - 1), (true, (1 << 48) - 1)] {
                let layout = Layout::new(rows.len() as u64, weight, largest.max(room), counts);
                prop_assert!(layout.fits::<i64>() && layout.has_fields());
                check::<i64>(&rows, layout)?;
                check::<i128>(&rows, layout)?;
            }
        }
    }

    #[test]
    fn a_full_integer_is_said_to_be_full() {
        let layout = |sum| Layout::new(1 << 20, 1 << 20, sum, false);
        assert!(layout((1 << 42) - 1).fits::<i64>());
        assert!(!layout(1 << 42).fits::<i64>());
        assert!(layout(1 << 62).fits::<i128>());
        assert!(layout((1 << 42) - 1).has_fields());
        assert!(!layout(1 << 42).has_fields());
        assert!(!Layout::new(1, 1, 1 << 52, false).has_fields());
    }
}
