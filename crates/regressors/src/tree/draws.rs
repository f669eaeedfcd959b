//! Which feature a node looks at next: scikit-learn's draws without replacement.

use crate::random::TreeRandom;

/// A tree's permutation of the features, which carries over from node to node.
///
/// Within a node, `order` holds from the left: constants known from the ancestors, constants found in this
/// node, features not drawn yet, and from `undrawn` on the varying features already drawn. scikit-learn
/// also swaps the known constants it draws and restores their order after the node; nothing reads that
/// order, so they are only counted here.
#[derive(Clone, Debug)]
pub(super) struct FeatureDraws {
    /// The tree's generator; random thresholds come from it too.
    pub(super) random: TreeRandom,
    order: Vec<u32>,
    max_features: usize,
    known: usize,
    known_drawn: usize,
    found: usize,
    undrawn: usize,
    visited: usize,
    /// Position in `order` of the feature drawn last.
    at: usize,
}

impl FeatureDraws {
    pub(super) fn new(n_features: usize, max_features: usize, random: TreeRandom) -> Self {
        let order = (0..n_features as u32).collect();
        Self {
            random,
            order,
            max_features,
            known: 0,
            known_drawn: 0,
            found: 0,
            undrawn: 0,
            visited: 0,
            at: 0,
        }
    }

    /// Starts a node whose ancestors found `known` constants.
    pub(super) fn begin(&mut self, known: usize) {
        self.known = known;
        self.known_drawn = 0;
        self.found = 0;
        self.undrawn = self.order.len();
        self.visited = 0;
    }

    /// The next feature to look at; the caller says by [`Self::constant`] or [`Self::varies`] what it saw.
    ///
    /// Constants count as visited, but the draws go on until one feature that varies has been seen.
    pub(super) fn next(&mut self) -> Option<u32> {
        while self.undrawn > self.constants()
            && (self.visited < self.max_features || self.visited <= self.found + self.known_drawn)
        {
            self.visited += 1;
            let drawn = self.random.int(self.known_drawn, self.undrawn - self.found);
            if drawn >= self.known {
                self.at = drawn + self.found;
                return Some(self.order[self.at]);
            }
            self.known_drawn += 1;
        }
        None
    }

    /// The feature drawn last has one value in this node, hence in its children.
    pub(super) fn constant(&mut self) {
        let end = self.constants();
        self.order.swap(self.at, end);
        self.found += 1;
    }

    /// The feature drawn last has several values in this node.
    pub(super) fn varies(&mut self) {
        self.undrawn -= 1;
        self.order.swap(self.at, self.undrawn);
    }

    /// Constants known so far, those of the ancestors included.
    pub(super) fn constants(&self) -> usize {
        self.known + self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw_all(draws: &mut FeatureDraws, known: usize, is_constant: impl Fn(u32) -> bool) -> Vec<u32> {
        draws.begin(known);
        std::iter::from_fn(|| {
            let feature = draws.next()?;
            if is_constant(feature) {
                draws.constant()
            } else {
                draws.varies()
            }
            Some(feature)
        })
        .collect()
    }

    #[test]
    fn every_feature_is_drawn_once() {
        let mut draws = FeatureDraws::new(7, 7, TreeRandom::new(3));
        let mut drawn = draw_all(&mut draws, 0, |feature| feature % 3 == 0);
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(draws.constants(), 3);
        let mut varying = draw_all(&mut draws, 3, |_| false);
        varying.sort_unstable();
        assert_eq!(varying, [1, 2, 4, 5]);
    }

    #[test]
    fn draws_go_on_until_a_feature_varies() {
        for state in 1..50 {
            let mut draws = FeatureDraws::new(9, 2, TreeRandom::new(state));
            let drawn = draw_all(&mut draws, 0, |feature| feature != 4);
            assert_eq!(drawn.contains(&4), *drawn.last().unwrap() == 4 || drawn.len() == 2, "{drawn:?}");
            assert!(drawn.contains(&4));
        }
    }
}
