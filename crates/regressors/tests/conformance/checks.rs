//! The promises, each a function over any learner.

use crate::data::{Rows, any_rows, laptops, laptops_with, some_rows};
use crate::learner::{Learner, Sharded};
use linfa::Dataset;
use linfa::traits::Predict;
use ndarray::{Array1, Array2, Axis, array, concatenate};
use proptest::prelude::*;
use regressors::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Cases of a property: every one of them fits a model.
const CASES: u32 = 64;

fn fit<L: Learner>(rows: &Rows) -> L {
    L::fit(rows).unwrap()
}

/// The predictions, all of them finite.
fn predict<L: Learner>(model: &L, x: &Array2<f64>) -> Array1<f64> {
    let predictions: Array1<f64> = model.predict(x);
    assert_eq!(predictions.len(), x.nrows());
    assert!(predictions.iter().all(|y| y.is_finite()), "{predictions}");
    predictions
}

fn bits(y: &Array1<f64>) -> Vec<u64> {
    y.iter().map(|y| y.to_bits()).collect()
}

/// Panics unless two models are the same to the bit, and so are their predictions.
#[track_caller]
fn assert_same<L: Learner>(model: &L, other: &L, x: &Array2<f64>) {
    assert!(model.bits() == other.bits(), "{model:?} is not {other:?}");
    assert_eq!(bits(&predict(model, x)), bits(&predict(other, x)));
}

/// Panics unless predictions agree to a tolerance: relative for those beyond 1, else absolute.
#[track_caller]
fn assert_near(actual: &Array1<f64>, expected: &Array1<f64>, tolerance: f64) {
    let is_near = |(a, e): (&f64, &f64)| (a - e).abs() <= tolerance * e.abs().max(1.0);
    assert!(actual.iter().zip(expected).all(is_near), "{actual} is not {expected}");
}

pub(crate) fn fits_alike_twice<L: Learner>() {
    proptest!(ProptestConfig::with_cases(CASES), |(rows in any_rows())| {
        assert_same::<L>(&fit(&rows), &fit(&rows), &rows.records);
    });
}

pub(crate) fn fits_alike_on_any_number_of_threads<L: Learner>() {
    let rows = laptops();
    let results = [1, 2, 3, 7].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let model: L = fit(&rows);
            (model.bits(), bits(&predict(&model, &rows.records)))
        })
    });
    assert!(results.iter().all(|result| *result == results[0]));
}

pub(crate) fn is_the_sum_of_its_shards<L: Sharded>() {
    let rows = laptops();
    let whole: L = fit(&rows);
    let cuts = prop::collection::btree_set(1..L::TREES, 0..L::TREES);
    proptest!(ProptestConfig::with_cases(CASES), |(cuts in cuts)| {
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([L::TREES]);
        let parts = starts.zip(ends).map(|(start, end)| L::fit_range(&rows, start..end).unwrap());
        prop_assert_eq!(L::merge(parts.collect()).unwrap().bits(), whole.bits());
    });
}

pub(crate) fn predicts_a_row_alike_among_any_others<L: Learner>() {
    let rows = laptops();
    let model: L = fit(&rows);
    let all = predict(&model, &rows.records);
    proptest!(ProptestConfig::with_cases(CASES), |(some in some_rows(rows.records.nrows()))| {
        let (actual, expected) = (predict(&model, &rows.records.select(Axis(0), &some)), all.select(Axis(0), &some));
        assert_near(&actual, &expected, L::ROW_TOLERANCE);
        if L::ROW_TOLERANCE == 0.0 {
            prop_assert_eq!(bits(&actual), bits(&expected));
        }
    });
}

pub(crate) fn predicts_equal_rows_alike_whatever_it_was_fitted_on<L: Learner>() {
    proptest!(ProptestConfig::with_cases(CASES), |(rows in any_rows())| {
        let x = &rows.records;
        let predictions = predict(&fit::<L>(&rows), x);
        for (a, b) in (0..x.nrows()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let differ = (predictions[a] - predictions[b]).abs();
            prop_assert!(x.row(a) != x.row(b) || differ <= L::ROW_TOLERANCE * predictions[a].abs());
        }
    });
}

pub(crate) fn takes_weights_of_one_for_none<L: Learner>() {
    let weighted: L = fit(&laptops().with_weights(Array1::ones(laptops().records.nrows())));
    if !L::DRAWS_BY_WEIGHT {
        assert_same(&weighted, &fit(&laptops()), &laptops().records);
    }
}

pub(crate) fn fits_a_single_row<L: Learner>() {
    let model: L = fit(&Dataset::new(array![[0.5, -1.0]], array![3.25]));
    let predictions = predict(&model, &array![[0.5, -1.0], [7.0, 0.0]]);
    if L::MEETS_CONSTANTS {
        assert_near(&predictions, &array![3.25, 3.25], 1e-12);
    }
}

pub(crate) fn fits_a_single_feature<L: Learner>() {
    let narrow = Dataset::new(laptops().records.select(Axis(1), &[4]), laptops().targets);
    assert_same::<L>(&fit(&narrow), &fit(&narrow), &narrow.records);
}

pub(crate) fn fits_a_constant_target<L: Learner>() {
    let x = laptops().records;
    let y = Array1::from_elem(x.nrows(), 0.1);
    let predictions = predict(&fit::<L>(&Dataset::new(x.clone(), y.clone())), &x);
    if L::MEETS_CONSTANTS {
        assert_near(&predictions, &y, 1e-12);
    }
}

pub(crate) fn fits_constant_features<L: Learner>() {
    let x = Array2::from_elem((40, 3), 0.1);
    let predictions = predict(&fit::<L>(&Dataset::new(x.clone(), laptops().targets)), &x);
    assert!(predictions.iter().all(|y| *y == predictions[0]));
    if L::MEETS_CONSTANTS {
        // Between the lowest price and the highest.
        assert!((9.0..26.0).contains(&predictions[0]), "{}", predictions[0]);
    }
}

pub(crate) fn fits_more_features_than_rows<L: Learner>() {
    let (rows, three) = (laptops(), [0, 1, 7]);
    let wide = Dataset::new(rows.records.select(Axis(0), &three), rows.targets.select(Axis(0), &three));
    assert_same::<L>(&fit(&wide), &fit(&wide), &rows.records);
}

pub(crate) fn fits_duplicated_rows<L: Learner>() {
    let rows = laptops();
    let x = concatenate![Axis(0), rows.records, rows.records, rows.records];
    let y = concatenate![Axis(0), rows.targets, rows.targets, rows.targets];
    let predictions = predict(&fit::<L>(&Dataset::new(x.clone(), y)), &x);
    let parts: Vec<Array1<f64>> =
        predictions.axis_chunks_iter(Axis(0), 40).map(|part| part.to_owned()).collect();
    parts.iter().for_each(|part| assert_near(part, &parts[0], L::ROW_TOLERANCE));
}

/// Panics unless the fit refuses the value at row 3, feature 2.
fn assert_feature_refused<L: Learner>(rows: &Rows) {
    match L::fit(rows) {
        Err(Error::Feature { row: 3, feature: 2, .. }) => {}
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn refuses_infinite_features<L: Learner>() {
    for value in [f64::INFINITY, f64::NEG_INFINITY] {
        assert_feature_refused::<L>(&laptops_with(3, 2, value));
    }
}

pub(crate) fn refuses_missing_features_or_takes_them<L: Learner>() {
    let rows = laptops_with(3, 2, f64::NAN);
    if L::NAN_IS_MISSING {
        predict(&fit::<L>(&rows), &rows.records);
    } else {
        assert_feature_refused::<L>(&rows);
    }
}

pub(crate) fn refuses_features_beyond_f32_or_takes_them<L: Learner>() {
    let rows = laptops_with(3, 2, 1e39);
    if L::ROUNDS_TO_F32 {
        assert_feature_refused::<L>(&rows);
    } else {
        predict(&fit::<L>(&rows), &laptops().records);
    }
}

pub(crate) fn refuses_targets_that_are_not_finite<L: Learner>() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut rows = laptops();
        rows.targets[5] = value;
        assert!(matches!(L::fit(&rows), Err(Error::Target { row: 5, .. })), "{value}");
    }
}

pub(crate) fn refuses_impossible_weights<L: Learner>() {
    let n = laptops().records.nrows();
    let refusal = |weights| L::fit(&laptops().with_weights(weights)).unwrap_err();
    assert!(matches!(refusal(Array1::zeros(n)), Error::Empty(_)));
    assert!(matches!(refusal(Array1::ones(n - 1)), Error::Shape { .. }));
    for value in [-1.0, f32::NAN, f32::INFINITY] {
        let mut weights = Array1::ones(n);
        weights[6] = value;
        assert!(matches!(refusal(weights), Error::Weight { row: 6, .. }), "{value}");
    }
}

pub(crate) fn refuses_shapes_that_do_not_match<L: Learner>() {
    let refusal = |x: Array2<f64>, y: usize| L::fit(&Dataset::new(x, Array1::ones(y))).unwrap_err();
    assert!(matches!(refusal(Array2::ones((3, 2)), 2), Error::Shape { expected: 3, actual: 2, .. }));
    assert!(matches!(refusal(Array2::ones((3, 2)), 4), Error::Shape { expected: 3, actual: 4, .. }));
    assert!(matches!(refusal(Array2::ones((0, 2)), 0), Error::Empty("rows")));
    assert!(matches!(refusal(Array2::ones((3, 0)), 3), Error::Empty("features")));
}

pub(crate) fn panics_where_predictions_do_not_match<L: Learner>() {
    let model: L = fit(&laptops());
    for (features, targets) in [(5, 4), (7, 4), (6, 3), (6, 5)] {
        let mut y = Array1::zeros(targets);
        let predict = AssertUnwindSafe(|| model.predict_inplace(&Array2::zeros((4, features)), &mut y));
        assert!(catch_unwind(predict).is_err(), "{features} features, {targets} targets");
    }
    assert_eq!(predict(&model, &Array2::zeros((0, 6))).len(), 0);
}

pub(crate) fn reads_back_from_what_it_stores<L: Learner>() {
    let model: L = fit(&laptops());
    let reloaded = model.reloaded().unwrap();
    assert_eq!(reloaded, model);
    assert_same(&reloaded, &model, &laptops().records);
}

pub(crate) fn refuses_hostile_parts<L: Learner>() {
    let hostile = fit::<L>(&laptops()).hostile();
    let accepted = (0..hostile.len()).filter(|&part| hostile[part].is_ok());
    assert_eq!(accepted.collect::<Vec<_>>(), [0; 0]);
}
