//! numpy's pairwise summation, whose rounding scikit-learn's means and importances carry.

/// Longest run that numpy adds up without splitting it.
const BLOCK: usize = 128;

/// `numpy.sum` of contiguous values.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    match values.len() {
        0..8 => values.iter().fold(0.0, |sum, value| sum + value),
        8..=BLOCK => block_sum(values),
        n => {
            let (left, right) = values.split_at((n / 2) & !7);
            pairwise_sum(left) + pairwise_sum(right)
        }
    }
}

fn block_sum(values: &[f64]) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let r = eights.iter().skip(1).fold(eights[0], |mut r, eight| {
        r.iter_mut().zip(eight).for_each(|(r, value)| *r += value);
        r
    });
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::pairwise_sum;

    #[test]
    fn whole_numbers_add_up_at_every_length() {
        for n in [0, 1, 7, 8, 9, 127, 128, 129, 1000] {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(pairwise_sum(&values), f64::from(n) * f64::from(n - 1) / 2.0);
        }
    }

    #[test]
    fn rounding_is_numpys() {
        // numpy.sum(1.0 / numpy.arange(1, 1001)); adding up one by one gives ...343.
        let values: Vec<f64> = (1..=1000).map(|i| 1.0 / f64::from(i)).collect();
        assert_eq!(pairwise_sum(&values), 7.485_470_860_550_345);
    }
}
