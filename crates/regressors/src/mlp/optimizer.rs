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

    /// Moves the parameters.
    pub(super) fn step(&mut self, parameters: &mut [Block], gradient: &[Block]) {
        match self {
            Self::Adam(adam) => {
                vectorized!(adam.step(parameters.as_flattened_mut(), gradient.as_flattened()))
            }
            Self::Sgd(sgd) => vectorized!(sgd.step(parameters.as_flattened_mut(), gradient.as_flattened())),
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
    #[inline(always)]
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.steps += 1;
        let t = self.steps as f64;
        let (beta_1, beta_2, epsilon) = (self.beta_1, self.beta_2, self.epsilon);
        let rate = self.learning_rate_init * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t));
        let moments = self.means.as_flattened_mut().iter_mut().zip(self.squares.as_flattened_mut());
        for ((parameter, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * (g * g);
            *parameter -= rate * *m / (v.sqrt() + epsilon);
        }
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
    #[inline(always)]
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        let (momentum, rate) = (self.momentum, self.learning_rate);
        let velocities = self.velocities.as_flattened_mut();
        for ((parameter, &g), velocity) in parameters.iter_mut().zip(gradient).zip(velocities) {
            *velocity = momentum * *velocity - rate * g;
            *parameter += if self.nesterov { momentum * *velocity - rate * g } else { *velocity };
        }
    }
}
