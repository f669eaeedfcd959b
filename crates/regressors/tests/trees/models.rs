//! Stored models, most of them hostile.

use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use regressors::target::{Parity, TargetScale};
use regressors::tree::{Node, Tree, TreeParams};
use regressors::{Error, ExtraTree, GradientBoosting, RandomForest};

const LEAF: Node = Node {
    left: -1,
    right: -1,
    feature: -2,
    threshold: -2.0,
    missing_go_to_left: false,
    n_node_samples: 1,
    weighted_n_node_samples: 1.0,
    impurity: 0.0,
    value: 7.0,
};

const ROOT: Node = Node {
    left: 1,
    right: 2,
    feature: 0,
    threshold: 0.5,
    missing_go_to_left: true,
    n_node_samples: 2,
    weighted_n_node_samples: 2.0,
    impurity: 1.0,
    value: 8.0,
};

fn refusal(nodes: Vec<Node>) -> String {
    match Tree::from_nodes(nodes, 3) {
        Err(Error::Model(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_plain_tree_is_accepted() {
    let tree = Tree::from_nodes(vec![ROOT, LEAF, LEAF], 3).unwrap();
    assert_eq!((tree.depth(), tree.n_leaves(), tree.n_features()), (1, 2, 3));
    assert_eq!(tree.apply(&array![[0.5, 0., 0.], [0.6, 0., 0.], [f64::NAN, 0., 0.]]), array![1, 2, 1]);
}

#[test]
fn links_that_are_no_tree_are_refused() {
    for (root, reason) in [
        (Node { left: 0, ..ROOT }, "node 0 has children that are no two later nodes"),
        (Node { right: 3, ..ROOT }, "node 0 has children that are no two later nodes"),
        (Node { right: -1, ..ROOT }, "node 0 has children that are no two later nodes"),
        (Node { right: 1, ..ROOT }, "node 0 has children that are no two later nodes"),
        (Node { left: -1, ..ROOT }, "node 0 is no plain leaf"),
    ] {
        assert_eq!(refusal(vec![root, LEAF, LEAF]), reason);
    }
    assert_eq!(refusal(vec![LEAF, LEAF]), "node 1 is reached from no node");
    let inner = Node { left: 2, right: 3, n_node_samples: 2, ..ROOT };
    let root = Node { n_node_samples: 3, ..ROOT };
    assert_eq!(refusal(vec![root, inner, LEAF, LEAF]), "node 2 is reached from two nodes");
    assert!(refusal(Vec::new()).starts_with("a tree of 0 nodes"));
}

#[test]
fn numbers_that_no_fit_gives_are_refused() {
    for (root, reason) in [
        (Node { feature: 3, ..ROOT }, "node 0 splits by a feature that does not exist"),
        (Node { feature: -2, ..ROOT }, "node 0 splits by a feature that does not exist"),
        (Node { threshold: f64::NAN, ..ROOT }, "node 0 has no threshold"),
        (Node { threshold: f64::NEG_INFINITY, ..ROOT }, "node 0 has no threshold"),
        (Node { n_node_samples: 3, ..ROOT }, "node 0 has other rows than its children"),
        (Node { n_node_samples: 0, ..ROOT }, "node 0 has no rows"),
        (Node { value: f64::INFINITY, ..ROOT }, "node 0 has numbers that are not finite, or no weight"),
        (Node { impurity: f64::NAN, ..ROOT }, "node 0 has numbers that are not finite, or no weight"),
        (
            Node { weighted_n_node_samples: 0.0, ..ROOT },
            "node 0 has numbers that are not finite, or no weight",
        ),
    ] {
        assert_eq!(refusal(vec![root, LEAF, LEAF]), reason);
    }
    for leaf in [
        Node { feature: 0, ..LEAF },
        Node { threshold: 0.0, ..LEAF },
        Node { missing_go_to_left: true, ..LEAF },
        Node { left: -2, ..LEAF },
    ] {
        assert_eq!(refusal(vec![leaf]), "node 0 is no plain leaf");
    }
    assert!(Tree::from_nodes(vec![LEAF], 0).is_err());
}

#[test]
fn ensembles_of_nothing_or_of_unlike_trees_are_refused() {
    let scale = TargetScale::new(1.0, Parity::Exact).unwrap();
    let tree = |n_features| Tree::from_nodes(vec![LEAF], n_features).unwrap();
    assert!(RandomForest::from_trees(Vec::new(), scale).is_err());
    assert!(RandomForest::from_trees(vec![tree(1), tree(2)], scale).is_err());
    assert!(RandomForest::merge(Vec::new()).is_err());
    let part = |factor| {
        let scale = TargetScale::new(factor, Parity::Exact).unwrap();
        RandomForest::from_trees(vec![tree(1)], scale).unwrap()
    };
    assert!(RandomForest::merge(vec![part(1.0), part(100.0)]).is_err());
    assert!(GradientBoosting::from_parts(0.0, 0.1, Vec::new()).is_err());
    assert!(GradientBoosting::from_parts(f64::NAN, 0.1, vec![tree(1)]).is_err());
    assert!(GradientBoosting::from_parts(0.0, -0.1, vec![tree(1)]).is_err());
    assert!(GradientBoosting::from_parts(0.0, 0.1, vec![tree(1), tree(2)]).is_err());
}

#[test]
fn fitted_trees_read_back() {
    let x =
        Array2::from_shape_fn(
            (60, 4),
            |(i, j)| if (i * j) % 7 == 3 { f64::NAN } else { (i * (j + 2) % 11) as f64 },
        );
    let dataset = Dataset::new(x.clone(), Array1::from_shape_fn(60, |i| (i * i % 37) as f64 + 0.25));
    let model = ExtraTree::params().random_state(3).fit(&dataset).unwrap();
    let tree = Tree::from_nodes(model.tree().nodes().to_vec(), 4).unwrap();
    assert_eq!(ExtraTree::from_tree(tree, model.target_scale()), model);
    let leaves = model.tree().apply(&x);
    let values: Array1<f64> = leaves.mapv(|leaf| model.tree().nodes()[leaf].value / 100.0);
    assert_eq!(values, model.predict(&x));
}

fn any_node() -> impl Strategy<Value = Node> {
    let number = || prop_oneof![9 => -2.0..4.0f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    let links = (-2..6i32, -2..6i32, -3..3i32);
    (links, any::<bool>(), 0..4u32, number(), number()).prop_map(|(links, flag, rows, threshold, value)| {
        Node {
            left: links.0,
            right: links.1,
            feature: links.2,
            threshold,
            missing_go_to_left: flag,
            n_node_samples: rows,
            weighted_n_node_samples: f64::from(rows),
            value,
            ..LEAF
        }
    })
}

/// Trees of a few nodes, most of them right but for one node.
fn any_nodes() -> impl Strategy<Value = Vec<Node>> {
    let good = vec![Node { n_node_samples: 3, ..ROOT }, LEAF, Node { left: 3, right: 4, ..ROOT }, LEAF, LEAF];
    let spoiled = (any_node(), 0..5usize).prop_map(move |(node, at)| {
        let mut nodes = good.clone();
        nodes[at] = node;
        nodes
    });
    prop_oneof![spoiled, prop::collection::vec(any_node(), 0..6)]
}

proptest! {
    #[test]
    fn whatever_is_accepted_can_be_walked(nodes in any_nodes(), row in [-1.0..2.0f64, -1.0..2.0]) {
        if let Ok(tree) = Tree::from_nodes(nodes, 2) {
            let leaf = tree.apply(&array![row])[0];
            prop_assert!(tree.nodes()[leaf].is_leaf());
            prop_assert!(tree.depth() < tree.nodes().len());
            prop_assert_eq!(tree.feature_importances().len(), 2);
            prop_assert_eq!(tree.n_leaves() * 2 - 1, tree.nodes().len());
        }
    }
}
