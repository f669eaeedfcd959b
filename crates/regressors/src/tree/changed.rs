//! Predictions of rows with another value of one feature.
//!
//! Such a row takes the way of its original through a tree up to a split that sees the difference, if any does. So
//! an original goes through each tree once, and a few of its changes leave it there. All of them go together,
//! and every node parts those that come to it. Rows that do not fit into words are predicted whole.

use super::descent::{LEAF, Step};
use super::ensemble::{Ensemble, Words};
use super::model::Tree;
use crate::changes::{CHANGES_AT_ONCE, Change, changed};
use crate::vectors::vectorized;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use std::ops::Range;

/// Most originals that go together: enough to come to most nodes, few enough to stay in cache.
const MOST_ROWS: usize = 2048;

/// Some originals and their changes.
pub(crate) struct Changed<'a> {
    records: &'a Array2<f64>,
    /// Of each original, which is the row of the first, its changes.
    changes: &'a [&'a [Change]],
}

/// Predicts the changed rows: `predict` turns zeros into the predictions of some of the changes, in their order.
///
/// Blocks are spread over rayon's current pool.
pub(crate) fn predict_changes(
    records: &Array2<f64>,
    changes: &[Change],
    predict: impl Fn(&Changed<'_>, &mut [f64]) + Sync,
) -> Array1<f64> {
    let by_row: Vec<&[Change]> = changes.chunk_by(|one, other| one.row == other.row).collect();
    let n_rows = by_row.len().div_ceil(rayon::current_num_threads()).clamp(1, MOST_ROWS);
    let blocks = by_row.par_chunks(n_rows).map(|changes| {
        let mut predictions = vec![0.0; changes.iter().map(|changes| changes.len()).sum()];
        predict(&Changed { records, changes }, &mut predictions);
        predictions
    });
    blocks.collect::<Vec<_>>().concat().into()
}

impl Changed<'_> {
    /// The originals, row after row.
    fn originals(&self) -> Vec<f64> {
        self.changes.iter().flat_map(|changes| self.records.row(changes[0].row)).copied().collect()
    }

    /// The changed rows, row after row, some at a time.
    fn rows(&self) -> impl Iterator<Item = Vec<f64>> {
        let changes = self.changes.concat();
        let records = self.records;
        (0..changes.len()).step_by(CHANGES_AT_ONCE).map(move |start| {
            let some = &changes[start..changes.len().min(start + CHANGES_AT_ONCE)];
            changed(records, some).into_iter().collect()
        })
    }

    fn fit(&self, words: &Words) -> bool {
        self.changes.iter().copied().flatten().all(|change| words.can_hold(change.feature, change.value))
    }
}

impl Ensemble {
    /// Adds its leaf's value, for each of the `trees` that this was made of, to the sum of each change, which is not -0.
    pub(crate) fn add_changed(&self, trees: &[Tree], rows: &Changed<'_>, sums: &mut [f64]) {
        let words = self.words.as_ref().filter(|words| rows.fit(words));
        let Some((words, block)) =
            words.and_then(|words| Some((words, words.encode(&rows.originals(), self.n_features)?)))
        else {
            let sums = sums.chunks_mut(CHANGES_AT_ONCE);
            return rows
                .rows()
                .zip(sums)
                .for_each(|(rows, sums)| self.add(trees, &rows, sums, |value| value));
        };
        let originals = Originals::new(words, &block, rows.changes);
        let mut passage = Passage::new(&originals, sums.len());
        for ((steps, values), number) in words.trees.iter().zip(1..) {
            vectorized!(passage.pass(steps, values, number, sums));
        }
    }
}

/// Originals as steps see them.
struct Originals {
    n_rows: usize,
    /// Words that hold bits.
    bit_words: u32,
    /// By word, by row.
    words: Vec<u32>,
    /// What differs, by slot, by row.
    others: Vec<Mover>,
    /// Where that of each row begins, of each slot `n_rows` and an end.
    starts: Vec<u32>,
    /// The number of each row's first change, and an end.
    changes: Vec<usize>,
}

/// A change that a step may see.
#[derive(Clone, Copy, Default)]
struct Mover {
    change: u32,
    row: u32,
    place: u32,
    /// The row's word there.
    word: u32,
}

impl Originals {
    fn new(words: &Words, block: &[u32], changes: &[&[Change]]) -> Self {
        let (n_rows, bit_words) = (changes.len(), words.bit_words() as u32);
        let mut others = Vec::new();
        let mut firsts = vec![0];
        for ((changes, of_row), row) in changes.iter().zip(block.chunks_exact(words.width)).zip(0..) {
            let first = firsts[row as usize];
            let other = |(change, number): (&Change, usize)| {
                let (place, word) = words.other(of_row, change.feature, change.value)?;
                Some(Mover { change: number as u32, row, place, word })
            };
            others.extend(changes.iter().zip(first..).filter_map(other));
            firsts.push(first + changes.len());
        }
        others.sort_by_key(|other| (other.place, other.row));
        let mut starts = Vec::new();
        let mut at = 0;
        for slot_at in 0..slot(words.width as u32 * u32::BITS, bit_words) {
            for row in 0..n_rows {
                starts.push(at as u32);
                let is_here =
                    |other: &&Mover| slot(other.place, bit_words) == slot_at && other.row as usize == row;
                at += others[at..].iter().take_while(is_here).count();
            }
            starts.push(at as u32);
        }
        let by_word = (0..words.width).flat_map(|word| block.iter().skip(word).step_by(words.width));
        Self { n_rows, bit_words, words: by_word.copied().collect(), others, starts, changes: firsts }
    }

    /// By row, the words in which steps at `place` look.
    fn column(&self, place: u32) -> &[u32] {
        &self.words[(place / u32::BITS) as usize * self.n_rows..][..self.n_rows]
    }

    /// Where the changes at `place` begin by row, and an end; `None` if there are none.
    fn starts(&self, place: u32) -> Option<&[u32]> {
        let starts = &self.starts[slot(place, self.bit_words) * (self.n_rows + 1)..][..=self.n_rows];
        (starts[0] < starts[self.n_rows]).then_some(starts)
    }
}

/// Numbers the places without gaps, in their order: ranks have a word for themselves.
fn slot(place: u32, bit_words: u32) -> usize {
    let word = place / u32::BITS;
    (if word < bit_words { place } else { word + (u32::BITS - 1) * bit_words }) as usize
}

/// Originals and changes on their way through a tree.
struct Passage<'a> {
    originals: &'a Originals,
    rows: Parted<u32>,
    /// Changes that are on a way of their own.
    movers: Parted<Mover>,
    /// By change: the last tree in which it left its original.
    left_in: Vec<u32>,
    /// Where to go on.
    branches: Vec<Branch>,
}

/// A node or leaf, and those who have come to it.
struct Branch {
    id: u32,
    rows: Range<usize>,
    movers: Range<usize>,
}

impl<'a> Passage<'a> {
    fn new(originals: &'a Originals, n_changes: usize) -> Self {
        Self {
            originals,
            rows: Parted::new(originals.n_rows),
            movers: Parted::new(n_changes),
            left_in: vec![0; n_changes],
            branches: Vec::new(),
        }
    }

    /// Adds to each change its leaf's value, in a tree that has not had this number before.
    #[inline(always)]
    fn pass(&mut self, steps: &[Step<u32>], values: &[f64], tree: u32, sums: &mut [f64]) {
        let n_rows = self.originals.n_rows;
        self.rows.fill(0..n_rows as u32);
        let root = if steps.is_empty() { LEAF } else { 0 };
        self.branches.push(Branch { id: root, rows: 0..n_rows, movers: 0..0 });
        while let Some(branch) = self.branches.pop() {
            if branch.rows.is_empty() && branch.movers.is_empty() {
                continue;
            }
            if branch.id < LEAF {
                self.part(&steps[branch.id as usize], tree, branch);
                continue;
            }
            let value = values[(branch.id & !LEAF) as usize];
            for mover in &self.movers.items[branch.movers] {
                sums[mover.change as usize] += value;
            }
            for row in &self.rows.items[branch.rows] {
                let changes =
                    self.originals.changes[*row as usize]..self.originals.changes[*row as usize + 1];
                // No sum is -0, so 0 may be added where there is nothing to add.
                for (sum, left_in) in sums[changes.clone()].iter_mut().zip(&self.left_in[changes]) {
                    *sum += if *left_in == tree { 0.0 } else { value };
                }
            }
        }
    }

    /// Sends those who have come to a node on to its children.
    #[inline(always)]
    fn part(&mut self, step: &Step<u32>, tree: u32, Branch { rows, mut movers, .. }: Branch) {
        let originals = self.originals;
        let words = originals.column(step.place);
        if let Some(starts) = originals.starts(step.place) {
            self.movers.make_room(movers.end + (starts[originals.n_rows] - starts[0]) as usize);
            for &row in &self.rows.items[rows.clone()] {
                let others = starts[row as usize] as usize..starts[row as usize + 1] as usize;
                let goes_right = step.parts(words[row as usize]);
                for other in &originals.others[others] {
                    let left_in = &mut self.left_in[other.change as usize];
                    let leaves = step.parts(other.word) != goes_right && *left_in != tree;
                    *left_in = if leaves { tree } else { *left_in };
                    self.movers.items[movers.end] = *other;
                    movers.end += usize::from(leaves);
                }
            }
        }
        let [rows_right, rows_left] = self.rows.part(rows, |row| !step.parts(words[*row as usize]));
        let [movers_right, movers_left] = self.movers.part(movers, |mover| {
            let of_original = words[mover.row as usize];
            !step.parts(if mover.place == step.place { mover.word } else { of_original })
        });
        // Left ones first: that is the order in which the steps lie.
        let [left, right] = step.children;
        self.branches.push(Branch { id: right, rows: rows_right, movers: movers_right });
        self.branches.push(Branch { id: left, rows: rows_left, movers: movers_left });
    }
}

/// Those on their way: behind the ones who have come to the node at hand, nobody is waiting.
struct Parted<T> {
    /// There is always room for one more.
    items: Vec<T>,
    /// How many may be on their way.
    most: usize,
}

impl<T: Copy + Default> Parted<T> {
    fn new(most: usize) -> Self {
        Self { items: vec![T::default(); most + 1], most }
    }

    /// Puts them all at the start.
    fn fill(&mut self, all: impl Iterator<Item = T>) {
        self.items.iter_mut().zip(all).for_each(|(item, new)| *item = new);
    }

    /// Has room for an item more than `n`.
    #[inline(always)]
    fn make_room(&mut self, n: usize) {
        if n >= self.items.len() {
            self.items.resize(2 * n + 1, T::default());
        }
    }

    /// Parts those in `range`: the ones that do not go first stay there, the others go behind it. There is no branch to
    /// foretell.
    #[inline(always)]
    fn part(&mut self, range: Range<usize>, goes_first: impl Fn(&T) -> bool) -> [Range<usize>; 2] {
        let Range { start, end } = range;
        self.make_room(end + range.len());
        let (items, behind) = self.items[start..].split_at_mut(range.len());
        let (mut stay, mut go) = (0, 0);
        for at in 0..items.len() {
            let item = items[at];
            let goes_first = goes_first(&item);
            items[stay] = item;
            behind[go] = item;
            stay += usize::from(!goes_first);
            go += usize::from(goes_first);
        }
        let (stay, go) = (start + stay, end + go);
        if go <= 4 * self.most {
            return [start..stay, end..go];
        }
        // On a long way the gaps would add up.
        self.items.copy_within(end..go, stay);
        [start..stay, stay..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_go_a_long_way_take_no_more_room() {
        let mut parted = Parted::new(8);
        parted.fill(0..8);
        let mut way = 0..8;
        let mut stayed = Vec::new();
        for node in 0..100 {
            let [stay, go] = parted.part(way, |item| node % 10 != 0 || *item != node / 10);
            stayed.extend_from_slice(&parted.items[stay]);
            way = go;
        }
        assert_eq!((stayed, way.len()), ((0..8).collect(), 0));
        assert!(parted.items.len() < 100, "{}", parted.items.len());
    }
}
