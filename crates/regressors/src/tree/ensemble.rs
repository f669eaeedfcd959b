//! Many trees as predictions read them.
//!
//! A split compares a value with a threshold, and most features of encoded records, being indicators, have all their
//! values below or above all the thresholds that they meet, even random ones: a bit per row tells all trees where it
//! goes. So a row becomes a few words: bits, and the ranks of features with values among their thresholds. They stay
//! in cache while all trees pass, and one comparison serves both kinds.
//!
//! Which features are bits is told by the records that are predicted first. Later ones that do not fit are read as
//! they are, in twice the time.

use super::descent::{Descent, Scratch, Step, WORK_OF_MANY, round_down, steps};
use super::model::Tree;
use super::node::Node;
use super::rows::{Block, check_features};
use super::values::rank;
use crate::vectors::vectorized;
use ndarray::ArrayView2;

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
    /// Words of a row: the bits of all features, then the ranks of some.
    pub(super) width: usize,
    bits: Bits,
    ranked: Vec<u32>,
    /// What the steps call each feature; [`UNUSED`] if none reads it.
    places: Vec<u32>,
    /// The steps and the leaves' values of each tree.
    pub(super) trees: Vec<(Vec<Step<u32>>, Vec<f64>)>,
}

/// The place of a feature that no step reads.
const UNUSED: u32 = u32::MAX;

/// Features of a word of bits.
const WORD: usize = u32::BITS as usize;

/// Most rows that tell which features are ranked.
const SAMPLE: usize = 1024;

/// The least and the greatest threshold that a feature meets; `None` if it meets none.
type Thresholds = Option<(f32, f32)>;

impl Ensemble {
    /// The trees have the same features; `records` are such as will be predicted.
    ///
    /// # Panics
    /// If `records` have another number of features.
    pub(crate) fn new(trees: &[Tree], records: ArrayView2<'_, f64>) -> Self {
        let n_features = trees.first().map_or(0, Tree::n_features);
        check_features(&records, n_features);
        let thresholds = thresholds(trees, n_features);
        let is_used = |feature: &u32| thresholds[*feature as usize].is_some();
        let used = (0..n_features as u32).filter(is_used).collect();
        let few = trees.iter().all(|tree| Descent::strikes_out(tree.nodes()));
        let words = (!few).then(|| Words::new(trees, &thresholds, records));
        Self { n_features, used, words }
    }

    /// The time that a row takes, in that of a tree of few leaves.
    pub(crate) fn work(&self, n_trees: usize) -> usize {
        n_trees * if self.words.is_some() { WORK_OF_MANY } else { 1 }
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
            scratch.descend(steps, (sums.len(), words.width), |start, step| {
                step.parts(block[start + (step.place / u32::BITS) as usize])
            });
            scratch.add_values(values, sums, &weigh);
        }
    }
}

fn thresholds(trees: &[Tree], n_features: usize) -> Vec<Thresholds> {
    let mut thresholds = vec![None; n_features];
    for node in trees.iter().flat_map(Tree::nodes).filter(|node| !node.is_leaf()) {
        let (known, threshold) = (&mut thresholds[node.feature as usize], round_down(node.threshold));
        let (least, greatest) = known.unwrap_or((threshold, threshold));
        *known = Some((threshold.min(least), threshold.max(greatest)));
    }
    thresholds
}

/// The features that are bits, by word.
#[derive(Clone, Debug)]
struct Bits {
    /// Values that are at most this have no bit.
    least: Vec<[f32; WORD]>,
    /// Values above this have one.
    greatest: Vec<[f32; WORD]>,
    /// The features that are bits.
    used: Vec<u32>,
}

impl Bits {
    fn new(thresholds: &[Thresholds]) -> Self {
        let words = |of: &dyn Fn(Thresholds) -> f32| {
            let word = |thresholds: &[Thresholds]| {
                std::array::from_fn(|at| of(thresholds.get(at).copied().flatten()))
            };
            thresholds.chunks(WORD).map(word).collect()
        };
        let used = |thresholds: &[Thresholds]| {
            thresholds
                .iter()
                .zip(0..)
                .fold(0, |used, (thresholds, bit)| used | u32::from(thresholds.is_some()) << bit)
        };
        Self {
            least: words(&|thresholds| thresholds.map_or(f32::INFINITY, |(least, _)| least)),
            greatest: words(&|thresholds| thresholds.map_or(f32::INFINITY, |(_, greatest)| greatest)),
            used: thresholds.chunks(WORD).map(used).collect(),
        }
    }

    /// Whether a feature's value has a bit; `None` if it lies among its thresholds, or is missing.
    fn bit(&self, feature: usize, value: f32) -> Option<bool> {
        let (word, at) = (feature / WORD, feature % WORD);
        let is_above = value > self.greatest[word][at];
        (is_above || value <= self.least[word][at] || self.used[word] >> at & 1 == 0).then_some(is_above)
    }

    /// Writes the bits of a row into words of zeros, and gives `misfits`, word by word, the values that have none of
    /// their own.
    #[inline(always)]
    fn write(&self, row: &[f64], words: &mut [u32], mut misfits: impl FnMut(usize, u32)) {
        let (whole, rest) = row.as_chunks::<WORD>();
        let mut last = [0.0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        let values = whole.iter().chain([&last]);
        for (at, (word, values)) in words.iter_mut().zip(values).enumerate() {
            // Most features of a wide table may be in no tree, and all features of another ranked.
            if self.used[at] != 0 {
                let misfit;
                (*word, misfit) = self.word(at, values);
                misfits(at, misfit);
            }
        }
    }

    /// The bits of values, and of those that lie among their thresholds or are missing.
    #[inline(always)]
    fn word(&self, at: usize, values: &[f64; WORD]) -> (u32, u32) {
        let (least, greatest) = (&self.least[at], &self.greatest[at]);
        let (mut above, mut below) = (0, 0);
        for bit in 0..WORD {
            let value = values[bit] as f32;
            above |= if value > greatest[bit] { 1 << bit } else { 0 };
            below |= if value <= least[bit] { 1 << bit } else { 0 };
        }
        (above, !(above | below) & self.used[at])
    }
}

impl Words {
    fn new(trees: &[Tree], thresholds: &[Thresholds], records: ArrayView2<'_, f64>) -> Self {
        let mut bits = Bits::new(thresholds);
        let (bit_words, mut ranked) = (bits.used.len(), Vec::new());
        let (mut words, mut misfits) = (vec![0; bit_words], vec![0; bit_words]);
        for row in records.rows().into_iter().step_by(records.nrows().div_ceil(SAMPLE).max(1)) {
            bits.write(&row.to_vec(), &mut words, |at, misfit| misfits[at] |= misfit);
        }
        let mut places = vec![UNUSED; thresholds.len()];
        for (feature, _) in (0..).zip(thresholds).filter(|(_, thresholds)| thresholds.is_some()) {
            let (word, bit) = (feature as usize / WORD, feature as usize % WORD);
            let (word, shift) = if misfits[word] >> bit & 1 == 0 {
                (word, WORD - 1 - bit)
            } else {
                ranked.push(feature);
                (bit_words + ranked.len() - 1, 0)
            };
            places[feature as usize] = (word * WORD + shift) as u32;
        }
        bits.used.iter_mut().zip(misfits).for_each(|(used, misfits)| *used &= !misfits);
        let step = |node: &Node, children| {
            let place = places[node.feature as usize];
            let is_bit = (place / u32::BITS) < bit_words as u32;
            // A word whose highest bit is set is above.
            let cut = if is_bit { u32::MAX >> 1 } else { rank(round_down(node.threshold) + 0.0) };
            Step { cut, place, children }
        };
        // Not in parallel: a thread that waits for others might begin a prediction, which waits for this.
        let trees = trees.iter().map(|tree| steps(tree.nodes(), step)).collect();
        Self { width: bit_words + ranked.len(), bits, ranked, places, trees }
    }

    /// Words that hold bits; those of ranks follow.
    pub(super) fn bit_words(&self) -> usize {
        self.bits.used.len()
    }

    /// Whether a word tells the trees all of a feature's value.
    pub(super) fn can_hold(&self, feature: usize, value: f64) -> bool {
        !(value.is_nan() && self.places[feature] != UNUSED) && self.bits.bit(feature, value as f32).is_some()
    }

    /// Where steps find a feature, and the word of a row of these `words` that has `value` there; `None` if no step
    /// would see a difference.
    pub(super) fn other(&self, words: &[u32], feature: usize, value: f64) -> Option<(u32, u32)> {
        let place = self.places[feature];
        let word = *words.get((place / u32::BITS) as usize)?;
        let value = value as f32;
        let other = if ((place / u32::BITS) as usize) < self.bit_words() {
            let bit = feature % WORD;
            word & !(1 << bit) | u32::from(self.bits.bit(feature, value)?) << bit
        } else {
            rank(value + 0.0)
        };
        (other != word).then_some((place, other))
    }

    /// Some rows as words; `None` if a value does not fit.
    pub(super) fn encode(&self, rows: &[f64], n_features: usize) -> Option<Vec<u32>> {
        let mut words = vec![0; rows.len() / n_features * self.width];
        let fits = vectorized!({
            let mut all = 0;
            let mut is_missing = false;
            for (row, words) in rows.chunks_exact(n_features).zip(words.chunks_exact_mut(self.width)) {
                let (bits, ranks) = words.split_at_mut(self.bits.used.len());
                self.bits.write(row, bits, |_, misfits| all |= misfits);
                for (word, feature) in ranks.iter_mut().zip(&self.ranked) {
                    let value = row[*feature as usize] as f32;
                    is_missing |= value.is_nan();
                    *word = rank(value + 0.0);
                }
            }
            all == 0 && !is_missing
        });
        fits.then_some(words)
    }
}

/// The cut is one of words, the place a word's number and, below, by how many bits it is shifted: a feature's bit
/// to the top, a rank not at all.
impl Step<u32> {
    /// Whether a row with this word goes right.
    #[inline(always)]
    pub(super) fn parts(&self, word: u32) -> bool {
        word << (self.place % u32::BITS) > self.cut
    }
}
