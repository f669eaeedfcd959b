//! A fitted tree: its checks, its predictions and its importances.

use super::descent::{Descent, Scratch};
use super::node::Node;
use super::rows::Block;
use crate::lazy::Lazy;
use crate::sum::pairwise_sum;
use crate::{Error, Result};
use ndarray::{Array1, ArrayBase, ArrayView1, Data, Ix2};
use rayon::prelude::*;

/// A fitted regression tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    n_features: usize,
    /// The nodes once more, for predictions.
    descent: Lazy<Descent>,
}

impl Tree {
    /// A tree whose nodes come from the grower.
    pub(super) fn grown(nodes: Vec<Node>, n_features: usize) -> Self {
        debug_assert!(Self::from_nodes(nodes.clone(), n_features).is_ok());
        Self { nodes, n_features, descent: Lazy::default() }
    }

    /// Makes values of the sums of the nodes' targets, in units of a quantum; those of the leaves are given.
    pub(super) fn set_values(&mut self, mut sums: Vec<i128>, quantum: f64) {
        // Children have larger numbers than their parents.
        for (id, node) in self.nodes.iter_mut().enumerate().rev() {
            if let Some([left, right]) = node.children() {
                sums[id] = sums[left] + sums[right];
            }
            node.value = sums[id] as f64 / node.weighted_n_node_samples * quantum;
        }
    }

    /// A tree read back from a stored model, checked so that no row can leave it or loop in it.
    ///
    /// # Errors
    /// If a node is not as [`Node`] says, is reached from no node or from two, or its children's rows are
    /// not its own.
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
        if n_features == 0 || i32::try_from(n_features).is_err() {
            return Err(Error::Model(format!("a tree of {n_features} features")));
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
        Ok(Self { nodes, n_features, descent: Lazy::default() })
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
        assert_eq!(records.ncols(), self.n_features, "records must have as many features as the model");
        records.rows().into_iter().map(|row| self.leaf_id(row)).collect()
    }

    fn leaf_id(&self, row: ArrayView1<'_, f64>) -> usize {
        let mut id = 0;
        loop {
            let node = &self.nodes[id];
            if node.is_leaf() {
                return id;
            }
            id = node.next(row[node.feature as usize] as f32);
        }
    }

    /// Adds `weigh` of its leaf's value to the sum of each row in `block`.
    #[inline]
    pub(crate) fn add(
        &self,
        block: &Block,
        scratch: &mut Scratch,
        sums: &mut [f64],
        weigh: impl Fn(f64) -> f64,
    ) {
        self.descent().add(block, scratch, sums, weigh);
    }

    /// As [`Self::add`], for `records` row after row.
    pub(crate) fn add_records(
        &self,
        records: &[f64],
        scratch: &mut Scratch,
        sums: &mut [f64],
        weigh: impl Fn(f64) -> f64,
    ) {
        self.descent().add_records((records, self.n_features), scratch, sums, weigh);
    }

    pub(super) fn descent(&self) -> &Descent {
        self.descent.get(|| Descent::new(&self.nodes))
    }

    /// Each feature's share of the impurity decrease, of shape `(n_features,)`; zeros without splits.
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

/// The mean of many trees' importances as scikit-learn takes it; trees without splits do not count. Where no split
/// decreases the impurity it is 0, as for a single tree; scikit-learn divides 0 by 0.
pub(crate) fn mean_importances(
    trees: &[Tree],
    importances: impl Fn(&Tree) -> Vec<f64> + Sync,
    n_features: usize,
) -> Array1<f64> {
    let split: Vec<&Tree> = trees.iter().filter(|tree| tree.nodes.len() > 1).collect();
    if split.is_empty() {
        return Array1::zeros(n_features);
    }
    let of_trees: Vec<Vec<f64>> = split.par_iter().map(|tree| importances(tree)).collect();
    let mut mean = vec![0.0; n_features];
    for of_tree in of_trees {
        mean.iter_mut().zip(of_tree).for_each(|(mean, importance)| *mean += importance);
    }
    mean.iter_mut().for_each(|mean| *mean /= split.len() as f64);
    let sum = pairwise_sum(&mean);
    let whole = if sum == 0.0 { 1.0 } else { sum };
    mean.into_iter().map(|mean| mean / whole).collect()
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
