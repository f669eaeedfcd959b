//! Fits and predictions of every learner on a one-hot and on a continuous table.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use linfa::traits::{Fit, Predict};
use linfa::{Dataset, ParamGuard};
use ndarray::{Array1, Array2, Ix1};
use regressors::random::RandomState;
use regressors::tree::TreeParams;
use regressors::{
    DecisionTree, ExtraTree, ExtraTrees, GradientBoosting, LinearRegression, Mlp, RandomForest,
};
use std::time::Duration;

type Table = Dataset<f64, f64, Ix1>;

const ROWS: usize = 1000;

/// Four categories of eight levels each, one-hot, two numbers of few values, and whole prices.
fn one_hot() -> Table {
    let mut random = RandomState::new(1);
    let mut draw = |below: f64| (random.random_sample() * below) as usize;
    let mut records = Array2::zeros((ROWS, 34));
    let price = |mut row: ndarray::ArrayViewMut1<'_, f64>| {
        let levels: [usize; 4] = std::array::from_fn(|_| draw(8.0));
        levels.iter().enumerate().for_each(|(category, level)| row[category * 8 + level] = 1.0);
        (row[32], row[33]) = (draw(4.0) as f64 / 4.0, draw(20.0) as f64 / 20.0);
        let effects: usize = levels.iter().zip([90, 40, 20, 5]).map(|(level, effect)| level * effect).sum();
        (effects as f64 * (1.0 + row[32]) + 800.0 * row[33] + draw(100.0) as f64).round()
    };
    let prices: Array1<f64> = records.rows_mut().into_iter().map(price).collect();
    Dataset::new(records, prices)
}

/// Ten uniform columns and a smooth target, to two decimals.
fn continuous() -> Table {
    let mut random = RandomState::new(2);
    let records = Array2::from_shape_simple_fn((ROWS, 10), || random.random_sample());
    let target = |x: ndarray::ArrayView1<'_, f64>| {
        let y = 10.0 * (3.0 * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4];
        (y * 100.0).round() / 100.0
    };
    let targets = records.rows().into_iter().map(target).collect();
    Dataset::new(records, targets)
}

/// Times a fit to `table` and a prediction of its rows.
fn bench<P>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, params: P, table: &Table)
where
    P: ParamGuard,
    P::Error: std::fmt::Debug,
    P::Checked: Fit<Array2<f64>, Array1<f64>, regressors::Error>,
    for<'a> <P::Checked as Fit<Array2<f64>, Array1<f64>, regressors::Error>>::Object:
        Predict<&'a Array2<f64>, Array1<f64>>,
{
    let params = params.check().expect("hyperparameters of a benchmark are valid");
    let fit = || params.fit(table).expect("tables of a benchmark can be fitted");
    group.bench_function(format!("{name}/fit"), |bencher| bencher.iter(fit));
    let model = fit();
    group.bench_function(format!("{name}/predict"), |bencher| {
        bencher.iter(|| -> Array1<f64> { model.predict(&table.records) });
    });
}

fn learners(criterion: &mut Criterion, name: &str, table: &Table) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.measurement_time(Duration::from_millis(400));
    bench(&mut group, "decision tree", DecisionTree::params().random_state(42), table);
    bench(&mut group, "extra tree", ExtraTree::params().random_state(42), table);
    bench(&mut group, "random forest", RandomForest::params().random_state(42), table);
    bench(&mut group, "extra trees", ExtraTrees::params().random_state(42), table);
    bench(&mut group, "gradient boosting", GradientBoosting::params().random_state(42), table);
    bench(&mut group, "linear regression", LinearRegression::params(), table);
    let mlp = Mlp::params().hidden_layer_sizes([16]).max_iter(10).random_state(42);
    bench(&mut group, "MLP", mlp, table);
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    learners(&mut criterion, "one-hot", &one_hot());
    learners(&mut criterion, "continuous", &continuous());
    criterion.final_summary();
}
