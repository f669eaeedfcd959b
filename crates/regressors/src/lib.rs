//! Regressors that fit the models scikit-learn fits, behind linfa's traits.
//!
//! The same data, hyperparameters and `random_state` give the tree, the forest or the boosting ensemble
//! that scikit-learn 1.9.1 grows. Hyperparameters carry scikit-learn's names and defaults. Learners do no
//! IO, know no column names and print nothing.
//!
//! Every learner but [`Voting`], which averages predictions, follows linfa's pattern: `X::params()` gives
//! unchecked parameters, consuming setters change them, `check` validates, and `fit` on a dataset of records
//! `(n_samples, n_features)` and targets `(n_samples,)` returns a model that implements `PredictInplace`.
//!
//! # What is identical to scikit-learn, and what is not
//!
//! | learner | compared with scikit-learn 1.9.1 |
//! |---|---|
//! | [`DecisionTree`], [`ExtraTree`], [`RandomForest`], [`ExtraTrees`] | bit for bit what it fits on `round(y * target_scale)`, while sums of squares stay below 2^53 |
//! | [`GradientBoosting`] | at least 99.5 % of the rows within 1e-9 if every stage sees all rows and features, else the same quality |
//! | [`LinearRegression`] | within 1e-9 |
//! | [`Mlp`] | within 1e-9 for up to about 1,000 steps of Adam with `relu`; the other activations lose digits sooner |
//! | [`Voting`] | the weighted mean of the same predictions, summed member by member |
//!
//! Trees sum integers, which is exact in any order: targets that are decimals become whole numbers by their
//! [`target_scale`](target::target_scale). scikit-learn sums floats, exactly so while whole numbers stay
//! below 2^53; [`Parity`](target::Parity) tells what a fit promises. Residuals of boosting are no decimals:
//! scikit-learn's sums of them round, and where two splits are equally good, as with one-hot columns, that
//! noise decides. With `subsample` or `max_features` one such split changes what follows. The networks'
//! sums round as well, a little differently, and steps of Adam make more of it.
//!
//! # What is left out
//!
//! Of trees and forests: criteria other than the squared error, `splitter` (a learner each instead), `ccp_alpha`,
//! `monotonic_cst`, `oob_score`, `warm_start`. Of boosting: other losses than squares, `init`, `ccp_alpha`, `warm_start`. Of
//! linear regression: `positive`. Of networks: the solver `lbfgs`, `warm_start`, and networks without a hidden layer.

pub mod boosting;
pub mod changes;
mod error;
pub mod forest;
mod input;
mod lazy;
pub mod linear;
pub mod mlp;
mod parallel;
mod progress;
pub mod random;
pub mod scale;
mod sum;
pub mod target;
pub mod tree;
mod vectors;
pub mod voting;

pub use boosting::GradientBoosting;
pub use changes::Change;
pub use error::{Error, Result};
pub use forest::{ExtraTrees, RandomForest};
pub use linear::LinearRegression;
pub use mlp::Mlp;
pub use progress::Progress;
pub use scale::MaxAbsScaler;
pub use tree::{DecisionTree, ExtraTree, Tree};
pub use voting::Voting;
