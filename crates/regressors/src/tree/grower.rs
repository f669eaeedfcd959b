//! The growth of one tree, node by node.

use super::abreast::settle_abreast;
use super::bag::{Bag, NodeSums};
use super::columns::{Column, Kind};
use super::counted::{Counted, CountedNode, FeatureScores};
use super::draws::FeatureDraws;
use super::frontier::Frontier;
use super::histogram::{HistogramId, Histograms};
use super::model::Tree;
use super::node::Node;
use super::packed::{Packed, Sums};
use super::params::LeafLimits;
use super::partition::partition_in_parts;
use super::search::{Search, Split};
use super::small::{self, FeatureBits, Pair, PairSplit, SmallNode};
use super::sorted::SortedRows;
use super::splitter::{SplitRule, Splitter};
use super::training::{Grown, Training};
use crate::random::TreeRandom;
use crate::vectors::{Avx512, vectorized};
use std::ops::Range;

/// Nodes with less impurity than this are leaves, and improvements may fall short by as much.
const EPSILON: f64 = f64::EPSILON;

#[derive(Clone, Copy, Debug)]
enum Side {
    Left,
    Right,
}

/// A node that is still to be made: rows `start..end` of the tree's rows.
#[derive(Clone, Copy, Debug)]
struct Job {
    start: u32,
    end: u32,
    depth: u32,
    parent: Option<(u32, Side)>,
    known_constants: u32,
    histogram: Option<HistogramId>,
    is_leaf: bool,
    impurity: f64,
    sums: NodeSums,
}

impl Job {
    fn n_rows(&self) -> usize {
        (self.end - self.start) as usize
    }

    fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// How a node's rows were parted; its children's jobs are the last two of the stack, the left one's on top.
#[derive(Clone, Copy, Debug)]
struct Parting {
    split: Split,
    missing_go_to_left: bool,
    improvement: f64,
}

/// A node that is in the tree.
struct Made {
    id: usize,
    /// The left and the right one; none of a leaf.
    children: Option<[Job; 2]>,
}

/// A tree that is growing.
pub(super) struct Grower<'a, P, S> {
    training: &'a Training<'a>,
    bag: Bag<'a, P>,
    draws: FeatureDraws<S>,
    histograms: Histograms<'a, P>,
    scores: FeatureScores<P>,
    bits: FeatureBits<P>,
    /// A bit for every feature in which the rows of a pair differ.
    differing: Vec<u64>,
    leaf_limits: LeafLimits,
    /// In-bag rows; those of a node are neighbours.
    rows: Vec<u32>,
    sorted: SortedRows,
    /// Rows that go right while a node is split.
    moved: &'a mut [u32],
    nodes: Vec<Node>,
    /// What is left to be made in preorder, the next node last.
    stack: Vec<Job>,
    total_weight: f64,
    exact_squares: bool,
}

impl<'a, P: Packed, S: Splitter> Grower<'a, P, S> {
    pub(super) fn new(
        training: &'a Training<'a>,
        bag: Bag<'a, P>,
        rows: Vec<u32>,
        random: TreeRandom,
        moved: &'a mut [u32],
    ) -> Self {
        let Training { columns, limits, .. } = *training;
        let n_rows = rows.len();
        Self {
            training,
            bag,
            draws: FeatureDraws::new(columns.n_features(), limits.max_features, random),
            histograms: Histograms::new(columns),
            scores: FeatureScores::new(columns),
            bits: FeatureBits::new(columns),
            differing: vec![0; columns.words()],
            leaf_limits: limits.leaf(0.0),
            moved,
            sorted: SortedRows::new(columns, &rows, training.targets.len()),
            rows,
            nodes: Vec::with_capacity(limits.most_nodes(n_rows)),
            stack: Vec::new(),
            total_weight: 0.0,
            exact_squares: true,
        }
    }

    pub(super) fn grow(mut self) -> Grown {
        let root = self.root();
        match self.training.limits.max_leaf_nodes {
            None => self.start(root),
            Some(max_leaf_nodes) => self.best_first(root, max_leaf_nodes),
        }
        self.finish()
    }

    /// Grows both in preorder; whichever tree's node is settled first goes on to its next.
    pub(super) fn grow_abreast(avx512: Avx512, mut trees: [Self; 2]) -> [Grown; 2] {
        for tree in &mut trees {
            let root = tree.root();
            tree.start(root);
        }
        while trees.iter().all(Self::is_open) {
            let [a, b] = trees.each_mut().map(|tree| &mut tree.draws);
            vectorized!(settle_abreast(avx512, [a, b]));
            let settled = trees.iter_mut().filter(|tree| tree.draws.are_settled());
            settled.for_each(Self::go_on);
        }
        // The larger one goes on alone.
        trees.map(Self::finish)
    }

    fn root(&mut self) -> Job {
        let sums = self.bag.node(&self.rows);
        self.exact_squares = sums.is_exact();
        self.total_weight = sums.weight();
        self.leaf_limits = self.training.limits.leaf(self.total_weight);
        let mut root = Job {
            start: 0,
            end: self.rows.len() as u32,
            depth: 0,
            parent: None,
            known_constants: 0,
            histogram: None,
            is_leaf: false,
            impurity: self.training.impurity(&sums),
            sums,
        };
        root.is_leaf = self.is_leaf(&root);
        root
    }

    /// Begins to make nodes in preorder.
    fn start(&mut self, root: Job) {
        self.stack.push(root);
        self.open_next();
    }

    /// Makes all nodes that are left.
    fn finish(mut self) -> Grown {
        while self.is_open() {
            self.settle();
            self.go_on();
        }
        // A full tree keeps what few nodes it lacks; of a large table, what another does not need is much.
        if self.nodes.len() < self.nodes.capacity() / 2 {
            self.nodes.shrink_to_fit();
        }
        let tree = Tree::grown(self.nodes, self.training.columns.n_features());
        Grown { tree, exact_squares: self.exact_squares, rows: self.rows }
    }

    /// Whether there is a node whose features are marked, the last of the stack.
    fn is_open(&self) -> bool {
        !self.stack.is_empty()
    }

    /// Makes leaves up to the next other node, if there is one, and opens that.
    fn open_next(&mut self) {
        while let Some(job) = self.stack.last().copied() {
            if job.is_leaf {
                self.add_leaf(&job);
                self.stack.pop();
                continue;
            }
            let histogram = self.open(&job);
            if let Some(open) = self.stack.last_mut() {
                open.histogram = histogram;
            }
            return;
        }
    }

    /// Makes the node that is open and settled, and opens the next.
    fn go_on(&mut self) {
        if let Some(job) = self.stack.pop() {
            self.close(&job);
        }
        self.open_next();
    }

    fn close(&mut self, job: &Job) {
        if self.is_pair(job) {
            return self.add_pair(job);
        }
        self.add_node(job);
    }

    /// Splits the node with the largest improvement first, until there are `max_leaf_nodes` leaves.
    fn best_first(&mut self, root: Job, max_leaf_nodes: usize) {
        let mut splits_left = max_leaf_nodes - 1;
        let mut frontier = Frontier::new();
        let make = |grower: &mut Self, job: Job| {
            // Known constants are not handed down here, since nodes are not made in preorder.
            let mut job = Job { known_constants: 0, ..job };
            if !job.is_leaf {
                job.histogram = grower.open(&job);
                grower.settle();
            }
            let id = grower.nodes.len();
            let improvement = grower.add_node(&job).unwrap_or(0.0);
            let children = grower.stack.pop().zip(grower.stack.pop()).map(<[Job; 2]>::from);
            (improvement, Made { id, children })
        };
        let (improvement, root) = make(self, root);
        frontier.push(improvement, root);
        while let Some(Made { id, children }) = frontier.pop() {
            let Some(children) = children else { continue };
            if splits_left == 0 {
                self.nodes[id].close();
                // They were parted when the node was made.
                self.rows[children[0].start as usize..children[1].end as usize].sort();
                continue;
            }
            splits_left -= 1;
            for (improvement, child) in children.map(|job| make(self, job)) {
                frontier.push(improvement, child);
            }
        }
    }

    /// Marks the features of a node that is no leaf, for their draws; returns its histogram if it keeps one.
    fn open(&mut self, job: &Job) -> Option<HistogramId> {
        if self.is_pair(job) {
            let pair = self.pair(job);
            let (draws, differing) = (&mut self.draws, &mut self.differing);
            vectorized!(pair.mark(differing, draws.open(job.known_constants)));
            return None;
        }
        if self.is_small(job) {
            vectorized!({
                let (mut node, draws) = self.small_node(job);
                node.mark(draws.open(job.known_constants));
            });
            return None;
        }
        let rows = &self.rows[job.range()];
        let histogram = match job.histogram {
            None if !self.histograms.keeps(rows.len()) => {
                self.histograms.count_few(rows, &self.bag);
                None
            }
            None if job.parent.is_none() => Some(self.histograms.count_root(rows, &self.bag)),
            None => Some(self.histograms.count(rows, &self.bag)),
            from_parent => from_parent,
        };
        vectorized!({
            let (mut node, draws) = self.counted_node(job, histogram);
            node.mark(draws.open(job.known_constants));
        });
        histogram
    }

    /// Makes all draws of the node that is open, if they can be made before its search.
    fn settle(&mut self) {
        if self.training.marks_tell_all() {
            vectorized!(self.draws.settle());
        }
    }

    fn pair(&self, job: &Job) -> Pair<'a> {
        let rows = &self.rows[job.range()];
        Pair { columns: self.training.columns, rows: [rows[0], rows[1]] }
    }

    #[inline(always)]
    fn small_node(&mut self, job: &Job) -> (SmallNode<'_, P>, &mut FeatureDraws<S>) {
        let node = SmallNode {
            columns: self.training.columns,
            bag: &self.bag,
            rows: &self.rows[job.range()],
            total: job.sums.sums,
            bits: &mut self.bits,
        };
        (node, &mut self.draws)
    }

    #[inline(always)]
    fn counted_node(
        &mut self,
        job: &Job,
        histogram: Option<HistogramId>,
    ) -> (CountedNode<'_, P>, &mut FeatureDraws<S>) {
        let node = CountedNode {
            columns: self.training.columns,
            bag: &self.bag,
            node: Counted {
                rows: &self.rows[job.range()],
                range: job.range(),
                histogram: self.histograms.get(histogram),
                sorted: &self.sorted,
            },
            total: job.sums.sums,
            limits: self.leaf_limits,
            all_are_drawn: self.training.all_are_drawn(),
            features: &mut self.scores,
        };
        (node, &mut self.draws)
    }

    /// Makes a node, which is open unless it is a leaf; if it has children, pushes their jobs and returns the split's
    /// improvement.
    fn add_node(&mut self, job: &Job) -> Option<f64> {
        let parting = if job.is_leaf { None } else { self.split(job) };
        self.add_leaf(job);
        let Parting { split, missing_go_to_left, improvement } = parting?;
        if let Some(node) = self.nodes.last_mut() {
            node.feature = split.feature as i32;
            node.threshold = split.threshold;
            node.missing_go_to_left = missing_go_to_left;
        }
        Some(improvement)
    }

    /// Makes a node without children.
    fn add_leaf(&mut self, job: &Job) {
        let id = self.nodes.len() as i32;
        match job.parent {
            Some((parent, Side::Left)) => self.nodes[parent as usize].left = id,
            Some((parent, Side::Right)) => self.nodes[parent as usize].right = id,
            None => {}
        }
        self.nodes.push(self.leaf(job.n_rows(), job.sums.sums, job.impurity));
    }

    fn leaf(&self, n_rows: usize, sums: Sums, impurity: f64) -> Node {
        Node {
            n_node_samples: n_rows as u32,
            weighted_n_node_samples: sums.weight as f64,
            impurity,
            value: sums.mean() * self.training.quantum,
            ..Node::LEAF
        }
    }

    /// Whether a node's children, if it has any, are leaves of a row each, easy to find, and made right after it, as in
    /// preorder.
    fn is_pair(&self, job: &Job) -> bool {
        job.n_rows() == 2
            && !job.is_leaf
            && self.is_small(job)
            && self.training.columns.are_plain()
            && self.training.limits.max_leaf_nodes.is_none()
    }

    /// Makes a node of two rows, which is open, and its leaves: a full tree has more of these than of any other size,
    /// and they need little of what others do.
    fn add_pair(&mut self, job: &Job) {
        let split = self.pair(job).split(&self.draws);
        let id = self.nodes.len();
        self.add_leaf(job);
        // Nothing is left of the impurity.
        let improvement = job.sums.weight() / self.total_weight * job.impurity;
        let is_worth_it = improvement + EPSILON >= self.training.limits.min_impurity_decrease;
        let Some(PairSplit { feature, threshold, rows }) = split.filter(|_| is_worth_it) else { return };
        self.rows[job.range()].copy_from_slice(&rows);
        let node = &mut self.nodes[id];
        (node.left, node.right) = (id as i32 + 1, id as i32 + 2);
        (node.feature, node.threshold) = (feature as i32, threshold);
        for row in rows {
            // A leaf of one row has no impurity.
            self.nodes.push(self.leaf(1, self.bag.of(row).unpack(self.bag.layout), 0.0));
        }
    }

    fn is_leaf(&self, job: &Job) -> bool {
        let limits = self.training.limits;
        let n = job.n_rows();
        job.depth as usize >= limits.max_depth
            || n < limits.min_samples_split
            || n / 2 < limits.min_samples_leaf
            || job.sums.weight() < 2.0 * self.leaf_limits.min_weight
            || job.impurity <= EPSILON
    }

    /// Searches the best split of a node that is open and moves its rows accordingly; `None` if no split is good
    /// enough.
    fn split(&mut self, job: &Job) -> Option<Parting> {
        let (split, constants) = self.search(job);
        let parting = split.and_then(|split| self.part(job, split, constants));
        if let Some(histogram) = job.histogram {
            match parting {
                Some(_) => self.hand_down(histogram),
                None => self.histograms.free(histogram),
            }
        }
        parting
    }

    /// Whether all features are drawn and no split is barred, so that few patterns of rows decide a node.
    fn is_small(&self, job: &Job) -> bool {
        job.n_rows() <= small::MAX_ROWS && self.training.all_are_drawn() && !self.leaf_limits.restrict()
    }

    fn needs_sorted_rows(&self, job: &Job) -> bool {
        !job.is_leaf && !self.is_small(job)
    }

    /// Searches the best split of a node that is open; also returns how many constants are known then.
    fn search(&mut self, job: &Job) -> (Option<Split>, u32) {
        let search = Search::<S>::new(self.leaf_limits, job.sums.sums);
        let is_settled = self.training.marks_tell_all();
        if self.is_small(job) {
            return vectorized!({
                let (node, draws) = self.small_node(job);
                search.run(draws, is_settled, node)
            });
        }
        let found = vectorized!({
            let (mut node, draws) = self.counted_node(job, job.histogram);
            if S::RULE == SplitRule::Best && node.all_are_drawn {
                node.search_orders();
            }
            search.run(draws, is_settled, node)
        });
        if job.histogram.is_none() {
            self.histograms.clear(&self.rows[job.range()]);
        }
        found
    }

    /// Whether the rows that go left are the first of a column's order, and so need not be looked up.
    fn is_sorted_by(&self, job: &Job, column: &Column) -> bool {
        matches!(column.kind, Kind::Ranked { .. }) && !column.has_missing && self.needs_sorted_rows(job)
    }

    /// Moves a node's rows to their sides and returns how many are on the left.
    fn part_rows(&mut self, job: &Job, split: &Split) -> usize {
        let columns = self.training.columns;
        let column = columns.feature(split.feature);
        let is_sorted = self.is_sorted_by(job, column);
        let rows = &mut self.rows[job.range()];
        let moved = &mut self.moved[..rows.len()];
        let missing_go_to_left = split.missing_go_to_left == Some(true);
        let by_code =
            |code: u32| if code == column.missing() { missing_go_to_left } else { code < split.cut };
        match &column.kind {
            Kind::Constant => rows.len(),
            Kind::Binary { rarer_level } => {
                let with_bit = *rarer_level == 0;
                partition_in_parts(rows, moved, |row| columns.has_bit(row, split.feature) == with_bit)
            }
            Kind::Coded { at, .. } if column.has_missing => {
                partition_in_parts(rows, moved, |row| by_code(columns.code(row, *at)))
            }
            Kind::Coded { at, .. } => {
                let codes = columns.codes(*at);
                partition_in_parts(rows, moved, |row| u32::from(codes[row as usize]) < split.cut)
            }
            Kind::Ranked { at, .. } if is_sorted => {
                let order = self.sorted.get(*at, job.range());
                let n_left = order.partition_point(|row| by_code(columns.rank(*row, *at)));
                let goes_left = self.sorted.mark_first(*at, job.range(), n_left);
                partition_in_parts(rows, moved, |row| goes_left[row as usize])
            }
            Kind::Ranked { at, .. } => partition_in_parts(rows, moved, |row| by_code(columns.rank(row, *at))),
        }
    }

    /// Moves a node's rows to their sides and pushes its children's jobs, unless that improves too little.
    fn part(&mut self, job: &Job, split: Split, constants: u32) -> Option<Parting> {
        let middle = self.part_rows(job, &split);
        let rows = &self.rows[job.range()];
        let sides = rows.split_at(middle);
        let sums = self.bag.split(&job.sums, split.left, sides);
        let id = self.nodes.len() as u32;
        let child = |start, end, side, sums: NodeSums| {
            let mut child = Job {
                start,
                end,
                depth: job.depth + 1,
                parent: Some((id, side)),
                known_constants: constants,
                histogram: None,
                is_leaf: false,
                impurity: self.training.impurity(&sums),
                sums,
            };
            child.is_leaf = self.is_leaf(&child);
            child
        };
        let middle = job.start + middle as u32;
        let left = child(job.start, middle, Side::Left, sums.0);
        let right = child(middle, job.end, Side::Right, sums.1);
        let improvement = self.improvement(job, &left, &right);
        if improvement + EPSILON < self.training.limits.min_impurity_decrease {
            // They have been parted.
            self.rows[job.range()].sort();
            return None;
        }
        if !self.sorted.is_empty() && [&left, &right].iter().any(|child| self.needs_sorted_rows(child)) {
            if !self.is_sorted_by(job, self.training.columns.feature(split.feature)) {
                self.sorted.mark(self.rows[job.range()].split_at(left.n_rows()));
            }
            self.sorted.part(job.range(), &mut self.moved[..job.n_rows()]);
        }
        let missing_go_to_left = split.missing_go_to_left.unwrap_or(left.n_rows() > right.n_rows());
        self.stack.push(right);
        self.stack.push(left);
        Some(Parting { split, missing_go_to_left, improvement })
    }

    /// Makes the histograms of the children whose jobs are the last of the stack, if they need one, from their
    /// parent's.
    fn hand_down(&mut self, histogram: HistogramId) {
        let Some([right, left]) = self.stack.last_chunk_mut() else { return };
        let (smaller, larger) = if left.n_rows() <= right.n_rows() { (left, right) } else { (right, left) };
        let [for_smaller, for_larger] =
            [&smaller, &larger].map(|job| self.histograms.keeps(job.n_rows()) && !job.is_leaf);
        let rows = &self.rows[smaller.range()];
        if for_smaller {
            let counted = self.histograms.count(rows, &self.bag);
            smaller.histogram = Some(counted);
            if for_larger {
                self.histograms.subtract(histogram, counted);
            }
        } else if for_larger {
            self.histograms.subtract_rows(histogram, rows, &self.bag);
        }
        if for_larger {
            larger.histogram = Some(histogram);
        } else {
            self.histograms.free(histogram);
        }
    }

    /// The decrease of the impurity by a split, weighted by the node's share of the tree.
    fn improvement(&self, node: &Job, left: &Job, right: &Job) -> f64 {
        let weight = node.sums.weight();
        (weight / self.total_weight)
            * (node.impurity
                - (right.sums.weight() / weight * right.impurity)
                - (left.sums.weight() / weight * left.impurity))
    }
}
