//! Sums over a node's rows by slot, and how children get theirs from their parent's.

use super::bag::Bag;
use super::codes;
use super::columns::{CODES, Columns};
use super::packed::Packed;
use super::small;
use crate::parallel::{is_parallel, parts};
use crate::vectors::{Avx512, vectorized};
use rayon::prelude::*;
use std::ops::Range;

/// A packed sum per slot, by the number under which [`Histograms`] keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HistogramId(u32);

/// Makes and reuses histograms.
///
/// The larger child of a node never counts its rows: what the smaller one counts is subtracted from their
/// parent's histogram. Small nodes count into one that is cleared afterwards by its own rows.
#[derive(Debug)]
pub(super) struct Histograms<'a, P> {
    columns: &'a Columns,
    adder: Adder<'a>,
    kept: Vec<Vec<P>>,
    free: Vec<HistogramId>,
    scratch: Vec<P>,
    /// Nodes of fewer rows count anew instead of keeping a histogram.
    min_rows: usize,
}

impl<'a, P: Packed> Histograms<'a, P> {
    /// Fewest rows of a node with a histogram of its own: smaller ones have no use for it, if all features are drawn.
    const MIN_ROWS: usize = small::MAX_ROWS + 1;
    /// Slots that are subtracted in the time in which a row counts in one.
    const SLOTS_PER_COUNT: usize = 4;

    pub(super) fn new(columns: &'a Columns) -> Self {
        let worth = columns.n_slots() / (Self::SLOTS_PER_COUNT * columns.slots_per_row());
        let adder = Adder::new::<P>(columns);
        let scratch = vec![P::default(); adder.n_slots()];
        let min_rows = worth.max(Self::MIN_ROWS);
        Self { columns, adder, kept: Vec::new(), free: Vec::new(), scratch, min_rows }
    }

    /// Whether a node of so many rows has a histogram of its own.
    pub(super) fn keeps(&self, n_rows: usize) -> bool {
        n_rows >= self.min_rows
    }

    /// Sums up the rows of a root, which are all that are in the bag.
    pub(super) fn count_root(&mut self, rows: &[u32], bag: &Bag<'_, P>) -> HistogramId {
        let columns = self.columns;
        if let Some(by_slot) = columns.by_slot() {
            self.count_parts(by_slot.parts(), |part, sums| by_slot.add(bag, part, sums))
        } else if columns.codes_with_all_slots().is_some() && rows.len() == bag.n_rows() {
            let parts = parts(rows.len(), rows.len() * columns.slots_per_row());
            self.count_parts(parts, |part, sums| add_neighbours(columns, sums, part, bag))
        } else {
            self.count(rows, bag)
        }
    }

    /// Sums up the rows of a node that keeps its histogram.
    pub(super) fn count(&mut self, rows: &[u32], bag: &Bag<'_, P>) -> HistogramId {
        let (adder, n_values) = (self.adder, rows.len() * self.columns.slots_per_row());
        if is_parallel(n_values) {
            let add_part = |part, sums: &mut [P]| adder.add_many(sums, &rows[part], bag);
            self.count_parts(parts(rows.len(), n_values), add_part)
        } else {
            // A list of one part would cost most nodes, which have few rows, a hundredth of their instructions.
            let id = self.empty();
            adder.add_many(&mut self.kept[id.0 as usize], rows, bag);
            id
        }
    }

    /// Sums up what `add` adds for each of the parts of a node's rows.
    fn count_parts(
        &mut self,
        parts: Vec<Range<usize>>,
        add: impl Fn(Range<usize>, &mut [P]) + Sync,
    ) -> HistogramId {
        let id = self.empty();
        let histogram = &mut self.kept[id.0 as usize];
        match parts.as_slice() {
            [all] => add(all.clone(), histogram),
            _ => add_in_parts(histogram, parts, add),
        }
        id
    }

    fn empty(&mut self) -> HistogramId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.kept.push(Vec::new());
            HistogramId(self.kept.len() as u32 - 1)
        });
        let histogram = &mut self.kept[id.0 as usize];
        histogram.clear();
        histogram.resize(self.adder.n_slots(), P::default());
        id
    }

    /// Sums up few rows, to be forgotten by [`Self::clear`].
    pub(super) fn count_few(&mut self, rows: &[u32], bag: &Bag<'_, P>) {
        self.adder.add(&mut self.scratch, rows, |row| bag.of(row));
    }

    /// The sums under `id`, or without it those of few rows.
    pub(super) fn get(&self, id: Option<HistogramId>) -> &[P] {
        id.map_or(&self.scratch, |id| &self.kept[id.0 as usize])
    }

    /// Forgets the sums of few rows.
    pub(super) fn clear(&mut self, rows: &[u32]) {
        for row in rows {
            self.columns.for_each_slot(*row, |slot| self.scratch[slot] = P::default());
        }
    }

    /// Takes back a histogram that is no longer needed.
    pub(super) fn free(&mut self, id: HistogramId) {
        self.free.push(id);
    }

    /// Subtracts rows from their parent's histogram.
    pub(super) fn subtract_rows(&mut self, parent: HistogramId, rows: &[u32], bag: &Bag<'_, P>) {
        let parent = &mut self.kept[parent.0 as usize];
        self.adder.add(parent, rows, |row| P::default() - bag.of(row));
    }

    /// Subtracts a child's histogram from its parent's, which becomes the other child's.
    pub(super) fn subtract(&mut self, parent: HistogramId, child: HistogramId) {
        let mut parents = std::mem::take(&mut self.kept[parent.0 as usize]);
        let child = &self.kept[child.0 as usize];
        vectorized!(parents.iter_mut().zip(child).for_each(|(parent, child)| *parent -= *child));
        self.kept[parent.0 as usize] = parents;
    }
}

/// Adds rows to histograms.
#[derive(Clone, Copy, Debug)]
struct Adder<'a> {
    columns: &'a Columns,
    /// Some if it adds the binary features' slots in less time than [`Columns::for_each_rarer`].
    avx512: Option<Avx512>,
}

impl<'a> Adder<'a> {
    fn new<P: Packed>(columns: &'a Columns) -> Self {
        let is_worth_it = P::as_i64s(&mut []).is_some() && columns.are_dense(Avx512::SUMS);
        Self { columns, avx512: Avx512::new().filter(|_| is_worth_it) }
    }

    /// The slots that a histogram must have: some more where binary features' are added at once.
    fn n_slots(self) -> usize {
        let n_features = self.columns.n_features();
        let together = self.avx512.map_or(0, |_| n_features / WORD * WORD + slots_at_once(n_features % WORD));
        self.columns.n_slots().max(together)
    }

    /// Adds up rows of a node that keeps its histogram.
    fn add_many<P: Packed>(self, histogram: &mut [P], rows: &[u32], bag: &Bag<'_, P>) {
        let Some(codes_of) = self.columns.codes_with_all_slots() else {
            return self.add(histogram, rows, |row| bag.of(row));
        };
        let (of_rarer, of_codes) = histogram.split_at_mut(self.columns.n_features());
        let (slots, _) = of_codes.as_chunks_mut::<{ codes::LIMIT }>();
        let (mut sums, mut codes) = ([P::default(); ROWS_AT_ONCE], [[0; CODES]; ROWS_AT_ONCE]);
        for rows in rows.chunks(ROWS_AT_ONCE) {
            // Looked up before any is needed, many rows are on their way from memory at once.
            sums.iter_mut().zip(rows).for_each(|(sums, row)| *sums = bag.of(*row));
            for (sums, row) in sums.iter().zip(rows) {
                self.columns.for_each_rarer(*row, |slot| of_rarer[slot] += *sums);
            }
            // The slots of a block of features stay in the first-level cache.
            for (block, slots) in slots.chunks_mut(CODES).enumerate() {
                codes.iter_mut().zip(rows).for_each(|(codes, row)| *codes = codes_of(*row, block));
                add_block(slots, codes[..rows.len()].iter().zip(&sums));
            }
        }
    }

    /// Adds rows, each with the given sums.
    fn add<P: Packed>(self, histogram: &mut [P], rows: &[u32], sums_of: impl Fn(u32) -> P) {
        let Some(avx512) = self.avx512 else {
            for row in rows {
                let sums = sums_of(*row);
                self.columns.for_each_slot(*row, |slot| histogram[slot] += sums);
            }
            return;
        };
        if let Some(slots) = P::as_i64s(histogram) {
            vectorized!(self.add_bits(avx512, slots, rows, |row| sums_of(row).as_i64()));
        }
        for row in rows {
            let sums = sums_of(*row);
            self.columns.for_each_code(*row, |slot| histogram[slot] += sums);
        }
    }

    /// Adds to the slots of binary features, of which a row's bits tell those that it counts in.
    #[inline(always)]
    fn add_bits(self, avx512: Avx512, histogram: &mut [i64], rows: &[u32], sums_of: impl Fn(u32) -> i64) {
        let n_features = self.columns.n_features();
        for (word, slots) in histogram.chunks_mut(WORD).take(self.columns.words()).enumerate() {
            let (slots, _) = slots.as_chunks_mut();
            let rows = rows.iter().map(|row| (self.columns.bits(*row)[word], sums_of(*row)));
            match slots_at_once(n_features - word * WORD) / Avx512::SUMS {
                1 => add_word::<1>(avx512, slots, rows),
                2 => add_word::<2>(avx512, slots, rows),
                4 => add_word::<4>(avx512, slots, rows),
                _ => add_word::<8>(avx512, slots, rows),
            }
        }
    }
}

/// The slots that are added at once where so many features are left.
fn slots_at_once(n_features: usize) -> usize {
    n_features.next_power_of_two().clamp(Avx512::SUMS, WORD)
}

/// Bits of a word of [`Columns::bits`].
const WORD: usize = u64::BITS as usize;

/// Adds rows, as words of bits and packed sums, to the first slots of a word, `N` times as many as are added at once.
#[inline(always)]
fn add_word<const N: usize>(
    avx512: Avx512,
    slots: &mut [[i64; Avx512::SUMS]],
    rows: impl Iterator<Item = (u64, i64)>,
) {
    let Some(slots) = slots.first_chunk_mut::<N>() else { return };
    // In registers; elsewhere, each row would wait for the one before.
    let mut sums = *slots;
    for (bits, of_row) in rows {
        for (sums, bits) in sums.iter_mut().zip(bits.to_le_bytes()) {
            *sums = avx512.masked_add(*sums, bits, of_row);
        }
    }
    *slots = sums;
}

/// Adds up rows that are neighbours, feature by feature, if [`Columns::codes_with_all_slots`] are some.
fn add_neighbours<P: Packed>(columns: &Columns, histogram: &mut [P], rows: Range<usize>, bag: &Bag<'_, P>) {
    let (of_rarer, of_codes) = histogram.split_at_mut(columns.n_features());
    let (slots, _) = of_codes.as_chunks_mut::<{ codes::LIMIT }>();
    for start in rows.clone().step_by(NEIGHBOURS_AT_ONCE) {
        let rows = start..rows.end.min(start + NEIGHBOURS_AT_ONCE);
        let sums = bag.neighbours(rows.clone());
        for (row, sums) in (start as u32..).zip(sums) {
            columns.for_each_rarer(row, |slot| of_rarer[slot] += *sums);
        }
        for (at, slots) in slots.iter_mut().enumerate() {
            let codes = &columns.codes(at)[rows.clone()];
            codes.iter().zip(sums).for_each(|(code, sums)| slots[usize::from(*code)] += *sums);
        }
    }
}

/// Neighbours whose sums stay in the first-level cache for all features.
const NEIGHBOURS_AT_ONCE: usize = 2048;

/// Rows that are looked up before they are added.
const ROWS_AT_ONCE: usize = 256;

/// Adds rows, as the codes of up to [`CODES`] features and packed sums, to the slots of these features.
#[inline(always)]
fn add_block<'a, P: Packed + 'a>(
    slots: &mut [[P; codes::LIMIT]],
    rows: impl Iterator<Item = (&'a [u8; CODES], &'a P)> + Clone,
) {
    if let Some(slots) = slots.as_mut_array::<CODES>() {
        for (codes, sums) in rows {
            for feature in 0..CODES {
                slots[feature][usize::from(codes[feature])] += *sums;
            }
        }
    } else {
        for (feature, slots) in slots.iter_mut().enumerate() {
            let rows = rows.clone();
            rows.for_each(|(codes, sums)| slots[usize::from(codes[feature % CODES])] += *sums);
        }
    }
}

/// Adds up parts of a node's rows, each by a thread; integers add up to the same in any parts.
fn add_in_parts<P: Packed>(
    histogram: &mut [P],
    parts: Vec<Range<usize>>,
    add: impl Fn(Range<usize>, &mut [P]) + Sync,
) {
    let count = |part| {
        let mut counted = vec![P::default(); histogram.len()];
        add(part, &mut counted);
        counted
    };
    let counted: Vec<Vec<P>> = parts.into_par_iter().map(count).collect();
    for counted in counted {
        histogram.iter_mut().zip(counted).for_each(|(sum, counted)| *sum += counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::packed::Layout;
    use ndarray::Array2;

    /// More features than a block, most with many codes; and targets.
    fn training(n_rows: usize) -> (Columns, Vec<i64>) {
        let records = Array2::from_shape_fn((n_rows, 11), |(row, feature)| match feature {
            0 => f64::from(u8::from(row % 5 == 1)),
            1 if row == 9 => f64::NAN,
            _ => (row * 7919 % (140 + feature)) as f64,
        });
        let targets = (0..n_rows as i64).map(|row| row * row % 1009 - 300).collect();
        (Columns::new(&records.view(), None).unwrap(), targets)
    }

    #[test]
    fn features_with_all_slots_count_as_others_do() {
        // More than are looked up at once.
        let n_rows = 700;
        let (columns, targets) = training(n_rows);
        let bag = Bag::<i64>::new(&targets, None, Layout::new(700, 700, 700_000, false));
        let mut histograms = Histograms::new(&columns);
        assert!(columns.codes_with_all_slots().is_some());
        let rows: Vec<u32> = (0..n_rows as u32).filter(|row| row % 3 != 0).collect();
        let mut expected = vec![0; columns.n_slots()];
        for row in &rows {
            columns.for_each_slot(*row, |slot| expected[slot] += bag.of(*row));
        }
        let id = histograms.count(&rows, &bag);
        assert_eq!(histograms.get(Some(id)), expected);
    }

    #[test]
    fn dense_features_count_as_others_do() {
        // As many as fill a part of a word, a word, and words and a part.
        for n_binary in [2, 7, 8, 15, 30, 63, 64, 65, 140] {
            let records = Array2::from_shape_fn((40, n_binary + 1), |(row, feature)| {
                let varies = (row * 31 + feature * 17 + row * feature) % 5;
                if feature == n_binary / 2 { varies as f64 } else { f64::from(u8::from(varies < 2)) }
            });
            let targets: Vec<i64> = (0..40).map(|row| row * row % 97 - 40).collect();
            let columns = Columns::new(&records.view(), None).unwrap();
            assert!(columns.are_dense(Avx512::SUMS));
            let bag = Bag::<i64>::new(&targets, None, Layout::new(40, 40, 40_000, false));
            let mut histograms = Histograms::new(&columns);
            let mut expected = vec![0; columns.n_slots()];
            let rows: Vec<u32> = (0..40).filter(|row| row % 3 != 0).collect();
            let (some, others) = rows.split_at(9);
            let id = histograms.count(&rows, &bag);
            histograms.subtract_rows(id, others, &bag);
            histograms.count_few(some, &bag);
            for row in some {
                columns.for_each_slot(*row, |slot| expected[slot] += bag.of(*row));
            }
            for counted in [histograms.get(Some(id)), histograms.get(None)] {
                assert_eq!(counted[..expected.len()], expected);
            }
            histograms.clear(some);
            assert!(histograms.get(None).iter().all(|sums| *sums == 0));
        }
    }

    #[test]
    fn roots_count_as_other_nodes_do() {
        // More rows than neighbours that are counted at once, and some in a last part.
        let n_rows = 40_000;
        let (columns, targets) = training(n_rows);
        let rows: Vec<u32> = (0..n_rows as u32).collect();
        let bag = Bag::<i64>::new(&targets, None, Layout::new(40_000, 40_000, 40_000_000, false));
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut histograms = Histograms::new(&columns);
                let [root, node] = [histograms.count_root(&rows, &bag), histograms.count(&rows, &bag)];
                let expected = histograms.get(Some(node)).to_vec();
                assert_eq!(histograms.get(Some(root)), expected);
            });
        }
    }
}
