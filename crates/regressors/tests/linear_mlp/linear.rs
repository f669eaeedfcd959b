//! The linear model against scikit-learn's.

use crate::golden::{GOLDEN, Linear, assert_near, matrix};
use linfa::traits::{Fit, Predict};
use linfa::{Dataset, ParamGuard};
use ndarray::{Array1, Array2, Axis, Slice, array};
use proptest::prelude::*;
use regressors::{Error, LinearRegression};

fn fit(case: &Linear) -> LinearRegression {
    let weights = case.weights.clone().unwrap_or_default();
    let train = Dataset::new(matrix(&case.x), Array1::from(case.y.clone())).with_weights(weights.into());
    LinearRegression::params().fit_intercept(case.fit_intercept).fit(&train).unwrap()
}

#[test]
fn fits_are_scikit_learns() {
    for case in &GOLDEN.linear {
        let (name, model) = (&case.name, fit(case));
        assert_eq!(model.rank(), case.rank, "{name}");
        assert_near(name, model.coefficients(), &case.coefficients);
        assert_near(name, [&model.intercept()], &[case.intercept]);
        assert_near(name, &model.predict(&matrix(&case.x_test)), &case.predictions);
    }
}

#[test]
fn a_row_is_predicted_alike_alone_and_among_others() {
    let case = GOLDEN.linear.iter().find(|case| case.name == "one-hot").unwrap();
    let (model, x) = (fit(case), matrix(&case.x_test));
    let all = model.predict(&x);
    for row in 0..x.nrows() {
        assert_eq!(model.predict(&x.select(Axis(0), &[row]))[0], all[row]);
    }
}

#[test]
fn rows_count_alike_wherever_they_stand() {
    // More rows than are factorised at once, in an order that spreads the copies over all of them.
    let case = GOLDEN.linear.iter().find(|case| case.name == "one-hot").unwrap();
    let (x, y) = (matrix(&case.x), Array1::from(case.y.clone()));
    let (rows, copies) = (x.nrows(), 2500 / x.nrows());
    let order: Vec<usize> = (0..rows * copies).map(|row| row % rows).collect();
    let many = Dataset::new(x.select(Axis(0), &order), y.select(Axis(0), &order));
    let model = LinearRegression::params().fit(&many).unwrap();
    assert_eq!(model.rank(), case.rank);
    assert_near("copies", &model.predict(&matrix(&case.x_test)), &case.predictions);
}

#[test]
fn large_tables_are_fitted_alike_by_one_thread_and_by_three() {
    // So many products of two values that they are worth waking threads.
    let x = Array2::from_shape_fn((9000, 64), |(i, j)| (i * (j + 3) % 1009) as f64 / 7.0);
    let y = Array1::from_shape_fn(9000, |i| (i % 97) as f64 / 3.0);
    let train = Dataset::new(x, y);
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| LinearRegression::params().fit(&train).unwrap())
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn constants_leave_no_trace() {
    // The mean of three times 0.1 is not 0.1 in floating point.
    let train = Dataset::new(Array2::from_elem((3, 2), 0.1), array![1.0, 2.0, 4.5]);
    let model = LinearRegression::params().fit(&train).unwrap();
    assert_eq!((model.rank(), model.coefficients()), (0, &array![0.0, 0.0]));
    let train = Dataset::new(array![[1.0], [2.0], [4.0]], Array1::from_elem(3, 0.1));
    let model = LinearRegression::params().fit(&train).unwrap();
    assert_eq!((model.coefficients(), model.intercept()), (&array![0.0], 0.1));
}

#[test]
fn rows_without_weight_leave_no_trace() {
    // All columns are constant where rows weigh anything; 0.7 + (0.1 - 0.7) is not 0.1 in floating point.
    let x = array![[0.7, 0.9, 3.3], [0.1, 0.1, 0.7]];
    let train = Dataset::new(x, array![-2707.5, 1997.2]).with_weights(array![0.0, 1.0]);
    let model = LinearRegression::params().fit(&train).unwrap();
    assert_eq!((model.rank(), model.coefficients()), (0, &array![0.0, 0.0, 0.0]));
    assert_eq!(model.intercept(), 1997.2);
}

#[test]
fn the_tolerance_decides_the_rank() {
    let case = GOLDEN.linear.iter().find(|case| case.name == "a column below the tolerance").unwrap();
    let train = Dataset::new(matrix(&case.x), Array1::from(case.y.clone()));
    let rank = |tol| LinearRegression::params().tol(tol).fit(&train).unwrap().rank();
    assert_eq!((rank(1e-6), rank(1e-9)), (4, 5));
    assert_eq!([0.0, 1.0, 7.0].map(rank), [5; 3], "as gelsd has it");
}

#[test]
fn without_a_tolerance_rounding_is_still_no_rank() {
    let x = array![[1.0, 0.1, 1.1], [2.0, 1.0, 3.0], [4.0, 0.7, 4.7], [3.0, 0.3, 3.3]];
    let train = Dataset::new(x, array![1.0, 2.0, 7.0, 4.0]);
    let test = array![[2.0, 0.0, 1.0], [0.0, 5.0, 1.0], [5.0, 2.0, 9.0]];
    // What scikit-learn predicts.
    let expected = array![2.28220141, -6.2529274, 8.78337237];
    for tol in [0.0, 1e-6, 1.0] {
        let model = LinearRegression::params().tol(tol).fit(&train).unwrap();
        let predicted = model.predict(&test);
        assert!((&predicted - &expected).iter().all(|d| d.abs() < 1e-8), "{tol}: {predicted}");
    }
}

#[test]
fn bad_input_is_refused() {
    let fit = |x: Array2<f64>, y: Array1<f64>| LinearRegression::params().fit(&Dataset::new(x, y));
    let x = array![[1.0], [2.0]];
    assert!(matches!(fit(Array2::zeros((0, 1)), array![]), Err(Error::Empty("rows"))));
    assert!(matches!(fit(Array2::zeros((2, 0)), array![1.0, 2.0]), Err(Error::Empty("features"))));
    assert!(matches!(fit(x.clone(), array![1.0]), Err(Error::Shape { expected: 2, actual: 1, .. })));
    assert!(matches!(fit(x.clone(), array![1.0, f64::NAN]), Err(Error::Target { row: 1, .. })));
    assert!(matches!(
        fit(array![[1.0], [f64::INFINITY]], array![1.0, 2.0]),
        Err(Error::Feature { row: 1, .. })
    ));
    let weighted = |weights| {
        LinearRegression::params().fit(&Dataset::new(x.clone(), array![1.0, 2.0]).with_weights(weights))
    };
    assert!(matches!(weighted(array![1.0, -1.0]), Err(Error::Weight { row: 1, .. })));
    assert!(matches!(weighted(array![1.0]), Err(Error::Shape { .. })));
    assert!(matches!(weighted(array![0.0, 0.0]), Err(Error::Empty(_))));
    for tol in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            LinearRegression::params().tol(tol).check(),
            Err(Error::Parameter { name: "tol", .. })
        ));
    }
}

#[test]
fn overflow_is_an_error() {
    let train = Dataset::new(array![[1e-308], [-1e-308]], array![1e150, 2e150]);
    assert!(matches!(LinearRegression::params().fit(&train), Err(Error::Diverged(_))));
}

#[test]
fn features_of_any_size_are_fitted_alike() {
    let x = Array2::from_shape_fn((30, 9), |(i, j)| ((7 * i + i * i * j + 3 * j) % 17) as f64 / 7.0 - 1.0);
    let y = Array1::from_shape_fn(30, |i| ((5 * i) % 11) as f64);
    for (rows, columns) in [(30, 3), (4, 9)] {
        let x = x.slice_axis(Axis(0), Slice::from(..rows));
        let x = x.slice_axis(Axis(1), Slice::from(..columns));
        let y = y.slice_axis(Axis(0), Slice::from(..rows));
        let predict = |scale: f64| {
            let train = Dataset::new(&x * scale, y.to_owned());
            let model = LinearRegression::params().fit(&train).unwrap();
            (model.rank(), model.predict(train.records()))
        };
        let (rank, expected) = predict(1.0);
        for scale in [1e-300, 1e-200, 1e-160, 1e-80, 1e80, 1e155, 1e200, 1e300] {
            let (of_scaled, predicted) = predict(scale);
            assert_eq!(of_scaled, rank, "{scale} {rows}");
            assert!((&predicted - &expected).iter().all(|d| d.abs() < 1e-9), "{scale} {rows}: {predicted}");
        }
    }
}

#[test]
fn stored_models_are_checked() {
    let model = LinearRegression::from_parts(array![1.0, 2.0], 0.5, 2).unwrap();
    assert_eq!(model.predict(&array![[1.0, 1.0]]), array![3.5]);
    assert!(matches!(LinearRegression::from_parts(array![], 0.5, 0), Err(Error::Model(_))));
    assert!(matches!(LinearRegression::from_parts(array![f64::NAN], 0.5, 0), Err(Error::Model(_))));
    assert!(matches!(LinearRegression::from_parts(array![1.0], f64::INFINITY, 0), Err(Error::Model(_))));
    assert!(matches!(LinearRegression::from_parts(array![1.0], 0.5, 2), Err(Error::Model(_))));
}

proptest! {
    #[test]
    fn residuals_are_orthogonal_to_every_column(
        (x, y) in (1usize..12, 1usize..6).prop_flat_map(|(n, p)| {
            // Few values make collinear columns likely.
            let cells = prop::collection::vec((-3i8..4).prop_map(f64::from), n * p);
            (cells, prop::collection::vec(-10.0..10.0, n)).prop_map(move |(cells, y)| {
                (Array2::from_shape_vec((n, p), cells).unwrap(), Array1::from(y))
            })
        })
    ) {
        let model = LinearRegression::params().fit(&Dataset::new(x.clone(), y.clone())).unwrap();
        let residuals = y - model.predict(&x);
        prop_assert!(residuals.sum().abs() < 1e-9);
        prop_assert!(x.axis_iter(Axis(1)).all(|column| column.dot(&residuals).abs() < 1e-9));
        prop_assert!(model.rank() < x.nrows() && model.rank() <= x.ncols());
    }
}
