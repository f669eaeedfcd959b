//! Records and targets to fit.

use linfa::Dataset;
use ndarray::{Array1, Array2, Ix1};
use proptest::prelude::*;

pub(crate) type Rows = Dataset<f64, f64, Ix1>;

/// 40 rows of a one-hot pair, a flag, a column of zeros and two numbers, with prices in cents.
pub(crate) fn laptops() -> Rows {
    let x = Array2::from_shape_fn((40, 6), |(i, j)| match j {
        0 => f64::from(u8::from(i % 2 == 0)),
        1 => f64::from(u8::from(i % 2 == 1)),
        2 => f64::from(u8::from(i % 3 == 0)),
        3 => 0.0,
        _ => ((i * 7 + j * i * i) % 13) as f64 / 16.0,
    });
    let y = Array1::from_shape_fn(40, |i| 9.0 + (i * 31 % 17) as f64 + (i % 3) as f64 * 0.33);
    Dataset::new(x, y)
}

/// The laptops with one value replaced.
pub(crate) fn laptops_with(row: usize, feature: usize, value: f64) -> Rows {
    let mut laptops = laptops();
    laptops.records[[row, feature]] = value;
    laptops
}

/// Some rows of a matrix, in any order, most of them more than once or not at all.
pub(crate) fn some_rows(rows: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..rows, 1..rows)
}

/// Few rows of few values: ties, duplicates, constants and collinear columns are the rule.
pub(crate) fn any_rows() -> impl Strategy<Value = Rows> {
    (1_usize..9, 1_usize..5).prop_flat_map(|(rows, features)| {
        let cells = prop::collection::vec((-2_i8..3).prop_map(|x| f64::from(x) / 2.0), rows * features);
        let targets = prop::collection::vec((-500_i32..500).prop_map(|cents| f64::from(cents) / 100.0), rows);
        (cells, targets).prop_map(move |(cells, targets)| {
            Dataset::new(Array2::from_shape_vec((rows, features), cells).unwrap(), Array1::from(targets))
        })
    })
}
