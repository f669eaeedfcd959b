//! Can a tree tell these rows from train rows? If it can, a score on them says little about train-like rows.

use artifacts::take_rows;
use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use regressors::DecisionTree;
use regressors::random::RandomState;
use regressors::tree::{Samples, TreeParams};

const FOLDS: usize = 5;
const MAX_DEPTH: usize = 6;
const MIN_SAMPLES_LEAF: usize = 5;
const SEED: u32 = 42;

/// Area under the ROC curve of a tree that tells `other` rows of `values`, `(n_samples, n_features)`, from `train`
/// rows, scored out of fold.
///
/// 0.5 = it cannot, 1 = it always can. `None` where a side has fewer rows than folds. The larger side is sampled to
/// the size of the smaller with a fixed seed.
///
/// # Panics
/// If there is no such row.
pub fn auc(values: &Array2<f64>, train: &[usize], other: &[usize]) -> Option<f64> {
    let rows = train.len().min(other.len());
    if rows < FOLDS {
        return None;
    }
    let mut random = RandomState::new(SEED);
    let mut sample = |side: &[usize]| -> Vec<usize> {
        random.permutation(side.len())[..rows].iter().map(|&place| side[place]).collect()
    };
    let sampled = [sample(train), sample(other)].concat();
    let records = take_rows(values, &sampled);
    // Rows of either side lie in random order, so every FOLDS-th row is a random fold of both.
    let folds: Vec<Vec<(bool, f64)>> =
        (0..FOLDS).into_par_iter().map(|fold| scores(&records, rows, fold)).collect();
    Some(rank_auc(folds.into_iter().flatten().collect()))
}

/// The rows of one fold, each with whether it is from the other side and its score by a tree of the other folds.
fn scores(records: &Array2<f64>, train_rows: usize, fold: usize) -> Vec<(bool, f64)> {
    let is_other = |row: usize| row >= train_rows;
    let held_out = |row: &usize| row % FOLDS == fold;
    let (held, seen): (Vec<usize>, Vec<usize>) = (0..records.nrows()).partition(held_out);
    // The variance of zeros and ones is half their Gini impurity: a classification tree has the same splits.
    let targets: Array1<f64> = seen.iter().map(|&row| f64::from(u8::from(is_other(row)))).collect();
    let params = DecisionTree::params()
        .max_depth(MAX_DEPTH)
        .min_samples_leaf(Samples::Count(MIN_SAMPLES_LEAF))
        .random_state(SEED);
    let fitted = params.fit(&Dataset::new(take_rows(records, &seen), targets));
    let shares = match fitted {
        Ok(tree) => tree.predict(&take_rows(records, &held)),
        // Of values that no tree can be fitted on, such as infinite ones.
        Err(_) => Array1::from_elem(held.len(), 0.5),
    };
    held.into_iter().map(is_other).zip(shares).collect()
}

/// Area under the ROC curve by rank sum; ties count half.
fn rank_auc(mut scores: Vec<(bool, f64)>) -> f64 {
    scores.sort_by(|a, b| a.1.total_cmp(&b.1));
    let others = scores.iter().filter(|(other, _)| *other).count() as f64;
    let (mut rank_sum, mut before) = (0.0, 0.0);
    for tied in scores.chunk_by(|a, b| a.1 == b.1) {
        let mean_rank = before + (tied.len() as f64 + 1.0) / 2.0;
        rank_sum += mean_rank * tied.iter().filter(|(other, _)| *other).count() as f64;
        before += tied.len() as f64;
    }
    (rank_sum - others * (others + 1.0) / 2.0) / (others * (before - others))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(rows: usize, seed: u32) -> Array2<f64> {
        let mut random = RandomState::new(seed);
        Array2::from_shape_simple_fn((rows, 3), || random.random_sample())
    }

    #[test]
    fn ranks_count_ties_half() {
        assert_eq!(rank_auc(vec![(false, 0.1), (true, 0.9)]), 1.0);
        assert_eq!(rank_auc(vec![(false, 0.5), (true, 0.5)]), 0.5);
        assert_eq!(rank_auc(vec![(true, 0.1), (false, 0.4), (true, 0.35), (false, 0.8)]), 0.0);
        assert_eq!(rank_auc(vec![(false, 0.1), (false, 0.4), (true, 0.35), (true, 0.8)]), 0.75);
    }

    #[test]
    fn alike_rows_score_a_half_and_shifted_rows_one() {
        let (train, other): (Vec<usize>, Vec<usize>) = (0..900).partition(|row| row % 3 > 0);
        let mut values = noise(900, 1);
        let alike = auc(&values, &train, &other).unwrap();
        assert!((alike - 0.5).abs() < 0.06, "{alike}");
        other.iter().for_each(|&row| values.row_mut(row).mapv_inplace(|value| value + 2.0));
        let shifted = auc(&values, &train, &other).unwrap();
        assert!(shifted > 0.99, "{shifted}");
    }

    #[test]
    fn too_few_rows_have_no_score() {
        let rows: Vec<usize> = (0..604).collect();
        assert_eq!(auc(&noise(604, 1), &rows[..600], &rows[600..]), None);
    }
}
