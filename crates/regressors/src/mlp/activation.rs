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

    /// Turns weighted inputs into activations.
    #[inline]
    pub(super) fn apply(self, values: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::Logistic => values.iter_mut().for_each(|z| *z = 1.0 / (1.0 + (-*z).exp())),
            Self::Tanh => values.iter_mut().for_each(|z| *z = z.tanh()),
            // Unlike `f64::max`, this keeps NaN, by which a diverging fit is recognised.
            Self::Relu => values.iter_mut().for_each(|z| *z = if *z < 0.0 { 0.0 } else { *z }),
        }
    }

    /// Multiplies deltas by the derivative, given the activations.
    #[inline]
    pub(super) fn apply_derivative(self, activations: &[f64], deltas: &mut [f64]) {
        let pairs = deltas.iter_mut().zip(activations);
        match self {
            Self::Identity => {}
            Self::Logistic => pairs.for_each(|(delta, a)| *delta = *delta * a * (1.0 - a)),
            Self::Tanh => pairs.for_each(|(delta, a)| *delta *= 1.0 - a * a),
            Self::Relu => pairs.for_each(|(delta, a)| *delta = if *a == 0.0 { 0.0 } else { *delta }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relu_does_not_hide_nan() {
        let mut values = [-1.0, 2.0, f64::NAN, f64::NEG_INFINITY];
        Activation::Relu.apply(&mut values);
        assert_eq!(values[..2], [0.0, 2.0]);
        assert!(values[2].is_nan());
        assert_eq!(values[3], 0.0);
    }
}
