//! `train/<Name>.parquet`: a fitted model as a table, read back to bit-equal predictions.
//!
//! What the rows are depends on the learner: tree nodes, coefficients, layer weights, or members of a vote.
//! What all models share stands in the file's metadata: learner and hyperparameters; and, of all but a vote, features,
//! label, and the scale of every feature.

mod coefficients;
mod layers;
mod nodes;
mod vote;

pub use vote::{Member, Vote};

use crate::table::{Artifact, Table, Writing};
use linfa::traits::Predict;
use linfa::traits::Transformer;
use ndarray::{Array1, Array2};
use regressors::changes::{self, Change};
use regressors::{
    DecisionTree, ExtraTree, ExtraTrees, GradientBoosting, LinearRegression, MaxAbsScaler, Mlp, RandomForest,
};
use serde_json::{Map, Value};
use stage::{Error, Folder, Result};
use std::io::Write;
use std::path::PathBuf;

pub(crate) const ARTIFACT: Artifact = Artifact { name: "model", version: 1 };

/// File name of the model `name` in the stage's folder.
pub fn file(name: &str) -> String {
    format!("{name}.parquet")
}

/// What is stored under a model's name.
#[derive(Clone, Debug)]
pub enum Stored {
    /// A model of its own.
    Model(Box<Model>),
    /// A vote of other models.
    Vote(Vote),
}

impl Stored {
    /// Reads the model `name` and checks it.
    ///
    /// # Errors
    /// If the file is missing, altered, not what this version writes, or no fit can have made it.
    pub fn read(folder: &Folder, name: &str) -> Result<Self> {
        let table = Table::open(folder, &file(name), ARTIFACT)?;
        match table.meta("learner")? {
            vote::LEARNER => Ok(Self::Vote(Vote::from_table(&table)?)),
            _ => Ok(Self::Model(Box::new(Model::from_table(&table)?))),
        }
    }

    /// The hyperparameters, sorted by name.
    pub fn parameters(&self) -> &Map<String, Value> {
        match self {
            Self::Model(model) => &model.parameters,
            Self::Vote(vote) => &vote.parameters,
        }
    }
}

/// A fitted regressor behind its scaling.
#[derive(Clone, Debug)]
pub struct Model {
    /// Hyperparameters under scikit-learn's names.
    pub parameters: Map<String, Value>,
    /// Names of the features, in the order of the columns that it predicts from.
    pub features: Vec<String>,
    /// Name of the label.
    pub label_name: String,
    /// Divides each feature before the regressor sees it.
    pub scaler: MaxAbsScaler,
    /// The regressor.
    pub regressor: Regressor,
}

/// The learners that a model file can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Regressor {
    /// Ordinary least squares.
    Linear(LinearRegression),
    /// Multi-layer perceptron.
    Mlp(Mlp),
    /// One tree with the best thresholds.
    DecisionTree(DecisionTree),
    /// One tree with random thresholds.
    ExtraTree(ExtraTree),
    /// Bootstrapped trees with the best thresholds.
    RandomForest(RandomForest),
    /// Trees with random thresholds.
    ExtraTrees(ExtraTrees),
    /// Gradient boosting of squared errors.
    GradientBoosting(GradientBoosting),
}

impl Regressor {
    /// The learner's name, as configurations spell it.
    pub fn learner(&self) -> &'static str {
        match self {
            Self::Linear(_) => "Linear",
            Self::Mlp(_) => "MLP",
            Self::DecisionTree(_) => "DecisionTree",
            Self::ExtraTree(_) => "ExtraTree",
            Self::RandomForest(_) => "RandomForest",
            Self::ExtraTrees(_) => "ExtraTrees",
            Self::GradientBoosting(_) => "GradientBoosting",
        }
    }

    /// Each feature's share of the impurity decrease, `(n_features,)`; of trees only.
    pub fn feature_importances(&self) -> Option<Array1<f64>> {
        match self {
            Self::Linear(_) | Self::Mlp(_) => None,
            Self::DecisionTree(model) => Some(model.feature_importances()),
            Self::ExtraTree(model) => Some(model.feature_importances()),
            Self::RandomForest(model) => Some(model.feature_importances()),
            Self::ExtraTrees(model) => Some(model.feature_importances()),
            Self::GradientBoosting(model) => Some(model.feature_importances()),
        }
    }

    fn predict(&self, records: &Array2<f64>) -> Array1<f64> {
        match self {
            Self::Linear(model) => model.predict(records),
            Self::Mlp(model) => model.predict(records),
            Self::DecisionTree(model) => model.predict(records),
            Self::ExtraTree(model) => model.predict(records),
            Self::RandomForest(model) => model.predict(records),
            Self::ExtraTrees(model) => model.predict(records),
            Self::GradientBoosting(model) => model.predict(records),
        }
    }

    /// What [`Self::predict`] gives for the changed rows.
    fn predict_changed(&self, records: &Array2<f64>, changes: &[Change]) -> Array1<f64> {
        match self {
            Self::RandomForest(model) => model.predict_changed(records, changes),
            Self::ExtraTrees(model) => model.predict_changed(records, changes),
            _ => changes::predict(records, changes, |changed| self.predict(changed)),
        }
    }

    fn n_features(&self) -> usize {
        match self {
            Self::Linear(model) => model.coefficients().len(),
            Self::Mlp(model) => model.coefs().first().map_or(0, Array2::nrows),
            Self::DecisionTree(model) => model.n_features(),
            Self::ExtraTree(model) => model.n_features(),
            Self::RandomForest(model) => model.n_features(),
            Self::ExtraTrees(model) => model.n_features(),
            Self::GradientBoosting(model) => model.n_features(),
        }
    }
}

impl Model {
    /// Predicts from unscaled features, shape `(n_samples, n_features)`, whose columns are called `names`.
    ///
    /// # Errors
    /// If the columns are not those that the model was fitted on.
    pub fn predict(&self, records: &Array2<f64>, names: &[String]) -> Result<Array1<f64>> {
        self.check_features(names)?;
        Ok(self.regressor.predict(&self.scaler.transform(records)))
    }

    /// What [`Self::predict`] gives for the [`changed`](changes::changed) rows of `records`, `(n_changes,)`.
    /// It is fast where changes of one row follow each other.
    ///
    /// # Errors
    /// If the columns are not those that the model was fitted on.
    pub fn predict_changed(
        &self,
        records: &Array2<f64>,
        names: &[String],
        changes: &[Change],
    ) -> Result<Array1<f64>> {
        self.check_features(names)?;
        let scale = self.scaler.scale();
        let scaled = |change: &Change| Change { value: change.value / scale[change.feature], ..*change };
        let changes: Vec<Change> = changes.iter().map(scaled).collect();
        Ok(self.regressor.predict_changed(&self.scaler.transform(records), &changes))
    }

    fn check_features(&self, names: &[String]) -> Result<()> {
        if names != self.features {
            let first = names.iter().zip(&self.features).find(|(given, own)| given != own);
            let difference = first.map_or_else(
                || format!("it has {} features, the rows have {}", self.features.len(), names.len()),
                |(given, own)| format!("its feature '{own}' stands where the rows have '{given}'"),
            );
            return Err(Error::data(format!(
                "the model was fitted on other features: {difference}; train it again"
            )));
        }
        Ok(())
    }

    /// Writes the Parquet file of the model.
    ///
    /// # Errors
    /// If `file` refuses it.
    pub fn write(&self, file: &mut (dyn Write + Send)) -> Result<()> {
        let table = Writing::new(ARTIFACT)
            .meta("learner", self.regressor.learner())
            .meta("parameters", json(&self.parameters)?)
            .meta("features", json(&self.features)?)
            .meta("label", &self.label_name)
            .meta("scale", json(&self.scaler.scale().to_vec())?);
        match &self.regressor {
            Regressor::Linear(model) => coefficients::write(table, model, &self.features, file),
            Regressor::Mlp(model) => layers::write(table, model, file),
            Regressor::DecisionTree(model) => {
                nodes::write_scaled(table, [model.tree()], model.target_scale(), file)
            }
            Regressor::ExtraTree(model) => {
                nodes::write_scaled(table, [model.tree()], model.target_scale(), file)
            }
            Regressor::RandomForest(model) => {
                nodes::write_scaled(table, model.trees(), model.target_scale(), file)
            }
            Regressor::ExtraTrees(model) => {
                nodes::write_scaled(table, model.trees(), model.target_scale(), file)
            }
            Regressor::GradientBoosting(model) => nodes::write_boosting(table, model, file),
        }
    }

    /// The model of such a file, which lies at `path`.
    pub(crate) fn from_bytes(path: PathBuf, bytes: Vec<u8>) -> Result<Self> {
        Self::from_table(&Table::checked(path, bytes, ARTIFACT)?)
    }

    fn from_table(table: &Table) -> Result<Self> {
        let features: Vec<String> = parse(table, "features")?;
        let scale: Vec<f64> = parse(table, "scale")?;
        let refuse = |error: regressors::Error| table.refuse(error);
        let regressor = match table.meta("learner")? {
            "Linear" => Regressor::Linear(coefficients::read(table)?),
            "MLP" => Regressor::Mlp(layers::read(table)?),
            "DecisionTree" => {
                let (tree, scale) = nodes::read_single(table, features.len())?;
                Regressor::DecisionTree(DecisionTree::from_tree(tree, scale))
            }
            "ExtraTree" => {
                let (tree, scale) = nodes::read_single(table, features.len())?;
                Regressor::ExtraTree(ExtraTree::from_tree(tree, scale))
            }
            "RandomForest" => {
                let (trees, scale) = nodes::read_scaled(table, features.len())?;
                Regressor::RandomForest(RandomForest::from_trees(trees, scale).map_err(refuse)?)
            }
            "ExtraTrees" => {
                let (trees, scale) = nodes::read_scaled(table, features.len())?;
                Regressor::ExtraTrees(ExtraTrees::from_trees(trees, scale).map_err(refuse)?)
            }
            "GradientBoosting" => Regressor::GradientBoosting(nodes::read_boosting(table, features.len())?),
            other => return Err(table.refuse(format!("unknown learner '{other}'"))),
        };
        if scale.len() != features.len() || regressor.n_features() != features.len() {
            return Err(table.refuse("features, scales and the model's inputs differ in number"));
        }
        Ok(Self {
            parameters: parse(table, "parameters")?,
            features,
            label_name: table.meta("label")?.to_owned(),
            scaler: MaxAbsScaler::from_scale(Array1::from(scale)).map_err(refuse)?,
            regressor,
        })
    }
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// A value of the file's metadata that is written as JSON.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(table: &Table, key: &str) -> Result<T> {
    serde_json::from_str(table.meta(key)?)
        .map_err(|error| table.refuse(format!("its metadata '{key}': {error}")))
}
