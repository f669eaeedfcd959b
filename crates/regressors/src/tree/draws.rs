//! Which feature a node looks at next: scikit-learn's draws without replacement.

use crate::random::TreeRandom;

/// A tree's permutation of the features, which carries over from node to node.
///
/// Within a node, `order` holds from the left: constants known from the ancestors, constants found in this
/// node, from `first` on the candidates not drawn yet, and from `end` on the varying features drawn.
///
/// scikit-learn draws a position among the known constants not drawn yet and the candidates. Counted from
/// the right, the candidates come first: so one comparison tells whether a draw hits one, and where. What it
/// does to the known constants that it hits, swapping them and restoring their order after the node, is
/// never read, so they are passed over here.
#[derive(Clone, Debug)]
pub(super) struct FeatureDraws {
    /// The tree's generator; random thresholds come from it too.
    pub(super) random: TreeRandom,
    order: Vec<u32>,
    max_features: u32,
    first: u32,
    end: u32,
    /// How many positions the next draw chooses from: one fewer after every draw.
    positions: u32,
    /// Position in `order` of the feature drawn last.
    at: u32,
}

impl FeatureDraws {
    pub(super) fn new(n_features: usize, max_features: usize, random: TreeRandom) -> Self {
        let n = n_features as u32;
        let max_features = u32::try_from(max_features).unwrap_or(u32::MAX);
        Self { random, order: (0..n).collect(), max_features, first: 0, end: n, positions: n, at: 0 }
    }

    /// Starts a node whose ancestors found `known` constants.
    pub(super) fn begin(&mut self, known: u32) {
        self.first = known;
        self.end = self.order.len() as u32;
        self.positions = self.end;
    }

    /// The next candidate to look at; the caller says by [`Self::settle`] what it saw.
    ///
    /// Constants count as drawn, but the draws go on until one feature that varies has been seen.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<u32> {
        let n_features = self.order.len() as u32;
        while self.first < self.end {
            if n_features - self.positions >= self.max_features && self.end < n_features {
                return None;
            }
            let from_right = self.positions - 1 - self.random.next() % self.positions;
            self.positions -= 1;
            if from_right < self.end - self.first {
                self.at = self.end - 1 - from_right;
                return Some(self.order[self.at as usize]);
            }
        }
        None
    }

    /// The feature drawn last has one value in this node, hence in its children, or varies.
    #[inline(always)]
    pub(super) fn settle(&mut self, is_constant: bool) {
        // Both cases are a swap; choosing its target by arithmetic spares a branch that is hard to predict.
        let target = if is_constant { self.first } else { self.end - 1 };
        self.order.swap(self.at as usize, target as usize);
        self.first += u32::from(is_constant);
        self.end -= u32::from(!is_constant);
    }

    /// Constants known so far, those of the ancestors included.
    pub(super) fn constants(&self) -> u32 {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw_all(draws: &mut FeatureDraws, known: u32, is_constant: impl Fn(u32) -> bool) -> Vec<u32> {
        draws.begin(known);
        std::iter::from_fn(|| {
            let feature = draws.next()?;
            draws.settle(is_constant(feature));
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
