//! What learners refuse, and what must not change a fit.

use linfa::traits::{Fit, Predict};
use linfa::{Dataset, DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, Axis, ShapeBuilder, array};
use proptest::prelude::*;
use regressors::target::Parity;
use regressors::tree::{MaxFeatures, Samples, TreeParams};
use regressors::{DecisionTree, Error, ExtraTree, ExtraTrees, GradientBoosting, Progress, RandomForest};

type Rows = Dataset<f64, f64, ndarray::Ix1>;

/// 80 rows of flags and numbers with prices in cents.
fn laptops() -> Rows {
    let x = Array2::from_shape_fn((80, 6), |(i, j)| match j {
        0..3 => f64::from(u8::from(i % (j + 2) == 0)),
        _ => ((i * 7 + j * i * i) % 13) as f64 / 4.0,
    });
    let y = Array1::from_shape_fn(80, |i| 999.0 + (i * 31 % 17) as f64 * 100.0 + (i % 3) as f64 * 0.33);
    Dataset::new(x, y)
}

fn permuted(dataset: &Rows, order: &[usize]) -> Rows {
    Dataset::new(dataset.records.select(Axis(0), order), dataset.targets.select(Axis(0), order))
}

#[test]
fn forests_are_the_same_on_any_number_of_threads() {
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let params = RandomForest::params().n_estimators(12).random_state(7);
        pool.install(|| {
            let forest = params.fit(&laptops()).unwrap();
            let predicted: Array1<f64> = forest.predict(&laptops());
            (forest, predicted)
        })
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn ranges_of_a_forest_make_the_whole() {
    let params = ExtraTrees::params().n_estimators(9).bootstrap(true).random_state(7).check().unwrap();
    let whole = params.fit(&laptops()).unwrap();
    let parts = [0..1, 1..5, 5..9].map(|trees| params.fit_range(&laptops(), trees).unwrap());
    assert_eq!(ExtraTrees::merge(parts.to_vec()).unwrap(), whole);
    for trees in [0..0, 5..10, 9..12] {
        assert!(matches!(params.fit_range(&laptops(), trees), Err(Error::Parameter { name: "trees", .. })));
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let dataset = laptops();
    let order: Vec<usize> = (0..80).map(|i| i * 37 % 80).collect();
    let turned = permuted(&dataset, &order);
    let tree = DecisionTree::params().max_features(MaxFeatures::Sqrt).random_state(1);
    assert_eq!(tree.fit(&dataset).unwrap(), tree.fit(&turned).unwrap());
    let tree = ExtraTree::params().max_leaf_nodes(9).random_state(1);
    assert_eq!(tree.fit(&dataset).unwrap(), tree.fit(&turned).unwrap());
}

#[test]
fn the_layout_of_records_does_not_matter() {
    let dataset = laptops();
    let mut columns = Array2::zeros((80, 6).f());
    columns.assign(&dataset.records);
    let turned = DatasetBase::new(columns.view(), dataset.targets.view());
    let params = GradientBoosting::params().n_estimators(5);
    let (model, other) = (params.fit(&dataset).unwrap(), params.fit(&turned).unwrap());
    assert_eq!(model, other);
    assert_eq!(model.predict(&dataset.records), other.predict(&columns));
}

#[test]
fn a_limit_that_bars_nothing_changes_nothing() {
    // Many values, some of them too near each other to be parted; more rows than are looked at in one go.
    let x = Array2::from_shape_fn((900, 4), |(i, j)| {
        let (coarse, fine) = (i * (7 + j) % 311, i * (5 + j) % 4);
        coarse as f64 + fine as f64 * if j % 2 == 0 { 1e-7 } else { 0.3 }
    });
    let x = x / 311.0;
    for round in 0..20 {
        let y = Array1::from_shape_fn(900, |i| (i * (i + round) % 97 + i * 31 % 7 * 100) as f64);
        let dataset = Dataset::new(x.clone(), y);
        let params = DecisionTree::params().random_state(round as u32);
        let limited = params.clone().min_weight_fraction_leaf(1e-9);
        let (tree, limited) = (params.fit(&dataset).unwrap(), limited.fit(&dataset).unwrap());
        assert_eq!(tree.tree(), limited.tree());
    }
}

#[test]
fn equal_targets_make_one_leaf() {
    let dataset = Dataset::new(laptops().records, Array1::from_elem(80, 0.1));
    let tree = DecisionTree::params().fit(&dataset).unwrap();
    assert_eq!((tree.tree().nodes().len(), tree.tree().depth()), (1, 0));
    assert_eq!(tree.feature_importances(), Array1::<f64>::zeros(6));
    assert_eq!(tree.predict(&dataset), dataset.targets);
    let forest = RandomForest::params().n_estimators(3).fit(&dataset).unwrap();
    assert_eq!(forest.feature_importances(), Array1::<f64>::zeros(6));
    // A third is rounded in fixed point, to the same number in every row.
    let dataset = Dataset::new(laptops().records, Array1::from_elem(80, 1.0 / 3.0));
    let tree = DecisionTree::params().fit(&dataset).unwrap();
    assert_eq!(tree.tree().nodes().len(), 1);
    assert!((tree.predict(&dataset)[0] - 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn splits_that_decrease_no_impurity_have_no_importance() {
    let records = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let exclusive_or = Dataset::new(records, array![0.0, 1.0, 1.0, 0.0]);
    let tree = DecisionTree::params().max_depth(1).fit(&exclusive_or).unwrap();
    assert_eq!(tree.tree().nodes().len(), 3);
    let forest = RandomForest::params().bootstrap(false).max_depth(1).fit(&exclusive_or).unwrap();
    let boosting = GradientBoosting::params().max_depth(1).fit(&exclusive_or).unwrap();
    for importances in
        [tree.feature_importances(), forest.feature_importances(), boosting.feature_importances()]
    {
        assert_eq!(importances, array![0.0, 0.0]);
    }
}

#[test]
fn parity_says_what_sums_allow() {
    let fit = |y: Array1<f64>| {
        let dataset = Dataset::new(laptops().records, y);
        let model = DecisionTree::params().max_depth(3).fit(&dataset).unwrap();
        (model.target_scale().parity(), model.target_scale().factor())
    };
    assert_eq!(fit(laptops().targets), (Parity::Exact, 100.0));
    assert_eq!(fit(laptops().targets.mapv(|y| (y * 1e5).round())), (Parity::Structure, 1.0));
    assert_eq!(fit(laptops().targets.ln()), (Parity::FixedPoint, 1.0));
}

#[test]
fn targets_that_are_no_decimals_fit_as_well() {
    let dataset = laptops();
    let logarithms = Dataset::new(dataset.records.clone(), dataset.targets.ln());
    let tree = DecisionTree::params().min_samples_leaf(Samples::Count(4)).fit(&logarithms).unwrap();
    let leaves = tree.tree().apply(&dataset.records);
    let predicted: Array1<f64> = tree.predict(&logarithms);
    for (leaf, predicted) in leaves.iter().zip(&predicted) {
        let in_leaf = || leaves.iter().zip(&logarithms.targets).filter(|(other, _)| *other == leaf);
        let mean = in_leaf().map(|(_, y)| y).sum::<f64>() / in_leaf().count() as f64;
        assert!((predicted - mean).abs() < 1e-13);
    }
}

#[test]
fn leaves_hold_targets_of_many_rows_to_the_last_digits() {
    let n = 60_000;
    let y = Array1::from_shape_fn(n, |row| 1.0 + f64::from(row as u32 * 7919 % 60_013) / 59_999.0);
    let dataset = Dataset::new(Array2::from_shape_fn((n, 1), |(row, _)| row as f64), y);
    let tree = DecisionTree::params().fit(&dataset).unwrap();
    assert_eq!(tree.target_scale().parity(), Parity::FixedPoint);
    let predicted = tree.predict(&dataset);
    let root = &tree.tree().nodes()[0];
    assert!((root.value - dataset.targets.mean().unwrap()).abs() < 1e-13, "{}", root.value);
    let forest = ExtraTrees::params().n_estimators(2).fit(&dataset).unwrap();
    for predicted in [predicted, forest.predict(&dataset)] {
        assert!((&predicted - &dataset.targets).iter().all(|off| off.abs() < 1e-15));
    }
}

#[test]
fn stages_of_heavy_rows_hold_residuals_to_the_last_digits() {
    let x = Array2::from_shape_fn((2000, 2), |(row, column)| {
        f64::from((row * [7919, 104_729][column] % 2003) as u32)
    });
    let y = x.map_axis(Axis(1), |row| (row[0] / 300.0).sin() + row[1] / 2003.0);
    let fit = |weight: f32| {
        let rows = Dataset::new(x.clone(), y.clone()).with_weights(Array1::from_elem(2000, weight));
        GradientBoosting::params().n_estimators(30).fit(&rows).unwrap().predict(&x)
    };
    let expected = fit(1.0);
    for (heavy, expected) in fit(65_536.0).iter().zip(&expected) {
        assert!((heavy - expected).abs() < 1e-13, "{heavy} {expected}");
    }
}

#[test]
fn one_huge_target_does_not_round_the_others() {
    let n = 20_000;
    let mut y = Array1::from_shape_fn(n, |row| (row % 50 * 10) as f64);
    let mut x = Array2::from_shape_fn((n, 1), |(row, _)| (row % 50) as f64);
    (y[0], x[[0, 0]]) = (1e12, 1000.0);
    let dataset = Dataset::new(x, y);
    let tree = DecisionTree::params().fit(&dataset).unwrap();
    assert_eq!(tree.target_scale().parity(), Parity::Structure);
    assert_eq!(tree.predict(&dataset), dataset.targets);
    let forest = RandomForest::params().n_estimators(3).fit(&dataset).unwrap();
    assert_eq!(forest.target_scale().parity(), Parity::Structure);
}

#[test]
fn data_that_no_tree_can_use_are_refused() {
    let dataset = laptops();
    let with = |value: f64| {
        let mut records = dataset.records.clone();
        records[[3, 2]] = value;
        Dataset::new(records, dataset.targets.clone())
    };
    for value in [f64::INFINITY, f64::NEG_INFINITY, 1e39] {
        let refused = |error| matches!(error, Error::Feature { row: 3, feature: 2, .. });
        assert!(refused(DecisionTree::params().fit(&with(value)).unwrap_err()));
        assert!(refused(ExtraTrees::params().fit(&with(value)).unwrap_err()));
        assert!(refused(GradientBoosting::params().fit(&with(value)).unwrap_err()));
    }
    assert!(DecisionTree::params().fit(&with(f64::NAN)).is_ok());
    let refused = GradientBoosting::params().fit(&with(f64::NAN)).unwrap_err();
    assert!(matches!(refused, Error::Feature { row: 3, feature: 2, .. }));

    for y in [array![1.0, f64::NAN], array![1.0, 1e200]] {
        let dataset = Dataset::new(array![[0.0], [1.0]], y);
        assert!(matches!(DecisionTree::params().fit(&dataset), Err(Error::Target { row: 1, .. })));
        assert!(matches!(GradientBoosting::params().fit(&dataset), Err(Error::Target { row: 1, .. })));
    }
    let empty = Dataset::new(Array2::zeros((0, 3)), Array1::zeros(0));
    assert!(matches!(RandomForest::params().fit(&empty), Err(Error::Empty("rows"))));
    let weights = Array1::from_elem(80, 0.5);
    let refused = RandomForest::params().fit(&laptops().with_weights(weights)).unwrap_err();
    assert_eq!(refused.to_string(), "row 0: sample weight 0.5 is not a whole number; scale the weights");
}

#[test]
fn hyperparameters_outside_their_domain_are_refused() {
    let forest = RandomForest::params;
    for (name, params) in [
        ("n_estimators", forest().n_estimators(0)),
        ("n_estimators", forest().n_estimators(1_000_001)),
        ("max_samples", forest().max_samples(Samples::Count(0))),
        ("max_samples", forest().max_samples(Samples::Count(1 << 32))),
        ("max_samples", forest().max_samples(Samples::Fraction(0.0))),
        ("bootstrap", forest().max_samples(Samples::Count(5)).bootstrap(false)),
        ("max_depth", forest().max_depth(0)),
    ] {
        assert!(matches!(params.check(), Err(Error::Parameter { name: n, .. }) if n == name), "{name}");
    }
    let boosting = GradientBoosting::params;
    for (name, params) in [
        ("learning_rate", boosting().learning_rate(f64::NAN)),
        ("n_estimators", boosting().n_estimators(0)),
        ("n_estimators", boosting().n_estimators(usize::MAX)),
        ("subsample", boosting().subsample(1.5)),
        ("validation_fraction", boosting().validation_fraction(1.0)),
        ("n_iter_no_change", boosting().n_iter_no_change(0)),
        ("tol", boosting().tol(-1.0)),
    ] {
        assert!(matches!(params.check(), Err(Error::Parameter { name: n, .. }) if n == name), "{name}");
    }
}

#[test]
fn limits_that_nothing_reaches_are_as_good_as_none() {
    let (dataset, most) = (laptops(), usize::MAX);
    let tree = DecisionTree::params();
    let limited = tree.clone().max_depth(most).max_features(MaxFeatures::Count(most));
    assert_eq!(limited.fit(&dataset).unwrap(), tree.fit(&dataset).unwrap());
    let leaves = |most| DecisionTree::params().max_leaf_nodes(most).fit(&dataset).unwrap();
    assert_eq!(leaves(most), leaves(80));
    let stump = tree.min_samples_leaf(Samples::Count(most)).min_samples_split(Samples::Count(most));
    assert_eq!(stump.fit(&dataset).unwrap().tree().n_leaves(), 1);

    let boosting = |patience| {
        let params = GradientBoosting::params().n_estimators(5).random_state(1);
        params.n_iter_no_change(patience).fit(&dataset).unwrap()
    };
    assert_eq!(boosting(most), boosting(5));
}

#[test]
fn boosting_that_diverges_says_so() {
    let params = GradientBoosting::params().learning_rate(1e9).n_estimators(50);
    assert!(matches!(params.fit(&laptops()), Err(Error::Diverged(_))));
}

#[test]
fn boosting_needs_weight_wherever_it_sums() {
    let mut weights = Array1::zeros(80);
    weights[5] = 1.0;
    let params = GradientBoosting::params().subsample(0.1);
    assert!(matches!(params.fit(&laptops().with_weights(weights.clone())), Err(Error::Empty(_))));
    let params = GradientBoosting::params().n_iter_no_change(2);
    assert!(matches!(params.fit(&laptops().with_weights(weights)), Err(Error::Empty(_))));
}

#[test]
fn early_stopping_needs_rows_on_both_sides() {
    // All but none of the rows would be held out.
    let params = GradientBoosting::params().n_iter_no_change(2).validation_fraction(0.999);
    let refused = params.fit(&laptops()).unwrap_err().to_string();
    assert!(refused.starts_with("validation_fraction = 0.999: must be "), "{refused}");
}

#[test]
fn a_share_is_shown_as_one() {
    let tree = DecisionTree::params;
    let leaf = tree().min_samples_leaf(Samples::Fraction(1.0)).check().unwrap_err();
    assert_eq!(leaf.to_string(), "min_samples_leaf = 1.0: must be a share in (0, 1) or a number of rows");
    let features = tree().max_features(MaxFeatures::Fraction(-1.0)).check().unwrap_err();
    assert_eq!(
        features.to_string(),
        "max_features = -1.0: must be a share in (0, 1] or a number of features"
    );
    let samples = RandomForest::params().max_samples(Samples::Fraction(1e300)).fit(&laptops()).unwrap_err();
    assert_eq!(samples.to_string(), "max_samples = 1e300: must be less than 2^32 rows");
}

#[test]
fn progress_counts_trees_and_stages() {
    let progress = Progress::default();
    RandomForest::params().n_estimators(6).progress(progress.clone()).fit(&laptops()).unwrap();
    assert_eq!(progress.done(), 6);
    GradientBoosting::params().n_estimators(4).progress(progress.clone()).fit(&laptops()).unwrap();
    assert_eq!(progress.done(), 10);
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let value = prop_oneof![8 => (-4i8..5).prop_map(|x| f64::from(x) / 2.0), 1 => Just(f64::NAN)];
    let row = (prop::collection::vec(value, 3), -5000i32..5000);
    prop::collection::vec(row, 1..30).prop_map(|rows| {
        let x = rows.iter().flat_map(|(x, _)| x.clone()).collect();
        let y = rows.iter().map(|(_, y)| f64::from(*y) / 100.0).collect();
        Dataset::new(Array2::from_shape_vec((rows.len(), 3), x).unwrap(), y)
    })
}

proptest! {
    #[test]
    fn predictions_stay_within_the_targets(dataset in any_rows(), seed in any::<u32>()) {
        let low = dataset.targets.iter().copied().fold(f64::MAX, f64::min);
        let high = dataset.targets.iter().copied().fold(f64::MIN, f64::max);
        let slack = 1e-12 * low.abs().max(high.abs());
        let tree = ExtraTree::params().random_state(seed).fit(&dataset).unwrap();
        let forest = RandomForest::params().n_estimators(3).random_state(seed).fit(&dataset).unwrap();
        for y in tree.predict(&dataset).iter().chain(&forest.predict(&dataset)) {
            prop_assert!(*y >= low - slack && *y <= high + slack);
        }
    }

    #[test]
    fn a_weight_of_two_is_a_row_twice(dataset in any_rows(), seed in any::<u32>()) {
        let n = dataset.targets.len();
        let weights: Vec<usize> = (0..n).map(|i| (i + seed as usize % 5) % 3).collect();
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let rows: Vec<usize> = (0..n).flat_map(|i| std::iter::repeat_n(i, weights[i])).collect();
        let repeated = permuted(&dataset, &rows);
        let weighted = dataset.with_weights(weights.iter().map(|weight| *weight as f32).collect());
        let params = DecisionTree::params().random_state(seed).max_features(MaxFeatures::Count(2));
        let (weighted, repeated) = (params.fit(&weighted).unwrap(), params.fit(&repeated).unwrap());
        // Rows of weight 0 still count for the decimals.
        prop_assume!(weighted.target_scale() == repeated.target_scale());
        let splits = |model: &DecisionTree| {
            let nodes = model.tree().nodes().iter();
            nodes.map(|node| (node.feature, node.threshold, node.value)).collect::<Vec<_>>()
        };
        prop_assert_eq!(splits(&weighted), splits(&repeated));
    }
}

/// 600 rows of one number with as many values and one flag.
fn curve() -> Rows {
    let x = Array2::from_shape_fn((600, 2), |(i, j)| match j {
        0 => (i * 7 % 600) as f64 / 600.0,
        _ => f64::from(u8::from(i % 3 == 0)),
    });
    let y = x.rows().into_iter().map(|x| (6.0 * x[0]).sin() + x[1]).collect();
    Dataset::new(x, y)
}

#[test]
fn few_values_need_no_bins() {
    let exact = GradientBoosting::params().n_estimators(20);
    assert_eq!(exact.fit(&laptops()).unwrap(), exact.clone().max_bins(13).fit(&laptops()).unwrap());
    assert_ne!(exact.fit(&laptops()).unwrap(), exact.clone().max_bins(3).fit(&laptops()).unwrap());
}

#[test]
fn bins_cost_little() {
    let data = curve();
    let error = |params: regressors::boosting::GradientBoostingParams| {
        let predicted = params.fit(&data).unwrap().predict(&data);
        (predicted - &data.targets).mapv(|difference| difference * difference).mean().unwrap().sqrt()
    };
    let params = || GradientBoosting::params().learning_rate(0.3);
    let (exact, binned) = (error(params()), error(params().max_bins(32)));
    assert!(exact < binned && binned < 0.1, "{exact} {binned}");
    assert!(matches!(params().max_bins(1).check(), Err(Error::Parameter { name: "max_bins", .. })));
    assert!(matches!(params().max_bins(256).check(), Err(Error::Parameter { name: "max_bins", .. })));
}

#[test]
fn bins_of_many_rows_do_not_depend_on_their_turns() {
    // Every second row is 0.
    let x = Array2::from_shape_fn((400_000, 1), |(row, _)| (row % 2 * (row * 7919 % 400_001)) as f64);
    let y = x.column(0).to_owned();
    let data = Dataset::new(x, y);
    let predicted =
        GradientBoosting::params().n_estimators(30).max_bins(255).fit(&data).unwrap().predict(&data);
    let error = (predicted - &data.targets).mapv(|difference| difference * difference).mean().unwrap().sqrt();
    assert!(error < 0.1 * data.targets.std(0.0), "{error}");
}

#[test]
fn large_nodes_are_the_same_on_any_number_of_threads() {
    let x = Array2::from_shape_fn((70_000, 6), |(i, j)| match j {
        0..4 => ((i * (2 * j + 7919) + j) % 70_001) as f64,
        _ => ((i * (j + 3)) % 97) as f64,
    });
    let y = x.rows().into_iter().map(|x| (x[0] * x[1] % 1009.0) + x[4]).collect::<Array1<f64>>();
    let data = Dataset::new(x, y);
    let fit = |threads, max_bins: Option<usize>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let params = GradientBoosting::params().n_estimators(2).max_bins(max_bins);
        pool.install(|| params.fit(&data).unwrap())
    };
    for max_bins in [None, Some(64)] {
        assert_eq!(fit(1, max_bins), fit(3, max_bins));
    }
}
