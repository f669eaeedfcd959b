//! Hyperparameters under scikit-learn's names, and their checks.

use super::activation::Activation;
use crate::input::require;
use crate::{Error, Progress, Result};
use linfa::ParamGuard;
use std::iter;
use std::str::FromStr;

/// How the weights follow the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Stochastic gradient descent with momentum, plain or Nesterov's (Sutskever et al. 2013,
    /// <https://proceedings.mlr.press/v28/sutskever13.html>).
    Sgd,
    /// Adam (Kingma & Ba 2014, <https://arxiv.org/abs/1412.6980>).
    Adam,
}

/// How the learning rate of [`Solver::Sgd`] changes; Adam ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LearningRate {
    /// `learning_rate_init` throughout.
    Constant,
    /// `learning_rate_init / (t + 1)^power_t` after `t` training samples, set at the end of each epoch.
    InvScaling,
    /// Divided by 5 where the fit would stop, until it is 1e-6 or less.
    Adaptive,
}

/// Rows per step of the solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// 200, or all rows if there are fewer.
    Auto,
    /// This many, or all rows if there are fewer.
    Rows(usize),
}

const SOLVERS: [(&str, Solver); 2] = [("sgd", Solver::Sgd), ("adam", Solver::Adam)];
const LEARNING_RATES: [(&str, LearningRate); 3] = [
    ("constant", LearningRate::Constant),
    ("invscaling", LearningRate::InvScaling),
    ("adaptive", LearningRate::Adaptive),
];

impl FromStr for Solver {
    type Err = Error;

    /// Reads scikit-learn's name. Its `lbfgs` is not among them.
    fn from_str(name: &str) -> Result<Self> {
        named("solver", name, &SOLVERS, "sgd or adam")
    }
}

impl FromStr for LearningRate {
    type Err = Error;

    /// Reads scikit-learn's name.
    fn from_str(name: &str) -> Result<Self> {
        named("learning_rate", name, &LEARNING_RATES, "constant, invscaling or adaptive")
    }
}

/// The choice that scikit-learn calls `name`.
pub(super) fn named<T: Copy>(
    parameter: &'static str,
    name: &str,
    choices: &[(&str, T)],
    requirement: &'static str,
) -> Result<T> {
    match choices.iter().find(|(choice, _)| *choice == name) {
        Some(&(_, value)) => Ok(value),
        None => Err(Error::Parameter { name: parameter, value: name.to_owned(), requirement }),
    }
}

/// Most weights of a network; a fit holds each of them some four times.
const MAX_WEIGHTS: usize = 100_000_000;

/// Checked hyperparameters of [`Mlp`](super::Mlp).
#[derive(Clone, Debug)]
pub struct MlpValidParams {
    pub(super) hidden_layer_sizes: Vec<usize>,
    pub(super) activation: Activation,
    pub(super) solver: Solver,
    pub(super) alpha: f64,
    pub(super) batch_size: BatchSize,
    pub(super) learning_rate: LearningRate,
    pub(super) learning_rate_init: f64,
    pub(super) power_t: f64,
    pub(super) max_iter: usize,
    pub(super) shuffle: bool,
    pub(super) random_state: u32,
    pub(super) tol: f64,
    pub(super) momentum: f64,
    pub(super) nesterovs_momentum: bool,
    pub(super) early_stopping: bool,
    pub(super) validation_fraction: f64,
    pub(super) beta_1: f64,
    pub(super) beta_2: f64,
    pub(super) epsilon: f64,
    pub(super) n_iter_no_change: usize,
    pub(super) progress: Progress,
}

impl Default for MlpValidParams {
    fn default() -> Self {
        Self {
            hidden_layer_sizes: vec![100],
            activation: Activation::Relu,
            solver: Solver::Adam,
            alpha: 1e-4,
            batch_size: BatchSize::Auto,
            learning_rate: LearningRate::Constant,
            learning_rate_init: 1e-3,
            power_t: 0.5,
            max_iter: 200,
            shuffle: true,
            random_state: 0,
            tol: 1e-4,
            momentum: 0.9,
            nesterovs_momentum: true,
            early_stopping: false,
            validation_fraction: 0.1,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            n_iter_no_change: 10,
            progress: Progress::default(),
        }
    }
}

/// Hyperparameters of [`Mlp`](super::Mlp), checked by a fit or by [`ParamGuard::check`].
///
/// ```
/// use linfa::ParamGuard;
/// use regressors::Mlp;
///
/// let params = Mlp::params().hidden_layer_sizes([100, 50]).solver("sgd".parse()?).momentum(0.8);
/// assert!(params.check().is_ok());
/// let refused = Mlp::params().alpha(-1.0).check().unwrap_err();
/// assert_eq!(refused.to_string(), "alpha = -1: must be finite and at least 0");
/// # Ok::<(), regressors::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MlpParams(MlpValidParams);

impl MlpParams {
    /// Units of each hidden layer, from input to output; at least one layer of at least one unit, and at most
    /// 100,000,000 weights between all layers, which a fit checks with its number of features.
    pub fn hidden_layer_sizes(mut self, sizes: impl Into<Vec<usize>>) -> Self {
        self.0.hidden_layer_sizes = sizes.into();
        self
    }

    /// The activation of the hidden units; the output is always the identity.
    pub fn activation(mut self, activation: Activation) -> Self {
        self.0.activation = activation;
        self
    }

    /// The solver.
    pub fn solver(mut self, solver: Solver) -> Self {
        self.0.solver = solver;
        self
    }

    /// Strength of the L2 penalty on the weights, divided by the rows of a batch; at least 0.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = alpha;
        self
    }

    /// Rows per step.
    pub fn batch_size(mut self, batch_size: BatchSize) -> Self {
        self.0.batch_size = batch_size;
        self
    }

    /// The schedule of the learning rate, for [`Solver::Sgd`].
    pub fn learning_rate(mut self, learning_rate: LearningRate) -> Self {
        self.0.learning_rate = learning_rate;
        self
    }

    /// The learning rate to begin with; above 0.
    pub fn learning_rate_init(mut self, learning_rate_init: f64) -> Self {
        self.0.learning_rate_init = learning_rate_init;
        self
    }

    /// The exponent of [`LearningRate::InvScaling`]; at least 0.
    pub fn power_t(mut self, power_t: f64) -> Self {
        self.0.power_t = power_t;
        self
    }

    /// Most epochs; at least 1.
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.0.max_iter = max_iter;
        self
    }

    /// Whether each epoch visits the rows in a new order.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.0.shuffle = shuffle;
        self
    }

    /// Seed of the initial weights, of the rows held out and of the shuffles.
    pub fn random_state(mut self, random_state: u32) -> Self {
        self.0.random_state = random_state;
        self
    }

    /// Improvement of the loss (of the score, with early stopping) that counts as one; at least 0.
    pub fn tol(mut self, tol: f64) -> Self {
        self.0.tol = tol;
        self
    }

    /// Momentum of [`Solver::Sgd`], in `[0, 1]`.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.0.momentum = momentum;
        self
    }

    /// Whether that momentum looks ahead (Nesterov's).
    pub fn nesterovs_momentum(mut self, nesterovs_momentum: bool) -> Self {
        self.0.nesterovs_momentum = nesterovs_momentum;
        self
    }

    /// Whether to hold rows out, to stop when their R² stops improving, and to keep the best weights.
    pub fn early_stopping(mut self, early_stopping: bool) -> Self {
        self.0.early_stopping = early_stopping;
        self
    }

    /// Fraction of the rows that early stopping holds out, in `[0, 1)`; two rows at least.
    pub fn validation_fraction(mut self, validation_fraction: f64) -> Self {
        self.0.validation_fraction = validation_fraction;
        self
    }

    /// Adam's decay of the mean of gradients, in `[0, 1)`.
    pub fn beta_1(mut self, beta_1: f64) -> Self {
        self.0.beta_1 = beta_1;
        self
    }

    /// Adam's decay of the mean of squared gradients, in `[0, 1)`.
    pub fn beta_2(mut self, beta_2: f64) -> Self {
        self.0.beta_2 = beta_2;
        self
    }

    /// What Adam adds to a denominator; above 0.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.0.epsilon = epsilon;
        self
    }

    /// Epochs without improvement that are put up with: one more stops the fit. At least 1; `usize::MAX`
    /// never stops.
    pub fn n_iter_no_change(mut self, n_iter_no_change: usize) -> Self {
        self.0.n_iter_no_change = n_iter_no_change;
        self
    }

    /// Where to count epochs.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.0.progress = progress;
        self
    }
}

impl MlpValidParams {
    /// Refuses more weights, biases included, than [`MAX_WEIGHTS`].
    pub(super) fn check_weights(&self, n_features: usize) -> Result<()> {
        let sizes = &self.hidden_layer_sizes;
        let inputs = iter::once(n_features).chain(sizes.iter().copied());
        let outputs = sizes.iter().copied().chain([1]);
        let n_weights = inputs.zip(outputs).fold(0_usize, |sum, (inputs, outputs)| {
            sum.saturating_add(inputs.saturating_add(1).saturating_mul(outputs))
        });
        let requirement = "at most 100000000 weights between all layers; use smaller or fewer layers";
        require(n_weights <= MAX_WEIGHTS, "hidden_layer_sizes", format!("{sizes:?}"), requirement)
    }
}

impl ParamGuard for MlpParams {
    type Checked = MlpValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let p = &self.0;
        let sizes = &p.hidden_layer_sizes;
        let sized = !sizes.is_empty() && !sizes.contains(&0);
        require(sized, "hidden_layer_sizes", format!("{sizes:?}"), "one or more sizes of at least 1")?;
        p.check_weights(1)?;
        for (name, value) in [("alpha", p.alpha), ("power_t", p.power_t), ("tol", p.tol)] {
            require(value.is_finite() && value >= 0.0, name, value, "finite and at least 0")?;
        }
        for (name, value) in [("learning_rate_init", p.learning_rate_init), ("epsilon", p.epsilon)] {
            require(value.is_finite() && value > 0.0, name, value, "finite and above 0")?;
        }
        let fractions =
            [("validation_fraction", p.validation_fraction), ("beta_1", p.beta_1), ("beta_2", p.beta_2)];
        for (name, value) in fractions {
            require((0.0..1.0).contains(&value), name, value, "at least 0 and below 1")?;
        }
        require((0.0..=1.0).contains(&p.momentum), "momentum", p.momentum, "between 0 and 1")?;
        if let BatchSize::Rows(rows) = p.batch_size {
            require(rows >= 1, "batch_size", rows, "at least 1")?;
        }
        for (name, value) in [("max_iter", p.max_iter), ("n_iter_no_change", p.n_iter_no_change)] {
            require(value >= 1, name, value, "at least 1")?;
        }
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}
