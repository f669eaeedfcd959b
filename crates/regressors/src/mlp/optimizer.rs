//! The two solvers: how a gradient moves the parameters.

use super::kernel::Block;
use super::network::Network;
use super::params::{LearningRate, MlpValidParams, Solver};
use super::table::Table;
use crate::vectors::vectorized;
use std::ops::Range;

/// Where [`LearningRate::Adaptive`] gives up.
const SMALLEST_LEARNING_RATE: f64 = 1e-6;

/// The gradient of a batch's loss: of weights `(sums + alpha * weights) * share`, of biases `sums * share`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gradient<'a> {
    /// Sums over rows of the derivatives by the parameters, all weights before all biases.
    pub(super) sums: &'a [Block],
    /// Blocks of weights.
    pub(super) n_weights: usize,
    pub(super) alpha: f64,
    /// One divided by the weight of the batch.
    pub(super) share: f64,
}

impl Gradient<'_> {
    /// The blocks of weights and of biases, each with what they are penalised by.
    fn parts(&self) -> [(Range<usize>, f64); 2] {
        [(0..self.n_weights, self.alpha), (self.n_weights..self.sums.len(), 0.0)]
    }
}

/// A solver and what it remembers of earlier steps.
#[derive(Clone, Debug)]
pub(super) enum Optimizer {
    Adam(Adam),
    Sgd(Sgd),
}

impl Optimizer {
    /// The solver of a fit that begins.
    pub(super) fn new(params: &MlpValidParams, network: &Network) -> Self {
        let zeros = Table::zeros(network.parameters.len());
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
    pub(super) fn step(&mut self, parameters: &mut [Block], gradient: Gradient<'_>) {
        match self {
            Self::Adam(adam) => vectorized!(adam.step(parameters, gradient)),
            Self::Sgd(sgd) => vectorized!(sgd.step(parameters, gradient)),
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
    fn step(&mut self, parameters: &mut [Block], gradient: Gradient<'_>) {
        self.steps += 1;
        let t = self.steps as f64;
        let (beta_1, beta_2, epsilon) = (self.beta_1, self.beta_2, self.epsilon);
        let rate = self.learning_rate_init * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t));
        for (part, alpha) in gradient.parts() {
            let (means, squares) = (&mut self.means[part.clone()], &mut self.squares[part.clone()]);
            let moments = means.as_flattened_mut().iter_mut().zip(squares.as_flattened_mut());
            let sums = gradient.sums[part.clone()].as_flattened();
            let parameters = parameters[part].as_flattened_mut().iter_mut().zip(sums);
            for ((parameter, sum), (m, v)) in parameters.zip(moments) {
                let g = (sum + alpha * *parameter) * gradient.share;
                *m = beta_1 * *m + (1.0 - beta_1) * g;
                *v = beta_2 * *v + (1.0 - beta_2) * (g * g);
                *parameter -= rate * *m / (v.sqrt() + epsilon);
            }
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
    fn step(&mut self, parameters: &mut [Block], gradient: Gradient<'_>) {
        let (momentum, rate) = (self.momentum, self.learning_rate);
        for (part, alpha) in gradient.parts() {
            let velocities = self.velocities[part.clone()].as_flattened_mut();
            let sums = gradient.sums[part.clone()].as_flattened();
            let parameters = parameters[part].as_flattened_mut().iter_mut().zip(sums);
            for ((parameter, sum), velocity) in parameters.zip(velocities) {
                let g = (sum + alpha * *parameter) * gradient.share;
                *velocity = momentum * *velocity - rate * g;
                *parameter += if self.nesterov { momentum * *velocity - rate * g } else { *velocity };
            }
        }
    }
}
