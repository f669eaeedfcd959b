//! Rows that go left and rows that go right.

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
}
