//! A multi-layer perceptron for regression: the network that scikit-learn's `MLPRegressor` trains.
//!
//! Training draws what scikit-learn draws, in the same order: the weights of every layer, the rows held out
//! for early stopping, and one shuffle per epoch that is composed with the orders before it. Each batch is
//! one step of Adam or of gradient descent with momentum on the squared error plus an L2 penalty.
//!
//! Predictions differ from scikit-learn's by rounding only: about 1e-14, relative, after hundreds of epochs
//! of a relu network. Two things amplify it. Thousands of steps at a high learning rate are chaotic. And
//! where tanh or the logistic function saturate, their derivative is a difference of last bits, in which
//! numpy's vectorised tanh is not the C library's, used here: 4e-6 after 30 epochs of tanh at a learning
//! rate of 0.1 on the laptop data, but 2e-13 against scikit-learn with the C library's tanh put in.
//!
//! A fit runs on one thread and its bits do not depend on the processor's vectors; fits of other seeds or
//! folds are what to run in parallel. It is fast for four reasons, none of which changes the result by more
//! than the order of its sums: zeros of the records and of the activations are left out of all products
//! (`sparse`, `dense` for predictions), what rows have in common is multiplied once a batch (`patterns`, `factored`), a
//! strip of units stays in registers and cache while a batch goes by (`kernel`), and units that are provably
//! 0 on every row take no arithmetic but the solver's (`dead`).
//!
//! Sources: scikit-learn's `BaseMultilayerPerceptron`; Glorot & Bengio 2010 for the initial weights; Kingma &
//! Ba 2014 for Adam; Sutskever et al. 2013 for Nesterov's momentum in this form.

mod activation;
mod dead;
mod dense;
mod factored;
mod fit;
mod kernel;
mod model;
mod network;
mod optimizer;
mod params;
mod patterns;
mod samples;
mod sparse;
mod step;
mod table;

pub use activation::Activation;
pub use model::{Mlp, MlpParts};
pub use params::{BatchSize, LearningRate, MlpParams, MlpValidParams, Solver};
