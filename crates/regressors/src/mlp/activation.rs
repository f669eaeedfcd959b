//! What a hidden unit makes of its inputs, and the derivative.

use super::params::named;
use crate::{Error, Result};
use std::str::FromStr;

/// What a hidden unit makes of its weighted inputs `z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `z`
    Identity,
    /// `1 / (1 + exp(-z))`
    Logistic,
    /// `tanh(z)`
    Tanh,
    /// `max(z, 0)`
    Relu,
}

const ACTIVATIONS: [(&str, Activation); 4] = [
    ("identity", Activation::Identity),
    ("logistic", Activation::Logistic),
    ("tanh", Activation::Tanh),
    ("relu", Activation::Relu),
];

impl Activation {
    /// scikit-learn's name, which [`FromStr`] reads back.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Logistic => "logistic",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
        }
    }

    /// Turns weighted inputs, which are clipped already for relu, into activations.
    #[inline]
    pub(super) fn apply(self, values: &mut [f64]) {
        match self {
            Self::Identity | Self::Relu => {}
            Self::Logistic => values.iter_mut().for_each(|z| *z = 1.0 / (1.0 + (-*z).exp())),
            Self::Tanh => values.iter_mut().for_each(|z| *z = z.tanh()),
        }
    }

    /// The derivatives of the loss by the weighted inputs: `upstream`, those by the `activations`, times that of
    /// the activation.
    #[inline]
    pub(super) fn deltas(self, activations: &[f64], upstream: impl Iterator<Item = f64>, deltas: &mut [f64]) {
        let values = deltas.iter_mut().zip(activations.iter().zip(upstream));
        match self {
            Self::Identity => values.for_each(|(delta, (_, upstream))| *delta = upstream),
            Self::Logistic => values.for_each(|(delta, (a, upstream))| *delta = upstream * a * (1.0 - a)),
            Self::Tanh => values.for_each(|(delta, (a, upstream))| *delta = upstream * (1.0 - a * a)),
            Self::Relu => {
                values.for_each(|(delta, (a, upstream))| *delta = if *a == 0.0 { 0.0 } else { upstream });
            }
        }
    }
}

impl FromStr for Activation {
    type Err = Error;

    /// Reads scikit-learn's name.
    fn from_str(name: &str) -> Result<Self> {
        named("activation", name, &ACTIVATIONS, "identity, logistic, tanh or relu")
    }
}
