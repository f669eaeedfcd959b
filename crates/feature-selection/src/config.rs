//! The section `[feature-selection]`.

use serde::Deserialize;

/// What to encode, how, and what to keep of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Section {
    /// The order of the encoded columns; without any, all columns in file order.
    #[serde(default)]
    pub(crate) blocks: Vec<Block>,
    /// Selections, applied one after the other.
    #[serde(default)]
    pub(crate) select: Chain,
    /// Rows that selections see.
    #[serde(default, rename = "fit_on")]
    pub(crate) fit_on: FitOn,
    /// For `columns`: the features to keep, in this order.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// For `variance`.
    #[serde(default)]
    pub(crate) variance: Variance,
    /// For `vif`.
    #[serde(default)]
    pub(crate) vif: Vif,
    /// For `k-best`.
    #[serde(default)]
    pub(crate) k_best: KBest,
    /// For `forest-importance`.
    #[serde(default)]
    pub(crate) forest_importance: ForestImportance,
}

/// Columns that are encoded next to each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    pub(crate) columns: Vec<String>,
    /// Whether indicators are called `column_level` instead of `level`.
    #[serde(default)]
    pub(crate) prefix: bool,
    #[serde(default)]
    pub(crate) levels: Levels,
}

/// The order of a column's levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Levels {
    /// By code points.
    #[default]
    Sorted,
    /// In order of first appearance.
    FirstSeen,
}

/// One selection, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected none, columns, variance, vif, k-best or forest-importance, or a list of them"
)]
pub(crate) enum Chain {
    One(Method),
    Many(Vec<Method>),
}

impl Default for Chain {
    fn default() -> Self {
        Self::One(Method::None)
    }
}

impl Chain {
    pub(crate) fn methods(&self) -> &[Method] {
        match self {
            Self::One(method) => std::slice::from_ref(method),
            Self::Many(methods) => methods,
        }
    }
}

/// A way to select features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    None,
    Columns,
    Variance,
    Vif,
    KBest,
    ForestImportance,
}

/// Which rows selections see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FitOn {
    /// Train rows only.
    #[default]
    Train,
    /// All rows, as the study did: the test rows leak into the selection.
    All,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Variance {
    /// Features with a variance at or below it leave.
    pub(crate) threshold: f64,
}

impl Default for Variance {
    fn default() -> Self {
        Self { threshold: 0.0 }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Vif {
    /// Features leave, the largest first, until no variance inflation factor is above it.
    pub(crate) limit: f64,
}

impl Default for Vif {
    fn default() -> Self {
        Self { limit: 20.0 }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KBest {
    /// How many features stay.
    pub(crate) k: usize,
}

impl Default for KBest {
    fn default() -> Self {
        Self { k: 10 }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ForestImportance {
    /// Features with an importance at or below it leave.
    pub(crate) threshold: f64,
    pub(crate) random_state: u32,
    pub(crate) n_estimators: usize,
}

impl Default for ForestImportance {
    fn default() -> Self {
        Self { threshold: 0.02, random_state: 42, n_estimators: 100 }
    }
}
