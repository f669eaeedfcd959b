//! Predictions of rows with another value of one feature.
//!
//! Such a row takes the way of its original through a tree up to a split that sees the difference, if any does. So
//! an original goes through each tree once, and a few of its changes leave it there. All of them go together,
//! and every node parts those that come to it. Rows that do not fit into words are predicted whole.

use super::descent::{LEAF, Step};
use super::ensemble::{Ensemble, UNUSED, Words};
use super::model::Tree;
use crate::changes::{CHANGES_AT_ONCE, Change, changed};
use crate::vectors::vectorized;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use std::mem;

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
#[derive(Clone, Copy)]
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
    rows: Stack<u32>,
    /// Changes that are on a way of their own.
    movers: Stack<Mover>,
    /// By change: the last tree in which it left its original.
    left_in: Vec<u32>,
    /// Where to go on.
    branches: Vec<Branch>,
}

/// A node or leaf, and where those who have come to it begin on the stacks.
struct Branch {
    id: u32,
    rows: usize,
    movers: usize,
}

impl<'a> Passage<'a> {
    fn new(originals: &'a Originals, n_changes: usize) -> Self {
        let nobody = Mover { change: 0, row: 0, place: UNUSED, word: 0 };
        Self {
            originals,
            rows: Stack::new(originals.n_rows, 0),
            movers: Stack::new(n_changes, nobody),
            left_in: vec![0; n_changes],
            branches: Vec::new(),
        }
    }

    /// Adds to each change its leaf's value, in a tree that has not had this number before.
    #[inline(always)]
    fn pass(&mut self, steps: &[Step<u32>], values: &[f64], tree: u32, sums: &mut [f64]) {
        self.rows.items.extend(0..self.originals.n_rows as u32);
        let root = if steps.is_empty() { LEAF } else { 0 };
        self.branches.push(Branch { id: root, rows: 0, movers: 0 });
        while let Some(Branch { id, rows, movers }) = self.branches.pop() {
            if rows == self.rows.items.len() && movers == self.movers.items.len() {
                continue;
            }
            if id < LEAF {
                self.part(&steps[id as usize], tree, (rows, movers));
                continue;
            }
            let value = values[(id & !LEAF) as usize];
            for mover in &self.movers.items[movers..] {
                sums[mover.change as usize] += value;
            }
            self.movers.items.truncate(movers);
            for row in &self.rows.items[rows..] {
                let changes =
                    self.originals.changes[*row as usize]..self.originals.changes[*row as usize + 1];
                // No sum is -0, so 0 may be added where there is nothing to add.
                for (sum, left_in) in sums[changes.clone()].iter_mut().zip(&self.left_in[changes]) {
                    *sum += if *left_in == tree { 0.0 } else { value };
                }
            }
            self.rows.items.truncate(rows);
        }
    }

    /// Sends those who have come to a node on to its children.
    #[inline(always)]
    fn part(&mut self, step: &Step<u32>, tree: u32, (rows, movers): (usize, usize)) {
        let originals = self.originals;
        let words = originals.column(step.place);
        self.movers.part(movers, |mover| {
            let is_other = mover.place == step.place;
            step.parts(if is_other { mover.word } else { words[mover.row as usize] })
        });
        if let Some(starts) = originals.starts(step.place) {
            for &row in &self.rows.items[rows..] {
                let others = starts[row as usize] as usize..starts[row as usize + 1] as usize;
                for other in &originals.others[others] {
                    let goes_right = step.parts(other.word);
                    let left_in = &mut self.left_in[other.change as usize];
                    if goes_right != step.parts(words[row as usize]) && *left_in != tree {
                        *left_in = tree;
                        self.movers.put(*other, goes_right);
                    }
                }
            }
        }
        self.rows.part(rows, |row| step.parts(words[*row as usize]));
        let [left, right] = step.children;
        let (rows_right, movers_right) = (self.rows.stack(), self.movers.stack());
        self.branches.push(Branch { id: left, rows, movers });
        self.branches.push(Branch { id: right, rows: rows_right, movers: movers_right });
    }
}

/// Those on their way, the ones at the node at hand last.
struct Stack<T> {
    items: Vec<T>,
    /// Those who join the ones sent left, and those sent right; there is room for one more than there are.
    sides: [Vec<T>; 2],
    n: [usize; 2],
}

impl<T: Copy> Stack<T> {
    fn new(most: usize, nobody: T) -> Self {
        Self { items: Vec::new(), sides: [(); 2].map(|()| vec![nobody; most + 1]), n: [0; 2] }
    }

    /// Sends the items from `start` on to one side each. There is no branch to foretell.
    fn part(&mut self, start: usize, goes_right: impl Fn(&T) -> bool) {
        let Self { items, sides: [_, rights], n: [_, right] } = self;
        let mut left = start;
        for at in start..items.len() {
            let goes_right = goes_right(&items[at]);
            rights[*right] = items[at];
            items[left] = items[at];
            left += usize::from(!goes_right);
            *right += usize::from(goes_right);
        }
        items.truncate(left);
    }

    /// Sends a new item to one side.
    fn put(&mut self, item: T, goes_right: bool) {
        let side = usize::from(goes_right);
        self.sides[side][self.n[side]] = item;
        self.n[side] += 1;
    }

    /// Stacks those sent left, and on top of them those sent right; returns where the latter begin.
    fn stack(&mut self) -> usize {
        let Self { items, sides: [lefts, rights], n } = self;
        let [left, right] = mem::take(n);
        items.extend_from_slice(&lefts[..left]);
        let start = items.len();
        items.extend_from_slice(&rights[..right]);
        start
    }
}
