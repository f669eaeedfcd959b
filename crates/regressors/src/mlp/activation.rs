//! What a hidden unit makes of its inputs, and the derivative.

use super::params::named;
use crate::{Error, Result};
use pulp::Simd;
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

    /// The derivatives of the loss by weighted inputs: `upstream`, those by their activations, times that of
    /// the activation.
    #[inline(always)]
    pub(super) fn delta<S: Simd>(self, simd: S, activations: S::f64s, upstream: S::f64s) -> S::f64s {
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let (a, times) = (activations, |factor| simd.mul_f64s(upstream, factor));
        match self {
            Self::Identity => upstream,
            Self::Logistic => simd.mul_f64s(times(a), simd.sub_f64s(one, a)),
            Self::Tanh => times(simd.sub_f64s(one, simd.mul_f64s(a, a))),
            Self::Relu => simd.select_f64s(simd.equal_f64s(a, zero), zero, upstream),
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
