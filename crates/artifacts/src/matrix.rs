//! Matrices of features, which artifacts hold column by column.

use crate::table::Table;
use ndarray::{Array2, ArrayView1, ArrayViewMut1, ShapeBuilder};
use rayon::prelude::*;
use stage::Result;

/// In which order a matrix is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As learners take it.
    Rows,
    /// As artifacts have it.
    Columns,
}

/// The named columns of a table.
pub(crate) fn read(table: &Table, names: &[String], order: Order) -> Result<Array2<f64>> {
    let mut matrix = Array2::zeros((table.rows()?, names.len()).set_f(order == Order::Columns));
    let columns: Vec<_> = matrix.columns_mut().into_iter().collect();
    let fill = |(name, mut column): (&String, ArrayViewMut1<'_, f64>)| {
        table.f64s(name).map(|values| column.assign(&ArrayView1::from(&values)))
    };
    let filled: Vec<Result<()>> = names.par_iter().zip(columns).map(fill).collect();
    filled.into_iter().collect::<Result<()>>()?;
    Ok(matrix)
}

/// The values column by column.
pub(crate) fn into_columns(values: Array2<f64>) -> Vec<f64> {
    if !values.t().is_standard_layout() {
        return values.t().iter().copied().collect();
    }
    let n = values.len();
    let (mut all, offset) = values.into_raw_vec_and_offset();
    all.drain(..offset.unwrap_or(0));
    all.truncate(n);
    all
}

/// The given rows of `values`, of shape `(n_samples, n_features)`; stored by row if `values` are, else by column.
///
/// # Panics
/// If there is no such row.
pub fn take_rows(values: &Array2<f64>, rows: &[usize]) -> Array2<f64> {
    let shape = (rows.len(), values.ncols());
    if values.is_standard_layout() {
        let mut taken = Array2::zeros(shape);
        for (mut to, &row) in taken.rows_mut().into_iter().zip(rows) {
            to.assign(&values.row(row));
        }
        return taken;
    }
    let mut taken = Array2::zeros(shape.f());
    let columns: Vec<_> = taken.columns_mut().into_iter().zip(values.columns()).collect();
    columns.into_par_iter().for_each(|(to, from)| {
        for (to, &row) in to.into_iter().zip(rows) {
            *to = from[row];
        }
    });
    taken
}
