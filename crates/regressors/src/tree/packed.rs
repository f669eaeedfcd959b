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

    /// As [`Self::unpack`] where the layout [is narrow](Layout::is_narrow), by operations that processors do on
    /// many numbers at once.
    fn fields(self, layout: Layout) -> Fields;
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

    /// Whether an `f64` holds a packed sum.
    #[inline(always)]
    pub(super) fn is_narrow(self) -> bool {
        self.bits < f64::MANTISSA_DIGITS
    }
}

/// A whole number of up to 51 bits and a sign, as added to the bits of 1.5 * 2^52 and its value.
const SIGNED: (i64, f64) = (0x4338_0000_0000_0000, 6_755_399_441_055_744.0);
/// One of up to 52 bits, as put into the bits of 2^52 and its value.
const UNSIGNED: (i64, f64) = (0x4330_0000_0000_0000, 4_503_599_627_370_496.0);

macro_rules! packed {
    ($integer:ty) => {
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
                let packed = self as i64;
                let float = |bits: i64| f64::from_bits(bits as u64);
                let low = packed & ((1 << layout.low_bits) - 1);
                let unsigned = |value: i64| float(UNSIGNED.0 | value) - UNSIGNED.1;
                let above = float(SIGNED.0.wrapping_add(packed)) - SIGNED.1 - unsigned(low);
                // A power of two below 1.
                let unit = float((1023 - i64::from(layout.low_bits)) << 52);
                Fields { weight: unsigned(low >> layout.count_bits), sum: above * unit }
            }
        }
    };
}

packed!(i64);
packed!(i128);

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
            if layout.is_narrow() {
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
            let largest = rows.iter().map(|row| row.sum.unsigned_abs()).sum();
            for counts in [false, true] {
                let layout = Layout::new(rows.len() as u64, weight, largest, counts);
                prop_assert!(layout.fits::<i64>() && layout.is_narrow());
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
        assert!(layout((1 << 30) - 1).is_narrow());
        assert!(!layout(1 << 30).is_narrow());
    }
}
