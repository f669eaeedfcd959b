//! The network against scikit-learn's.

use crate::golden::{self, GOLDEN, MlpFit, assert_near, matrix};
use linfa::traits::{Fit, Predict};
use linfa::{Dataset, ParamGuard};
use ndarray::{Array1, Array2, Axis, array};
use regressors::mlp::{Activation, BatchSize, MlpParams, MlpParts, Solver};
use regressors::{Error, Mlp, Progress};

/// `params.name(value)` for every hyperparameter that is given, parsed from scikit-learn's name where it is
/// one.
macro_rules! set {
    ($params:ident, $given:ident, $($name:ident $(: $parse:expr)?),* $(,)?) => {
        $(if let Some(value) = $given.$name.clone() {
            $(let value = $parse(value);)?
            $params = $params.$name(value);
        })*
    };
}

pub(crate) fn params(given: &golden::MlpParams) -> MlpParams {
    let mut params = Mlp::params();
    set!(
        params, given, hidden_layer_sizes, alpha, learning_rate_init, power_t, max_iter, shuffle,
        random_state, tol, momentum, nesterovs_momentum, early_stopping, validation_fraction, beta_1,
        beta_2, epsilon, n_iter_no_change,
        activation: |name: String| name.parse().unwrap(),
        solver: |name: String| name.parse().unwrap(),
        learning_rate: |name: String| name.parse().unwrap(),
        batch_size: BatchSize::Rows,
    );
    params
}

fn golden_fit(name: &str) -> &'static MlpFit {
    GOLDEN.mlp.fits.iter().find(|fit| fit.name == name).unwrap()
}

fn data(fit: &MlpFit) -> Dataset<f64, f64, ndarray::Ix1> {
    let golden = &GOLDEN.mlp;
    let y: Array1<f64> =
        golden.y.iter().map(|price| if fit.prices { *price } else { price / 1000.0 }).collect();
    let weights = if fit.weighted { golden.weights.clone() } else { Vec::new() };
    Dataset::new(matrix(&golden.x), y).with_weights(weights.into())
}

#[test]
fn fits_are_scikit_learns() {
    let x_test = matrix(&GOLDEN.mlp.x_test);
    for golden in &GOLDEN.mlp.fits {
        let (name, result) = (&golden.name, params(&golden.params).fit(&data(golden)));
        if golden.n_iter == 0 {
            assert!(matches!(result, Err(Error::Diverged(_))), "{name}");
            continue;
        }
        let model = result.unwrap();
        assert_eq!(model.n_iter(), golden.n_iter, "{name}");
        assert_near(name, model.loss_curve(), &golden.loss_curve);
        assert_near(name, model.validation_scores(), &golden.validation_scores);
        assert_near(name, &model.predict(&x_test), &golden.predictions);
    }
}

#[test]
fn a_row_is_predicted_alike_alone_and_among_others() {
    let golden = golden_fit("two layers");
    let model = params(&golden.params).fit(&data(golden)).unwrap();
    let x = matrix(&GOLDEN.mlp.x);
    let all = model.predict(&x);
    for rows in [vec![7], (0..x.nrows()).step_by(3).collect()] {
        assert_eq!(model.predict(&x.select(Axis(0), &rows)), all.select(Axis(0), &rows));
    }
}

#[test]
fn many_rows_are_predicted_alike_by_one_thread_and_by_three() {
    let weight = |i: usize, j: usize| ((7 * i + 3 * j) % 11) as f64 - 5.0;
    let model = Mlp::from_parts(MlpParts {
        activation: Activation::Relu,
        coefs: vec![Array2::from_shape_fn((4, 512), |(i, j)| weight(i, j)), Array2::from_elem((512, 1), 0.1)],
        intercepts: vec![Array1::from_shape_fn(512, |j| weight(j, 1)), array![0.5]],
        loss_curve: vec![0.0],
        validation_scores: vec![],
    })
    .unwrap();
    // Units are on for the large values of the first rows that are off for all others.
    let size = |i| if i < 100 { 4.0 } else { 0.25 };
    let x = Array2::from_shape_fn((8000, 4), |(i, j)| size(i) * (i * (j + 1) % 13) as f64 / 6.0);
    let predict = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| model.predict(&x))
    };
    assert_eq!(predict(1), predict(3));
    // The same rows, laid out column by column.
    let by_column = x.t().as_standard_layout().reversed_axes().to_owned();
    assert_eq!(model.predict(&by_column), predict(1));
}

#[test]
fn fits_side_by_side_are_those_alone() {
    let golden = golden_fit("early stopping");
    let (params, data) = (params(&golden.params), data(golden));
    let alone = params.fit(&data).unwrap();
    std::thread::scope(|scope| {
        let fits = [0, 1].map(|_| scope.spawn(|| params.fit(&data).unwrap()));
        assert!(fits.into_iter().all(|fit| fit.join().unwrap() == alone));
    });
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    let golden = golden_fit("early stopping");
    let best = golden.validation_scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let epoch = golden.validation_scores.iter().position(|score| *score == best).unwrap() + 1;
    assert!(epoch < golden.n_iter, "the case does not show anything");
    let whole = params(&golden.params).fit(&data(golden)).unwrap();
    let shorter = params(&golden.params).max_iter(epoch).fit(&data(golden)).unwrap();
    assert_eq!(whole.coefs(), shorter.coefs());
}

#[test]
fn progress_counts_epochs() {
    let (golden, progress) = (golden_fit("settles"), Progress::default());
    let model = params(&golden.params).progress(progress.clone()).fit(&data(golden)).unwrap();
    assert_eq!(progress.done(), model.n_iter() as u64);
}

#[test]
fn a_stored_model_predicts_the_same() {
    let golden = golden_fit("three layers, tanh");
    let model = params(&golden.params).fit(&data(golden)).unwrap();
    let stored = Mlp::from_parts(model.parts().clone()).unwrap();
    let x = matrix(&GOLDEN.mlp.x_test);
    assert_eq!(stored, model);
    assert_eq!(stored.predict(&x), model.predict(&x));
}

#[test]
fn impossible_models_are_refused() {
    let parts = MlpParts {
        activation: Activation::Relu,
        coefs: vec![Array2::ones((2, 3)), Array2::ones((3, 1))],
        intercepts: vec![array![0.0, 0.0, 0.0], array![0.5]],
        loss_curve: vec![1.0],
        validation_scores: Vec::new(),
    };
    assert_eq!(Mlp::from_parts(parts.clone()).unwrap().predict(&array![[1.0, 1.0]]), array![6.5]);
    let breaks: [fn(&mut MlpParts); 8] = [
        |parts| parts.coefs.truncate(1),
        |parts| parts.intercepts.truncate(1),
        |parts| parts.coefs[0] = Array2::ones((2, 4)),
        |parts| parts.coefs[0] = Array2::ones((0, 3)),
        |parts| parts.coefs[1] = Array2::ones((3, 2)),
        |parts| parts.intercepts[0] = array![0.0],
        |parts| parts.intercepts[1] = array![f64::NAN],
        |parts| parts.loss_curve.clear(),
    ];
    for (i, break_it) in breaks.iter().enumerate() {
        let mut broken = parts.clone();
        break_it(&mut broken);
        assert!(matches!(Mlp::from_parts(broken), Err(Error::Model(_))), "{i}");
    }
}

#[test]
fn bad_hyperparameters_are_refused() {
    let bad = [
        ("hidden_layer_sizes", Mlp::params().hidden_layer_sizes([])),
        ("hidden_layer_sizes", Mlp::params().hidden_layer_sizes([3, 0])),
        ("hidden_layer_sizes", Mlp::params().hidden_layer_sizes([usize::MAX])),
        ("hidden_layer_sizes", Mlp::params().hidden_layer_sizes([10_000, 10_000])),
        ("alpha", Mlp::params().alpha(-1.0)),
        ("batch_size", Mlp::params().batch_size(BatchSize::Rows(0))),
        ("learning_rate_init", Mlp::params().learning_rate_init(0.0)),
        ("power_t", Mlp::params().power_t(f64::NAN)),
        ("max_iter", Mlp::params().max_iter(0)),
        ("tol", Mlp::params().tol(f64::INFINITY)),
        ("momentum", Mlp::params().momentum(1.5)),
        ("validation_fraction", Mlp::params().validation_fraction(1.0)),
        ("beta_1", Mlp::params().beta_1(1.0)),
        ("beta_2", Mlp::params().beta_2(-0.1)),
        ("epsilon", Mlp::params().epsilon(0.0)),
        ("n_iter_no_change", Mlp::params().n_iter_no_change(0)),
    ];
    for (expected, params) in bad {
        assert!(
            matches!(params.check(), Err(Error::Parameter { name, .. }) if name == expected),
            "{expected}"
        );
    }
    assert!(matches!("lbfgs".parse::<Solver>(), Err(Error::Parameter { name: "solver", .. })));
    for activation in [Activation::Identity, Activation::Logistic, Activation::Tanh, Activation::Relu] {
        assert_eq!(activation.name().parse::<Activation>().unwrap(), activation);
    }
}

#[test]
fn a_network_too_large_for_its_features_is_refused_by_the_fit() {
    let params = Mlp::params().hidden_layer_sizes([30_000_000]).max_iter(usize::MAX);
    assert!(params.check_ref().is_ok());
    let refused = params.fit(&Dataset::new(Array2::ones((2, 3)), Array1::ones(2))).unwrap_err();
    let message = "hidden_layer_sizes = [30000000]: must be at most 100000000 weights between all layers; use \
                   smaller or fewer layers";
    assert_eq!(refused.to_string(), message);
}

#[test]
fn bad_data_are_refused() {
    let fit = |x: Array2<f64>, y: Array1<f64>| Mlp::params().max_iter(1).fit(&Dataset::new(x, y));
    assert!(matches!(fit(Array2::zeros((0, 1)), array![]), Err(Error::Empty("rows"))));
    assert!(matches!(fit(array![[f64::NAN]], array![1.0]), Err(Error::Feature { row: 0, feature: 0, .. })));
    assert!(matches!(fit(array![[1.0]], array![f64::INFINITY]), Err(Error::Target { row: 0, .. })));
    assert!(matches!(fit(array![[1.0]], array![1.0, 2.0]), Err(Error::Shape { .. })));
}

#[test]
fn batches_without_weight_are_errors_with_early_stopping_too() {
    let x = Array2::from_shape_fn((40, 2), |(row, column)| (row * (column + 3) % 7) as f64);
    let y = x.column(0).to_owned();
    let weights = Array1::from_shape_fn(40, |row| if row < 30 { 0.0 } else { 1.0 });
    let data = Dataset::new(x, y).with_weights(weights);
    let params = Mlp::params().batch_size(BatchSize::Rows(2)).max_iter(20);
    for early_stopping in [false, true] {
        let fit = params.clone().early_stopping(early_stopping).fit(&data);
        assert!(matches!(fit, Err(Error::Diverged(_))), "{early_stopping}");
    }
}

#[test]
fn early_stopping_needs_weight_on_both_sides() {
    let x = Array2::from_shape_fn((30, 2), |(row, column)| (row * (column + 3) % 7) as f64);
    let weights = Array1::from_shape_fn(30, |row| if row == 0 { 1.0 } else { 0.0 });
    let data = Dataset::new(x, Array1::ones(30)).with_weights(weights);
    let fit = Mlp::params().early_stopping(true).fit(&data);
    assert!(matches!(fit, Err(Error::Empty(_))), "{fit:?}");
}

#[test]
fn equal_targets_are_scored_as_numpy_sums_their_mean() {
    // The means of so many times 19.99 that numpy finds to be 19.99, and those that it does not.
    let cases = [(8, true), (16, true), (36, true), (40, true), (12, false), (29, false), (54, false)];
    for (held_out, is_met) in cases {
        let rows = 10 * held_out;
        let x = Array2::from_shape_fn((rows, 2), |(row, column)| (row * (column + 3) % 7) as f64);
        let data = Dataset::new(x, Array1::from_elem(rows, 19.99));
        let model = Mlp::params().early_stopping(true).max_iter(1).fit(&data).unwrap();
        assert_eq!(model.validation_scores()[0] == 0.0, is_met, "{held_out}");
    }
}

#[test]
fn early_stopping_needs_two_rows_to_score_and_one_to_train_on() {
    let fit = |rows: usize, fraction: f64| {
        let train = Dataset::new(Array2::ones((rows, 1)), Array1::ones(rows));
        Mlp::params().max_iter(1).early_stopping(true).validation_fraction(fraction).fit(&train)
    };
    for (rows, fraction) in [(10, 0.1), (3, 0.9), (5, 0.0)] {
        let result = fit(rows, fraction);
        assert!(
            matches!(result, Err(Error::Parameter { name: "validation_fraction", .. })),
            "{rows} {fraction}"
        );
    }
    assert!(fit(11, 0.1).is_ok());
}
