//! When and how work on one table is shared between threads.

use rayon::prelude::*;
use std::iter::Sum;
use std::ops::Range;

/// Whether work on so many values is worth several threads.
pub(crate) fn is_parallel(n_values: usize) -> bool {
    const WORTH: usize = 1 << 18;
    n_values >= WORTH && rayon::current_num_threads() > 1
}

/// Lets a thread of the pool do work on so many values, if they are worth several threads.
///
/// Of work in many steps, most of them shared: with each, a thread from outside would fall asleep until the pool's
/// are done.
pub(crate) fn in_pool<R: Send>(n_values: usize, work: impl FnOnce() -> R + Send) -> R {
    if is_parallel(n_values) { rayon::scope(|_| work()) } else { work() }
}

/// Parts of the rows, as many as threads are worth it for so many values.
pub(crate) fn parts(n_rows: usize, n_values: usize) -> Vec<Range<usize>> {
    let size = part_size(n_rows, n_values);
    (0..n_rows).step_by(size).map(|start| start..(start + size).min(n_rows)).collect()
}

/// The number of rows of all [`parts`] but the last.
pub(crate) fn part_size(n_rows: usize, n_values: usize) -> usize {
    let n_parts = if is_parallel(n_values) { rayon::current_num_threads() } else { 1 };
    n_rows.div_ceil(n_parts).max(1)
}

/// Lets `fill` work on parts of a value per row, the first row's number given.
pub(crate) fn for_each_part<T: Send>(values: &mut [T], fill: impl Fn(usize, &mut [T]) + Sync) {
    let n_values = values.len();
    for_each_part_of(values, n_values, fill);
}

/// As [`for_each_part`], where work on the rows is worth so many values.
pub(crate) fn for_each_part_of<T: Send>(
    values: &mut [T],
    n_values: usize,
    fill: impl Fn(usize, &mut [T]) + Sync,
) {
    let size = part_size(values.len(), n_values);
    if size >= values.len() {
        fill(0, values);
    } else {
        let parts = values.par_chunks_mut(size).enumerate();
        parts.for_each(|(part, values)| fill(part * size, values));
    }
}

/// A row whose number is given is worth so many values, for it is looked up.
pub(crate) const VALUES_PER_ROW: usize = 4;

/// The sum of what `sum` makes of each part of the rows, whose numbers are given.
#[inline]
pub(crate) fn sum_rows<R: Sum<R> + Send>(rows: &[u32], sum: impl Fn(&[u32]) -> R + Send + Sync) -> R {
    let n_values = VALUES_PER_ROW * rows.len();
    if is_parallel(n_values) {
        rows.par_chunks(part_size(rows.len(), n_values)).map(sum).sum()
    } else {
        sum(rows)
    }
}

/// What `sum` makes of each part of a value per row.
pub(crate) fn map_parts<T: Sync, R: Send>(values: &[T], sum: impl Fn(&[T]) -> R + Send + Sync) -> Vec<R> {
    let size = part_size(values.len(), values.len());
    if size >= values.len() { vec![sum(values)] } else { values.par_chunks(size).map(sum).collect() }
}
