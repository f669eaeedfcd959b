//! What can go wrong when parameters are checked, a learner is fitted, or a stored model is read back.

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a learner refused parameters, data or a stored model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hyperparameter is outside its domain.
    #[error("{name} = {value}: must be {requirement}")]
    Parameter {
        /// scikit-learn's name of the hyperparameter.
        name: &'static str,
        /// The value as given.
        value: String,
        /// What the value must be, as in "at least 1".
        requirement: &'static str,
    },
    /// There is nothing to fit or predict.
    #[error("the data have no {0}")]
    Empty(&'static str),
    /// Two inputs that must agree in length do not.
    #[error("{what}: expected {expected}, got {actual}")]
    Shape {
        /// What is counted, as in "features".
        what: &'static str,
        /// The length asked for.
        expected: usize,
        /// The length found.
        actual: usize,
    },
    /// A value that the learner cannot use.
    #[error("row {row}, feature {feature}: {value} is {reason}")]
    Feature {
        /// Position of the row, from 0.
        row: usize,
        /// Position of the feature, from 0.
        feature: usize,
        /// The value.
        value: f64,
        /// Why it is refused, as in "not finite".
        reason: &'static str,
    },
    /// A target that is not finite, or too large to sum.
    #[error("row {row}: target {value} is {reason}")]
    Target {
        /// Position of the row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// Why it is refused.
        reason: &'static str,
    },
    /// A sample weight that the learner cannot use.
    #[error("row {row}: sample weight {value} is {reason}")]
    Weight {
        /// Position of the row, from 0.
        row: usize,
        /// The value.
        value: f32,
        /// Why it is refused.
        reason: &'static str,
    },
    /// The fit left the range of floating-point numbers.
    #[error("the fit diverged: {0}")]
    Diverged(&'static str),
    /// A stored model that no fit can have produced.
    #[error("not a valid model: {0}")]
    Model(String),
    /// An error of linfa or of a solver behind it.
    #[error("{0}")]
    Linfa(#[from] linfa::Error),
    /// linfa-linear found no solution.
    #[error("least squares: {0}")]
    LeastSquares(#[from] linfa_linear::LinearError<f64>),
}
