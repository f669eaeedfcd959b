//! The stages of a boosting fit.

use super::model::{GradientBoosting, add_stage};
use super::params::GradientBoostingValidParams;
use crate::input::{WEIGHT_ON_BOTH_SIDES, check_finite, check_fit, require};
use crate::parallel::{for_each_part, in_pool};
use crate::random::{RandomState, TreeRandom, train_test_split};
use crate::sum::pairwise_sum;
use crate::target::{FineTargets, InBag, Targets, check_squares, check_targets};
use crate::tree::{Best, Columns, Memory, Rows, Training, Tree, grow, sample_weights, total_weight};
use crate::{Error, Result};
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::Fit;
use ndarray::{ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix2};
use std::mem;

/// Rows, or a weight of them, whose sums leave residuals as many digits as leaves need.
const FEW: u64 = 1 << 12;

impl<D, T> Fit<ArrayBase<D, Ix2>, T, Error> for GradientBoostingValidParams
where
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = GradientBoosting;

    /// Fits the stages on records `(n_samples, n_features)` and targets `(n_samples,)`; weights of the dataset must be
    /// whole numbers.
    ///
    /// # Errors
    /// On empty data, lengths that differ, targets that are not finite or too large to square, records that are not finite
    /// or too large for a 32-bit float, and weights that are no whole numbers, or all zero in a part that is drawn;
    /// [`Error::Parameter`] if early stopping holds out no rows, or all.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        let (records, y) = (dataset.records.view(), dataset.as_single_targets());
        check_fit(&records, &y)?;
        check_finite(&records)?;
        check_targets(&y)?;
        let labels = Labels { y: y.to_vec(), weights: sample_weights(&dataset.weights, y.len())? };
        if self.n_iter_no_change.is_none() {
            let init = labels.mean(&labels.y);
            let train = Part::new(labels, init);
            return in_pool(records.len(), || self.fit_stages(&records, train, None));
        }
        let mut random = RandomState::new(self.growth.random_state);
        let parts = train_test_split(y.len(), self.validation_fraction, &mut random);
        let is_parted = !parts.train.is_empty() && !parts.test.is_empty();
        let requirement = "such that a row is held out and one is left to train on";
        require(is_parted, "validation_fraction", self.validation_fraction, requirement)?;
        let (train, held_out) = (labels.select(&parts.train)?, labels.select(&parts.test)?);
        let init = train.mean(&train.y);
        let records_of = |rows: &[usize]| records.select(Axis(0), rows);
        let held_out_rows = Rows::new(&records_of(&parts.test), records.ncols());
        let held_out = (Part::new(held_out, init), held_out_rows);
        let (records, train) = (records_of(&parts.train), Part::new(train, init));
        in_pool(records.len(), || self.fit_stages(&records.view(), train, Some(held_out)))
    }
}

impl GradientBoostingValidParams {
    /// Fits stages to `train`, until `held_out` stops improving if there is such a part.
    fn fit_stages(
        &self,
        records: &ArrayView2<'_, f64>,
        train: Part,
        mut held_out: Option<(Part, Rows)>,
    ) -> Result<GradientBoosting> {
        let init = train.init;
        let random = RandomState::new(self.growth.random_state);
        let leaves_rows_out = self.subsample < 1.0 || train.labels.weights.is_some();
        let rows = leaves_rows_out.then(|| Rows::new(records, records.ncols()));
        let columns = Columns::new(records, self.max_bins)?.with_rows_by_slot();
        let mut stages = Stages {
            params: self,
            columns,
            rows,
            train,
            random,
            residuals: Vec::new(),
            integers: Vec::new(),
            memory: Memory::default(),
        };
        let patience = self.n_iter_no_change.unwrap_or(0).min(self.n_estimators);
        let mut losses = vec![f64::INFINITY; patience];
        let mut trees = Vec::new();
        for stage in 0..self.n_estimators {
            trees.push(stages.fit_next()?);
            self.progress.step();
            let (Some((held_out, rows)), Some(tree)) = (&mut held_out, trees.last()) else { continue };
            add_stage(&mut held_out.predictions, tree, rows, self.learning_rate);
            let loss = held_out.loss();
            // Better than at least one of the last `n_iter_no_change` is good enough.
            if !losses.iter().any(|earlier| loss + self.tol < *earlier) {
                break;
            }
            let oldest = stage % losses.len();
            losses[oldest] = loss;
        }
        GradientBoosting::from_parts(init, self.learning_rate, trees)
    }
}

/// Targets and whole-numbered weights of some rows.
#[derive(Debug)]
struct Labels {
    y: Vec<f64>,
    weights: Option<Vec<u32>>,
}

impl Labels {
    /// # Errors
    /// If no row with a weight is selected.
    fn select(&self, rows: &[usize]) -> Result<Self> {
        let weights = |weights: &Vec<u32>| rows.iter().map(|row| weights[*row]).collect::<Vec<u32>>();
        let weights = self.weights.as_ref().map(weights);
        match total_weight(weights.as_deref(), rows.len()) {
            0 => Err(Error::Empty(WEIGHT_ON_BOTH_SIDES)),
            _ => Ok(Self { y: rows.iter().map(|row| self.y[*row]).collect(), weights }),
        }
    }

    /// numpy's `average` of a value per row.
    fn mean(&self, values: &[f64]) -> f64 {
        let Some(weights) = &self.weights else {
            return pairwise_sum(values) / values.len() as f64;
        };
        let weighted = values.iter().zip(weights).map(|(value, weight)| value * f64::from(*weight));
        let weighted: Vec<f64> = weighted.collect();
        pairwise_sum(&weighted) / total_weight(Some(weights), values.len()) as f64
    }
}

/// Labels with what the stages so far predict for their rows.
#[derive(Debug)]
struct Part {
    labels: Labels,
    init: f64,
    predictions: Vec<f64>,
}

impl Part {
    fn new(labels: Labels, init: f64) -> Self {
        let predictions = vec![init; labels.y.len()];
        Self { labels, init, predictions }
    }

    /// Labels less predictions, in the place of what is in `memory`.
    fn residuals(&self, memory: Vec<f64>) -> Vec<f64> {
        let mut residuals = memory;
        residuals.resize(self.predictions.len(), 0.0);
        for_each_part(&mut residuals, |start, residuals| {
            let both = self.labels.y[start..].iter().zip(&self.predictions[start..]);
            residuals.iter_mut().zip(both).for_each(|(residual, (y, predicted))| *residual = y - predicted);
        });
        residuals
    }

    /// The mean squared error, added up as scikit-learn does.
    fn loss(&self) -> f64 {
        let mut halves = self.residuals(Vec::new());
        halves.iter_mut().for_each(|residual| *residual = 0.5 * *residual * *residual);
        2.0 * self.labels.mean(&halves)
    }
}

/// A fit between two stages.
struct Stages<'a> {
    params: &'a GradientBoostingValidParams,
    columns: Columns,
    /// The training rows, if not every one of them ends in a leaf when a tree is grown.
    rows: Option<Rows>,
    train: Part,
    random: RandomState,
    /// Those of the last stage, and what its tree was grown on.
    residuals: Vec<f64>,
    integers: Vec<i64>,
    memory: Memory,
}

impl Stages<'_> {
    /// Fits a tree to the residuals and adds it to the predictions.
    fn fit_next(&mut self) -> Result<Tree> {
        self.residuals = self.train.residuals(mem::take(&mut self.residuals));
        check_squares(&ArrayView1::from(&self.residuals))
            .map_err(|_| Error::Diverged("residuals grow without bound; lower learning_rate"))?;
        let weights = self.weights();
        let weights = weights.as_deref().or(self.train.labels.weights.as_deref());
        let n_rows = self.residuals.len();
        let total_weight = total_weight(weights, n_rows);
        if total_weight == 0 {
            return Err(Error::Empty("rows with weight in a stage's subsample"));
        }
        let residuals = ArrayView1::from(&self.residuals);
        let in_bag = InBag::rows(weights, total_weight);
        let targets = Targets::fixed_point(residuals, in_bag, mem::take(&mut self.integers));
        let shape = (n_rows, self.columns.n_features());
        let training = Training {
            columns: &self.columns,
            targets: &targets.integers,
            quantum: targets.quantum,
            limits: &self.params.growth.limits(shape, targets.factor),
        };
        let random = TreeRandom::new(self.random.tree_seed());
        let mut grown = grow::<Best>(&training, weights, random, &mut self.memory);
        // Splits of bins are other splits than scikit-learn's: last digits are not worth the time there.
        if total_weight > FEW && self.params.max_bins.is_none() {
            grown.take_means(&FineTargets::new(residuals), weights);
        }
        let predictions = &mut self.train.predictions;
        match &self.rows {
            Some(rows) => add_stage(predictions, &grown.tree, rows, self.params.learning_rate),
            None => {
                let nodes = grown.tree.nodes();
                let leaves: Vec<(f64, &[u32])> =
                    grown.leaves().map(|(leaf, rows)| (nodes[leaf].value, rows)).collect();
                for_each_part(predictions, |start, predictions| {
                    let end = start + predictions.len();
                    for (value, rows) in &leaves {
                        let step = self.params.learning_rate * value;
                        // Rows of a leaf ascend.
                        let place = |row| rows.partition_point(|other| (*other as usize) < row);
                        let rows = &rows[place(start)..place(end)];
                        rows.iter().for_each(|row| predictions[*row as usize - start] += step);
                    }
                });
            }
        }
        (self.integers, self.memory.rows) = (targets.integers, grown.rows);
        Ok(grown.tree)
    }

    /// The weights of the next stage if it leaves rows out: 0 for these.
    fn weights(&mut self) -> Option<Vec<u32>> {
        if self.params.subsample >= 1.0 {
            return None;
        }
        let n = self.train.labels.y.len();
        let in_bag = ((self.params.subsample * n as f64) as usize).max(1);
        let mask = subsample(n, in_bag, &mut self.random);
        Some(match &self.train.labels.weights {
            None => mask,
            Some(weights) => weights.iter().zip(mask).map(|(weight, mask)| weight * mask).collect(),
        })
    }
}

/// 1 for the `in_bag` of `n` rows that scikit-learn draws without replacement, 0 for the others.
fn subsample(n: usize, in_bag: usize, random: &mut RandomState) -> Vec<u32> {
    let mut still_to_take = in_bag;
    let take = |row: usize| {
        let is_taken = random.random_sample() * ((n - row) as f64) < still_to_take as f64;
        still_to_take -= usize::from(is_taken);
        u32::from(is_taken)
    };
    (0..n).map(take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreeParams;
    use linfa::Dataset;
    use ndarray::{Array1, Array2};

    #[test]
    fn as_many_rows_are_drawn_as_asked_for() {
        for in_bag in [1, 7, 20] {
            let mask = subsample(20, in_bag, &mut RandomState::new(5));
            assert_eq!(mask.iter().sum::<u32>() as usize, in_bag);
        }
    }

    #[test]
    fn leaves_of_refused_splits_are_shared_by_threads() {
        // Enough rows for several threads.
        let records = Array2::from_shape_fn((300_000, 2), |(row, feature)| {
            (row * [7919, 104_729][feature] % [97, 89][feature]) as f64
        });
        let y = records.rows().into_iter().map(|row| row[0] + row[1]).collect::<Array1<f64>>();
        let dataset = Dataset::new(records, y);
        let params = GradientBoosting::params().n_estimators(3);
        let refused = [params.clone().max_leaf_nodes(5), params.min_impurity_decrease(200.0)];
        for params in refused {
            let models = [1, 2].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| params.fit(&dataset)).unwrap()
            });
            assert_eq!(models[0].trees(), models[1].trees());
            assert!(models[0].trees().iter().any(|tree| tree.n_leaves() > 1));
        }
    }
}
