//! The growth of a forest's trees, all of them or a range.

use super::bootstrap::Bootstrap;
use super::model::Forest;
use super::params::ForestValidParams;
use crate::input::{check_fit, require};
use crate::random::{RandomState, TreeRandom};
use crate::target::{InBag, Targets};
use crate::tree::{Columns, Grown, Splitter, Training, grow_some, sample_weights, total_weight};
use crate::{Error, Result};
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::Fit;
use ndarray::{ArrayBase, Data, Ix2};
use rayon::prelude::*;
use std::ops::Range;

impl<S: Splitter> ForestValidParams<S> {
    /// Fits only the given trees of the forest, as a fit of the whole forest has them.
    ///
    /// So the trees of a forest can be grown by several tasks and put together by [`Forest::merge`].
    ///
    /// # Errors
    /// As `fit`, and if the range is empty or reaches beyond `n_estimators`.
    ///
    /// ```
    /// use linfa::{Dataset, ParamGuard, traits::Fit};
    /// use ndarray::array;
    /// use regressors::{RandomForest, tree::TreeParams};
    ///
    /// let laptops = Dataset::new(array![[4.0], [8.0], [16.0], [32.0]], array![999.0, 1999.0, 2999.0, 4999.0]);
    /// let params = RandomForest::params().n_estimators(10).random_state(42).check()?;
    /// let parts = vec![params.fit_range(&laptops, 0..4)?, params.fit_range(&laptops, 4..10)?];
    /// assert_eq!(RandomForest::merge(parts)?, params.fit(&laptops)?);
    /// # Ok::<(), regressors::Error>(())
    /// ```
    pub fn fit_range<D, T>(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, T>,
        trees: Range<usize>,
    ) -> Result<Forest<S>>
    where
        D: Data<Elem = f64>,
        T: AsSingleTargets<Elem = f64>,
    {
        let is_within = !trees.is_empty() && trees.end <= self.n_estimators;
        require(is_within, "trees", format!("{trees:?}"), "a non-empty range within n_estimators")?;
        let (records, y) = (dataset.records.view(), dataset.as_single_targets());
        check_fit(&records, &y)?;
        let weights = sample_weights(&dataset.weights, y.len())?;
        let bootstrap = || Bootstrap::new(self.max_samples, weights.as_deref(), y.len());
        let bootstrap = self.bootstrap.then(bootstrap).transpose()?;
        let in_bag = match &bootstrap {
            Some(bootstrap) => bootstrap.in_bag(),
            None => InBag::rows(weights.as_deref(), total_weight(weights.as_deref(), y.len())),
        };
        let targets = Targets::new(y, in_bag)?;
        let training = Training {
            columns: &Columns::new(&records, None)?,
            targets: &targets.integers,
            quantum: targets.quantum,
            limits: &self.growth.limits(records.dim(), targets.factor),
        };
        let fine = targets.finer(y);
        let grow_trees = |seeds: &[u32]| {
            let counts = |seed: &u32| bootstrap.as_ref().map(|bootstrap| bootstrap.counts(*seed));
            let random = |seed: &u32| TreeRandom::new(RandomState::new(*seed).tree_seed());
            let counts: Vec<_> = seeds.iter().map(counts).collect();
            let weights = counts.iter().map(|counts| counts.as_deref().or(weights.as_deref()));
            let bags: Vec<_> = weights.zip(seeds.iter().map(random)).collect();
            let mut grown = grow_some::<S>(&training, &bags);
            if let Some(fine) = &fine {
                grown
                    .iter_mut()
                    .zip(&bags)
                    .for_each(|(grown, (weights, _))| grown.take_means(fine, *weights));
            }
            grown.iter().for_each(|_| self.progress.step());
            grown
        };
        let seeds = self.seeds(trees);
        // No thread goes without a tree, and few trees at a time keep all busy to the end.
        let of_thread = seeds.len().div_ceil(rayon::current_num_threads());
        let at_once = training.trees_at_once::<S>().min(of_thread);
        let grown: Vec<Grown> = seeds.par_chunks(at_once).with_max_len(1).flat_map_iter(grow_trees).collect();
        let exact_squares = grown.iter().all(|grown| grown.exact_squares);
        let trees = grown.into_iter().map(|grown| grown.tree).collect();
        Forest::from_trees(trees, targets.scale(exact_squares))
    }

    /// The seeds of some trees; every fit draws them from the first tree on.
    fn seeds(&self, trees: Range<usize>) -> Vec<u32> {
        let mut random = RandomState::new(self.growth.random_state);
        let mut seeds: Vec<u32> = (0..trees.end).map(|_| random.tree_seed()).collect();
        seeds.split_off(trees.start)
    }
}

impl<S, D, T> Fit<ArrayBase<D, Ix2>, T, Error> for ForestValidParams<S>
where
    S: Splitter,
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = Forest<S>;

    /// Grows the forest on records `(n_samples, n_features)` and targets `(n_samples,)`; weights of the dataset must be
    /// whole numbers, and NaN is a missing value.
    ///
    /// With bootstrap samples, weights are the rows' chances of being drawn.
    ///
    /// # Errors
    /// On empty data, lengths that differ, targets that are not finite or too large to square, records that are infinite
    /// or too large for a 32-bit float, and weights that are no whole numbers or all zero.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        self.fit_range(dataset, 0..self.n_estimators)
    }
}
