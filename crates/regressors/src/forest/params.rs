//! The hyperparameters of a forest.

use crate::input::{check_estimators, require, written};
use crate::tree::{Best, Growth, Random, Samples, Splitter, TreeParams};
use crate::{Error, Progress, Result};
use linfa::ParamGuard;
use std::marker::PhantomData;

/// Unchecked parameters of a forest.
#[derive(Clone, Debug)]
pub struct ForestParams<S>(ForestValidParams<S>);

/// Checked parameters of a forest.
#[derive(Clone, Debug)]
pub struct ForestValidParams<S> {
    pub(super) n_estimators: usize,
    pub(super) bootstrap: bool,
    pub(super) max_samples: Option<Samples>,
    pub(super) growth: Growth,
    pub(super) progress: Progress,
    splitter: PhantomData<S>,
}

/// Unchecked parameters of a [`RandomForest`](super::RandomForest).
pub type RandomForestParams = ForestParams<Best>;
/// Checked parameters of a [`RandomForest`](super::RandomForest).
pub type RandomForestValidParams = ForestValidParams<Best>;
/// Unchecked parameters of [`ExtraTrees`](super::ExtraTrees).
pub type ExtraTreesParams = ForestParams<Random>;
/// Checked parameters of [`ExtraTrees`](super::ExtraTrees).
pub type ExtraTreesValidParams = ForestValidParams<Random>;

impl<S: Splitter> ForestParams<S> {
    pub(super) fn new() -> Self {
        Self(ForestValidParams {
            n_estimators: 100,
            bootstrap: S::BOOTSTRAP,
            max_samples: None,
            growth: Growth::default(),
            progress: Progress::default(),
            splitter: PhantomData,
        })
    }
}

impl<S> ForestParams<S> {
    /// Sets the number of trees, 1 to 1,000,000.
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.0.n_estimators = n_estimators;
        self
    }

    /// Sets whether every tree draws its rows with replacement, or takes them all.
    pub fn bootstrap(mut self, bootstrap: bool) -> Self {
        self.0.bootstrap = bootstrap;
        self
    }

    /// Sets how many rows a bootstrap sample draws: as many as there are (`None`), a number, or a share of
    /// the sum of weights above 0.
    pub fn max_samples(mut self, max_samples: impl Into<Option<Samples>>) -> Self {
        self.0.max_samples = max_samples.into();
        self
    }

    /// Sets the counter that each tree advances when it is grown.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.0.progress = progress;
        self
    }
}

impl<S> TreeParams for ForestParams<S> {
    fn growth_mut(&mut self) -> &mut Growth {
        &mut self.0.growth
    }
}

impl<S> ParamGuard for ForestParams<S> {
    type Checked = ForestValidParams<S>;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let params = &self.0;
        params.growth.check()?;
        check_estimators(params.n_estimators)?;
        if let Some(max_samples) = params.max_samples {
            require(params.bootstrap, "bootstrap", params.bootstrap, "true if max_samples is set")?;
            match max_samples {
                Samples::Count(n) => {
                    let is_countable = n >= 1 && u32::try_from(n).is_ok();
                    require(is_countable, "max_samples", n, "at least 1 and less than 2^32 rows")?;
                }
                Samples::Fraction(share) => {
                    let requirement = "a finite share above 0 or a number of rows";
                    require(share > 0.0 && share.is_finite(), "max_samples", written(share), requirement)?;
                }
            }
        }
        Ok(params)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<S> ForestValidParams<S> {
    /// The number of trees.
    pub fn n_estimators(&self) -> usize {
        self.n_estimators
    }

    /// How the trees are grown.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }
}
