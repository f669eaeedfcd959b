//! Statistics of numbers as pandas computes them: numpy's sums in pairs, its interpolation between ranks.

/// Statistics of numbers; NaN where there are too few.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Statistics {
    pub(crate) mean: f64,
    /// Of the sample: squares over one less than the count.
    pub(crate) std: f64,
    /// Minimum, quartiles, maximum.
    pub(crate) quartiles: [f64; 5],
}

/// Statistics of `numbers`, none of them NaN, which are sorted by this.
pub(crate) fn of(numbers: &mut [f64]) -> Statistics {
    let count = numbers.len() as f64;
    let mean = sum(numbers, &|x| x) / count;
    let std = if numbers.len() < 2 {
        f64::NAN
    } else {
        (sum(numbers, &|x| (mean - x) * (mean - x)) / (count - 1.0)).sqrt()
    };
    numbers.sort_unstable_by(f64::total_cmp);
    Statistics { mean, std, quartiles: [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| quantile(numbers, share)) }
}

/// The sum of `of` each number as numpy adds: halves of at most 128 numbers, each in eight lanes.
fn sum(numbers: &[f64], of: &dyn Fn(f64) -> f64) -> f64 {
    if numbers.len() > 128 {
        let half = numbers.len() / 2;
        let (left, right) = numbers.split_at(half - half % 8);
        return sum(left, of) + sum(right, of);
    }
    let (eights, rest) = numbers.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(lane, &number)| *lane += of(number));
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(sum, |sum, &number| sum + of(number))
}

/// Between the two ranks around `share`, from the nearer of both as numpy's `_lerp`.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = last as f64 * share;
    let before = (place as usize).min(last);
    let part = place - before as f64;
    let (a, b) = (sorted[before], sorted[(before + 1).min(last)]);
    // Also between infinities, which have no difference.
    if a == b || part == 0.0 {
        return a;
    }
    if part >= 0.5 { b - (b - a) * (1.0 - part) } else { a + (b - a) * part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_ranks() {
        let statistics = of(&mut [4.0, 1.0, 2.0, 10.0]);
        assert_eq!(statistics.quartiles, [1.0, 1.75, 3.0, 5.5, 10.0]);
        assert_eq!(statistics.mean, 4.25);
        assert!((statistics.std - 4.031_128_874_149_275).abs() < 1e-15);
    }

    #[test]
    fn few_numbers_have_few_statistics() {
        let none = of(&mut []);
        assert!(none.mean.is_nan() && none.std.is_nan() && none.quartiles.iter().all(|x| x.is_nan()));
        let one = of(&mut [3.0]);
        assert!(one.std.is_nan());
        assert_eq!((one.mean, one.quartiles), (3.0, [3.0; 5]));
    }

    #[test]
    fn sums_of_many_numbers_keep_their_digits() {
        let mut tenths = vec![0.1; 1_000_000];
        assert!((of(&mut tenths).mean - 0.1).abs() < 1e-16);
    }
}
