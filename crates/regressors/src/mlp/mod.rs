//! A multi-layer perceptron for regression: the network that scikit-learn's `MLPRegressor` trains.
//!
//! Training draws what scikit-learn draws, in the same order: the weights of every layer, the rows held out
//! for early stopping, and one shuffle per epoch that is composed with the orders before it. Each batch is one
//! step of Adam or of gradient descent with momentum on the squared error plus an L2 penalty. Sums over
//! rows and columns run in their own order, so results differ from scikit-learn's by rounding only:
//! predictions agree to about 1e-14 over the first thousand steps and more. Very long fits at a high learning
//! rate are chaotic and amplify it.
//!
//! A fit runs on one thread and its bits depend on nothing but its inputs; fits of other seeds or folds are
//! what to run in parallel.

mod fit;
mod kernel;
mod model;
mod network;
mod optimizer;
mod params;
mod samples;
mod sparse;

pub use model::{Mlp, MlpParts};
pub use params::{Activation, BatchSize, LearningRate, MlpParams, MlpValidParams, Solver};
