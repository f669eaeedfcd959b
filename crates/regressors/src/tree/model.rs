//! A fitted tree: its nodes, its checks, and its predictions.

use crate::sum::pairwise_sum;
use crate::{Error, Result};
use ndarray::{Array1, ArrayBase, Data, Ix2};

/// A node of a tree; node 0 is the root, and children follow their parent.
///
/// `impurity` and `value` are in the units of the model's `target_scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// The child of rows whose feature is at most the threshold; -1 at leaves.
    pub left: i32,
    /// The child of the other rows; -1 at leaves.
    pub right: i32,
    /// Position of the feature that rows are split by; -2 at leaves.
    pub feature: i32,
    /// Largest value of the feature on the left, infinite if only missing values go right; -2 at leaves.
    pub threshold: f64,
    /// Whether rows go left whose feature is NaN; false at leaves.
    pub missing_go_to_left: bool,
    /// Distinct training rows.
    pub n_node_samples: u32,
    /// Sum of the training rows' weights.
    pub weighted_n_node_samples: f64,
    /// Variance of the training rows' targets.
    pub impurity: f64,
    /// Mean of the training rows' targets: the prediction, at leaves.
    pub value: f64,
}

impl Node {
    /// A leaf that no row has reached.
    pub(super) const LEAF: Self = Self {
        left: -1,
        right: -1,
        feature: -2,
        threshold: -2.0,
        missing_go_to_left: false,
        n_node_samples: 0,
        weighted_n_node_samples: 0.0,
        impurity: 0.0,
        value: 0.0,
    };

    /// Whether the node has no children.
    #[inline]
    pub fn is_leaf(&self) -> bool {
        self.left < 0
    }

    /// Makes a leaf of a node that has no children yet.
    pub(super) fn close(&mut self) {
        let Self { left, right, feature, threshold, missing_go_to_left, .. } = Self::LEAF;
        *self = Self { left, right, feature, threshold, missing_go_to_left, ..*self };
    }

    fn children(&self) -> Option<[usize; 2]> {
        (!self.is_leaf()).then_some([self.left as usize, self.right as usize])
    }

    /// The child for a row with this value.
    #[inline]
    fn next(&self, value: f32) -> usize {
        let goes_left =
            if value.is_nan() { self.missing_go_to_left } else { f64::from(value) <= self.threshold };
        (if goes_left { self.left } else { self.right }) as usize
    }

    /// Why the node cannot be number `id` of `n_nodes`, if so.
    fn fault(&self, id: usize, n_nodes: usize, n_features: usize) -> Option<&'static str> {
        let numbers = [self.impurity, self.value, self.weighted_n_node_samples];
        if !numbers.iter().all(|number| number.is_finite()) || self.weighted_n_node_samples <= 0.0 {
            return Some("has numbers that are not finite, or no weight");
        }
        if self.n_node_samples == 0 {
            return Some("has no rows");
        }
        if self.is_leaf() {
            let leaf = Self::LEAF;
            let is_plain = (self.left, self.right, self.feature) == (leaf.left, leaf.right, leaf.feature)
                && self.threshold == leaf.threshold
                && !self.missing_go_to_left;
            return (!is_plain).then_some("is no plain leaf");
        }
        let is_later = |child: i32| usize::try_from(child).is_ok_and(|child| child > id && child < n_nodes);
        if !is_later(self.left) || !is_later(self.right) || self.left == self.right {
            return Some("has children that are no two later nodes");
        }
        if !usize::try_from(self.feature).is_ok_and(|feature| feature < n_features) {
            return Some("splits by a feature that does not exist");
        }
        (self.threshold.is_nan() || self.threshold == f64::NEG_INFINITY).then_some("has no threshold")
    }
}

/// A fitted regression tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    n_features: usize,
}

impl Tree {
    /// A tree whose nodes come from the grower.
    pub(super) fn grown(nodes: Vec<Node>, n_features: usize) -> Self {
        debug_assert!(Self::from_nodes(nodes.clone(), n_features).is_ok());
        Self { nodes, n_features }
    }

    /// A tree read back from a stored model, checked so that no row can leave it, loop in it or get NaN from it.
    ///
    /// # Errors
    /// If a node is not as [`Node`] says, is reached from no node or from two, or its children's rows are not its
    /// own.
    ///
    /// ```
    /// use regressors::tree::{Node, Tree};
    ///
    /// let leaf = Node {
    ///     left: -1, right: -1, feature: -2, threshold: -2.0, missing_go_to_left: false,
    ///     n_node_samples: 3, weighted_n_node_samples: 3.0, impurity: 0.5, value: 7.0,
    /// };
    /// assert!(Tree::from_nodes(vec![leaf], 1).is_ok());
    /// let loops = Node { left: 0, right: 0, feature: 0, threshold: 0.5, ..leaf };
    /// assert!(Tree::from_nodes(vec![loops], 1).is_err());
    /// ```
    pub fn from_nodes(nodes: Vec<Node>, n_features: usize) -> Result<Self> {
        if nodes.is_empty() || i32::try_from(nodes.len()).is_err() {
            return Err(Error::Model(format!("a tree of {} nodes", nodes.len())));
        }
        if n_features == 0 {
            return Err(Error::Model("a tree without features".into()));
        }
        let mut has_parent = vec![false; nodes.len()];
        has_parent[0] = true;
        for (id, node) in nodes.iter().enumerate() {
            if let Some(fault) = node.fault(id, nodes.len(), n_features) {
                return Err(Error::Model(format!("node {id} {fault}")));
            }
            // Every node has one parent with a smaller number: that makes a tree, and all of it is reached.
            if !has_parent[id] {
                return Err(Error::Model(format!("node {id} is reached from no node")));
            }
            let Some(children) = node.children() else { continue };
            let rows: u64 = children.iter().map(|child| u64::from(nodes[*child].n_node_samples)).sum();
            if rows != u64::from(node.n_node_samples) {
                return Err(Error::Model(format!("node {id} has other rows than its children")));
            }
            for child in children {
                if std::mem::replace(&mut has_parent[child], true) {
                    return Err(Error::Model(format!("node {child} is reached from two nodes")));
                }
            }
        }
        Ok(Self { nodes, n_features })
    }

    /// The nodes, parents before children.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The number of features that the tree was fitted on.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// The number of leaves.
    pub fn n_leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_leaf()).count()
    }

    /// The most edges between the root and a leaf.
    pub fn depth(&self) -> usize {
        let mut depths = vec![0; self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for child in node.children().into_iter().flatten() {
                depths[child] = depths[id] + 1;
            }
        }
        depths.into_iter().max().unwrap_or(0)
    }

    /// The leaf that every row of `records`, of shape `(n_samples, n_features)`, ends up in.
    ///
    /// # Panics
    /// If `records` have another number of features than the tree.
    pub fn apply<D: Data<Elem = f64>>(&self, records: &ArrayBase<D, Ix2>) -> Array1<usize> {
        let rows = Rows::new(records, self.n_features);
        rows.iter().map(|row| self.leaf_id(row)).collect()
    }

    fn leaf_id(&self, row: &[f32]) -> usize {
        let mut id = 0;
        loop {
            let node = &self.nodes[id];
            if node.is_leaf() {
                return id;
            }
            id = node.next(row[node.feature as usize]);
        }
    }

    /// The value of the leaf that a row ends up in.
    #[inline]
    pub(crate) fn value(&self, row: &[f32]) -> f64 {
        self.nodes[self.leaf_id(row)].value
    }

    /// Each feature's share of the impurity decrease, of shape `(n_features,)`; zeros for a tree without splits.
    pub fn feature_importances(&self) -> Array1<f64> {
        let importances = self.impurity_decreases();
        let sum = pairwise_sum(&importances);
        if sum > 0.0 {
            importances.into_iter().map(|importance| importance / sum).collect()
        } else {
            importances.into()
        }
    }

    /// The decrease of the impurity by each feature's splits, averaged over the training rows.
    pub(crate) fn impurity_decreases(&self) -> Vec<f64> {
        let weighted = |node: &Node| node.weighted_n_node_samples * node.impurity;
        let mut decreases = vec![0.0; self.n_features];
        for node in &self.nodes {
            if let Some([left, right]) = node.children() {
                decreases[node.feature as usize] +=
                    weighted(node) - weighted(&self.nodes[left]) - weighted(&self.nodes[right]);
            }
        }
        decreases.iter_mut().for_each(|decrease| *decrease /= self.nodes[0].weighted_n_node_samples);
        decreases
    }
}

/// The mean of many trees' importances as scikit-learn takes it; trees without splits do not count.
pub(crate) fn mean_importances(
    trees: &[Tree],
    importances: impl Fn(&Tree) -> Vec<f64>,
    n_features: usize,
) -> Array1<f64> {
    let split: Vec<&Tree> = trees.iter().filter(|tree| tree.nodes.len() > 1).collect();
    if split.is_empty() {
        return Array1::zeros(n_features);
    }
    let mut mean = vec![0.0; n_features];
    for tree in &split {
        mean.iter_mut().zip(importances(tree)).for_each(|(mean, importance)| *mean += importance);
    }
    mean.iter_mut().for_each(|mean| *mean /= split.len() as f64);
    let sum = pairwise_sum(&mean);
    mean.into_iter().map(|mean| mean / sum).collect()
}

/// Refuses no trees, and trees that were fitted on different numbers of features; returns that number.
pub(crate) fn check_trees(trees: &[Tree]) -> Result<usize> {
    let n_features = trees.first().ok_or_else(|| Error::Model("no trees".into()))?.n_features;
    match trees.iter().position(|tree| tree.n_features != n_features) {
        Some(id) => Err(Error::Model(format!(
            "tree {id} has {} features, tree 0 has {n_features}",
            trees[id].n_features
        ))),
        None => Ok(n_features),
    }
}

/// Records as trees see them: `f32`, row after row.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    values: Vec<f32>,
    n_features: usize,
}

impl Rows {
    /// # Panics
    /// If `records` do not have `n_features` features.
    pub(crate) fn new<D: Data<Elem = f64>>(records: &ArrayBase<D, Ix2>, n_features: usize) -> Self {
        assert_eq!(records.ncols(), n_features, "records must have as many features as the model");
        Self { values: records.iter().map(|value| *value as f32).collect(), n_features }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.n_features)
    }

    /// Some `n` rows at a time.
    pub(crate) fn chunks(&self, n: usize) -> impl Iterator<Item = std::slice::ChunksExact<'_, f32>> {
        self.values.chunks(n * self.n_features).map(|rows| rows.chunks_exact(self.n_features))
    }
}
