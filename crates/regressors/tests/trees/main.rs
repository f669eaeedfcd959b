//! Tests of the tree learners.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod golden;
mod learners;
mod models;
mod vectors;
