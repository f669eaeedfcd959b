//! Sums over a node's rows by slot, and how children get theirs from their parent's.

use super::bag::Bag;
use super::columns::Columns;
use super::packed::Packed;

/// A packed sum per slot.
pub(super) type Histogram<P> = Vec<P>;

/// Makes and reuses histograms.
///
/// The larger child of a node never counts its rows: what the smaller one counts is subtracted from their
/// parent's histogram. Small nodes count into one that is cleared afterwards by its own rows.
#[derive(Debug)]
pub(super) struct Histograms<'a, P> {
    columns: &'a Columns,
    free: Vec<Histogram<P>>,
    scratch: Histogram<P>,
    /// Nodes of fewer rows count anew instead of keeping a histogram.
    min_rows: usize,
}

impl<'a, P: Packed> Histograms<'a, P> {
    /// Fewest rows of a node with a histogram of its own.
    const MIN_ROWS: usize = 8;
    /// Slots that are subtracted in the time in which a row counts in one.
    const SLOTS_PER_COUNT: usize = 4;

    pub(super) fn new(columns: &'a Columns) -> Self {
        let worth = columns.n_slots() / (Self::SLOTS_PER_COUNT * columns.slots_per_row());
        Self { columns, free: Vec::new(), scratch: Vec::new(), min_rows: worth.max(Self::MIN_ROWS) }
    }

    /// Whether a node of so many rows has a histogram of its own.
    pub(super) fn keeps(&self, n_rows: usize) -> bool {
        n_rows >= self.min_rows
    }

    /// The sums of some rows.
    pub(super) fn count(&mut self, rows: &[u32], bag: &Bag<'_, P>) -> Histogram<P> {
        let mut histogram = self.free.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(self.columns.n_slots(), P::default());
        self.add(&mut histogram, rows, bag);
        histogram
    }

    /// The sums of few rows, to be given back to [`Self::clear`].
    pub(super) fn count_few(&mut self, rows: &[u32], bag: &Bag<'_, P>) -> Histogram<P> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.resize(self.columns.n_slots(), P::default());
        self.add(&mut scratch, rows, bag);
        scratch
    }

    /// Takes back the sums of few `rows`.
    pub(super) fn clear(&mut self, mut scratch: Histogram<P>, rows: &[u32]) {
        for row in rows {
            self.columns.slots(*row).iter().for_each(|slot| scratch[*slot as usize] = P::default());
        }
        self.scratch = scratch;
    }

    /// Takes back a histogram that is no longer needed.
    pub(super) fn free(&mut self, histogram: Histogram<P>) {
        self.free.push(histogram);
    }

    fn add(&self, histogram: &mut [P], rows: &[u32], bag: &Bag<'_, P>) {
        for row in rows {
            let sums = bag.of(*row);
            self.columns.slots(*row).iter().for_each(|slot| histogram[*slot as usize] += sums);
        }
    }

    /// Subtracts rows from their parent's histogram.
    pub(super) fn subtract_rows(&self, histogram: &mut [P], rows: &[u32], bag: &Bag<'_, P>) {
        for row in rows {
            let sums = bag.of(*row);
            self.columns.slots(*row).iter().for_each(|slot| histogram[*slot as usize] -= sums);
        }
    }

    /// Subtracts a child's histogram from its parent's.
    pub(super) fn subtract(parent: &mut [P], child: &[P]) {
        parent.iter_mut().zip(child).for_each(|(parent, child)| *parent -= *child);
    }
}
