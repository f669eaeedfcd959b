//! Many trees as predictions read them.
//!
//! A split compares a value with a threshold, and most features of encoded records, being indicators, meet one
//! threshold only: a bit per row tells all trees where it goes. So a row becomes a few words: bits, and the
//! ranks of features with several thresholds. They stay in cache while all trees pass, and one comparison
//! serves both kinds.

use super::descent::{Descent, Scratch, Step, round_down, steps};
use super::model::Tree;
use super::node::Node;
use super::rows::Block;
use super::values::rank;
use rayon::prelude::*;

/// Trees that are predicted together.
#[derive(Clone, Debug)]
pub(crate) struct Ensemble {
    pub(super) n_features: usize,
    /// Features that any tree splits by, ascending.
    used: Vec<u32>,
    /// None if all trees have few leaves.
    pub(super) words: Option<Words>,
}

/// Trees that read rows as words.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Words of a row.
    pub(super) width: usize,
    /// The features that are bits, with the largest value that gives none.
    bits: Vec<(u32, f32)>,
    /// The features that are ranks.
    ranked: Vec<u32>,
    /// What the steps call each feature; [`UNUSED`] if none reads it.
    places: Vec<u32>,
    /// The steps and the leaves' values of each tree.
    pub(super) trees: Vec<(Vec<Step<u32>>, Vec<f64>)>,
}

/// The place of a feature that no step reads.
pub(super) const UNUSED: u32 = u32::MAX;

/// The thresholds that a feature meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Thresholds {
    None,
    One(f32),
    Several,
}

impl Ensemble {
    /// The trees have the same features.
    pub(crate) fn new(trees: &[Tree]) -> Self {
        let n_features = trees.first().map_or(0, Tree::n_features);
        let thresholds = thresholds(trees, n_features);
        let is_used = |feature: &u32| thresholds[*feature as usize] != Thresholds::None;
        let used = (0..n_features as u32).filter(is_used).collect();
        let few = trees.iter().all(|tree| Descent::strikes_out(tree.nodes()));
        let words = (!few).then(|| Words::new(trees, &thresholds));
        Self { n_features, used, words }
    }

    /// Adds `weigh` of its leaf's value, for each of the `trees` that this was made of, to the sum of each of
    /// some rows of the records.
    pub(crate) fn add(&self, trees: &[Tree], rows: &[f64], sums: &mut [f64], weigh: impl Fn(f64) -> f64) {
        let mut scratch = Scratch::default();
        let words = match &self.words {
            Some(words) => words,
            None => {
                let block = Block::of_features(rows, self.n_features, &self.used);
                return trees.iter().for_each(|tree| tree.add(&block, &mut scratch, sums, &weigh));
            }
        };
        let Some(block) = words.encode(rows, self.n_features) else {
            return trees.iter().for_each(|tree| tree.add_records(rows, &mut scratch, sums, &weigh));
        };
        for (steps, values) in &words.trees {
            scratch.descend(steps, sums.len(), |row, step| step.is_above(&block[row * words.width..]));
            scratch.add_values(values, sums, &weigh);
        }
    }
}

fn thresholds(trees: &[Tree], n_features: usize) -> Vec<Thresholds> {
    let mut thresholds = vec![Thresholds::None; n_features];
    for node in trees.iter().flat_map(Tree::nodes).filter(|node| !node.is_leaf()) {
        let known = &mut thresholds[node.feature as usize];
        *known = match *known {
            Thresholds::None => Thresholds::One(round_down(node.threshold)),
            Thresholds::One(threshold) if threshold == round_down(node.threshold) => continue,
            _ => Thresholds::Several,
        };
    }
    thresholds
}

impl Words {
    fn new(trees: &[Tree], thresholds: &[Thresholds]) -> Self {
        let mut places = vec![UNUSED; thresholds.len()];
        let (mut bits, mut ranked) = (Vec::new(), Vec::new());
        for (feature, thresholds) in (0..).zip(thresholds) {
            if let Thresholds::One(threshold) = thresholds {
                places[feature as usize] = bits.len() as u32;
                bits.push((feature, *threshold));
            }
        }
        let bit_words = bits.len().div_ceil(u32::BITS as usize);
        for (feature, thresholds) in (0..).zip(thresholds) {
            if *thresholds == Thresholds::Several {
                // The lowest bits of a place shift a word, by none for a rank.
                places[feature as usize] = (bit_words + ranked.len()) as u32 * u32::BITS + u32::BITS - 1;
                ranked.push(feature);
            }
        }
        let cut = |node: &Node| {
            let (feature, threshold) = (node.feature as usize, round_down(node.threshold));
            let cut = match thresholds[feature] {
                Thresholds::Several => rank(threshold + 0.0),
                // A word whose highest bit is set is above.
                _ => u32::MAX >> 1,
            };
            (cut, places[feature])
        };
        let trees = trees.par_iter().map(|tree| steps(tree.nodes(), cut)).collect();
        Self { width: bit_words + ranked.len(), bits, ranked, places, trees }
    }

    /// Words that hold bits; those of ranks follow.
    pub(super) fn bit_words(&self) -> usize {
        self.bits.len().div_ceil(u32::BITS as usize)
    }

    /// Where steps find a feature, and the word of a row of these `words` that has `value` there; `None` if no step
    /// would see a difference.
    pub(super) fn other(&self, words: &[u32], feature: usize, value: f64) -> Option<(u32, u32)> {
        let place = self.places[feature];
        let word = *words.get((place / u32::BITS) as usize)?;
        let value = value as f32;
        let other = match self.bits.get(place as usize) {
            Some((_, largest)) => {
                let bit = place % u32::BITS;
                word & !(1 << bit) | u32::from(value > *largest) << bit
            }
            None => rank(value + 0.0),
        };
        (other != word).then_some((place, other))
    }

    /// Some rows as words; `None` if a value is missing.
    pub(super) fn encode(&self, rows: &[f64], n_features: usize) -> Option<Vec<u32>> {
        const BITS: usize = u32::BITS as usize;
        let mut words = vec![0; rows.len() / n_features * self.width];
        let mut is_missing = false;
        for (row, words) in rows.chunks_exact(n_features).zip(words.chunks_exact_mut(self.width)) {
            let (bit_words, ranks) = words.split_at_mut(self.bit_words());
            for (word, bits) in bit_words.iter_mut().zip(self.bits.chunks(BITS)) {
                for (bit, (feature, largest)) in bits.iter().enumerate() {
                    let value = row[*feature as usize] as f32;
                    is_missing |= value.is_nan();
                    *word |= u32::from(value > *largest) << bit;
                }
            }
            for (word, feature) in ranks.iter_mut().zip(&self.ranked) {
                let value = row[*feature as usize] as f32;
                is_missing |= value.is_nan();
                *word = rank(value + 0.0);
            }
        }
        (!is_missing).then_some(words)
    }
}

/// The cut is one of words, the place a word's number and, below, by how many bits less than 31 it is shifted.
impl Step<u32> {
    #[inline(always)]
    pub(super) fn is_above(&self, words: &[u32]) -> bool {
        self.parts(words[(self.place / u32::BITS) as usize])
    }

    /// Whether a row with this word goes right.
    #[inline(always)]
    pub(super) fn parts(&self, word: u32) -> bool {
        word << (u32::BITS - 1 - self.place % u32::BITS) > self.cut
    }
}
