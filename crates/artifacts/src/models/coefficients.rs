//! A linear model as rows of coefficients.

use super::{json, parse};
use crate::table::{Table, Writing};
use ndarray::Array1;
use regressors::LinearRegression;
use stage::Result;
use std::io::Write;

/// One row per feature, in order; coefficients are those of the scaled features.
pub(super) fn write(
    table: Writing,
    model: &LinearRegression,
    features: &[String],
    file: &mut (dyn Write + Send),
) -> Result<()> {
    table
        .meta("intercept", json(&model.intercept())?)
        .meta("rank", model.rank().to_string())
        .texts("feature", features)
        .f64s("coefficient", model.coefficients().iter().copied())
        .write(file)
}

pub(super) fn read(table: &Table) -> Result<LinearRegression> {
    let coefficients = Array1::from(table.f64s("coefficient")?);
    LinearRegression::from_parts(coefficients, parse(table, "intercept")?, parse(table, "rank")?)
        .map_err(|error| table.refuse(error))
}
