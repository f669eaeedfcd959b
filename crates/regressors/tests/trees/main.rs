//! Tests of the tree learners.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

/// scikit-learn's own trees, forests and boosted trees.
mod golden;
/// What learners refuse, and what must not change a fit.
mod learners;
/// Stored models, most of them hostile.
mod models;
/// The examples of the specification.
mod vectors;
