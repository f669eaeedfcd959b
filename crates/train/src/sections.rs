//! The tables `[train.<Name>]`: hyperparameters with scikit-learn's names and defaults. What a learner lacks
//! (`regressors` lists it) is an unknown key.

use crate::learner::Learner;
use crate::values::{Batch, Features, Limit, Patience, Rows, Sample, Sizes};
use regressors::mlp::BatchSize;
use regressors::tree::{Growth, MaxFeatures, TreeParams};
use regressors::{
    DecisionTree, ExtraTree, ExtraTrees, GradientBoosting, LinearRegression, Mlp, RandomForest,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{Config, Error, Result};
use toml::Table;

/// The learners that a table can name.
const LEARNERS: [&str; 8] = [
    "Linear",
    "MLP",
    "DecisionTree",
    "ExtraTree",
    "RandomForest",
    "ExtraTrees",
    "GradientBoosting",
    "Voting",
];

/// The learner of a table and all its hyperparameters, defaults included.
///
/// # Errors
/// If the learner or a hyperparameter is unknown, or of a wrong type.
pub(crate) fn learner(
    config: &Config,
    learner: &str,
    table: Table,
    place: &str,
) -> Result<(Learner, Map<String, Value>)> {
    let reading = Reading { config, table, place };
    match learner {
        "Linear" => reading.read(Linear::learner),
        "MLP" => reading.read(Network::learner),
        "DecisionTree" => reading.read(DecisionTreeTable::learner),
        "ExtraTree" => reading.read(ExtraTreeTable::learner),
        "RandomForest" => reading.read(RandomForestTable::learner),
        "ExtraTrees" => reading.read(ExtraTreesTable::learner),
        "GradientBoosting" => reading.read(Boosting::learner),
        other => Err(config.error(
            place,
            format!(
                "there is no learner '{other}'; name the table after one of {}, or add the key learner",
                LEARNERS.join(", ")
            ),
        )),
    }
}

struct Reading<'a> {
    config: &'a Config,
    table: Table,
    place: &'a str,
}

impl Reading<'_> {
    fn read<T: DeserializeOwned + Serialize>(
        self,
        learner: impl FnOnce(T) -> regressors::Result<Learner>,
    ) -> Result<(Learner, Map<String, Value>)> {
        let section: T = self.config.parse(toml::Value::Table(self.table), self.place)?;
        let Value::Object(parameters) = serde_json::to_value(&section).map_err(Error::internal)? else {
            return Err(Error::internal("hyperparameters are no table"));
        };
        let learner = learner(section).map_err(|error| self.config.error(self.place, error))?;
        Ok((learner, parameters))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Linear {
    fit_intercept: bool,
    tol: f64,
}

impl Default for Linear {
    fn default() -> Self {
        Self { fit_intercept: true, tol: 1e-6 }
    }
}

impl Linear {
    fn learner(self) -> regressors::Result<Learner> {
        Ok(Learner::Linear(LinearRegression::params().fit_intercept(self.fit_intercept).tol(self.tol)))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Network {
    hidden_layer_sizes: Sizes,
    activation: String,
    solver: String,
    alpha: f64,
    batch_size: Batch,
    learning_rate: String,
    learning_rate_init: f64,
    power_t: f64,
    max_iter: usize,
    shuffle: bool,
    random_state: u32,
    tol: f64,
    momentum: f64,
    nesterovs_momentum: bool,
    early_stopping: bool,
    validation_fraction: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    n_iter_no_change: Patience,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            hidden_layer_sizes: Sizes(vec![100]),
            activation: "relu".into(),
            solver: "adam".into(),
            alpha: 1e-4,
            batch_size: Batch(BatchSize::Auto),
            learning_rate: "constant".into(),
            learning_rate_init: 1e-3,
            power_t: 0.5,
            max_iter: 200,
            shuffle: true,
            random_state: 0,
            tol: 1e-4,
            momentum: 0.9,
            nesterovs_momentum: true,
            early_stopping: false,
            validation_fraction: 0.1,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            n_iter_no_change: Patience(10),
        }
    }
}

impl Network {
    fn learner(self) -> regressors::Result<Learner> {
        let max_iter = self.max_iter;
        let params = Mlp::params()
            .hidden_layer_sizes(self.hidden_layer_sizes.0)
            .activation(self.activation.parse()?)
            .solver(self.solver.parse()?)
            .alpha(self.alpha)
            .batch_size(self.batch_size.0)
            .learning_rate(self.learning_rate.parse()?)
            .learning_rate_init(self.learning_rate_init)
            .power_t(self.power_t)
            .max_iter(max_iter)
            .shuffle(self.shuffle)
            .random_state(self.random_state)
            .tol(self.tol)
            .momentum(self.momentum)
            .nesterovs_momentum(self.nesterovs_momentum)
            .early_stopping(self.early_stopping)
            .validation_fraction(self.validation_fraction)
            .beta_1(self.beta_1)
            .beta_2(self.beta_2)
            .epsilon(self.epsilon)
            .n_iter_no_change(self.n_iter_no_change.0);
        Ok(Learner::Mlp { params, max_iter })
    }
}

/// Defines the table of a tree learner: its own hyperparameters and those of [`Growth`].
macro_rules! tree_table {
    (
        $name:ident { $($field:ident: $type:ty = $default:expr,)* }
        max_depth: $max_depth:expr, max_features: $max_features:expr
    ) => {
        #[derive(Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        struct $name {
            $($field: $type,)*
            max_depth: Limit,
            min_samples_split: Rows,
            min_samples_leaf: Rows,
            min_weight_fraction_leaf: f64,
            max_features: Features,
            max_leaf_nodes: Limit,
            min_impurity_decrease: f64,
            random_state: u32,
        }

        impl Default for $name {
            fn default() -> Self {
                let growth = Growth::default();
                Self {
                    $($field: $default,)*
                    max_depth: Limit($max_depth),
                    min_samples_split: Rows(growth.min_samples_split),
                    min_samples_leaf: Rows(growth.min_samples_leaf),
                    min_weight_fraction_leaf: growth.min_weight_fraction_leaf,
                    max_features: Features($max_features),
                    max_leaf_nodes: Limit(growth.max_leaf_nodes),
                    min_impurity_decrease: growth.min_impurity_decrease,
                    random_state: growth.random_state,
                }
            }
        }

        impl $name {
            fn growth(&self) -> Growth {
                Growth {
                    max_depth: self.max_depth.0,
                    min_samples_split: self.min_samples_split.0,
                    min_samples_leaf: self.min_samples_leaf.0,
                    min_weight_fraction_leaf: self.min_weight_fraction_leaf,
                    max_features: self.max_features.0,
                    max_leaf_nodes: self.max_leaf_nodes.0,
                    min_impurity_decrease: self.min_impurity_decrease,
                    random_state: self.random_state,
                }
            }
        }
    };
}

/// All features, as scikit-learn writes them for all learners whose trees draw rows or thresholds.
const ALL: MaxFeatures = MaxFeatures::Fraction(1.0);

tree_table!(DecisionTreeTable {} max_depth: None, max_features: MaxFeatures::All);

tree_table!(ExtraTreeTable {} max_depth: None, max_features: ALL);

tree_table!(
    RandomForestTable {
        n_estimators: usize = 100,
        bootstrap: bool = true,
        max_samples: Sample = Sample(None),
    } max_depth: None, max_features: ALL
);

tree_table!(
    ExtraTreesTable {
        n_estimators: usize = 100,
        bootstrap: bool = false,
        max_samples: Sample = Sample(None),
    } max_depth: None, max_features: ALL
);

tree_table!(
    Boosting {
        n_estimators: usize = 100,
        learning_rate: f64 = 0.1,
        subsample: f64 = 1.0,
        n_iter_no_change: Limit = Limit(None),
        validation_fraction: f64 = 0.1,
        tol: f64 = 1e-4,
        max_bins: Limit = Limit(None),
    } max_depth: Some(3), max_features: MaxFeatures::All
);

impl DecisionTreeTable {
    fn learner(self) -> regressors::Result<Learner> {
        Ok(Learner::DecisionTree(DecisionTree::params().growth(self.growth())))
    }
}

impl ExtraTreeTable {
    fn learner(self) -> regressors::Result<Learner> {
        Ok(Learner::ExtraTree(ExtraTree::params().growth(self.growth())))
    }
}

impl RandomForestTable {
    fn learner(self) -> regressors::Result<Learner> {
        let n_estimators = self.n_estimators;
        let params = RandomForest::params().n_estimators(n_estimators).bootstrap(self.bootstrap);
        let params = params.max_samples(self.max_samples.0).growth(self.growth());
        Ok(Learner::RandomForest { params, n_estimators })
    }
}

impl ExtraTreesTable {
    fn learner(self) -> regressors::Result<Learner> {
        let n_estimators = self.n_estimators;
        let params = ExtraTrees::params().n_estimators(n_estimators).bootstrap(self.bootstrap);
        let params = params.max_samples(self.max_samples.0).growth(self.growth());
        Ok(Learner::ExtraTrees { params, n_estimators })
    }
}

impl Boosting {
    fn learner(self) -> regressors::Result<Learner> {
        let n_estimators = self.n_estimators;
        let params = GradientBoosting::params()
            .n_estimators(n_estimators)
            .learning_rate(self.learning_rate)
            .subsample(self.subsample)
            .n_iter_no_change(self.n_iter_no_change.0)
            .validation_fraction(self.validation_fraction)
            .tol(self.tol)
            .max_bins(self.max_bins.0)
            .growth(self.growth());
        Ok(Learner::GradientBoosting { params, n_estimators })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(section: &impl Serialize, name: &str) -> Value {
        serde_json::to_value(section).unwrap()[name].clone()
    }

    #[test]
    fn unset_max_features_are_written_as_scikit_learn_writes_them() {
        let all = "max_features";
        assert_eq!(written(&DecisionTreeTable::default(), all), "none");
        assert_eq!(written(&Boosting::default(), all), "none");
        assert_eq!(written(&ExtraTreeTable::default(), all), 1.0);
        assert_eq!(written(&RandomForestTable::default(), all), 1.0);
        assert_eq!(written(&ExtraTreesTable::default(), all), 1.0);
    }

    #[test]
    fn a_network_may_have_infinite_patience() {
        for value in ["inf", "\"inf\"", "+inf"] {
            let network: Network = toml::from_str(&format!("n_iter_no_change = {value}")).unwrap();
            assert_eq!(network.n_iter_no_change.0, usize::MAX);
            assert_eq!(written(&network, "n_iter_no_change"), "inf");
        }
        for value in ["2.0", "-inf", "nan", "\"none\""] {
            assert!(toml::from_str::<Network>(&format!("n_iter_no_change = {value}")).is_err(), "{value}");
        }
    }
}
