//! Targets as integers, so that no sum over them depends on its order.
//!
//! Prices and other decimals become whole numbers by a power of ten, everything else becomes fixed point by
//! a power of two. A tree grown on integers is the same for any order of rows, any subtraction from a
//! sibling and any number of threads.

use crate::parallel::{for_each_part, map_parts};
use crate::vectors::vectorized;
use crate::{Error, Result};
use ndarray::{ArrayView1, Axis};
use std::fmt;
use std::str::FromStr;

/// Integers below this are exact in `f64`, and so are sums that stay below it.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

/// Targets beyond this have squares whose sums overflow.
const LARGEST: f64 = 1e150;

/// Where all targets are below this, integers would have few digits: no power of two scales them up.
const SMALLEST: f64 = 1e-280;

/// The decimal scales that [`target_scale`] tries, in its order.
const DECIMALS: [f64; 5] = [1.0, 10.0, 100.0, 1e3, 1e4];

/// The smallest power of ten, up to 10,000, that makes every target whole: 100 for prices with cents.
///
/// `None` if there is none. `y` has shape `(n_samples,)`.
///
/// ```
/// use ndarray::array;
/// use regressors::target::target_scale;
///
/// assert_eq!(target_scale(array![1299.0, 899.99].view()), Some(100.0));
/// assert_eq!(target_scale(array![1.0 / 3.0].view()), None);
/// ```
pub fn target_scale(y: ArrayView1<'_, f64>) -> Option<f64> {
    DECIMALS.into_iter().find(|scale| y.iter().all(|y| (y * scale).round_ties_even() / scale == *y))
}

/// How closely a model repeats scikit-learn's, from the closest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parity {
    /// Bit for bit the model that scikit-learn fits on `round(y * target_scale)`.
    Exact,
    /// Sums of squares reach 2^53, where scikit-learn's impurities round: the same scores, ties and values.
    Structure,
    /// Targets that are no decimals, or decimals whose sums reach 2^53, summed in fixed point: the same draws and the same
    /// rule for ties. Nodes hold the means of the targets themselves, to the last digits.
    FixedPoint,
}

impl Parity {
    const ALL: [Self; 3] = [Self::Exact, Self::Structure, Self::FixedPoint];

    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Structure => "structure",
            Self::FixedPoint => "fixed-point",
        }
    }
}

impl fmt::Display for Parity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Parity {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|parity| parity.name() == name);
        found.ok_or_else(|| Error::Model(format!("parity is {name:?}, not exact, structure or fixed-point")))
    }
}

/// The unit of a model's nodes, found once per fit and kept with the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetScale {
    factor: f64,
    parity: Parity,
}

impl TargetScale {
    /// A scale read back from a stored model.
    ///
    /// # Errors
    /// If no fit can have found `factor`: it is a power of ten from 1 to 10,000, and 1 in fixed point.
    pub fn new(factor: f64, parity: Parity) -> Result<Self> {
        let known = DECIMALS.contains(&factor) && (parity != Parity::FixedPoint || factor == 1.0);
        if known {
            Ok(Self { factor, parity })
        } else {
            Err(Error::Model(format!("target_scale is {factor} with parity {parity}")))
        }
    }

    /// Nodes hold targets times this; predictions are divided by it.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// What the fit promises.
    pub fn parity(&self) -> Parity {
        self.parity
    }
}

/// Targets as a tree sums them: `integers * quantum` is `y * factor`.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub(crate) integers: Vec<i64>,
    /// A power of two, 1 for decimals.
    pub(crate) quantum: f64,
    pub(crate) factor: f64,
    decimal: bool,
}

impl Targets {
    /// Whole numbers if `y` are decimals, and sums of them exact in `f64`, else fixed point.
    ///
    /// # Errors
    /// As [`check_targets`].
    pub(crate) fn new(y: ArrayView1<'_, f64>, weight: InBag) -> Result<Self> {
        let (largest, total) = (check_targets(&y)?, weight.total as f64);
        let exact = |scale: &f64| {
            // Most targets are that small, which takes no look at all of them.
            if total * (largest * scale) < EXACT {
                return true;
            }
            let sum = weight.largest_sum(y, largest) * scale;
            // A variance multiplies the weight by the sum of squares, in 128 bits with a sign.
            sum < EXACT && total * sum * sum < 2f64.powi(126)
        };
        match target_scale(y).filter(exact) {
            Some(factor) => {
                let integers = y.iter().map(|y| (y * factor).round_ties_even() as i64).collect();
                Ok(Self { integers, quantum: 1.0, factor, decimal: true })
            }
            None => Ok(Self::fixed_point(y, weight, Vec::new())),
        }
    }

    /// Fixed point whose sums stay within 62 bits, and those of one row as heavy as all as well.
    ///
    /// It is as fine as leaves room for the weight beside the sum in 64 bits, unless the weight is huge: coarse for many
    /// rows, so means of leaves are taken [finer](FineTargets). The integers take the place of those in `memory`.
    pub(crate) fn fixed_point(y: ArrayView1<'_, f64>, weight: InBag, memory: Vec<i64>) -> Self {
        let largest = largest(y);
        let weight_bits = i64::from(u64::BITS - weight.total.leading_zeros());
        let (sum_bits, largest_sum) = if weight_bits <= Self::SHARED_BITS {
            (62 - weight_bits, weight.largest_sum(y, largest))
        } else {
            (61, weight.total as f64 * largest)
        };
        let shift = shift_to(sum_bits, largest_sum);
        let scale = 2f64.powi(shift);
        let mut integers = memory;
        integers.resize(y.len(), 0);
        for_each_part(&mut integers, |start, integers| {
            let y = y.slice_axis(Axis(0), (start..start + integers.len()).into());
            match y.as_slice() {
                Some(y) => vectorized!(
                    integers.iter_mut().zip(y).for_each(|(k, y)| *k = (y * scale).round_ties_even() as i64)
                ),
                None => {
                    integers.iter_mut().zip(y).for_each(|(k, y)| *k = (y * scale).round_ties_even() as i64);
                }
            }
        });
        Self { integers, quantum: 2f64.powi(-shift), factor: 1.0, decimal: false }
    }

    /// `y`, of which these were made, for means, if they are in fixed point.
    pub(crate) fn finer<'a>(&self, y: ArrayView1<'a, f64>) -> Option<FineTargets<'a>> {
        (!self.decimal).then(|| FineTargets::new(y))
    }

    /// Bits of a weight that leave enough of 64 for a sum.
    const SHARED_BITS: i64 = 20;

    /// The scale of a model whose sums of squares were all below 2^53, or not.
    pub(crate) fn scale(&self, exact_squares: bool) -> TargetScale {
        let parity = match (self.decimal, exact_squares) {
            (true, true) => Parity::Exact,
            (true, false) => Parity::Structure,
            (false, _) => Parity::FixedPoint,
        };
        TargetScale { factor: self.factor, parity }
    }
}

/// How much the rows of a sum weigh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InBag {
    /// All of them together, at most.
    pub(crate) total: u64,
    /// Each of them, on the whole; infinite if that is not known.
    pub(crate) each: f64,
    /// How much more a single one may weigh, by chance.
    pub(crate) more: f64,
}

impl InBag {
    /// Rows with these weights, or 1 each.
    pub(crate) fn rows(weights: Option<&[u32]>, total: u64) -> Self {
        let heaviest = weights.and_then(|weights| weights.iter().max()).copied().unwrap_or(1);
        Self { total, each: f64::from(heaviest), more: 0.0 }
    }

    /// What no sum over `y` exceeds, the largest magnitude given; the order of `y` does not matter.
    fn largest_sum(self, y: ArrayView1<'_, f64>, largest: f64) -> f64 {
        /// Units that the largest magnitude has.
        const UNITS: f64 = (1 << 20) as f64;
        let with_largest = self.total as f64 * largest;
        let (unit, units) = (largest / UNITS, UNITS / largest);
        if !(self.each.is_finite() && units.is_finite()) {
            return with_largest;
        }
        // Whole numbers of units, so that their sums are exact in any order.
        let sum = reduce(y, |y| (y.abs() * units).floor() + 1.0, |sum, y| sum + y);
        with_largest.min(self.each * sum * unit + self.more * largest)
    }
}

/// Targets in fixed point that need not share 64 bits with anything, for the means of nodes.
pub(crate) struct FineTargets<'a> {
    y: ArrayView1<'a, f64>,
    scale: f64,
    /// Their unit, a power of two.
    pub(crate) quantum: f64,
}

impl<'a> FineTargets<'a> {
    pub(crate) fn new(y: ArrayView1<'a, f64>) -> Self {
        let shift = shift_to(62, largest(y));
        Self { y, scale: 2f64.powi(shift), quantum: 2f64.powi(-shift) }
    }

    /// That of a row, as a whole number of quanta.
    #[inline(always)]
    pub(crate) fn of(&self, row: u32) -> i64 {
        (self.y[row as usize] * self.scale).round_ties_even() as i64
    }
}

/// The exponent of the power of two that brings a magnitude below so many bits.
fn shift_to(bits: i64, largest: f64) -> i32 {
    (bits - (exponent(largest) + 1)).clamp(-1000, 1000) as i32
}

/// Refuses targets that are NaN, too large to square, or all too small to become integers; returns the largest
/// magnitude.
pub(crate) fn check_targets(y: &ArrayView1<'_, f64>) -> Result<f64> {
    check_squares(y)?;
    let largest = largest(*y);
    if largest == 0.0 || largest >= SMALLEST {
        return Ok(largest);
    }
    let row = y.iter().position(|y| y.abs() == largest).unwrap_or_default();
    Err(Error::Target { row, value: y[row], reason: "too small, as the largest of all" })
}

/// Refuses targets that are NaN, or whose squares, summed up, leave the range of `f64`.
pub(crate) fn check_squares(y: &ArrayView1<'_, f64>) -> Result<()> {
    // Without a way out of the loop, it runs in vectors.
    let are_small = |y: &[f64]| vectorized!(y.iter().fold(true, |small, y| small & (y.abs() <= LARGEST)));
    if y.as_slice().is_some_and(|y| map_parts(y, are_small).into_iter().all(|small| small)) {
        return Ok(());
    }
    match y.iter().position(|y| y.is_nan() || y.abs() > LARGEST) {
        Some(row) => Err(Error::Target { row, value: y[row], reason: "too large to square" }),
        None => Ok(()),
    }
}

fn largest(y: ArrayView1<'_, f64>) -> f64 {
    reduce(y, f64::abs, |largest, y| if y > largest { y } else { largest })
}

/// What `combine` makes of 0 and of `of` each value, in any order.
#[inline(always)]
fn reduce(
    y: ArrayView1<'_, f64>,
    of: impl Fn(f64) -> f64 + Send + Sync,
    combine: impl Fn(f64, f64) -> f64 + Send + Sync,
) -> f64 {
    let Some(y) = y.as_slice() else { return y.iter().fold(0.0, |all, y| combine(all, of(*y))) };
    const LANES: usize = 16;
    let of_part = |y: &[f64]| {
        let (blocks, rest) = y.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        vectorized!(for block in blocks {
            for lane in 0..LANES {
                lanes[lane] = combine(lanes[lane], of(block[lane]));
            }
        });
        lanes.into_iter().chain(rest.iter().map(|y| of(*y))).fold(0.0, &combine)
    };
    map_parts(y, of_part).into_iter().fold(0.0, &combine)
}

/// `floor(log2(value))` of a positive value, from its bits: libm's `log2` may differ between machines.
fn exponent(value: f64) -> i64 {
    (value.to_bits() >> 52) as i64 - 1023
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    fn targets(y: &[f64]) -> Targets {
        Targets::new(Array1::from(y.to_vec()).view(), InBag::rows(None, y.len() as u64)).unwrap()
    }

    #[test]
    fn the_smallest_power_of_ten_is_taken() {
        for (y, scale) in [(1299.0, 1.0), (0.5, 10.0), (899.99, 100.0), (0.125, 1e3), (0.0625, 1e4)] {
            assert_eq!(target_scale(array![0.0, -3.0, y].view()), Some(scale), "{y}");
        }
        assert_eq!(target_scale(array![0.03125].view()), None);
        assert_eq!(targets(&[899.99, -0.5]).integers, [89_999, -50]);
    }

    #[test]
    fn other_targets_are_fixed_point() {
        let targets = targets(&[1.0 / 3.0, -2.5, 0.0]);
        assert_eq!(targets.factor, 1.0);
        assert_eq!(targets.scale(true).parity(), Parity::FixedPoint);
        for (k, y) in targets.integers.iter().zip([1.0 / 3.0, -2.5, 0.0]) {
            assert!((*k as f64 * targets.quantum - y).abs() <= targets.quantum / 2.0);
        }
    }

    #[test]
    fn a_large_target_among_small_ones_leaves_them_digits() {
        let mut y = Array1::from_elem(20_000, 1.0 / 3.0);
        y[0] = 1e9;
        let targets = targets(&y.to_vec());
        let sum = targets.integers.iter().map(|k| k.unsigned_abs()).sum::<u64>();
        assert!((1 << 42..1 << 47).contains(&sum), "{sum}");
        assert!(targets.quantum < 1e-4, "{}", targets.quantum);
    }

    #[test]
    fn no_sum_exceeds_its_bound_which_does_not_depend_on_the_order() {
        let y = Array1::from_shape_fn(1000, |row| f64::from(row as u32 * 7919 % 1009) / 3.0 - 100.0);
        let reversed: Array1<f64> = y.iter().rev().copied().collect();
        let sum: f64 = y.iter().map(|y| y.abs()).sum();
        let bound = |y: &Array1<f64>| InBag::rows(None, 1000).largest_sum(y.view(), largest(y.view()));
        assert!((sum..1.01 * sum).contains(&bound(&y)), "{sum} {}", bound(&y));
        assert_eq!(bound(&y), bound(&reversed));
        assert_eq!(InBag { total: 3, each: f64::INFINITY, more: 0.0 }.largest_sum(y.view(), 5.0), 15.0);
    }

    #[test]
    fn extreme_targets_stay_in_range() {
        for y in [array![0.0, 1e200], array![0.0, 1e-300], array![1e-320, -1e-290]] {
            let refused = Targets::new(y.view(), InBag::rows(None, 2));
            assert!(matches!(refused, Err(Error::Target { row: 1, .. })), "{y}");
        }
        for y in [0.0, 1e-279, 1e-200, 1e16, 1e100, 1e150] {
            let sum = targets(&[y, y, -y]).integers.iter().map(|k| k.unsigned_abs()).sum::<u64>();
            assert!(sum < 1 << 62, "{y}");
        }
    }

    #[test]
    fn parity_reads_back_by_name() {
        for parity in Parity::ALL {
            assert_eq!(parity.to_string().parse::<Parity>().unwrap(), parity);
        }
        assert!("same".parse::<Parity>().is_err());
        assert!(TargetScale::new(100.0, Parity::Exact).is_ok());
        assert!(TargetScale::new(100.0, Parity::FixedPoint).is_err());
        assert!(TargetScale::new(f64::NAN, Parity::Exact).is_err());
    }

    proptest! {
        #[test]
        fn sums_never_overflow_nor_depend_on_order(
            mut y in prop::collection::vec(-1e9f64..1e9, 1..200),
            turn in 0usize..200,
        ) {
            let add = |a: i64, b: i64| a.checked_add(b).unwrap();
            let sum = |y: &[f64]| targets(y).integers.into_iter().reduce(add);
            let before = sum(&y);
            let turn = turn % y.len();
            y.rotate_left(turn);
            prop_assert_eq!(before, sum(&y));
        }

        #[test]
        fn cents_are_exact(cents in prop::collection::vec(-10_000_000i64..10_000_000, 1..50)) {
            let y: Vec<f64> = cents.iter().map(|k| *k as f64 / 100.0).collect();
            let targets = targets(&y);
            prop_assert!(targets.factor <= 100.0);
            prop_assert_eq!(targets.scale(true).parity(), Parity::Exact);
            let back: Vec<f64> = targets.integers.iter().map(|k| *k as f64 / targets.factor).collect();
            prop_assert_eq!(back, y);
        }
    }
}
