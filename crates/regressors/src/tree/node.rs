//! A node of a tree, and what no node can be.

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

    pub(super) fn children(&self) -> Option<[usize; 2]> {
        (!self.is_leaf()).then_some([self.left as usize, self.right as usize])
    }

    /// The child for a row with this value.
    #[inline]
    pub(super) fn next(&self, value: f32) -> usize {
        let goes_left =
            if value.is_nan() { self.missing_go_to_left } else { f64::from(value) <= self.threshold };
        (if goes_left { self.left } else { self.right }) as usize
    }

    /// Why the node cannot be number `id` of `n_nodes`, if so.
    pub(super) fn fault(&self, id: usize, n_nodes: usize, n_features: usize) -> Option<&'static str> {
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
