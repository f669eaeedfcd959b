//! F statistics of univariate regressions, as scikit-learn's `f_regression`.

use ndarray::{ArrayView1, ArrayView2};

/// The F statistic of each feature's linear regression on the label.
///
/// `records` has shape `(n_samples, n_features)`. As scikit-learn with `force_finite`: 0 for a constant
/// feature or label, the largest finite number for a perfect fit.
pub fn f_regression(records: ArrayView2<'_, f64>, label: ArrayView1<'_, f64>) -> Vec<f64> {
    let n = label.len() as f64;
    let mean = label.sum() / n;
    let centred = label.mapv(|y| y - mean);
    let label_norm = centred.dot(&centred).sqrt();
    let freedom = n - 2.0;
    records
        .columns()
        .into_iter()
        .map(|column| {
            if column.iter().all(|x| *x == column[0]) {
                return 0.0;
            }
            let mean = column.sum() / n;
            let norm = (column.dot(&column) - n * mean * mean).sqrt();
            let correlation = column.dot(&centred) / norm / label_norm;
            let squared = correlation * correlation;
            let score = squared / (1.0 - squared) * freedom;
            if score.is_nan() { 0.0 } else { score.clamp(f64::MIN, f64::MAX) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn constant_and_perfect_features_have_finite_scores() {
        let records = array![[1.0, 1.0, 3.0], [1.0, 2.0, 1.0], [1.0, 3.0, 4.0], [1.0, 4.0, 1.0]];
        let scores = f_regression(records.view(), array![1.0, 2.0, 3.0, 4.0].view());
        assert_eq!(scores[0], 0.0);
        assert!(scores[1] > 1e15);
        assert!(scores[2].is_finite());
    }
}
