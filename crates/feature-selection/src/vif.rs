//! Backward elimination by variance inflation factors.
//!
//! The factor of a column is `1 / (1 - R^2)` of its regression, with intercept, on all other columns: the
//! diagonal of the inverse of the columns' correlation matrix. One factorisation gives all of them, and a
//! column leaves by a rank-one downdate of that inverse instead of a new fit.

use ndarray::Array2;
use rayon::prelude::*;

/// Residual variances below this share count as exact collinearity: an infinite factor.
const COLLINEAR: f64 = 1e-10;

/// Factors this close to the largest (relatively) tie with it; the last column goes.
const TIE: f64 = 1e-9;

/// A downdate by a larger factor loses digits, so the inverse is made anew.
const REFACTOR_ABOVE: f64 = 1e6;

/// A column that left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drop {
    /// Position of the column.
    pub column: usize,
    /// Its factor at that time; infinite for constant and exactly collinear columns.
    pub vif: f64,
}

/// What an elimination leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Elimination {
    /// Columns that left, in this order.
    pub dropped: Vec<Drop>,
    /// Columns that stayed, in column order, with their factors.
    pub kept: Vec<(usize, f64)>,
}

/// Drops the column with the largest variance inflation factor until none is above `limit`.
///
/// Each of the columns has `n_samples` values. Of several infinite factors the last in column order goes.
/// Costs `O(n p^2)` for the correlations, `O(p^3)` for the inverse and `O(p^2)` per column that leaves.
pub fn eliminate(columns: Vec<Vec<f64>>, limit: f64) -> Elimination {
    let correlation = correlation(columns);
    let (basis, collinear) = greedy_basis(&correlation);
    // Of infinite factors the last goes first; that leaves the columns that no earlier ones span.
    let mut dropped: Vec<Drop> =
        collinear.into_iter().rev().map(|column| Drop { column, vif: f64::INFINITY }).collect();
    let mut kept = basis;
    let mut inverse = inverse(&correlation, &kept);
    while let Some((place, vif)) = largest(&inverse).filter(|(_, vif)| *vif > limit) {
        dropped.push(Drop { column: kept.remove(place), vif });
        inverse =
            if vif > REFACTOR_ABOVE { self::inverse(&correlation, &kept) } else { without(&inverse, place) };
    }
    let factors = inverse.diag();
    let kept = kept.into_iter().zip(factors).map(|(column, &vif)| (column, vif)).collect();
    Elimination { dropped, kept }
}

/// Correlations of all pairs of columns; a constant column has variance 0 and no correlations.
fn correlation(mut columns: Vec<Vec<f64>>) -> Array2<f64> {
    columns.par_iter_mut().for_each(|column| standardize(column));
    let of_column = |i: usize| columns[..=i].iter().map(|other| dot(&columns[i], other)).collect();
    let lower: Vec<Vec<f64>> = (0..columns.len()).into_par_iter().map(of_column).collect();
    Array2::from_shape_fn((columns.len(), columns.len()), |(i, j)| if j <= i { lower[i][j] } else { 0.0 })
}

/// Centres the column and gives it the norm 1; a constant one becomes zeros.
fn standardize(column: &mut [f64]) {
    center(column);
    // Of tiny or huge values the squares would leave the range of numbers.
    let largest = column.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest > 0.0 {
        column.iter_mut().for_each(|x| *x /= largest);
        let norm = dot(column, column).sqrt();
        column.iter_mut().for_each(|x| *x /= norm);
    }
}

/// Takes the mean from the values. They are told from the first one beforehand: a sum of large values would round away
/// what small differences they have, and a constant is zeros then, without noise.
pub(crate) fn center(values: &mut [f64]) {
    let first = values.first().copied().unwrap_or(0.0);
    values.iter_mut().for_each(|x| *x -= first);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|x| *x -= mean);
}

/// A dot product in four lanes: the same bits on every processor.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (a_chunks, a_rest) = a.as_chunks::<4>();
    let (b_chunks, b_rest) = b.as_chunks::<4>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..4 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

/// Columns that no earlier ones span, and the others, both ascending. Cholesky without pivoting.
fn greedy_basis(correlation: &Array2<f64>) -> (Vec<usize>, Vec<usize>) {
    let (mut basis, mut collinear) = (Vec::new(), Vec::new());
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for column in 0..correlation.nrows() {
        let row = forward_solve(&factor, |place| correlation[[column, basis[place]]]);
        let residual = correlation[[column, column]] - dot(&row, &row);
        if residual < COLLINEAR {
            collinear.push(column);
        } else {
            basis.push(column);
            factor.push(row.into_iter().chain([residual.sqrt()]).collect());
        }
    }
    (basis, collinear)
}

/// Solves `L x = b` for the lower triangular `L` whose rows are `factor`.
fn forward_solve(factor: &[Vec<f64>], b: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(factor.len() + 1);
    for (place, row) in factor.iter().enumerate() {
        let known = dot(&row[..place], &x);
        x.push((b(place) - known) / row[place]);
    }
    x
}

/// The inverse of the correlation matrix of the columns in `kept`, which are independent.
fn inverse(correlation: &Array2<f64>, kept: &[usize]) -> Array2<f64> {
    let n = kept.len();
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(n);
    for &column in kept {
        let row = forward_solve(&factor, |place| correlation[[column, kept[place]]]);
        let residual = correlation[[column, column]] - dot(&row, &row);
        factor.push(row.into_iter().chain([residual.max(COLLINEAR).sqrt()]).collect());
    }
    // Columns of inverse(L); the inverse of L L' is inverse(L)' inverse(L).
    let half: Vec<Vec<f64>> =
        (0..n).map(|unit| forward_solve(&factor, |place| f64::from(u8::from(place == unit)))).collect();
    Array2::from_shape_fn((n, n), |(i, j)| dot(&half[i], &half[j]))
}

/// The place of the largest factor, the last of those that tie.
fn largest(inverse: &Array2<f64>) -> Option<(usize, f64)> {
    let factors = inverse.diag();
    let max = factors.iter().copied().reduce(f64::max)?;
    let place = factors.iter().rposition(|&vif| vif >= max * (1.0 - TIE))?;
    Some((place, factors[place]))
}

/// The inverse after the column at `place` left: `m_ij - m_ik m_kj / m_kk` without row and column k.
fn without(inverse: &Array2<f64>, place: usize) -> Array2<f64> {
    let n = inverse.nrows() - 1;
    let old = |i: usize| if i < place { i } else { i + 1 };
    Array2::from_shape_fn((n, n), |(i, j)| {
        let (i, j) = (old(i), old(j));
        inverse[[i, j]] - inverse[[i, place]] * inverse[[place, j]] / inverse[[place, place]]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn columns(records: &Array2<f64>) -> Vec<Vec<f64>> {
        records.columns().into_iter().map(|column| column.to_vec()).collect()
    }

    #[test]
    fn what_is_added_to_a_column_or_multiplied_does_not_count() {
        let bit = |row: usize, step: usize| f64::from(u8::from(row * step % 11 < 5));
        let table = |scale: [f64; 3], offset: [f64; 3]| {
            let column = |place: usize, step| {
                (0..1000).map(|row| scale[place] * bit(row, step) + offset[place]).collect()
            };
            vec![column(0, 3), column(1, 5), column(2, 7)]
        };
        let plain = eliminate(table([1.0; 3], [0.0; 3]), 20.0);
        assert_eq!(plain.kept.len(), 3);
        for (scale, offset) in
            [([1.0; 3], [1e15, 1e9, 1e15]), ([1.0; 3], [-1e15, 4e15, 1e12]), ([1e-200, 1e200, 1.0], [0.0; 3])]
        {
            let elimination = eliminate(table(scale, offset), 20.0);
            assert!(elimination.dropped.is_empty(), "{offset:?}: {elimination:?}");
            for ((_, vif), (_, expected)) in elimination.kept.iter().zip(&plain.kept) {
                assert!((vif / expected - 1.0).abs() < 1e-12, "{offset:?}: {vif} {expected}");
            }
        }
    }

    #[test]
    fn constant_and_collinear_columns_leave_last_first() {
        // Columns 1 and 2 are complements, column 3 is constant, column 4 doubles column 0.
        let records = array![
            [1.0, 0.0, 1.0, 7.1, 2.0],
            [2.0, 1.0, 0.0, 7.1, 4.0],
            [4.0, 1.0, 0.0, 7.1, 8.0],
            [3.0, 0.0, 1.0, 7.1, 6.0],
            [9.0, 0.0, 1.0, 7.1, 18.0],
        ];
        let elimination = eliminate(columns(&records), 20.0);
        let order: Vec<usize> = elimination.dropped.iter().map(|drop| drop.column).collect();
        assert_eq!(order, [4, 3, 2]);
        assert!(elimination.dropped.iter().all(|drop| drop.vif.is_infinite()));
        assert_eq!(elimination.kept.len(), 2);
    }

    #[test]
    fn two_columns_have_the_factor_of_their_correlation() {
        let records = array![[1.0, 1.0], [2.0, 2.5], [3.0, 2.0], [4.0, 4.5]];
        let r_squared: f64 = 5.0f64.powi(2) / (5.0 * 6.5);
        let expected = 1.0 / (1.0 - r_squared);
        for (_, vif) in eliminate(columns(&records), f64::INFINITY).kept {
            assert!((vif / expected - 1.0).abs() < 1e-12, "{vif} {expected}");
        }
        assert_eq!(eliminate(columns(&records), 1.5).dropped.len(), 1);
    }
}
