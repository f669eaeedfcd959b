//! The growth of one tree, node by node.

use super::columns::Columns;
use super::counts::LevelCounts;
use super::draws::FeatureDraws;
use super::frontier::Frontier;
use super::model::Tree;
use super::node::Node;
use super::params::Limits;
use super::samples::{NodeSums, Sample};
use super::splitter::{Search, Split, SplitRule, is_constant, offer_midpoints, offer_random};
use crate::random::TreeRandom;

/// Nodes with less impurity than this are leaves, and improvements may fall short by as much.
const EPSILON: f64 = f64::EPSILON;

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
    pub(crate) rule: SplitRule,
}

/// A tree, and whether its sums of squares were exact in `f64`.
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    pub(crate) exact_squares: bool,
}

/// Grows a tree on `samples`, of which there must be one; `random` is as the tree's seed leaves it.
pub(crate) fn grow(training: &Training<'_>, samples: Vec<Sample>, random: TreeRandom) -> Grown {
    let sums = NodeSums::of(&samples, training.targets);
    let root = Job {
        start: 0,
        end: samples.len(),
        depth: 0,
        parent: None,
        known_constants: 0,
        impurity: training.impurity(&sums),
        sums,
    };
    let mut grower = Grower {
        training,
        draws: FeatureDraws::new(training.columns.n_features(), training.limits.max_features, random),
        counts: LevelCounts::default(),
        samples,
        nodes: Vec::new(),
        total_weight: sums.weight(),
    };
    match training.limits.max_leaf_nodes {
        None => grower.depth_first(root),
        Some(max_leaf_nodes) => grower.best_first(root, max_leaf_nodes),
    }
    let tree = Tree::grown(grower.nodes, training.columns.n_features());
    Grown { tree, exact_squares: sums.is_exact() }
}

impl Training<'_> {
    fn impurity(&self, sums: &NodeSums) -> f64 {
        sums.variance() * (self.quantum * self.quantum)
    }
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Left,
    Right,
}

/// A node that is still to be made: rows `start..end` of the tree's samples.
#[derive(Clone, Copy, Debug)]
struct Job {
    start: usize,
    end: usize,
    depth: usize,
    parent: Option<(usize, Side)>,
    known_constants: usize,
    impurity: f64,
    sums: NodeSums,
}

/// What a split makes of a node.
#[derive(Clone, Copy, Debug)]
struct Children {
    split: Split,
    left: Job,
    right: Job,
    improvement: f64,
}

/// A node that is in the tree.
struct Made {
    id: usize,
    /// None of a leaf.
    children: Option<Children>,
}

impl Made {
    fn improvement(&self) -> f64 {
        self.children.map_or(0.0, |children| children.improvement)
    }
}

struct Grower<'a> {
    training: &'a Training<'a>,
    draws: FeatureDraws,
    counts: LevelCounts,
    samples: Vec<Sample>,
    nodes: Vec<Node>,
    total_weight: f64,
}

impl Grower<'_> {
    /// Splits nodes in preorder.
    fn depth_first(&mut self, root: Job) {
        let mut stack = vec![root];
        while let Some(job) = stack.pop() {
            if let Some(Children { left, right, .. }) = self.add_node(&job).children {
                stack.push(right);
                stack.push(left);
            }
        }
    }

    /// Splits the node with the largest improvement first, until there are `max_leaf_nodes` leaves.
    fn best_first(&mut self, root: Job, max_leaf_nodes: usize) {
        let mut splits_left = max_leaf_nodes - 1;
        let mut frontier = Frontier::new();
        let root = self.add_node(&root);
        frontier.push(root.improvement(), root);
        while let Some(node) = frontier.pop() {
            let Some(Children { left, right, .. }) = node.children else { continue };
            if splits_left == 0 {
                self.nodes[node.id].close();
                continue;
            }
            splits_left -= 1;
            // Known constants are not handed down here, since nodes are not made in preorder.
            let children = [left, right].map(|job| self.add_node(&Job { known_constants: 0, ..job }));
            for child in children {
                frontier.push(child.improvement(), child);
            }
        }
    }

    /// Makes a node and, unless it is a leaf, its children's jobs.
    fn add_node(&mut self, job: &Job) -> Made {
        let children = if self.is_leaf(job) { None } else { self.split(job) };
        let id = self.nodes.len();
        if let Some((parent, side)) = job.parent {
            let parent = &mut self.nodes[parent];
            match side {
                Side::Left => parent.left = id as i32,
                Side::Right => parent.right = id as i32,
            }
        }
        let leaf = Node {
            n_node_samples: job.sums.sums.count,
            weighted_n_node_samples: job.sums.weight(),
            impurity: job.impurity,
            value: job.sums.mean() * self.training.quantum,
            ..Node::LEAF
        };
        self.nodes.push(match children {
            None => leaf,
            Some(Children { split, .. }) => Node {
                feature: split.feature as i32,
                threshold: split.threshold,
                missing_go_to_left: split.missing_go_to_left,
                ..leaf
            },
        });
        Made { id, children }
    }

    fn is_leaf(&self, job: &Job) -> bool {
        let limits = self.training.limits;
        let n = job.end - job.start;
        job.depth >= limits.max_depth
            || n < limits.min_samples_split
            || n / 2 < limits.min_samples_leaf
            || job.sums.weight() < 2.0 * self.min_weight_leaf()
            || job.impurity <= EPSILON
    }

    fn min_weight_leaf(&self) -> f64 {
        self.training.limits.min_weight_fraction_leaf * self.total_weight
    }

    /// Searches a node's best split and moves its rows accordingly; `None` if no split is good enough.
    fn split(&mut self, job: &Job) -> Option<Children> {
        let split = self.search(job)?;
        let column = self.training.columns.feature(split.feature);
        let samples = &mut self.samples[job.start..job.end];
        let middle = partition(samples, |sample| match column.codes[sample.row as usize] {
            code if code == column.missing() => split.missing_go_to_left,
            code => code < split.cut,
        });
        debug_assert_eq!(middle, split.left.count as usize);

        let sums = job.sums.split(split.left, samples.split_at(middle), self.training.targets);
        let child = |start, end, side, sums: NodeSums| Job {
            start,
            end,
            depth: job.depth + 1,
            parent: Some((self.nodes.len(), side)),
            known_constants: self.draws.constants(),
            impurity: self.training.impurity(&sums),
            sums,
        };
        let left = child(job.start, job.start + middle, Side::Left, sums.0);
        let right = child(job.start + middle, job.end, Side::Right, sums.1);
        let improvement = self.improvement(job, &left, &right);
        let enough = improvement + EPSILON >= self.training.limits.min_impurity_decrease;
        enough.then_some(Children { split, left, right, improvement })
    }

    fn search(&mut self, job: &Job) -> Option<Split> {
        let total = job.sums.sums;
        let samples = &self.samples[job.start..job.end];
        let mut search = Search::new(self.training.limits, self.min_weight_leaf(), total);
        self.draws.begin(job.known_constants);
        while let Some(feature) = self.draws.next() {
            let column = self.training.columns.feature(feature);
            self.counts.count(column, samples, total);
            if is_constant(&self.counts) {
                self.draws.constant();
                continue;
            }
            self.draws.varies();
            match self.training.rule {
                SplitRule::Best => offer_midpoints(&mut search, feature, column, &self.counts),
                SplitRule::Random => offer_random(&mut search, feature, &self.counts, &mut self.draws.random),
            }
        }
        search.best
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

/// Moves the samples that go left to the front and returns their number.
fn partition(samples: &mut [Sample], goes_left: impl Fn(&Sample) -> bool) -> usize {
    let (mut start, mut end) = (0, samples.len());
    while start < end {
        if goes_left(&samples[start]) {
            start += 1;
        } else {
            end -= 1;
            samples.swap(start, end);
        }
    }
    start
}
