//! Regressors that fit the models scikit-learn fits, behind linfa's traits.
//!
//! The same data, hyperparameters and `random_state` give the tree, the forest or the boosting ensemble
//! that scikit-learn 1.9.1 grows. Hyperparameters carry scikit-learn's names and defaults. Learners do no
//! IO, know no column names and print nothing.
//!
//! Every learner follows linfa's pattern: `X::params()` gives unchecked parameters, consuming setters
//! change them, `check` validates, and `fit` on a dataset of records `(n_samples, n_features)` and targets
//! `(n_samples,)` returns a model that implements `PredictInplace`.

pub mod boosting;
mod error;
pub mod forest;
mod input;
pub mod linear;
pub mod mlp;
mod progress;
pub mod random;
pub mod scale;
mod sum;
pub mod target;
pub mod tree;
mod vectors;
pub mod voting;

pub use boosting::GradientBoosting;
pub use error::{Error, Result};
pub use forest::{ExtraTrees, RandomForest};
pub use linear::LinearRegression;
pub use mlp::Mlp;
pub use progress::Progress;
pub use scale::MaxAbsScaler;
pub use tree::{DecisionTree, ExtraTree, Tree};
pub use voting::Voting;
