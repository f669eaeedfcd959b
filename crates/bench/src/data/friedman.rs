//! Friedman's first function of five of many continuous features.

use super::{Table, cents};
use crate::draw::Draw;
use ndarray::Array2;
use std::f64::consts::PI;

const FEATURES: usize = 20;

/// Uniform features; labels are the function with normal noise, rounded to two decimals.
pub(super) fn table(rows: usize, draw: &mut Draw) -> Table {
    let mut values = Array2::zeros((rows, FEATURES));
    let mut label = Vec::with_capacity(rows);
    for mut row in values.rows_mut() {
        row.iter_mut().for_each(|x| *x = draw.uniform());
        let curve = 10.0 * (PI * row[0] * row[1]).sin() + 20.0 * (row[2] - 0.5).powi(2);
        label.push(cents(curve + 10.0 * row[3] + 5.0 * row[4] + draw.normal()));
    }
    let names = (0..FEATURES).map(|feature| format!("x{feature}")).collect();
    Table { names, values, label }
}
