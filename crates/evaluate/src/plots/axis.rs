//! An axis: the span of the numbers, and ticks at round ones.

use page::numbers;

/// The least distance of two ticks, in units of the picture.
const DISTANCE: f64 = 44.0;

/// Characters of a label that fit into it.
const LONGEST: usize = 7;

/// The span of an axis, in units of the label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
}

/// The ticks of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// From the low end to the high one.
    pub(super) ticks: Vec<Tick>,
    /// What is to be added to every label, as people read it, if labels would be too long otherwise.
    pub(super) origin: Option<String>,
}

impl Ticks {
    /// What stands at the axis: the name of its numbers, less the origin.
    pub(super) fn name(&self, name: &str) -> String {
        match self.origin.as_deref() {
            None => name.to_owned(),
            Some(origin) => match origin.strip_prefix(numbers::MINUS) {
                Some(size) => format!("{name} + {size}"),
                None => format!("{name} {} {origin}", numbers::MINUS),
            },
        }
    }
}

/// A round number on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// 0 at the low end of the axis, 1 at the high end.
    pub(super) position: f64,
    /// The number, as people read it.
    pub(super) label: String,
}

impl Axis {
    /// An axis that holds all of `values` with some room; from 0 to 1 if there are none.
    pub(super) fn around(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Self { low: 0.0, high: 1.0 };
        }
        let size = low.abs().max(high.abs());
        let room = match high - low {
            _ if size < 1e-150 => 1.0,
            span if span > 1e-9 * size => 0.04 * span,
            _ => 0.1 * size,
        };
        // An axis of prices shows a zero that is near, and nothing below it.
        let low = if low >= 0.0 && low < 3.0 * room { 0.0 } else { low - room };
        Self { low, high: high + room }
    }

    /// 0 for the low end, 1 for the high end.
    pub(super) fn position(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The nearest value that the axis holds.
    pub(super) fn clamp(&self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// The numbers at its low and its high end.
    pub(super) fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// Multiples of 1, 2, 2.5 or 5 times a power of ten, on an axis of so many units of the picture.
    pub(super) fn ticks(&self, length: f64) -> Ticks {
        let step = Step::at_least((self.high - self.low) / (length / DISTANCE));
        let (first, last) = ((self.low / step.size()).ceil(), (self.high / step.size()).floor());
        let size = self.low.abs().max(self.high.abs());
        let from = |origin: f64, size: f64| -> Vec<Tick> {
            let counts = (0..=(last - first) as i64).map(|i| first + i as f64);
            let label = |count: f64| step.label(step.times(count - (origin / step.size()).round()), size);
            counts.map(|at| Tick { position: self.position(step.times(at)), label: label(at) }).collect()
        };
        let ticks = from(0.0, size);
        let is_long = ticks.iter().any(|tick| tick.label.chars().count() > LONGEST);
        let below = Step { mantissa: 1.0, exponent: (self.high - self.low).log10().ceil() as i32 };
        if !is_long || below.size() > size {
            return Ticks { ticks, origin: None };
        }
        let origin = below.times(((self.low + self.high) / 2.0 / below.size()).round());
        Ticks { ticks: from(origin, self.high - self.low), origin: Some(below.label(origin, size)) }
    }
}

/// The distance of two ticks: `mantissa * 10^exponent`.
#[derive(Clone, Copy, Debug)]
struct Step {
    mantissa: f64,
    exponent: i32,
}

impl Step {
    fn at_least(distance: f64) -> Self {
        let exponent = distance.log10().floor() as i32;
        let rest = distance / 10f64.powi(exponent);
        match [1.0, 2.0, 2.5, 5.0].into_iter().find(|&mantissa| mantissa >= rest) {
            Some(mantissa) => Self { mantissa, exponent },
            None => Self { mantissa: 1.0, exponent: exponent + 1 },
        }
    }

    fn size(self) -> f64 {
        self.times(1.0)
    }

    /// `count` steps. Dividing by a power of ten rounds once: three steps of 0.1 are 0.3.
    fn times(self, count: f64) -> f64 {
        let mantissas = count * self.mantissa;
        match self.exponent {
            exponent @ 0.. => mantissas * 10f64.powi(exponent),
            exponent => mantissas / 10f64.powi(-exponent),
        }
    }

    /// The tick at `value` on an axis that reaches to `size`.
    fn label(self, value: f64, size: f64) -> String {
        let fraction = i32::from(self.mantissa == 2.5);
        let decimals = |power: i32| (power - self.exponent + fraction).max(0) as usize;
        match size {
            _ if value == 0.0 => "0".into(),
            1e6..1e9 => format!("{}M", numbers::grouped(value / 1e6, decimals(6))),
            1e-3..1e6 => numbers::grouped(value, decimals(0)),
            // A product of the mantissa may carry a rounding error in its last digit.
            _ => {
                let digits = (size.log10().floor() as i32 - self.exponent + fraction).max(0) as usize;
                let (mantissa, power) = scientific(value, digits);
                format!("{}e{power}", numbers::grouped(mantissa, digits))
            }
        }
    }
}

/// `value` as a mantissa below ten in size, at the given digits after its point, and a power of ten.
fn scientific(value: f64, digits: usize) -> (f64, i32) {
    let text = format!("{value:.digits$e}");
    let (mantissa, power) = text.split_once('e').expect("the format has an exponent");
    (mantissa.parse().expect("digits are a number"), power.parse().expect("digits are a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], labels: &str) {
        let ticks = Axis::around(values.iter().copied()).ticks(7.0 * DISTANCE);
        let name = ticks.origin.is_some().then(|| ticks.name("y"));
        let shown = name.into_iter().chain(ticks.ticks.into_iter().map(|tick| tick.label));
        assert_eq!(shown.collect::<Vec<_>>().join(" "), labels);
    }

    #[test]
    fn ticks_are_round() {
        check(&[429.0, 15_472.65], "0 2,500 5,000 7,500 10,000 12,500 15,000");
        check(&[40_000.0, 52_000.0], "40,000 42,000 44,000 46,000 48,000 50,000 52,000");
        check(&[-0.31, 0.94], "−0.2 0 0.2 0.4 0.6 0.8");
    }

    #[test]
    fn large_and_small_numbers_are_short() {
        check(&[1e5, 1.3e6], "0 0.2M 0.4M 0.6M 0.8M 1.0M 1.2M");
        check(&[-4e12, 2e12], "−4e12 −3e12 −2e12 −1e12 0 1e12 2e12");
        check(&[1e-7, 6e-7], "1e-7 2e-7 3e-7 4e-7 5e-7 6e-7");
        check(&[-1e140, 1e140], "−1.0e140 −5.0e139 0 5.0e139 1.0e140");
    }

    #[test]
    fn neighbours_are_told_from_an_origin() {
        check(&[1_699_913_000.0, 1_700_086_000.0], "y − 1.700e9 −50,000 0 50,000");
        check(&[4_999_997.6, 5_000_002.3], "y − 5.00000M −2 −1 0 1 2");
        check(&[49_999.998, 50_000.002], "y − 50,000.00 −0.002 −0.001 0 0.001 0.002");
        check(&[-5_000_002.0, -4_999_998.0], "y + 5.00000M −2 −1 0 1 2");
        check(&[1e15, 1e15 + 8e6], "y − 1.00000000e15 0 2M 4M 6M 8M");
        check(&[500_000.0, 500_065.0], "500,000 500,020 500,040 500,060");
    }

    #[test]
    fn an_axis_without_a_span_gets_one() {
        check(&[], "0 0.2 0.4 0.6 0.8 1.0");
        check(&[0.0, 0.0], "0 0.2 0.4 0.6 0.8 1.0");
        check(&[500.0], "460 480 500 520 540");
        check(&[-500.0], "−540 −520 −500 −480 −460");
        check(&[1e15, 1e15 + 1.0], "9.00e14 9.50e14 1.00e15 1.05e15 1.10e15");
        check(&[1e-300, 2e-300], "0 0.2 0.4 0.6 0.8 1.0");
    }

    #[test]
    fn positions_run_from_low_to_high() {
        let axis = Axis { low: -1.0, high: 3.0 };
        assert_eq!([-1.0, 0.0, 3.0].map(|value| axis.position(value)), [0.0, 0.25, 1.0]);
        assert_eq!([-2.0, 0.5, 4.0].map(|value| axis.clamp(value)), [-1.0, 0.5, 3.0]);
    }
}
