//! The rows that count in each slot, for the sums over all of them.

use super::bag::Bag;
use super::columns::Columns;
use super::packed::Packed;
use crate::parallel::parts;
use std::ops::Range;

/// Rows that are neighbours: their sums fit into the first-level cache.
const BLOCK: usize = 2048;

/// Block by block of rows and slot by slot, the rows that count in a slot.
///
/// Added up in this order, sums stay in registers and loops have long runs. For a node deep in a tree, there
/// is no such order of its rows.
#[derive(Clone, Debug)]
pub(super) struct BySlot {
    /// Where the rows of each slot begin, and where those of the last end.
    starts: Vec<usize>,
    /// Places of rows in their block.
    rows: Vec<u16>,
    n_rows: usize,
    n_slots: usize,
}

/// Rows of a block and a slot, on average, that make up for the end of their loop.
const LEAST_ROWS: usize = 16;

impl BySlot {
    pub(super) fn is_worth_it(columns: &Columns) -> bool {
        BLOCK * columns.slots_per_row() >= LEAST_ROWS * columns.n_slots()
    }

    pub(super) fn new(columns: &Columns, n_rows: usize) -> Self {
        let n_slots = columns.n_slots();
        let mut by_slot = Self { starts: vec![0], rows: Vec::new(), n_rows, n_slots };
        let mut ends = vec![0; n_slots];
        for block in by_slot.blocks() {
            ends.fill(0);
            for row in block.clone() {
                columns.for_each_slot(row as u32, |slot| ends[slot] += 1);
            }
            let mut end = by_slot.rows.len();
            for count in &mut ends {
                by_slot.starts.push(end + *count);
                (*count, end) = (end, end + *count);
            }
            by_slot.rows.resize(end, 0);
            for row in block.clone() {
                columns.for_each_slot(row as u32, |slot| {
                    by_slot.rows[ends[slot]] = (row - block.start) as u16;
                    ends[slot] += 1;
                });
            }
        }
        by_slot
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let n_rows = self.n_rows;
        (0..n_rows).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(n_rows))
    }

    /// Parts of the blocks, as many as threads are worth it.
    pub(super) fn parts(&self) -> Vec<Range<usize>> {
        parts(self.n_rows.div_ceil(BLOCK), self.rows.len())
    }

    /// Adds up the rows of some blocks by slot; what is not in the bag adds nothing.
    pub(super) fn add<P: Packed>(&self, bag: &Bag<'_, P>, blocks: Range<usize>, sums: &mut [P]) {
        let mut of_block = [P::default(); BLOCK];
        for block in blocks {
            let first = block * BLOCK;
            let n_rows = (self.n_rows - first).min(BLOCK);
            for (sum, row) in of_block[..n_rows].iter_mut().zip(first as u32..) {
                *sum = bag.of(row);
            }
            let starts = &self.starts[block * self.n_slots..][..=self.n_slots];
            for (sum, range) in sums.iter_mut().zip(starts.windows(2)) {
                let rows = &self.rows[range[0]..range[1]];
                *sum += rows.iter().map(|row| of_block[usize::from(*row) % BLOCK]).sum();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::bag::rows_with_weight;
    use crate::tree::histogram::Histograms;
    use crate::tree::packed::Layout;
    use ndarray::Array2;

    #[test]
    fn sums_are_those_of_the_rows() {
        // Enough for several threads.
        let n_rows = 100 * BLOCK + 77;
        let records = Array2::from_shape_fn((n_rows, 4), |(row, feature)| match feature {
            0 => (row * 7919 % 5) as f64,
            1 => f64::from(u8::from(row % 17 == 3)),
            2 => f64::from(u8::from(row * row % 7 < 4)),
            _ => 1.0,
        });
        let columns = Columns::new(&records.view(), None).unwrap().with_rows_by_slot();
        let targets: Vec<i64> = (0..n_rows as i64).map(|row| row * row % 1009 - 300).collect();
        let weights: Vec<u32> = (0..n_rows as u32).map(|row| row * 31 % 3).collect();
        let layout = Layout::new(n_rows as u64, 1 << 20, 1 << 30, true);
        let bag = Bag::<i128>::new(&targets, Some(&weights), layout);
        let mut expected = vec![0; columns.n_slots()];
        for row in rows_with_weight(n_rows, Some(&weights), Vec::new()) {
            columns.for_each_slot(row, |slot| expected[slot] += bag.of(row));
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let rows = rows_with_weight(n_rows, Some(&weights), Vec::new());
            let mut histograms = Histograms::new(&columns);
            assert_eq!(pool.install(|| columns.by_slot().unwrap().parts().len()), threads);
            let id = pool.install(|| histograms.count_root(&rows, &bag));
            assert_eq!(histograms.get(Some(id)), expected);
        }
    }
}
