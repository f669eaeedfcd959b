//! Errors by bands of the label: whether a model is as good for small labels as for large ones.

use crate::scores;

/// Bands of equally many rows.
const BANDS: usize = 5;

/// The rows whose label lies in a band, and what every model makes of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The smallest label of its rows.
    pub low: f64,
    /// The largest label of its rows.
    pub high: f64,
    /// Number of rows.
    pub rows: usize,
    /// Errors, in the order of the models.
    pub errors: Vec<BandError>,
}

/// A model's errors on the rows of a band, in units of the label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandError {
    /// Root mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean of predicted less actual: above zero, the model predicts too much.
    pub bias: f64,
}

/// The errors of models with these predictions by the fifths of the label, from the lowest on.
///
/// Rows with one label share a band, so there may be fewer bands than five, and some larger.
///
/// # Panics
/// If a model has not as many predictions as there are labels.
pub fn bands(actual: &[f64], predictions: &[&[f64]]) -> Vec<Band> {
    let mut order: Vec<usize> = (0..actual.len()).collect();
    order.sort_by(|&a, &b| actual[a].total_cmp(&actual[b]));
    let mut bands = Vec::new();
    let mut start = 0;
    for band in 1..=BANDS {
        let mut end = (band * actual.len()).div_ceil(BANDS).max(start);
        while end > start && end < order.len() && actual[order[end]] == actual[order[end - 1]] {
            end += 1;
        }
        if end > start {
            bands.push(Band::of(&order[start..end], actual, predictions));
        }
        start = end;
    }
    bands
}

impl Band {
    /// The band of these rows, sorted by label.
    fn of(rows: &[usize], actual: &[f64], predictions: &[&[f64]]) -> Self {
        let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let labels = pick(actual);
        let error = |predicted: &&[f64]| {
            assert_eq!(predicted.len(), actual.len(), "every row has a label and a prediction");
            let predicted = pick(predicted);
            let differences = predicted.iter().zip(&labels).map(|(predicted, actual)| predicted - actual);
            BandError {
                rmse: scores::rmse(&labels, &predicted),
                mae: scores::mae(&labels, &predicted),
                bias: differences.sum::<f64>() / labels.len() as f64,
            }
        };
        let (low, high) = (labels[0], labels[labels.len() - 1]);
        Self { low, high, rows: rows.len(), errors: predictions.iter().map(error).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_hold_a_fifth_of_the_rows_each() {
        let actual: Vec<f64> = [7, 1, 9, 3, 5, 2, 8, 4, 10, 6].map(f64::from).to_vec();
        let predicted: Vec<f64> = actual.iter().map(|y| y + if *y > 8.0 { -3.0 } else { 1.0 }).collect();
        let bands = bands(&actual, &[&predicted]);
        let spans: Vec<_> = bands.iter().map(|band| (band.low, band.high, band.rows)).collect();
        assert_eq!(spans, [(1.0, 2.0, 2), (3.0, 4.0, 2), (5.0, 6.0, 2), (7.0, 8.0, 2), (9.0, 10.0, 2)]);
        assert_eq!(bands[0].errors, [BandError { rmse: 1.0, mae: 1.0, bias: 1.0 }]);
        assert_eq!(bands[4].errors, [BandError { rmse: 3.0, mae: 3.0, bias: -3.0 }]);
    }

    #[test]
    fn equal_labels_share_a_band() {
        let spans = |actual: &[f64]| -> Vec<_> {
            bands(actual, &[]).iter().map(|band| (band.low, band.high, band.rows)).collect()
        };
        assert_eq!(spans(&[]), []);
        assert_eq!(spans(&[4.0; 9]), [(4.0, 4.0, 9)]);
        assert_eq!(spans(&[1.0, 1.0, 1.0, 2.0, 3.0]), [(1.0, 1.0, 3), (2.0, 2.0, 1), (3.0, 3.0, 1)]);
    }
}
