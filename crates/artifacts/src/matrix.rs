//! Matrices of features, which artifacts hold column by column.

use ndarray::{Array2, ArrayView1, ArrayViewMut1, Axis, ShapeBuilder};
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

/// The columns that `column` gives by their names, of so many rows.
pub(crate) fn read(
    rows: usize,
    names: &[String],
    order: Order,
    column: impl Fn(&str) -> Result<Vec<f64>> + Sync,
) -> Result<Array2<f64>> {
    let mut matrix = Array2::zeros((rows, names.len()).set_f(order == Order::Columns));
    let columns: Vec<_> = matrix.columns_mut().into_iter().collect();
    let fill = |(name, mut to): (&String, ArrayViewMut1<'_, f64>)| {
        column(name).map(|values| to.assign(&ArrayView1::from(&values)))
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
    if values.is_standard_layout() {
        return values.select(Axis(0), rows);
    }
    // Column by column: `select` would go through all of them for every row, and turn them into rows.
    let mut taken = Array2::zeros((rows.len(), values.ncols()).f());
    let columns: Vec<_> = taken.columns_mut().into_iter().zip(values.columns()).collect();
    columns.into_par_iter().for_each(|(to, from)| {
        for (to, &row) in to.into_iter().zip(rows) {
            *to = from[row];
        }
    });
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Slice, array};

    #[test]
    fn rows_and_columns_are_the_same_however_values_are_stored() {
        let by_row = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]];
        let mut by_column = Array2::zeros(by_row.dim().f());
        by_column.assign(&by_row);
        for values in [&by_row, &by_column] {
            let taken = take_rows(values, &[2, 0, 2]);
            assert_eq!(taken, array![[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]);
            assert_eq!(taken.is_standard_layout(), values.is_standard_layout());
            assert_eq!(into_columns(values.clone()), [1.0, 3.0, 5.0, 7.0, 2.0, 4.0, 6.0, 8.0]);
        }
        // What is cut off stays in memory.
        by_column.slice_axis_inplace(Axis(1), Slice::from(1..));
        assert_eq!(into_columns(by_column), [2.0, 4.0, 6.0, 8.0]);
    }
}
