//! The two solvers: how a gradient moves the parameters.

use super::kernel::Block;
use super::network::Network;
use super::params::{LearningRate, MlpValidParams, Solver};
use super::table::Table;
use crate::vectors::vectorized;

/// Where [`LearningRate::Adaptive`] gives up.
const SMALLEST_LEARNING_RATE: f64 = 1e-6;

/// A solver and what it remembers of earlier steps.
#[derive(Clone, Debug)]
pub(super) enum Optimizer {
    Adam(Adam),
    Sgd(Sgd),
}

impl Optimizer {
    /// The solver of a fit that begins.
    pub(super) fn new(params: &MlpValidParams, network: &Network) -> Self {
        let zeros = Table::zeros(network.parameters().len());
        match params.solver {
            Solver::Adam => Self::Adam(Adam {
                learning_rate_init: params.learning_rate_init,
                beta_1: params.beta_1,
                beta_2: params.beta_2,
                epsilon: params.epsilon,
                steps: 0,
                means: zeros.clone(),
                squares: zeros,
            }),
            Solver::Sgd => Self::Sgd(Sgd {
                schedule: params.learning_rate,
                learning_rate_init: params.learning_rate_init,
                learning_rate: params.learning_rate_init,
                power_t: params.power_t,
                momentum: params.momentum,
                nesterov: params.nesterovs_momentum,
                velocities: zeros,
            }),
        }
    }

    /// Begins a step, which is still to be taken by every parameter.
    pub(super) fn begin_step(&mut self) -> Step<'_> {
        match self {
            Self::Adam(adam) => Step::Adam(adam.begin_step()),
            Self::Sgd(sgd) => Step::Sgd(sgd.begin_step()),
        }
    }

    /// Hands out what is remembered of earlier steps, in the shape of the parameters.
    pub(super) fn each_moment(&mut self, mut change: impl FnMut(&mut [Block])) {
        match self {
            Self::Adam(adam) => [&mut adam.means, &mut adam.squares].into_iter().for_each(|m| change(m)),
            Self::Sgd(sgd) => change(&mut sgd.velocities),
        }
    }

    /// Follows the schedule at the end of an epoch, `samples` being those of all epochs so far.
    pub(super) fn end_epoch(&mut self, samples: f64) {
        match self {
            Self::Sgd(sgd) if sgd.schedule == LearningRate::InvScaling => {
                sgd.learning_rate = sgd.learning_rate_init / (samples + 1.0).powf(sgd.power_t);
            }
            _ => {}
        }
    }

    /// Goes on more slowly if the schedule provides for it: whether it does.
    pub(super) fn slow_down(&mut self) -> bool {
        match self {
            Self::Sgd(sgd)
                if sgd.schedule == LearningRate::Adaptive && sgd.learning_rate > SMALLEST_LEARNING_RATE =>
            {
                sgd.learning_rate /= 5.0;
                true
            }
            _ => false,
        }
    }
}

/// Adam (Kingma & Ba 2014, algorithm 1 in the order of its section 2).
#[derive(Clone, Debug)]
pub(super) struct Adam {
    learning_rate_init: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    steps: u64,
    means: Table,
    squares: Table,
}

impl Adam {
    fn begin_step(&mut self) -> AdamStep<'_> {
        self.steps += 1;
        let t = self.steps as f64;
        let (beta_1, beta_2, epsilon) = (self.beta_1, self.beta_2, self.epsilon);
        let rate = self.learning_rate_init * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t));
        AdamStep { beta_1, beta_2, epsilon, rate, means: &mut self.means, squares: &mut self.squares }
    }
}

/// Gradient descent with momentum.
#[derive(Clone, Debug)]
pub(super) struct Sgd {
    schedule: LearningRate,
    learning_rate_init: f64,
    learning_rate: f64,
    power_t: f64,
    momentum: f64,
    nesterov: bool,
    velocities: Table,
}

impl Sgd {
    fn begin_step(&mut self) -> SgdStep<'_> {
        let &mut Self { momentum, learning_rate: rate, nesterov, .. } = self;
        SgdStep { momentum, rate, nesterov, velocities: &mut self.velocities }
    }
}

/// One step of a solver for some of the parameters.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Adam(AdamStep<'a>),
    Sgd(SgdStep<'a>),
}

#[derive(Debug)]
pub(super) struct AdamStep<'a> {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    rate: f64,
    means: &'a mut [Block],
    squares: &'a mut [Block],
}

#[derive(Debug)]
pub(super) struct SgdStep<'a> {
    momentum: f64,
    rate: f64,
    nesterov: bool,
    velocities: &'a mut [Block],
}

/// The gradient of some parameters: `(sums + alpha * parameters) * share`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gradient<'a> {
    pub(super) sums: &'a [Block],
    pub(super) alpha: f64,
    pub(super) share: f64,
}

impl Step<'_> {
    /// The steps of the first `blocks` of parameters and of the others.
    pub(super) fn split_at(self, blocks: usize) -> (Self, Self) {
        match self {
            Self::Adam(AdamStep { beta_1, beta_2, epsilon, rate, means, squares }) => {
                let (means, squares) = (means.split_at_mut(blocks), squares.split_at_mut(blocks));
                let part =
                    |means, squares| Self::Adam(AdamStep { beta_1, beta_2, epsilon, rate, means, squares });
                (part(means.0, squares.0), part(means.1, squares.1))
            }
            Self::Sgd(SgdStep { momentum, rate, nesterov, velocities }) => {
                let velocities = velocities.split_at_mut(blocks);
                let part = |velocities| Self::Sgd(SgdStep { momentum, rate, nesterov, velocities });
                (part(velocities.0), part(velocities.1))
            }
        }
    }

    /// Moves the parameters.
    pub(super) fn take(self, parameters: &mut [Block], gradient: Gradient<'_>) {
        match self {
            Self::Adam(step) => vectorized!(step.take(parameters.as_flattened_mut(), gradient)),
            Self::Sgd(step) => vectorized!(step.take(parameters.as_flattened_mut(), gradient)),
        }
    }
}

impl AdamStep<'_> {
    #[inline(always)]
    fn take(self, parameters: &mut [f64], gradient: Gradient<'_>) {
        let Self { beta_1, beta_2, epsilon, rate, means, squares } = self;
        let Gradient { sums, alpha, share } = gradient;
        let moments = means.as_flattened_mut().iter_mut().zip(squares.as_flattened_mut());
        for ((parameter, sum), (m, v)) in parameters.iter_mut().zip(sums.as_flattened()).zip(moments) {
            let g = (sum + alpha * *parameter) * share;
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * (g * g);
            *parameter -= rate * *m / (v.sqrt() + epsilon);
        }
    }
}

impl SgdStep<'_> {
    #[inline(always)]
    fn take(self, parameters: &mut [f64], gradient: Gradient<'_>) {
        let Self { momentum, rate, nesterov, velocities } = self;
        let Gradient { sums, alpha, share } = gradient;
        let velocities = velocities.as_flattened_mut();
        for ((parameter, sum), velocity) in parameters.iter_mut().zip(sums.as_flattened()).zip(velocities) {
            let g = (sum + alpha * *parameter) * share;
            *velocity = momentum * *velocity - rate * g;
            *parameter += if nesterov { momentum * *velocity - rate * g } else { *velocity };
        }
    }
}
