//! The examples of the specification.

use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2, array};
use regressors::tree::{Tree, TreeParams};
use regressors::{DecisionTree, ExtraTree, GradientBoosting, RandomForest};

fn six_rows() -> Dataset<f64, f64, ndarray::Ix1> {
    let records: Array2<f64> =
        array![[0., 1., 0.], [1., 1., 0.], [2., 0., 1.], [3., 0., 1.], [3., 0., 0.], [5., 1., 1.]];
    Dataset::new(records, array![1., 2., 2., 7., 8., 3.])
}

fn features(tree: &Tree) -> Vec<i32> {
    tree.nodes().iter().map(|node| node.feature).collect()
}

fn thresholds(tree: &Tree) -> Vec<f64> {
    tree.nodes().iter().filter(|node| !node.is_leaf()).map(|node| node.threshold).collect()
}

fn values(tree: &Tree) -> Vec<f64> {
    tree.nodes().iter().map(|node| node.value).collect()
}

#[test]
fn decision_tree() {
    let model = DecisionTree::params().random_state(42).fit(&six_rows()).unwrap();
    let tree = model.tree();
    assert_eq!(features(tree), [0, 0, -2, -2, 1, 2, -2, -2, -2]);
    assert_eq!(thresholds(tree), [2.5, 0.5, 0.5, 0.5]);
    assert_eq!(tree.nodes().iter().map(|n| n.left).collect::<Vec<_>>(), [1, 2, -1, -1, 5, 6, -1, -1, -1]);
    assert_eq!(tree.nodes().iter().map(|n| n.right).collect::<Vec<_>>(), [4, 3, -1, -1, 8, 7, -1, -1, -1]);
    assert_eq!(
        tree.nodes().iter().map(|n| n.n_node_samples).collect::<Vec<_>>(),
        [6, 3, 1, 2, 3, 2, 1, 1, 1]
    );
    assert_eq!(values(tree), [23.0 / 6.0, 5.0 / 3.0, 1., 2., 6., 7.5, 8., 7., 3.]);
    assert_eq!((tree.depth(), tree.n_leaves()), (3, 5));
}

#[test]
fn extra_tree() {
    let model = ExtraTree::params().random_state(42).fit(&six_rows()).unwrap();
    assert_eq!(features(model.tree()), [1, 0, -2, 2, -2, -2, 0, 0, -2, -2, -2]);
    assert_eq!(
        thresholds(model.tree()),
        [0.7270890258844425, 2.9402952221875522, 0.8850883496390136, 3.5151708538249, 0.36647007957402156]
    );
}

#[test]
fn random_forest() {
    let forest = RandomForest::params().n_estimators(2).random_state(42).fit(&six_rows()).unwrap();
    let [first, second] = forest.trees() else { panic!("two trees") };
    assert_eq!(features(first), [0, -2, 2, -2, -2]);
    assert_eq!(features(second), [0, -2, 1, -2, -2]);
    assert_eq!(thresholds(first), [2.5, 0.5]);
    assert_eq!(thresholds(second), [2.5, 0.5]);
    assert_eq!(values(first), [23.0 / 6.0, 2., 7.5, 8., 7.]);
    assert_eq!(values(second), [14.0 / 3.0, 2., 6., 7., 3.]);
}

#[test]
fn gradient_boosting() {
    let params = GradientBoosting::params().n_estimators(3).max_depth(1).random_state(42);
    let model = params.fit(&six_rows()).unwrap();
    let leaves = [(-2.1666666666666665, 2.1666666666666665), (-1.95, 1.95), (-1.755, 1.755)];
    for (tree, (left, right)) in model.trees().iter().zip(leaves) {
        let [root, leaf, other] = tree.nodes() else { panic!("three nodes") };
        assert!(root.value.abs() < 1e-12);
        assert!((leaf.value - left).abs() < 1e-12 && (other.value - right).abs() < 1e-12);
    }
    let predicted: Array1<f64> = model.predict(&six_rows());
    for (row, price) in predicted.iter().enumerate() {
        let expected = if row < 3 { 3.246166666666667 } else { 4.4205 };
        assert!((price - expected).abs() < 1e-12, "row {row}: {price}");
    }
}
