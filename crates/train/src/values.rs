//! Hyperparameters that scikit-learn writes in more than one way: a number, a share, or a word.

use regressors::mlp::BatchSize;
use regressors::tree::{MaxFeatures, Samples};
use serde::{Deserialize, Serialize};

/// A value as it stands in the configuration.
#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "expected a whole number, a share, a word or a list of whole numbers")]
enum Written {
    Whole(usize),
    Real(f64),
    Word(String),
    List(Vec<usize>),
    Truth(bool),
}

impl Written {
    fn refuse<T>(self, expected: &str) -> Result<T, String> {
        let value = match self {
            Self::Whole(value) => value.to_string(),
            Self::Real(value) => format!("{value:?}"),
            Self::Word(value) => format!("\"{value}\""),
            Self::List(value) => format!("{value:?}"),
            Self::Truth(value) => value.to_string(),
        };
        Err(format!("{value}: expected {expected}"))
    }
}

/// scikit-learn's `None`, which TOML does not have.
const NONE: &str = "none";

/// A number, or `"none"`.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Limit(pub(crate) Option<usize>);

impl TryFrom<Written> for Limit {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Whole(limit) => Ok(Self(Some(limit))),
            Written::Word(word) if word == NONE => Ok(Self(None)),
            other => other.refuse("a whole number or \"none\""),
        }
    }
}

impl From<Limit> for Written {
    fn from(limit: Limit) -> Self {
        limit.0.map_or_else(|| Self::Word(NONE.into()), Self::Whole)
    }
}

/// scikit-learn's infinity, which JSON does not have.
const INFINITY: &str = "inf";

/// `n_iter_no_change` of a network: a number of epochs, or `inf`.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Patience(pub(crate) usize);

impl TryFrom<Written> for Patience {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Whole(epochs) => Ok(Self(epochs)),
            Written::Real(f64::INFINITY) => Ok(Self(usize::MAX)),
            Written::Word(word) if word == INFINITY => Ok(Self(usize::MAX)),
            other => other.refuse("a whole number or inf"),
        }
    }
}

impl From<Patience> for Written {
    fn from(patience: Patience) -> Self {
        match patience.0 {
            usize::MAX => Self::Word(INFINITY.into()),
            epochs => Self::Whole(epochs),
        }
    }
}

/// A number of rows, or a share of them: 1 and 1.0 differ.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Rows(pub(crate) Samples);

impl TryFrom<Written> for Rows {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Whole(count) => Ok(Self(Samples::Count(count))),
            Written::Real(share) => Ok(Self(Samples::Fraction(share))),
            other => other.refuse("a number of rows or a share of them"),
        }
    }
}

impl From<Rows> for Written {
    fn from(rows: Rows) -> Self {
        match rows.0 {
            Samples::Count(count) => Self::Whole(count),
            Samples::Fraction(share) => Self::Real(share),
        }
    }
}

/// `max_samples`: as [`Rows`], or `"none"` for as many as there are.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Sample(pub(crate) Option<Samples>);

impl TryFrom<Written> for Sample {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Word(word) if word == NONE => Ok(Self(None)),
            rows @ (Written::Whole(_) | Written::Real(_)) => Ok(Self(Some(Rows::try_from(rows)?.0))),
            other => other.refuse("a number of rows, a share of them or \"none\""),
        }
    }
}

impl From<Sample> for Written {
    fn from(sample: Sample) -> Self {
        sample.0.map_or_else(|| Self::Word(NONE.into()), |rows| Rows(rows).into())
    }
}

/// `max_features`: a number, a share, `"sqrt"`, `"log2"` or `"none"`.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Features(pub(crate) MaxFeatures);

impl TryFrom<Written> for Features {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Whole(count) => Ok(Self(MaxFeatures::Count(count))),
            Written::Real(share) => Ok(Self(MaxFeatures::Fraction(share))),
            Written::Word(word) if word == "sqrt" => Ok(Self(MaxFeatures::Sqrt)),
            Written::Word(word) if word == "log2" => Ok(Self(MaxFeatures::Log2)),
            Written::Word(word) if word == NONE => Ok(Self(MaxFeatures::All)),
            other => other.refuse("a number of features, a share of them, \"sqrt\", \"log2\" or \"none\""),
        }
    }
}

impl From<Features> for Written {
    fn from(features: Features) -> Self {
        match features.0 {
            MaxFeatures::All => Self::Word(NONE.into()),
            MaxFeatures::Fraction(share) => Self::Real(share),
            MaxFeatures::Count(count) => Self::Whole(count),
            MaxFeatures::Sqrt => Self::Word("sqrt".into()),
            MaxFeatures::Log2 => Self::Word("log2".into()),
        }
    }
}

/// `batch_size`: a number of rows, or `"auto"`.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Batch(pub(crate) BatchSize);

impl TryFrom<Written> for Batch {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Whole(rows) => Ok(Self(BatchSize::Rows(rows))),
            Written::Word(word) if word == "auto" => Ok(Self(BatchSize::Auto)),
            other => other.refuse("a number of rows or \"auto\""),
        }
    }
}

impl From<Batch> for Written {
    fn from(batch: Batch) -> Self {
        match batch.0 {
            BatchSize::Auto => Self::Word("auto".into()),
            BatchSize::Rows(rows) => Self::Whole(rows),
        }
    }
}

/// `hidden_layer_sizes`: one number, or a list.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Sizes(pub(crate) Vec<usize>);

impl TryFrom<Written> for Sizes {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Whole(size) => Ok(Self(vec![size])),
            Written::List(sizes) => Ok(Self(sizes)),
            other => other.refuse("a number of units or a list of them"),
        }
    }
}

impl From<Sizes> for Written {
    fn from(sizes: Sizes) -> Self {
        Self::List(sizes.0)
    }
}
