//! When and how a fit's work on one node or one table is shared between threads.

use std::ops::Range;

/// Whether work on so many values is worth several threads.
pub(super) fn is_parallel(n_values: usize) -> bool {
    const WORTH: usize = 1 << 18;
    n_values >= WORTH && rayon::current_num_threads() > 1
}

/// Parts of the rows, as many as threads are worth it for so many values.
pub(super) fn parts(n_rows: usize, n_values: usize) -> Vec<Range<usize>> {
    let n_parts = if is_parallel(n_values) { rayon::current_num_threads() } else { 1 };
    let size = n_rows.div_ceil(n_parts).max(1);
    (0..n_rows).step_by(size).map(|start| start..(start + size).min(n_rows)).collect()
}
