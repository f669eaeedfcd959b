//! The scores of a model on a split, by scikit-learn's definitions.
//!
//! linfa's own metrics differ from these: its `r2` adds 1e-10 to the denominator, and its percentage
//! error divides by the wrong of the two values.

use artifacts::metrics::Score;

/// All scores of `model` on `split`; `None` if there are no rows.
///
/// # Panics
/// If the slices differ in length.
pub fn score(model: &str, split: &str, actual: &[f64], predicted: &[f64]) -> Option<Score> {
    assert_eq!(actual.len(), predicted.len(), "every row has a label and a prediction");
    let rows = u32::try_from(actual.len()).expect("splits hold fewer than 2^32 rows");
    (rows > 0).then(|| Score {
        model: model.into(),
        split: split.into(),
        rmse: rmse(actual, predicted),
        mae: mae(actual, predicted),
        r2: r2(actual, predicted),
        mape: mape(actual, predicted),
        rows,
    })
}

/// Whether all of them are finite.
pub(crate) fn is_finite(score: &Score) -> bool {
    [Some(score.rmse), Some(score.mae), Some(score.mape), score.r2].into_iter().flatten().all(f64::is_finite)
}

/// `root_mean_squared_error`, in units of the label; NaN for no rows.
pub fn rmse(actual: &[f64], predicted: &[f64]) -> f64 {
    mean(errors(actual, predicted).map(|error| error * error)).sqrt()
}

/// `mean_absolute_error`, in units of the label; NaN for no rows.
pub fn mae(actual: &[f64], predicted: &[f64]) -> f64 {
    mean(errors(actual, predicted).map(f64::abs))
}

/// `mean_absolute_percentage_error` as a fraction; NaN for no rows.
///
/// A label of 0 counts as the machine epsilon, so one such row makes the score huge.
pub fn mape(actual: &[f64], predicted: &[f64]) -> f64 {
    mean(errors(actual, predicted).zip(actual).map(|(error, y)| error.abs() / y.abs().max(f64::EPSILON)))
}

/// `r2_score`: the share of the labels' variance that the predictions explain; at most 1.
///
/// Labels that are all equal have no variance: the score is 1 for perfect predictions, else 0. It is
/// not defined for fewer than two rows.
pub fn r2(actual: &[f64], predicted: &[f64]) -> Option<f64> {
    if actual.len() < 2 {
        return None;
    }
    let residual: f64 = errors(actual, predicted).map(|error| error * error).sum();
    // Asked of the labels themselves, since a rounded mean would leave a tiny variance.
    if actual.iter().all(|&y| y == actual[0]) {
        return Some(if residual == 0.0 { 1.0 } else { 0.0 });
    }
    let centre = mean(actual.iter().copied());
    let total: f64 = actual.iter().map(|y| (y - centre) * (y - centre)).sum();
    Some(1.0 - residual / total)
}

fn errors(actual: &[f64], predicted: &[f64]) -> impl ExactSizeIterator<Item = f64> {
    actual.iter().zip(predicted).map(|(y, p)| y - p)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rows_no_score() {
        assert_eq!(score("Linear", "test", &[], &[]), None);
    }

    #[test]
    fn one_row_has_no_r2() {
        let score = score("Linear", "test", &[2.0], &[1.0]).unwrap();
        assert_eq!((score.rmse, score.mae, score.r2, score.mape, score.rows), (1.0, 1.0, None, 0.5, 1));
    }

    #[test]
    fn equal_labels_have_no_variance_to_explain() {
        assert_eq!(r2(&[0.1; 3], &[0.1; 3]), Some(1.0));
        assert_eq!(r2(&[0.1; 3], &[0.1, 0.1, 0.2]), Some(0.0));
    }
}
