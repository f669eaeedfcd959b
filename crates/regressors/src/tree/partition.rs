//! Rows that go left and rows that go right, and rows that are kept of others.

use crate::parallel::{VALUES_PER_ROW, is_parallel, part_size};
use rayon::prelude::*;

/// As [`partition`], by several threads if that is worth it.
#[inline(always)]
pub(super) fn partition_in_parts(
    rows: &mut [u32],
    moved: &mut [u32],
    goes_left: impl Fn(u32) -> bool + Sync,
) -> usize {
    let n_values = VALUES_PER_ROW * rows.len();
    if is_parallel(n_values) {
        partition_by_threads(rows, moved, part_size(rows.len(), n_values), goes_left)
    } else {
        partition(rows, moved, goes_left)
    }
}

/// As [`partition`], each thread some parts of `size` rows.
#[inline(never)]
fn partition_by_threads(
    rows: &mut [u32],
    moved: &mut [u32],
    size: usize,
    goes_left: impl Fn(u32) -> bool + Sync,
) -> usize {
    let parts = rows.par_chunks_mut(size).zip(moved.par_chunks_mut(size));
    let n_left: Vec<usize> = parts.map(|(rows, moved)| partition(rows, moved, &goes_left)).collect();
    // Every part has its left rows first: those of all parts move together.
    let (mut all_left, mut all_right) = (0, 0);
    for (part, n_left) in n_left.into_iter().enumerate() {
        let (start, end) = (part * size, rows.len().min((part + 1) * size));
        let right = start + n_left..end;
        moved[all_right..][..right.len()].copy_from_slice(&rows[right.clone()]);
        rows.copy_within(start..start + n_left, all_left);
        all_left += n_left;
        all_right += right.len();
    }
    rows[all_left..].copy_from_slice(&moved[..all_right]);
    all_left
}

/// Makes `kept` those of some rows that are kept, `n_kept` of them, in their order.
#[inline(always)]
pub(super) fn keep(
    rows: impl IntoIterator<Item = u32>,
    n_kept: usize,
    is_kept: impl Fn(u32) -> bool,
    kept: &mut Vec<u32>,
) {
    // No processor foretells which are: each is written, and where it is not kept, the next in its place.
    kept.resize(n_kept + 1, 0);
    let mut n = 0;
    for row in rows {
        kept[n] = row;
        n += usize::from(is_kept(row));
    }
    kept.truncate(n_kept);
}

/// Moves the rows that go left to the front, all in their order, and returns their number; `moved` is as long as `rows`.
#[inline(always)]
pub(super) fn partition(rows: &mut [u32], moved: &mut [u32], goes_left: impl Fn(u32) -> bool) -> usize {
    let (mut n_left, mut n_right) = (0, 0);
    // Every row is written to both sides, which spares a branch that is hard to predict.
    for at in 0..rows.len() {
        let row = rows[at];
        let left = goes_left(row);
        rows[n_left] = row;
        moved[n_right] = row;
        n_left += usize::from(left);
        n_right += usize::from(!left);
    }
    rows[n_left..].copy_from_slice(&moved[..n_right]);
    n_left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_sides_keep_their_order(rows in prop::collection::vec(0u32..100, 0..50), bar in 0u32..100) {
            let (left, right): (Vec<u32>, Vec<u32>) = rows.iter().partition(|row| **row < bar);
            let mut parted = rows.clone();
            let n_left = partition(&mut parted, &mut vec![0; rows.len()], |row| row < bar);
            prop_assert_eq!(n_left, left.len());
            prop_assert_eq!(parted, [left, right].concat());
        }
    }

    #[test]
    fn several_threads_part_alike() {
        let rows: Vec<u32> = (0..100_000).map(|row| row * 7919 % 100_003).collect();
        let goes_left = |row: u32| row.is_multiple_of(3);
        let mut expected = rows.clone();
        let n_left = partition(&mut expected, &mut vec![0; rows.len()], goes_left);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let mut parted = rows.clone();
        let in_parts = pool.install(|| partition_in_parts(&mut parted, &mut vec![0; rows.len()], goes_left));
        assert_eq!((in_parts, parted), (n_left, expected));
    }
}
