//! scikit-learn's own trees, forests and boosted trees.

use linfa::traits::{Fit, Predict};
use linfa::{Dataset, ParamGuard};
use ndarray::{Array1, Array2};
use regressors::target::Parity;
use regressors::tree::{MaxFeatures, Node, Samples, SingleTreeParams, Splitter, Tree, TreeParams};
use regressors::{DecisionTree, ExtraTree, ExtraTrees, GradientBoosting, RandomForest, forest::ForestParams};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// A file that `golden/trees.py` wrote.
#[derive(Deserialize)]
struct Golden {
    data: HashMap<String, Data>,
    models: Vec<Model>,
}

/// Records (null is missing), targets and weights.
#[derive(Deserialize)]
struct Data {
    x: Vec<Vec<Option<f64>>>,
    y: Vec<f64>,
    weights: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Model {
    learner: String,
    data: String,
    params: serde_json::Value,
    target_scale: f64,
    new: Vec<Vec<Option<f64>>>,
    predictions: Vec<f64>,
    feature_importances: Vec<f64>,
    #[serde(default)]
    trees: Vec<Nodes>,
    /// Instead of `trees`, for trees of many nodes.
    #[serde(default)]
    splits: Vec<Splits>,
    #[serde(default)]
    init: f64,
    #[serde(default)]
    n_estimators: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    random_state: u32,
    max_depth: Option<usize>,
    max_leaf_nodes: Option<usize>,
    min_samples_leaf: Option<Number>,
    min_samples_split: Option<Number>,
    min_weight_fraction_leaf: Option<f64>,
    min_impurity_decrease: Option<f64>,
    max_features: Option<Number>,
    n_estimators: Option<usize>,
    bootstrap: Option<bool>,
    max_samples: Option<Number>,
    learning_rate: Option<f64>,
    subsample: Option<f64>,
    n_iter_no_change: Option<usize>,
    validation_fraction: Option<f64>,
}

/// scikit-learn's "int, float or name".
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Count(usize),
    Fraction(f64),
    Name(String),
}

impl Number {
    fn samples(&self) -> Samples {
        match self {
            Self::Count(count) => Samples::Count(*count),
            Self::Fraction(fraction) => Samples::Fraction(*fraction),
            Self::Name(name) => panic!("{name} is no number of samples"),
        }
    }

    fn features(&self) -> MaxFeatures {
        match self {
            Self::Count(count) => MaxFeatures::Count(*count),
            Self::Fraction(fraction) => MaxFeatures::Fraction(*fraction),
            Self::Name(name) if name == "sqrt" => MaxFeatures::Sqrt,
            Self::Name(name) if name == "log2" => MaxFeatures::Log2,
            Self::Name(name) => panic!("{name} is no number of features"),
        }
    }
}

/// `params` with `setter` applied if the file sets the parameter.
fn set<P, T>(params: P, value: &Option<T>, setter: impl FnOnce(P, &T) -> P) -> P {
    match value {
        Some(value) => setter(params, value),
        None => params,
    }
}

impl Params {
    fn grow<P: TreeParams>(&self, params: P) -> P {
        let params = params.random_state(self.random_state);
        let params = set(params, &self.max_depth, |p, v| p.max_depth(*v));
        let params = set(params, &self.max_leaf_nodes, |p, v| p.max_leaf_nodes(*v));
        let params = set(params, &self.min_samples_leaf, |p, v| p.min_samples_leaf(v.samples()));
        let params = set(params, &self.min_samples_split, |p, v| p.min_samples_split(v.samples()));
        let params = set(params, &self.min_weight_fraction_leaf, |p, v| p.min_weight_fraction_leaf(*v));
        let params = set(params, &self.min_impurity_decrease, |p, v| p.min_impurity_decrease(*v));
        set(params, &self.max_features, |p, v| p.max_features(v.features()))
    }

    fn forest<S>(&self, params: ForestParams<S>) -> ForestParams<S> {
        let params = set(params, &self.n_estimators, |p, v| p.n_estimators(*v));
        let params = set(params, &self.bootstrap, |p, v| p.bootstrap(*v));
        set(self.grow(params), &self.max_samples, |p, v| p.max_samples(v.samples()))
    }

    fn boosting(&self) -> regressors::boosting::GradientBoostingParams {
        let params = self.grow(GradientBoosting::params());
        let params = set(params, &self.n_estimators, |p, v| p.n_estimators(*v));
        let params = set(params, &self.learning_rate, |p, v| p.learning_rate(*v));
        let params = set(params, &self.subsample, |p, v| p.subsample(*v));
        let params = set(params, &self.n_iter_no_change, |p, v| p.n_iter_no_change(*v));
        set(params, &self.validation_fraction, |p, v| p.validation_fraction(*v))
    }
}

/// The arrays of a scikit-learn tree.
#[derive(Deserialize)]
struct Nodes {
    left: Vec<i32>,
    right: Vec<i32>,
    feature: Vec<i32>,
    /// Null is infinite.
    threshold: Vec<Option<f64>>,
    missing_go_to_left: Vec<bool>,
    n_node_samples: Vec<u32>,
    weighted_n_node_samples: Vec<f64>,
    impurity: Vec<f64>,
    value: Vec<f64>,
}

impl Nodes {
    fn node(&self, id: usize) -> Node {
        Node {
            left: self.left[id],
            right: self.right[id],
            feature: self.feature[id],
            threshold: self.threshold[id].unwrap_or(f64::INFINITY),
            missing_go_to_left: self.missing_go_to_left[id],
            n_node_samples: self.n_node_samples[id],
            weighted_n_node_samples: self.weighted_n_node_samples[id],
            impurity: self.impurity[id],
            value: self.value[id],
        }
    }
}

/// The features of all nodes and the thresholds of the inner ones.
#[derive(Debug, Deserialize, PartialEq)]
struct Splits {
    feature: Vec<i32>,
    /// Null is infinite.
    threshold: Vec<Option<f64>>,
}

impl Splits {
    fn of(tree: &Tree) -> Self {
        let inner = tree.nodes().iter().filter(|node| !node.is_leaf());
        Self {
            feature: tree.nodes().iter().map(|node| node.feature).collect(),
            threshold: inner.map(|n| Some(n.threshold).filter(|t| t.is_finite())).collect(),
        }
    }
}

fn records(rows: &[Vec<Option<f64>>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column].unwrap_or(f64::NAN))
}

impl Data {
    fn dataset(&self) -> Dataset<f64, f64, ndarray::Ix1> {
        let dataset = Dataset::new(records(&self.x), Array1::from(self.y.clone()));
        match &self.weights {
            Some(weights) => dataset.with_weights(Array1::from(weights.clone())),
            None => dataset,
        }
    }
}

fn assert_same_bits(actual: &Array1<f64>, expected: &[f64], what: &str) {
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&actual.to_vec()), bits(expected), "{what}");
}

impl Model {
    fn name(&self) -> String {
        format!("{} on {} with {}", self.learner, self.data, self.params)
    }

    fn params(&self) -> Params {
        Params::deserialize(&self.params).unwrap()
    }

    fn check_trees(&self, trees: &[Tree]) {
        assert_eq!(trees.len(), self.trees.len() + self.splits.len(), "{}", self.name());
        for (tree, expected) in trees.iter().zip(&self.splits) {
            assert!(Splits::of(tree) == *expected, "the splits of {}", self.name());
        }
        for (tree, expected) in trees.iter().zip(&self.trees) {
            for (id, node) in tree.nodes().iter().enumerate() {
                assert_eq!(*node, expected.node(id), "node {id} of {}", self.name());
            }
            assert_eq!(tree.nodes().len(), expected.left.len(), "{}", self.name());
        }
    }

    fn check_tree<S: Splitter>(&self, data: &Data, params: SingleTreeParams<S>) {
        let model = self.params().grow(params).fit(&data.dataset()).unwrap();
        self.check_trees(std::slice::from_ref(model.tree()));
        assert_eq!(model.target_scale().factor(), self.target_scale);
        assert_eq!(model.target_scale().parity(), Parity::Exact);
        assert_same_bits(&model.predict(&records(&self.new)), &self.predictions, &self.name());
        assert_same_bits(&model.feature_importances(), &self.feature_importances, &self.name());
    }

    fn check_forest<S: Splitter>(&self, data: &Data, params: ForestParams<S>) {
        let model = self.params().forest(params).fit(&data.dataset()).unwrap();
        self.check_trees(model.trees());
        assert_eq!(model.target_scale().factor(), self.target_scale);
        assert_eq!(model.target_scale().parity(), Parity::Exact);
        assert_same_bits(&model.predict(&records(&self.new)), &self.predictions, &self.name());
        assert_same_bits(&model.feature_importances(), &self.feature_importances, &self.name());
    }

    fn check_boosting(&self, data: &Data) {
        let params = self.params().boosting().check().unwrap();
        let model = params.fit(&data.dataset()).unwrap();
        assert_eq!(model.init(), self.init, "{}", self.name());
        assert_eq!(model.trees().len(), self.n_estimators, "{}", self.name());
        for (predicted, expected) in model.predict(&records(&self.new)).iter().zip(&self.predictions) {
            let off = (predicted - expected).abs() / expected.abs();
            assert!(off <= 1e-9, "{predicted} is not {expected}: {}", self.name());
        }
        // Where columns tie, as a flag and its complement do, noise says which one scikit-learn takes.
        let has_ties = !self.data.starts_with("smooth");
        if has_ties {
            return;
        }
        for (importance, expected) in model.feature_importances().iter().zip(&self.feature_importances) {
            assert!((importance - expected).abs() <= 1e-9, "{}", self.name());
        }
    }

    fn check(&self, data: &Data) {
        match self.learner.as_str() {
            "DecisionTree" => self.check_tree(data, DecisionTree::params()),
            "ExtraTree" => self.check_tree(data, ExtraTree::params()),
            "RandomForest" => self.check_forest(data, RandomForest::params()),
            "ExtraTrees" => self.check_forest(data, ExtraTrees::params()),
            "GradientBoosting" => self.check_boosting(data),
            other => panic!("no learner {other}"),
        }
    }
}

fn check(file: impl AsRef<Path>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let golden: Golden = serde_json::from_str(&text).unwrap();
    assert!(!golden.models.is_empty());
    for model in &golden.models {
        model.check(&golden.data[&model.data]);
    }
}

#[test]
fn trees_are_scikit_learns_bit_for_bit() {
    check("trees.json");
}

#[test]
fn forests_are_scikit_learns_bit_for_bit() {
    check("forests.json");
}

#[test]
fn large_trees_are_scikit_learns_bit_for_bit() {
    check("large.json");
}

#[test]
fn boosting_predicts_as_scikit_learn_does() {
    check("boosting.json");
}

#[test]
#[ignore = "reads the file GOLDEN_DRAWN, which golden/drawn.py writes: cargo xtask ci --only trees"]
fn drawn_trees_are_scikit_learns_bit_for_bit() {
    check(std::env::var("GOLDEN_DRAWN").unwrap());
}
