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
    /// Targets that are no decimals, summed in fixed point: the same draws and the same rule for ties.
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
    /// Whole numbers if `y` are decimals, else fixed point; `total_weight` bounds the weights of any sum.
    ///
    /// # Errors
    /// If a target is too large to square.
    pub(crate) fn new(y: ArrayView1<'_, f64>, total_weight: u64) -> Result<Self> {
        check_squares(&y)?;
        let exact = |scale: &f64| total_weight as f64 * (largest(y) * scale) < EXACT;
        match target_scale(y).filter(exact) {
            Some(factor) => {
                let integers = y.iter().map(|y| (y * factor).round_ties_even() as i64).collect();
                Ok(Self { integers, quantum: 1.0, factor, decimal: true })
            }
            None => Ok(Self::fixed_point(y, total_weight, Vec::new())),
        }
    }

    /// Fixed point whose sums, up to `total_weight` values of any sign, stay within 62 bits.
    ///
    /// It is as fine as leaves room for the weight beside the sum in 64 bits, unless the weight is huge. The
    /// integers take the place of those in `memory`.
    pub(crate) fn fixed_point(y: ArrayView1<'_, f64>, total_weight: u64, memory: Vec<i64>) -> Self {
        let weight_bits = i64::from(u64::BITS - total_weight.leading_zeros());
        let sum_bits = if weight_bits <= Self::SHARED_BITS { 62 - weight_bits } else { 61 };
        let shift = (sum_bits - weight_bits - (exponent(largest(y)) + 1)).clamp(-1000, 1000) as i32;
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
    let larger = |largest: f64, y: f64| if y > largest { y } else { largest };
    let Some(y) = y.as_slice() else { return y.iter().fold(0.0, |largest, y| larger(largest, y.abs())) };
    const LANES: usize = 16;
    let of_part = |y: &[f64]| {
        let (blocks, rest) = y.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        vectorized!(for block in blocks {
            for lane in 0..LANES {
                lanes[lane] = larger(lanes[lane], block[lane].abs());
            }
        });
        lanes.into_iter().chain(rest.iter().map(|y| y.abs())).fold(0.0, larger)
    };
    map_parts(y, of_part).into_iter().fold(0.0, larger)
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
        Targets::new(Array1::from(y.to_vec()).view(), y.len() as u64).unwrap()
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
    fn extreme_targets_stay_in_range() {
        assert!(matches!(Targets::new(array![1e200].view(), 1), Err(Error::Target { row: 0, .. })));
        for y in [0.0, 1e-320, 1e-200, 1e16, 1e100, 1e150] {
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
