//! Tests of the tree learners.

/// The examples of the specification.
mod vectors;
