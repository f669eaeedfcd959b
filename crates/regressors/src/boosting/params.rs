//! The hyperparameters of boosting.

use crate::input::{check_estimators, require};
use crate::tree::{Growth, TreeParams};
use crate::{Error, Progress, Result};
use linfa::ParamGuard;

/// Unchecked parameters of [`GradientBoosting`](super::GradientBoosting).
#[derive(Clone, Debug)]
pub struct GradientBoostingParams(GradientBoostingValidParams);

/// Checked parameters of [`GradientBoosting`](super::GradientBoosting).
#[derive(Clone, Debug)]
pub struct GradientBoostingValidParams {
    pub(super) learning_rate: f64,
    pub(super) n_estimators: usize,
    pub(super) subsample: f64,
    pub(super) n_iter_no_change: Option<usize>,
    pub(super) validation_fraction: f64,
    pub(super) tol: f64,
    pub(super) max_bins: Option<usize>,
    pub(super) growth: Growth,
    pub(super) progress: Progress,
}

impl GradientBoostingParams {
    pub(super) fn new() -> Self {
        Self(GradientBoostingValidParams {
            learning_rate: 0.1,
            n_estimators: 100,
            subsample: 1.0,
            n_iter_no_change: None,
            validation_fraction: 0.1,
            tol: 1e-4,
            max_bins: None,
            growth: Growth { max_depth: Some(3), ..Growth::default() },
            progress: Progress::default(),
        })
    }

    /// Sets what each tree's prediction is multiplied by, not negative.
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.0.learning_rate = learning_rate;
        self
    }

    /// Sets the number of stages, 1 to 1,000,000.
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.0.n_estimators = n_estimators;
        self
    }

    /// Sets the share of the rows, in `(0, 1]`, that each stage draws without replacement.
    pub fn subsample(mut self, subsample: f64) -> Self {
        self.0.subsample = subsample;
        self
    }

    /// Sets after how many stages that do not improve the loss of held-out rows the fit stops.
    pub fn n_iter_no_change(mut self, n_iter_no_change: impl Into<Option<usize>>) -> Self {
        self.0.n_iter_no_change = n_iter_no_change.into();
        self
    }

    /// Sets the share of the rows, in `(0, 1)`, that early stopping holds out.
    pub fn validation_fraction(mut self, validation_fraction: f64) -> Self {
        self.0.validation_fraction = validation_fraction;
        self
    }

    /// Sets by how much the loss must fall to count as improved, not negative.
    pub fn tol(mut self, tol: f64) -> Self {
        self.0.tol = tol;
        self
    }

    /// Sets into how many bins of about as many rows, 2 to 255, features with more values are sorted.
    ///
    /// `HistGradientBoostingRegressor`'s name and range; `None` looks at every value, as
    /// `GradientBoostingRegressor` does. Bins make fits on many rows several times faster and cost little
    /// accuracy.
    pub fn max_bins(mut self, max_bins: impl Into<Option<usize>>) -> Self {
        self.0.max_bins = max_bins.into();
        self
    }

    /// Sets the counter that each stage advances.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.0.progress = progress;
        self
    }
}

impl TreeParams for GradientBoostingParams {
    fn growth_mut(&mut self) -> &mut Growth {
        &mut self.0.growth
    }
}

impl ParamGuard for GradientBoostingParams {
    type Checked = GradientBoostingValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let params = &self.0;
        params.growth.check()?;
        let not_negative = |name, value: f64| {
            require(value.is_finite() && value >= 0.0, name, value, "finite and at least 0")
        };
        not_negative("learning_rate", params.learning_rate)?;
        not_negative("tol", params.tol)?;
        check_estimators(params.n_estimators)?;
        let share = params.subsample;
        require(share > 0.0 && share <= 1.0, "subsample", share, "in (0, 1]")?;
        let share = params.validation_fraction;
        require(share > 0.0 && share < 1.0, "validation_fraction", share, "in (0, 1)")?;
        if let Some(n) = params.n_iter_no_change {
            require(n >= 1, "n_iter_no_change", n, "at least 1")?;
        }
        if let Some(n) = params.max_bins {
            require((2..=255).contains(&n), "max_bins", n, "2 to 255")?;
        }
        Ok(params)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl GradientBoostingValidParams {
    /// How the trees are grown.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }
}
