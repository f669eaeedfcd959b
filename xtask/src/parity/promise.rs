//! What each learner promises of its likeness to scikit-learn, and whether it keeps it.

use super::measured::{Measured, Rows, Trees};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The hyperparameters of boosting under which rows agree, whatever its number of trees and learning rate:
/// drawing no rows and no features, at the default depth.
fn plain_boosting() -> Value {
    json!({
        "subsample": 1.0, "max_features": "none", "max_depth": 3, "max_leaf_nodes": "none",
        "n_iter_no_change": "none", "max_bins": "none",
    })
}

/// The hyperparameters of the study's network that are not defaults.
fn study_network() -> Value {
    json!({
        "hidden_layer_sizes": [100], "learning_rate_init": 0.6, "max_iter": 500, "random_state": 42,
        "solver": "adam", "activation": "relu",
    })
}

/// Rounding of a network's training grows with its steps; up to these it stays below 1e-9.
const STABLE_STEPS: u64 = 1000;

/// From so many trees on, errors average out.
const MANY_TREES: u64 = 50;

/// A promise and whether it is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Promise {
    #[serde(rename = "promise")]
    pub(crate) text: String,
    pub(crate) kept: bool,
}

impl Promise {
    fn new(text: &str, kept: bool) -> Self {
        Self { text: text.to_owned(), kept }
    }

    fn and(self, holds: bool) -> Self {
        Self { kept: self.kept && holds, ..self }
    }
}

/// The promise for a model, judged by what was measured.
pub(crate) fn of(measured: &Measured) -> Promise {
    let parameters = &measured.parameters;
    let rows = &measured.rows;
    let promise = match measured.learner.as_str() {
        _ if !measured.own_parameters.is_empty() => same_quality(measured),
        "DecisionTree" | "ExtraTree" | "RandomForest" | "ExtraTrees" => same_trees(measured),
        "GradientBoosting" if has(parameters, &plain_boosting()) => {
            Promise::new("99.5 % of rows within 1e-9", rows.close as f64 >= 0.995 * rows.rows as f64)
        }
        "Linear" => Promise::new("rows within 1e-9", all_close(rows)),
        "MLP" if is_stable(measured) => {
            let same = measured.n_iter.is_some_and(|[ours, theirs]| ours == theirs);
            Promise::new("n_iter equal, rows within 1e-9", same && all_close(rows))
        }
        "MLP" => Promise::new("none: rounding grows over so many steps", true),
        "Voting" => Promise::new("the members' average within 1e-12", rows.largest <= 1e-12),
        _ => same_quality(measured),
    };
    promise.and(measured.scales_equal)
}

fn same_trees(measured: &Measured) -> Promise {
    let identical = measured.trees.is_some_and(|Trees { identical, trees, .. }| identical == trees);
    match measured.parity.as_deref() {
        Some("exact") => Promise::new("trees and rows identical", identical && measured.rows.largest == 0.0),
        Some("structure") => {
            Promise::new("structure and values identical", identical && measured.rows.largest == 0.0)
        }
        _ => same_quality(measured),
    }
}

/// Without labels there is no RMSE to compare. The error of a few trees hangs on a few splits.
fn same_quality(measured: &Measured) -> Promise {
    let trees = measured.parameters.get("n_estimators").and_then(Value::as_u64).unwrap_or(1);
    let percent = if trees < MANY_TREES { 5.0 } else { 2.0 };
    let both = measured.rmse.zip(measured.rmse_sklearn);
    let kept = both.is_none_or(|(ours, theirs)| (ours - theirs).abs() <= percent / 100.0 * theirs);
    Promise::new(&format!("RMSE within {percent} %"), kept)
}

fn all_close(rows: &Rows) -> bool {
    rows.close == rows.rows
}

/// Whether a network's predictions can be told from scikit-learn's by rounding only.
fn is_stable(measured: &Measured) -> bool {
    let piecewise_linear = ["relu", "identity"]
        .iter()
        .any(|activation| measured.parameters.get("activation") == Some(&json!(activation)));
    let few = measured.steps.is_some_and(|steps| steps < STABLE_STEPS);
    piecewise_linear && (few || has(&measured.parameters, &study_network()))
}

/// Whether a model has all the expected hyperparameters.
fn has(parameters: &Map<String, Value>, expected: &Value) -> bool {
    expected
        .as_object()
        .is_some_and(|expected| expected.iter().all(|(name, value)| parameters.get(name) == Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(learner: &str, parameters: Value) -> Measured {
        let Value::Object(parameters) = parameters else { panic!("no table") };
        Measured {
            model: learner.to_owned(),
            learner: learner.to_owned(),
            parameters,
            own_parameters: Map::new(),
            parity: Some("exact".to_owned()),
            target_scale: Some(100.0),
            scales_equal: true,
            trees: Some(Trees { identical: 10, trees: 10, same_nodes: 90, nodes: 90 }),
            rows: Rows { close: 1000, rows: 1000, largest: 0.0 },
            rmse: Some(100.0),
            rmse_sklearn: Some(100.0),
            n_iter: None,
            steps: None,
        }
    }

    #[test]
    fn an_exact_forest_is_identical_to_the_bit() {
        let forest = measured("RandomForest", json!({}));
        assert!(of(&forest).kept);
        let mut other = forest.clone();
        other.trees = Some(Trees { identical: 9, trees: 10, same_nodes: 89, nodes: 90 });
        assert!(!of(&other).kept);
        other = forest.clone();
        other.rows.largest = 1e-16;
        assert!(!of(&other).kept);
        other = forest;
        other.scales_equal = false;
        assert!(!of(&other).kept);
    }

    #[test]
    fn in_fixed_point_only_the_quality_counts() {
        let mut tree = measured("DecisionTree", json!({}));
        tree.parity = Some("fixed-point".to_owned());
        tree.trees = Some(Trees { identical: 0, trees: 1, same_nodes: 80, nodes: 90 });
        tree.rows = Rows { close: 900, rows: 1000, largest: 0.3 };
        assert!(of(&tree).kept);
        tree.rmse = Some(105.1);
        assert!(!of(&tree).kept);
        let mut forest = Measured { learner: "RandomForest".to_owned(), ..tree };
        forest.parameters.insert("n_estimators".to_owned(), json!(100));
        forest.rmse = Some(101.9);
        assert!(of(&forest).kept);
        forest.rmse = Some(102.1);
        assert!(!of(&forest).kept);
    }

    #[test]
    fn boosting_promises_rows_only_without_draws() {
        let mut boosting = measured("GradientBoosting", plain_boosting());
        boosting.parameters.insert("n_estimators".to_owned(), json!(100));
        boosting.rows = Rows { close: 995, rows: 1000, largest: 0.1 };
        assert!(of(&boosting).kept);
        boosting.rows.close = 994;
        assert!(!of(&boosting).kept);
        boosting.parameters.insert("subsample".to_owned(), json!(0.7));
        assert_eq!(of(&boosting), Promise::new("RMSE within 2 %", true));
    }

    #[test]
    fn a_hyperparameter_of_ours_leaves_the_quality() {
        let mut forest = measured("RandomForest", json!({"n_estimators": 100}));
        forest.own_parameters.insert("max_bins".to_owned(), json!(255));
        forest.rows.largest = 0.1;
        assert_eq!(of(&forest), Promise::new("RMSE within 2 %", true));
    }

    #[test]
    fn a_network_promises_rows_while_rounding_is_small() {
        let mut network = measured("MLP", json!({"activation": "relu"}));
        network.n_iter = Some([20, 20]);
        network.steps = Some(999);
        assert!(of(&network).kept);
        network.n_iter = Some([20, 21]);
        assert!(!of(&network).kept);
        network.steps = Some(1000);
        assert!(of(&network).text.starts_with("none"));
    }
}
