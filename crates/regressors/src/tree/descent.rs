//! A tree as predictions read it: small, and with no branch that depends on a row but the one into its leaf.
//!
//! In trees of few leaves, numbered from left to right, every split strikes out leaves for many rows at once, as in
//! Lucchese et al., "QuickScorer" (SIGIR 2015); through larger trees rows go side by side, so that reading a node
//! for one row overlaps with reading others.

use super::node::Node;
use super::rows::Block;
use crate::vectors::{Avx512, vectorized};
use std::hint::black_box;

/// Most leaves that a set of bits holds.
const FEW: usize = u32::BITS as usize;

/// Marks a number as that of a leaf; trees have fewer than 2^31 nodes.
pub(super) const LEAF: u32 = 1 << 31;

/// Steps in a cache line.
const STEPS_PER_LINE: usize = 64 / size_of::<Step<f32>>();

/// Trees with at most so many steps per row are mostly read by a block: about as many as the way to a leaf.
const STEPS_PER_ROW: usize = 16;

/// The time that a row takes through a tree of many leaves, in that of one of few.
pub(super) const WORK_OF_MANY: usize = 64;

/// Rows that go through a tree side by side; where one has reached its leaf, another begins.
const LANES: usize = 12;

/// The way from a row to the number of its leaf.
#[derive(Clone, Debug, PartialEq)]
enum Splits {
    /// Of a tree with at most [`FEW`] leaves.
    Few(Vec<Strike>),
    /// Of any other tree, the root first.
    Many(Vec<Step<f32>>),
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
    /// Of each row, the leaves not struck out, or the number of its leaf; there may be more than rows.
    leaves: Vec<u32>,
}

impl Descent {
    /// `nodes` are a tree.
    pub(super) fn new(nodes: &[Node]) -> Self {
        if Self::strikes_out(nodes) {
            let numbers = Numbers::new(nodes);
            let inner = nodes.iter().enumerate().filter_map(|(id, node)| Some((id, node, node.children()?)));
            let strike = |(id, node, [left, _]): (usize, _, [usize; 2])| {
                Strike::new(node, numbers.first_leaf[id], numbers.n_leaves[left])
            };
            Self { splits: Splits::Few(inner.map(strike).collect()), values: numbers.values(nodes) }
        } else {
            let (steps, values) = steps(nodes, Step::new);
            Self { splits: Splits::Many(steps), values }
        }
    }

    /// Whether the tree with these nodes has few leaves, which are struck out: that takes columns.
    pub(super) fn strikes_out(nodes: &[Node]) -> bool {
        nodes.len() / 2 < FEW
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
            Splits::Many(steps) => scratch.descend(steps, (block.n_rows(), 1), |row, step| {
                step.parts(block.value(row, step.feature()))
            }),
        }
        scratch.add_values(&self.values, sums, weigh);
    }

    /// As [`Self::add`], for the rows of `records` of `n_features` each, row after row, of which a tree of many
    /// leaves reads the values that it needs.
    pub(super) fn add_records(
        &self,
        (records, n_features): (&[f64], usize),
        scratch: &mut Scratch,
        sums: &mut [f64],
        weigh: impl Fn(f64) -> f64,
    ) {
        match &self.splits {
            Splits::Few(_) => self.add(&Block::new(records, n_features), scratch, sums, weigh),
            Splits::Many(steps) => {
                scratch.descend(steps, (sums.len(), n_features), |start, step| {
                    step.parts(records[start + step.feature()] as f32)
                });
                scratch.add_values(&self.values, sums, weigh);
            }
        }
    }
}

/// What `step` makes of a tree's inner nodes, in their order, and of the numbers of their children; and the values of
/// its leaves.
pub(super) fn steps<C>(
    nodes: &[Node],
    step: impl Fn(&Node, [u32; 2]) -> Step<C>,
) -> (Vec<Step<C>>, Vec<f64>) {
    let (mut values, mut links) = (Vec::with_capacity(nodes.len() / 2 + 1), Vec::with_capacity(nodes.len()));
    let mut n_inner = 0;
    for node in nodes {
        if node.is_leaf() {
            links.push(values.len() as u32 | LEAF);
            values.push(node.value);
        } else {
            links.push(n_inner);
            n_inner += 1;
        }
    }
    let step = |node: &Node| Some(step(node, node.children()?.map(|child| links[child])));
    (nodes.iter().filter_map(step).collect(), values)
}

/// Numbers of the leaves from left to right.
struct Numbers {
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
        for (id, node) in nodes.iter().enumerate() {
            if let Some([left, right]) = node.children() {
                first_leaf[left] = first_leaf[id];
                first_leaf[right] = first_leaf[id] + n_leaves[left];
            }
        }
        Self { n_leaves, first_leaf }
    }

    /// The values of the leaves.
    fn values(&self, nodes: &[Node]) -> Vec<f64> {
        let mut values = vec![0.0; nodes.len() / 2 + 1];
        for (id, node) in nodes.iter().enumerate().filter(|(_, node)| node.is_leaf()) {
            values[self.first_leaf[id] as usize] = node.value;
        }
        values
    }
}

/// The largest `f32` that is not greater: the same `f32` values are at most this as are at most `threshold`.
pub(super) fn round_down(threshold: f64) -> f32 {
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
pub(super) struct Step<C> {
    /// Rows with more are parted from the others.
    pub(super) cut: C,
    /// Of what.
    pub(super) place: u32,
    /// The number of the others' child, and that of the rows which are parted.
    pub(super) children: [u32; 2],
}

/// The place is a feature, of which a value is parted that is above the cut or missing: one comparison tells. Where
/// missing values go left, [`Step::NEGATED`] is set, and negated values are compared: the left ones are above the cut.
impl Step<f32> {
    const NEGATED: u32 = 1 << 31;

    fn new(node: &Node, [left, right]: [u32; 2]) -> Self {
        let (cut, feature) = (round_down(node.threshold), node.feature as u32);
        match node.missing_go_to_left {
            false => Self { cut, place: feature, children: [left, right] },
            // All values go left, for which no negated cut is low enough.
            true if cut == f32::INFINITY => Self { cut, place: feature, children: [left, left] },
            true => Self { cut: -cut.next_up(), place: feature | Self::NEGATED, children: [right, left] },
        }
    }

    #[inline]
    fn feature(&self) -> usize {
        (self.place & !Self::NEGATED) as usize
    }

    /// Whether a row with this value is parted from the others.
    #[inline]
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is parted")]
    fn parts(&self, value: f32) -> bool {
        let value = f32::from_bits(value.to_bits() ^ (self.place & Self::NEGATED));
        !(value <= self.cut)
    }
}

impl Scratch {
    /// Leaves the number of its leaf for each row.
    fn strike_out(&mut self, strikes: &[Strike], block: &Block) {
        let Self { leaves, .. } = self;
        leaves.clear();
        leaves.resize(block.column_len(), u32::MAX);
        vectorized!({
            for strike in strikes {
                strike.apply(block.column(strike.feature as usize), leaves);
            }
            // Whatever is left of a row's leaf was struck out where the two part.
            leaves.iter_mut().for_each(|leaves| *leaves = leaves.trailing_zeros());
        });
    }

    /// Leaves the number of its leaf for each row; `parts` is told a row's number times `stride`.
    #[inline]
    pub(super) fn descend<C>(
        &mut self,
        steps: &[Step<C>],
        (n_rows, stride): (usize, usize),
        parts: impl Fn(usize, &Step<C>) -> bool,
    ) {
        if steps.len() <= n_rows * STEPS_PER_ROW {
            // Read in order once, nodes are in cache when rows come to them in any order.
            black_box(steps.iter().step_by(STEPS_PER_LINE).fold(0, |all, step| all ^ step.place));
        }
        let Self { leaves } = self;
        leaves.clear();
        // One more, for lanes that read the last row again when there are no others.
        leaves.resize(n_rows + 1, 0);
        if steps.is_empty() || n_rows == 0 {
            return;
        }
        vectorized!({
            let (mut next, mut left) = (LANES, n_rows);
            let mut to: [usize; LANES] = std::array::from_fn(|lane| lane.min(n_rows));
            let mut starts = to.map(|row| row.min(n_rows - 1) * stride);
            let mut ids = [0; LANES];
            while left > 0 {
                for lane in 0..LANES {
                    let step = &steps[ids[lane] as usize];
                    let child = step.children[usize::from(parts(starts[lane], step))];
                    if child < LEAF {
                        ids[lane] = child;
                        continue;
                    }
                    // Rows that waited for the last of their group would cost more than this branch.
                    leaves[to[lane]] = child & !LEAF;
                    left -= usize::from(to[lane] < n_rows);
                    to[lane] = next.min(n_rows);
                    starts[lane] = next.min(n_rows - 1) * stride;
                    next += 1;
                    ids[lane] = 0;
                }
            }
        });
    }

    /// Adds `weigh` of its leaf's value to each row's sum.
    #[inline]
    pub(super) fn add_values(&self, values: &[f64], sums: &mut [f64], weigh: impl Fn(f64) -> f64) {
        let rows = sums.iter_mut().zip(&self.leaves);
        let mut few = [0.0; FEW];
        let Some(weighed) = few.get_mut(..values.len()) else {
            return rows.for_each(|(sum, leaf)| *sum += weigh(values[*leaf as usize]));
        };
        // Few values are weighed once each, not once a row.
        weighed.iter_mut().zip(values).for_each(|(weighed, value)| *weighed = weigh(*value));
        if let (Some(avx512), Some(few)) = (Avx512::new(), few.first_chunk())
            && values.len() <= few.len()
        {
            return add_by_look_up(avx512, few, &self.leaves, sums);
        }
        rows.for_each(|(sum, leaf)| *sum += few[*leaf as usize % FEW]);
    }
}

/// Adds the value of its leaf to each row's sum.
fn add_by_look_up(avx512: Avx512, values: &[f64; Avx512::NUMBERS], leaves: &[u32], sums: &mut [f64]) {
    let n_whole = sums.len() - sums.len() % values.len();
    let (whole, rest) = sums.split_at_mut(n_whole);
    let (whole, _) = whole.as_chunks_mut::<{ Avx512::NUMBERS }>();
    let (leaves_of_whole, _) = leaves.as_chunks();
    vectorized!({
        for (sums, leaves) in whole.iter_mut().zip(leaves_of_whole) {
            for (sum, value) in sums.iter_mut().zip(avx512.look_up(*values, *leaves)) {
                *sum += value;
            }
        }
    });
    let rest = rest.iter_mut().zip(&leaves[n_whole..]);
    rest.for_each(|(sum, leaf)| *sum += values[*leaf as usize % values.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::{Change, changed};
    use crate::tree::Tree;
    use crate::tree::changed::predict_changes;
    use crate::tree::ensemble::Ensemble;
    use crate::tree::rows::{PerRow, predict_blocks};
    use ndarray::{Array1, Array2, Axis};
    use proptest::prelude::*;

    /// At, between and far beyond the thresholds of [`tree`].
    const VALUES: &[f64] =
        &[0.0, 0.1, 0.1_f32 as f64, 0.25, 0.3, 0.5, 1e300, -1e300, f64::NEG_INFINITY, f64::NAN];

    /// A tree of `n_leaves` whose splits, at so many thresholds, and missing values differ by node.
    fn tree(n_leaves: u32, n_thresholds: u32, seed: u64) -> Vec<Node> {
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
                nodes[id].threshold = [0.1, 0.25, 0.5, f64::INFINITY, -1e300][draw(n_thresholds) as usize];
                nodes.extend([n_left, n - n_left].map(|n| Node { n_node_samples: n, ..Node::LEAF }));
            }
            id += 1;
        }
        nodes
    }

    /// Features whose bits are in different words, of so many.
    const FAR_APART: [usize; 3] = [0, 33, 70];
    const N_FAR_APART: usize = 71;

    const PER_ROW: PerRow = PerRow { n_features: 3, work: 1 << 14, start: 0.0 };

    proptest! {
        #[test]
        fn descents_end_in_the_leaves_that_the_nodes_lead_to(
            n_leaves in prop_oneof![1..80u32, 30..36u32],
            seed in any::<u64>(),
            rows in prop::collection::vec(prop::sample::select(VALUES), 3..200),
        ) {
            let tree = Tree::from_nodes(tree(n_leaves, 5, seed), 3).unwrap();
            let n_rows = rows.len() / 3;
            let records = Array2::from_shape_vec((n_rows, 3), rows[..n_rows * 3].to_vec()).unwrap();
            let mut values = Array1::zeros(n_rows);
            let expected = tree.apply(&records).mapv(|leaf| leaf as f64);
            predict_blocks(&records, &mut values, PER_ROW, |rows, sums| {
                tree.add(&Block::new(rows, 3), &mut Scratch::default(), sums, |value| value);
            });
            prop_assert_eq!(&values, &expected);
            values.fill(0.0);
            predict_blocks(&records, &mut values, PER_ROW, |rows, sums| {
                tree.add_records(rows, &mut Scratch::default(), sums, |value| value);
            });
            prop_assert_eq!(&values, &expected);
        }

        #[test]
        fn ensembles_add_up_what_their_trees_give(
            n_leaves in prop::collection::vec(1..60u32, 1..4),
            n_thresholds in 1..6u32,
            seed in any::<u64>(),
            n_values in prop::sample::select(vec![VALUES.len() - 1, VALUES.len()]),
            n_first in prop::sample::select(vec![0, 1, 60]),
            rows in prop::collection::vec(any::<prop::sample::Index>(), 3..200),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3usize, any::<prop::sample::Index>()), 0..99),
        ) {
            let trees: Vec<Tree> = (seed..)
                .zip(n_leaves)
                .map(|(seed, n_leaves)| {
                    let mut nodes = tree(n_leaves, n_thresholds, seed);
                    nodes.iter_mut().filter(|node| !node.is_leaf()).for_each(|node| {
                        node.feature = FAR_APART[node.feature as usize] as i32;
                    });
                    Tree::from_nodes(nodes, N_FAR_APART).unwrap()
                })
                .collect();
            // With or without NaN.
            let rows: Vec<f64> = rows.iter().map(|at| *at.get(&VALUES[..n_values])).collect();
            let n_rows = rows.len() / 3;
            let mut records = Array2::zeros((n_rows, N_FAR_APART));
            for (at, value) in rows[..n_rows * 3].iter().enumerate() {
                records[(at / 3, FAR_APART[at % 3])] = *value;
            }
            let leaves = trees.iter().map(|tree| tree.apply(&records).mapv(|leaf| leaf as f64));
            let expected = leaves.reduce(|sum, leaves| sum + leaves).unwrap();
            let first = records.view().split_at(Axis(0), n_first.min(n_rows)).0;
            let ensemble = Ensemble::new(&trees, first);
            let predict = |records: &Array2<f64>| {
                let mut sums = Array1::zeros(records.nrows());
                let per_row = PerRow { n_features: N_FAR_APART, ..PER_ROW };
                predict_blocks(records, &mut sums, per_row, |rows, sums| {
                    ensemble.add(&trees, rows, sums, |value| value);
                });
                sums
            };
            prop_assert_eq!(predict(&records), expected);

            let change = |(row, feature, value): &(prop::sample::Index, usize, prop::sample::Index)| Change {
                row: row.index(n_rows),
                feature: FAR_APART[*feature],
                value: *value.get(&VALUES[..n_values]),
            };
            let mut changes: Vec<Change> = changes.iter().map(change).collect();
            for _ in 0..2 {
                let sums = predict_changes(&records, &changes, |rows, sums| {
                    ensemble.add_changed(&trees, rows, sums);
                });
                prop_assert_eq!(sums, predict(&changed(&records, &changes)));
                changes.sort_by_key(|change| change.row);
            }
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
