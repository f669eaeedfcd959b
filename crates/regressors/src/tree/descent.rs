//! A tree as predictions read it: small, and without branches that depend on the rows.
//!
//! Leaves are numbered from left to right. In trees of few leaves every split strikes out leaves for many
//! rows at once, as in Lucchese et al., "QuickScorer" (SIGIR 2015); through larger trees rows go side by
//! side, so that reading a node for one row overlaps with reading others.

use super::node::Node;
use super::rows::Block;
use pulp::Arch;
use std::hint::black_box;

/// Most leaves that a set of bits holds.
const FEW: usize = u32::BITS as usize;

/// Marks a number as that of a leaf; trees have fewer than 2^31 nodes.
const LEAF: u32 = 1 << 31;

/// Steps in a cache line.
const STEPS_PER_LINE: usize = 64 / size_of::<Step>();

/// Trees with at most so many steps per row are mostly read by a block: about as many as the way to a leaf.
const STEPS_PER_ROW: usize = 16;

/// The way from a row to the number of its leaf.
#[derive(Clone, Debug, PartialEq)]
enum Splits {
    /// Of a tree with at most [`FEW`] leaves.
    Few(Vec<Strike>),
    /// Of any other tree, the root first.
    Many(Vec<Step>),
}

/// A tree's splits and the values of its leaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Descent {
    splits: Splits,
    values: Vec<f64>,
}

/// What a tree needs while a block passes.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Of each row, the leaves not struck out, or the number of its node or leaf.
    leaves: Vec<u32>,
    /// Rows that are in no leaf yet, with their node.
    queue: Vec<(u32, u32)>,
}

impl Descent {
    /// `nodes` are a tree.
    pub(super) fn new(nodes: &[Node]) -> Self {
        let numbers = Numbers::new(nodes);
        let n_leaves = nodes.len() / 2 + 1;
        let mut values = vec![0.0; n_leaves];
        for (id, node) in nodes.iter().enumerate().filter(|(_, node)| node.is_leaf()) {
            values[numbers.first_leaf[id] as usize] = node.value;
        }
        let inner = nodes.iter().enumerate().filter_map(|(id, node)| Some((id, node, node.children()?)));
        let splits = if n_leaves <= FEW {
            let strike = |(id, node, [left, _]): (usize, _, [usize; 2])| {
                Strike::new(node, numbers.first_leaf[id], numbers.n_leaves[left])
            };
            Splits::Few(inner.map(strike).collect())
        } else {
            let step = |(_, node, children): (_, _, [usize; 2])| {
                Step::new(node, children.map(|child| numbers.link(child, &nodes[child])))
            };
            Splits::Many(inner.map(step).collect())
        };
        Self { splits, values }
    }

    /// Adds `weigh` of its leaf's value to each row's sum.
    #[inline]
    pub(super) fn add(
        &self,
        block: &Block,
        scratch: &mut Scratch,
        sums: &mut [f64],
        weigh: impl Fn(f64) -> f64,
    ) {
        match &self.splits {
            Splits::Few(strikes) => scratch.strike_out(strikes, block),
            Splits::Many(steps) => scratch.descend(steps, block),
        }
        for (sum, leaf) in sums.iter_mut().zip(&scratch.leaves) {
            *sum += weigh(self.values[*leaf as usize]);
        }
    }
}

/// Numbers of the inner nodes and of the leaves.
struct Numbers {
    /// Inner nodes before each node.
    inner: Vec<u32>,
    /// Leaves of the tree that starts at each node.
    n_leaves: Vec<u32>,
    /// The number of its leftmost leaf.
    first_leaf: Vec<u32>,
}

impl Numbers {
    fn new(nodes: &[Node]) -> Self {
        let mut n_leaves = vec![1; nodes.len()];
        for (id, node) in nodes.iter().enumerate().rev() {
            if let Some([left, right]) = node.children() {
                n_leaves[id] = n_leaves[left] + n_leaves[right];
            }
        }
        let mut first_leaf = vec![0; nodes.len()];
        let mut inner = Vec::with_capacity(nodes.len());
        let mut n_inner = 0;
        for (id, node) in nodes.iter().enumerate() {
            inner.push(n_inner);
            if let Some([left, right]) = node.children() {
                n_inner += 1;
                first_leaf[left] = first_leaf[id];
                first_leaf[right] = first_leaf[id] + n_leaves[left];
            }
        }
        Self { inner, n_leaves, first_leaf }
    }

    fn link(&self, id: usize, node: &Node) -> u32 {
        if node.is_leaf() { self.first_leaf[id] | LEAF } else { self.inner[id] }
    }
}

/// The largest `f32` that is not greater: the same `f32` values are at most this as are at most `threshold`.
fn round_down(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold { nearest.next_down() } else { nearest }
}

/// A split of a tree with few leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Strike {
    feature: u32,
    threshold: f32,
    missing_go_to_left: bool,
    /// The leaves that rows on the right may still reach: all but those on the left.
    right: u32,
}

impl Strike {
    fn new(node: &Node, first_leaf: u32, n_left: u32) -> Self {
        // A right child has a leaf, so fewer than all bits are shifted.
        let left = ((1 << n_left) - 1) << first_leaf;
        Self {
            feature: node.feature as u32,
            threshold: round_down(node.threshold),
            missing_go_to_left: node.missing_go_to_left,
            right: !left,
        }
    }

    /// Strikes out the left leaves of rows that go right.
    #[inline(always)]
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN goes right")]
    fn apply(&self, column: &[f32], leaves: &mut [u32]) {
        let Self { threshold, right, .. } = *self;
        let rows = leaves.iter_mut().zip(column);
        if self.missing_go_to_left {
            rows.for_each(|(leaves, value)| *leaves &= if *value > threshold { right } else { u32::MAX });
        } else {
            rows.for_each(|(leaves, value)| *leaves &= if !(*value <= threshold) { right } else { u32::MAX });
        }
    }
}

/// A split of a tree with many leaves: 16 bytes, four to a cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    threshold: f32,
    /// The feature; [`Step::MISSING_RIGHT`] is set if NaN goes right.
    feature: u32,
    /// The numbers of the left and the right child.
    children: [u32; 2],
}

impl Step {
    const MISSING_RIGHT: u32 = 1 << 31;

    fn new(node: &Node, children: [u32; 2]) -> Self {
        let missing = if node.missing_go_to_left { 0 } else { Self::MISSING_RIGHT };
        Self { threshold: round_down(node.threshold), feature: node.feature as u32 | missing, children }
    }

    #[inline]
    fn feature(&self) -> usize {
        (self.feature & !Self::MISSING_RIGHT) as usize
    }

    /// The child for a row with this value; `|` and `&` where `||` and `&&` would branch.
    #[inline]
    fn next(&self, value: f32) -> u32 {
        let missing_go_right = self.feature >= Self::MISSING_RIGHT;
        let goes_right = (value > self.threshold) | (value.is_nan() & missing_go_right);
        self.children[usize::from(goes_right)]
    }
}

impl Scratch {
    /// Leaves the number of its leaf for each row.
    fn strike_out(&mut self, strikes: &[Strike], block: &Block) {
        let Self { leaves, .. } = self;
        leaves.clear();
        leaves.resize(block.column_len(), u32::MAX);
        Arch::new().dispatch(
            // What is not inlined is compiled for the oldest processors.
            #[inline(always)]
            || {
                for strike in strikes {
                    strike.apply(block.column(strike.feature as usize), leaves);
                }
                // Whatever is left of a row's leaf was struck out where the two part.
                leaves.iter_mut().for_each(|leaves| *leaves = leaves.trailing_zeros());
            },
        );
    }

    /// Leaves the number of its leaf for each row.
    fn descend(&mut self, steps: &[Step], block: &Block) {
        let n_rows = block.n_rows();
        if steps.len() <= n_rows * STEPS_PER_ROW {
            // Read in order once, nodes are in cache when rows come to them in any order.
            black_box(steps.iter().step_by(STEPS_PER_LINE).fold(0, |all, step| all ^ step.feature));
        }
        self.leaves.clear();
        self.leaves.resize(n_rows, 0);
        self.queue.clear();
        self.queue.extend((0..n_rows as u32).map(|row| (row, 0)));
        let mut n_queued = n_rows;
        while n_queued > 0 {
            n_queued = advance(steps, block, &mut self.queue[..n_queued], &mut self.leaves);
        }
    }
}

/// Takes every queued row to its next node; the first rows of the queue, as many as returned, are in no leaf.
fn advance(steps: &[Step], block: &Block, queue: &mut [(u32, u32)], leaves: &mut [u32]) -> usize {
    let mut n_kept = 0;
    for at in 0..queue.len() {
        let (row, id) = queue[at];
        let step = &steps[id as usize];
        let child = step.next(block.value(row as usize, step.feature()));
        leaves[row as usize] = child & !LEAF;
        // Written in any case, and kept if it counts: whether a row is in a leaf is hard to foretell.
        queue[n_kept] = (row, child);
        n_kept += usize::from(child < LEAF);
    }
    n_kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;
    use crate::tree::rows::predict_blocks;
    use ndarray::{Array1, Array2};
    use proptest::prelude::*;

    /// At, between and far beyond the thresholds of [`tree`].
    const VALUES: &[f64] =
        &[0.0, 0.1, 0.1_f32 as f64, 0.25, 0.3, 0.5, 1e300, -1e300, f64::NEG_INFINITY, f64::NAN];

    /// A tree of `n_leaves` whose splits and missing values differ by node.
    fn tree(n_leaves: u32, seed: u64) -> Vec<Node> {
        let mut nodes = vec![Node { n_node_samples: n_leaves, ..Node::LEAF }];
        let mut random = seed;
        let mut draw = |below: u32| {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (random >> 33) as u32 % below
        };
        let mut id = 0;
        while id < nodes.len() {
            let n = nodes[id].n_node_samples;
            (nodes[id].value, nodes[id].weighted_n_node_samples) = (id as f64, f64::from(n));
            if n > 1 {
                let (left, n_left) = (nodes.len() as i32, 1 + draw(n - 1));
                (nodes[id].left, nodes[id].right) = (left, left + 1);
                (nodes[id].feature, nodes[id].missing_go_to_left) = (draw(3) as i32, draw(2) == 0);
                nodes[id].threshold = [0.1, 0.25, 0.5, f64::INFINITY, -1e300][draw(5) as usize];
                nodes.extend([n_left, n - n_left].map(|n| Node { n_node_samples: n, ..Node::LEAF }));
            }
            id += 1;
        }
        nodes
    }

    proptest! {
        #[test]
        fn descents_end_in_the_leaves_that_the_nodes_lead_to(
            n_leaves in prop_oneof![1..80u32, 30..36u32],
            seed in any::<u64>(),
            rows in prop::collection::vec(prop::sample::select(VALUES), 3..200),
        ) {
            let tree = Tree::from_nodes(tree(n_leaves, seed), 3).unwrap();
            let n_rows = rows.len() / 3;
            let records = Array2::from_shape_vec((n_rows, 3), rows[..n_rows * 3].to_vec()).unwrap();
            let mut values = Array1::zeros(n_rows);
            predict_blocks(&records, &mut values, (3, 0.0), |block, sums| {
                tree.add(block, &mut Scratch::default(), sums, |value| value);
            });
            prop_assert_eq!(values, tree.apply(&records).mapv(|leaf| leaf as f64));
        }

        #[test]
        fn rounded_thresholds_part_values_alike(threshold in any::<f64>(), value in any::<f32>()) {
            let near = f64::from(value);
            for threshold in [threshold, near, near.next_down(), near.next_up()] {
                if !threshold.is_nan() {
                    prop_assert_eq!(value <= round_down(threshold), f64::from(value) <= threshold);
                }
            }
        }
    }

    #[test]
    fn rounded_thresholds_part_the_largest_values_alike() {
        let tiny = f64::from(f32::from_bits(1)) / 2.0;
        let thresholds = [0.0, -0.0, tiny, -tiny, f64::from(f32::MAX), 1e300, f64::MAX, f64::INFINITY];
        let values = [0.0, -0.0, f32::from_bits(1), f32::MIN_POSITIVE, f32::MAX, f32::INFINITY];
        for threshold in thresholds.into_iter().flat_map(|threshold| [threshold, -threshold]) {
            for value in values.into_iter().flat_map(|value| [value, -value]) {
                let is_at_most = f64::from(value) <= threshold;
                assert_eq!(value <= round_down(threshold), is_at_most, "{value} <= {threshold}");
            }
        }
    }
}
