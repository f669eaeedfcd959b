//! Matrices stored by column, as tables are: whole columns are read, copied and written in one go.

use ndarray::{Array2, ShapeBuilder};

/// Zeros.
pub fn zeros(rows: usize, columns: usize) -> Array2<f64> {
    Array2::zeros((rows, columns).f())
}

/// Some rows of a matrix, in the given order.
///
/// # Panics
/// If there is no such row.
pub fn rows(matrix: &Array2<f64>, rows: &[usize]) -> Array2<f64> {
    let mut chosen = zeros(rows.len(), matrix.ncols());
    for (mut to, from) in chosen.columns_mut().into_iter().zip(matrix.columns()) {
        to.iter_mut().zip(rows).for_each(|(to, &row)| *to = from[row]);
    }
    chosen
}

/// Some columns of a matrix, in the given order.
///
/// # Panics
/// If there is no such column.
pub fn columns(matrix: &Array2<f64>, columns: &[usize]) -> Array2<f64> {
    let mut chosen = zeros(matrix.nrows(), columns.len());
    for (mut to, &column) in chosen.columns_mut().into_iter().zip(columns) {
        to.assign(&matrix.column(column));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_and_columns_are_taken_in_the_given_order() {
        let matrix = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        assert_eq!(rows(&matrix, &[1, 0, 1]), array![[4.0, 5.0, 6.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(columns(&matrix, &[2, 0]), array![[3.0, 1.0], [6.0, 4.0]]);
        assert_eq!(columns(&matrix, &[2, 0]).strides(), [1, 2]);
    }
}
