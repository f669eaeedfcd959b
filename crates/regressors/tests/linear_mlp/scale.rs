//! The scaler against scikit-learn's.

use crate::golden::GOLDEN;
use linfa::Dataset;
use linfa::traits::{Fit, Transformer};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use regressors::{Error, MaxAbsScaler};

fn fit(x: &Array2<f64>) -> regressors::Result<MaxAbsScaler> {
    MaxAbsScaler::params().fit(&Dataset::new(x.clone(), Array1::<f64>::zeros(x.nrows())))
}

fn with_nan(rows: &[Vec<Option<f64>>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j].unwrap_or(f64::NAN))
}

/// Bits, so that NaN equals NaN.
fn bits(x: &Array2<f64>) -> Array2<u64> {
    x.mapv(f64::to_bits)
}

#[test]
fn scales_are_scikit_learns_to_the_bit() {
    let golden = &GOLDEN.scale;
    let x = with_nan(&golden.x);
    let scaler = fit(&x).unwrap();
    assert_eq!(scaler.scale().to_vec(), golden.scale);
    assert_eq!(bits(&scaler.transform(&x)), bits(&with_nan(&golden.transformed)));
    assert_eq!(bits(&scaler.transform(x.clone())), bits(&scaler.transform(&x)));
}

#[test]
fn a_column_without_values_has_no_scale() {
    let scaler = fit(&array![[f64::NAN, 2.0], [f64::NAN, 1.0]]).unwrap();
    assert!(scaler.scale()[0].is_nan());
    assert_eq!(scaler.scale()[1], 2.0);
    assert!(MaxAbsScaler::from_scale(scaler.scale().clone()).is_ok());
}

#[test]
fn infinite_and_missing_data_are_refused() {
    let error = fit(&array![[1.0, 2.0], [3.0, f64::NEG_INFINITY]]).unwrap_err();
    assert!(matches!(error, Error::Feature { row: 1, feature: 1, .. }));
    assert!(matches!(fit(&Array2::zeros((0, 2))), Err(Error::Empty("rows"))));
    assert!(matches!(fit(&Array2::zeros((2, 0))), Err(Error::Empty("features"))));
}

#[test]
fn impossible_scales_are_refused() {
    for scale in [array![], array![1.0, 0.0], array![-1.0], array![f64::INFINITY], array![1e-15]] {
        assert!(matches!(MaxAbsScaler::from_scale(scale), Err(Error::Model(_))));
    }
}

proptest! {
    #[test]
    fn training_rows_end_up_between_minus_one_and_one(x in matrices()) {
        let scaler = fit(&x).unwrap();
        let scaled = scaler.transform(&x);
        prop_assert!(scaled.iter().all(|x| (-1.0..=1.0).contains(x)));
        prop_assert_eq!(MaxAbsScaler::from_scale(scaler.scale().clone()).unwrap(), scaler);
    }
}

fn matrices() -> impl Strategy<Value = Array2<f64>> {
    (1usize..6, 1usize..5).prop_flat_map(|(rows, columns)| {
        let value = prop_oneof![
            Just(0.0),
            -1e3..1e3,
            -1e-14..1e-14,
            any::<f64>().prop_filter("finite", |x| x.is_finite())
        ];
        prop::collection::vec(value, rows * columns)
            .prop_map(move |values| Array2::from_shape_vec((rows, columns), values).unwrap())
    })
}
