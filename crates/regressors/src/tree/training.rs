//! The growth of trees: what those of a fit have in common, what each begins with, and what it leaves.

use super::bag::{Bag, NodeSums, largest_sum, rows_with_weight, total_weight};
use super::columns::Columns;
use super::grower::Grower;
use super::model::Tree;
use super::packed::{Layout, Packed};
use super::params::Limits;
use super::splitter::{SplitRule, Splitter};
use crate::parallel::sum_rows;
use crate::random::TreeRandom;
use crate::target::FineTargets;
use crate::vectors::{Avx512, vectorized};
use std::mem;

/// What the trees of a fit have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training<'a> {
    pub(crate) columns: &'a Columns,
    /// A target per row.
    pub(crate) targets: &'a [i64],
    /// The unit of the targets, a power of two.
    pub(crate) quantum: f64,
    /// `min_impurity_decrease` is in squared units of `targets * quantum`.
    pub(crate) limits: &'a Limits,
}

/// A tree, and what its growth found out.
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    /// Whether its sums of squares were exact in `f64`.
    pub(crate) exact_squares: bool,
    /// The training rows with weight, in the order of the leaves from left to right; those of a leaf ascend.
    pub(crate) rows: Vec<u32>,
}

impl Grown {
    /// The number of every leaf, from left to right, and its training rows with weight.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let nodes = self.tree.nodes();
        let mut stack = vec![0];
        let mut rows = self.rows.as_slice();
        std::iter::from_fn(move || {
            loop {
                let id = stack.pop()?;
                let node = &nodes[id];
                if let Some([left, right]) = node.children() {
                    stack.extend([right, left]);
                    continue;
                }
                let (of_leaf, others) = rows.split_at(node.n_node_samples as usize);
                rows = others;
                return Some((id, of_leaf));
            }
        })
    }

    /// Gives every node the mean of its rows' targets in finer units than those that it was grown on.
    pub(crate) fn take_means(&mut self, targets: &FineTargets<'_>, weights: Option<&[u32]>) {
        let sum = |rows: &[u32]| -> i128 {
            let each = |row: &u32| i128::from(targets.of(*row));
            vectorized!(match weights {
                None => rows.iter().map(each).sum(),
                Some(weights) => rows.iter().map(|row| each(row) * i128::from(weights[*row as usize])).sum(),
            })
        };
        let mut sums = vec![0; self.tree.nodes().len()];
        self.leaves().for_each(|(leaf, rows)| sums[leaf] = sum_rows(rows, sum));
        self.tree.set_values(sums, targets.quantum);
    }
}

/// Memory for the growth of a tree, reused from tree to tree where these have many rows.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// As [`Grown::rows`], which are taken from here.
    pub(crate) rows: Vec<u32>,
    moved: Vec<u32>,
}

/// Grows a tree on the rows with weight, of which there must be one; without weights all weigh 1.
///
/// `random` is as the tree's seed leaves it.
pub(crate) fn grow<S: Splitter>(
    training: &Training<'_>,
    weights: Option<&[u32]>,
    random: TreeRandom,
    memory: &mut Memory,
) -> Grown {
    Start::new(training, weights, random, memory).grow::<S>()
}

/// Grows [`Training::trees_at_once`], or fewer; each is as [`grow`] grows it with its weights and random numbers.
pub(crate) fn grow_some<S: Splitter>(
    training: &Training<'_>,
    trees: &[(Option<&[u32]>, TreeRandom)],
) -> Vec<Grown> {
    match *trees {
        [a, b] => grow_two::<S>(training, a, b).into(),
        _ => {
            let grow_one = |(weights, random)| grow::<S>(training, weights, random, &mut Memory::default());
            trees.iter().copied().map(grow_one).collect()
        }
    }
}

fn grow_two<S: Splitter>(
    training: &Training<'_>,
    a: (Option<&[u32]>, TreeRandom),
    b: (Option<&[u32]>, TreeRandom),
) -> [Grown; 2] {
    let [mut of_a, mut of_b] = [Memory::default(), Memory::default()];
    let starts = [Start::new(training, a.0, a.1, &mut of_a), Start::new(training, b.0, b.1, &mut of_b)];
    let are_small = starts.iter().all(|start| start.layout.fits::<i64>());
    match training.abreast::<S>() {
        Some(avx512) if are_small => Grower::grow_abreast(avx512, starts.map(Start::grower::<i64, S>)),
        _ => starts.map(Start::grow::<S>),
    }
}

/// What the growth of a tree begins with.
struct Start<'a> {
    training: &'a Training<'a>,
    weights: Option<&'a [u32]>,
    random: TreeRandom,
    layout: Layout,
    rows: Vec<u32>,
    moved: &'a mut [u32],
}

impl<'a> Start<'a> {
    fn new(
        training: &'a Training<'a>,
        weights: Option<&'a [u32]>,
        random: TreeRandom,
        memory: &'a mut Memory,
    ) -> Self {
        let rows = rows_with_weight(training.targets.len(), weights, mem::take(&mut memory.rows));
        let total_weight = total_weight(weights, rows.len());
        let largest_sum = largest_sum(training.targets, weights);
        let counts_rows = weights.is_some() && training.limits.min_samples_leaf > 1;
        let layout = Layout::new(rows.len() as u64, total_weight, largest_sum, counts_rows);
        memory.moved.resize(rows.len(), 0);
        Self { training, weights, random, layout, rows, moved: &mut memory.moved }
    }

    fn grower<P: Packed, S: Splitter>(self) -> Grower<'a, P, S> {
        let bag = Bag::new(self.training.targets, self.weights, self.layout);
        Grower::new(self.training, bag, self.rows, self.random, self.moved)
    }

    fn grow<S: Splitter>(self) -> Grown {
        if self.layout.fits::<i64>() {
            self.grower::<i64, S>().grow()
        } else {
            self.grower::<i128, S>().grow()
        }
    }
}

impl Training<'_> {
    /// How many trees a thread had better grow at once.
    pub(crate) fn trees_at_once<S: Splitter>(&self) -> usize {
        if self.abreast::<S>().is_some() { 2 } else { 1 }
    }

    /// Some if most of the time goes into draws that wait for each other, and not into rows, of which two trees have
    /// twice as many in the cache.
    fn abreast<S: Splitter>(&self) -> Option<Avx512> {
        let is_worth_it = S::RULE == SplitRule::Random
            && self.marks_tell_all()
            && self.limits.max_leaf_nodes.is_none()
            && self.columns.n_ranked() == 0;
        Avx512::new().filter(|_| is_worth_it)
    }

    pub(super) fn all_are_drawn(&self) -> bool {
        self.limits.max_features >= self.columns.n_features()
    }

    /// Whether a node's features can be drawn all at once, since their marks say which are constant.
    pub(super) fn marks_tell_all(&self) -> bool {
        self.all_are_drawn() && self.columns.are_plain()
    }

    pub(super) fn impurity(&self, sums: &NodeSums) -> f64 {
        sums.variance() * (self.quantum * self.quantum)
    }
}
