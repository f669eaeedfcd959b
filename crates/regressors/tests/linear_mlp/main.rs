//! Tests of the scaler, the linear model, the network and the vote against scikit-learn's own answers, which
//! `golden/linear_mlp.py` wrote, and of what must hold for any data.
#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in tests only, not in their helpers")]

/// Models of drawn tables and hyperparameters: the check `linear-mlp` of `cargo xtask ci`.
mod drawn;
/// scikit-learn's answers, and how near is near enough.
mod golden;
/// Least squares: golden cases, orthogonal residuals, bad input.
mod linear;
/// The network: golden fits, threads, subsets, bad input.
mod mlp;
/// Scaling: golden case, range, bad input.
mod scale;
/// The vote: golden cases, bounds, bad input.
mod voting;
