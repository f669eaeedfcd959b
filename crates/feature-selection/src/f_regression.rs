//! F statistics of univariate regressions, as scikit-learn's `f_regression`.

use crate::vif::center;
use ndarray::{Array1, ArrayView1, ArrayView2};

/// The F statistic of each feature's linear regression on the label.
///
/// `records` has shape `(n_samples, n_features)`. As scikit-learn with `force_finite`: 0 for a constant
/// feature or label and for two rows, the largest finite number for a perfect fit. Unlike scikit-learn's, features are
/// centred before they are squared, which leaves digits to those that vary little around a large mean.
pub fn f_regression(records: ArrayView2<'_, f64>, label: ArrayView1<'_, f64>) -> Vec<f64> {
    let n = label.len() as f64;
    let centred = centred(label);
    let label_norm = centred.dot(&centred).sqrt();
    let freedom = n - 2.0;
    records
        .columns()
        .into_iter()
        .map(|column| {
            if column.iter().all(|x| *x == column[0]) {
                return 0.0;
            }
            let column = self::centred(column);
            let correlation = column.dot(&centred) / column.dot(&column).sqrt() / label_norm;
            let squared = correlation * correlation;
            match squared / (1.0 - squared) * freedom {
                // Rounding may take a perfect correlation beyond 1.
                _ if squared >= 1.0 && freedom > 0.0 => f64::MAX,
                score if score.is_nan() || freedom <= 0.0 => 0.0,
                score => score.min(f64::MAX),
            }
        })
        .collect()
}

fn centred(values: ArrayView1<'_, f64>) -> Array1<f64> {
    let mut values = values.to_vec();
    center(&mut values);
    Array1::from(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Axis, array};

    #[test]
    fn constant_and_perfect_features_have_finite_scores() {
        let records = array![[1.0, 1.0, 3.0], [1.0, 2.0, 1.0], [1.0, 3.0, 4.0], [1.0, 4.0, 1.0]];
        let scores = f_regression(records.view(), array![1.0, 2.0, 3.0, 4.0].view());
        assert_eq!(scores[0], 0.0);
        assert!(scores[1] > 1e15);
        assert!(scores[2].is_finite());
        let two_rows = f_regression(array![[1.0, 2.0], [2.0, 1.0]].view(), array![1.0, 2.0].view());
        assert!(two_rows.iter().all(|score| score.to_bits() == 0));
    }

    #[test]
    fn no_perfect_feature_scores_below_noise() {
        let label = Array1::from_shape_fn(40, |row| f64::from(row as u32 * 37 % 101) / 7.0);
        for slope in 1..200 {
            let slope = f64::from(slope) / 3.0;
            let feature = label.mapv(|y| slope * y + 0.3).insert_axis(Axis(1));
            assert!(f_regression(feature.view(), label.view())[0] > 1e12, "{slope}");
        }
    }

    #[test]
    fn a_large_mean_takes_no_digits() {
        let label = Array1::from_shape_fn(100, |row| f64::from(row as u32 * 37 % 101));
        let feature = |mean: f64| label.mapv(|y| mean + y + (y * 5.0) % 7.0).insert_axis(Axis(1));
        let score = |mean| f_regression(feature(mean).view(), label.view())[0];
        for mean in [1.7e12, 1e15] {
            assert!((score(mean) / score(0.0) - 1.0).abs() < 1e-12, "{} {}", score(mean), score(0.0));
        }
    }
}
