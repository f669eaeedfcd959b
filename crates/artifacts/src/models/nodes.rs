//! Trees as rows of nodes.

use super::{json, parse};
use crate::table::{Table, Writing};
use regressors::target::{Parity, TargetScale};
use regressors::tree::Node;
use regressors::{GradientBoosting, Tree};
use stage::Result;

/// One row per node, trees one after the other, nodes in the order of their ids.
fn write<'a>(table: Writing, trees: impl IntoIterator<Item = &'a Tree> + Clone) -> Writing {
    let numbered = || trees.clone().into_iter().zip(0u32..);
    let nodes = || numbered().flat_map(|(tree, _)| tree.nodes());
    table
        .u32s("tree", numbered().flat_map(|(tree, number)| tree.nodes().iter().map(move |_| number)))
        .u32s("node", numbered().flat_map(|(tree, _)| (0u32..).take(tree.nodes().len())))
        .i32s("left", nodes().map(|node| node.left))
        .i32s("right", nodes().map(|node| node.right))
        .i32s("feature", nodes().map(|node| node.feature))
        .f64s("threshold", nodes().map(|node| node.threshold))
        .bools("missing_go_to_left", nodes().map(|node| node.missing_go_to_left))
        .u32s("n_node_samples", nodes().map(|node| node.n_node_samples))
        .f64s("weighted_n_node_samples", nodes().map(|node| node.weighted_n_node_samples))
        .f64s("impurity", nodes().map(|node| node.impurity))
        .f64s("value", nodes().map(|node| node.value))
        .varied(&["node", "left", "right", "n_node_samples", "impurity", "value"])
}

fn read(table: &Table, n_features: usize) -> Result<Vec<Tree>> {
    let tree = table.u32s("tree")?;
    let (left, right, feature) = (table.i32s("left")?, table.i32s("right")?, table.i32s("feature")?);
    let (threshold, missing_go_to_left) = (table.f64s("threshold")?, table.bools("missing_go_to_left")?);
    let n_node_samples = table.u32s("n_node_samples")?;
    let weighted_n_node_samples = table.f64s("weighted_n_node_samples")?;
    let (impurity, value) = (table.f64s("impurity")?, table.f64s("value")?);
    let node = |row: usize| Node {
        left: left[row],
        right: right[row],
        feature: feature[row],
        threshold: threshold[row],
        missing_go_to_left: missing_go_to_left[row],
        n_node_samples: n_node_samples[row],
        weighted_n_node_samples: weighted_n_node_samples[row],
        impurity: impurity[row],
        value: value[row],
    };
    let mut start = 0;
    let mut trees = Vec::new();
    for rows in tree.chunk_by(|a, b| a == b) {
        if rows[0] as usize != trees.len() {
            return Err(table.refuse(format!("tree {} stands where tree {} should", rows[0], trees.len())));
        }
        let nodes = (start..start + rows.len()).map(node).collect();
        trees.push(
            Tree::from_nodes(nodes, n_features)
                .map_err(|error| table.refuse(format!("tree {}: {error}", rows[0])))?,
        );
        start += rows.len();
    }
    Ok(trees)
}

/// Trees on targets times a scale.
pub(super) fn write_scaled<'a>(
    table: Writing,
    trees: impl IntoIterator<Item = &'a Tree> + Clone,
    scale: TargetScale,
) -> Result<Writing> {
    let table = table.meta("target_scale", json(&scale.factor())?).meta("parity", scale.parity().to_string());
    Ok(write(table, trees))
}

pub(super) fn read_scaled(table: &Table, n_features: usize) -> Result<(Vec<Tree>, TargetScale)> {
    let parity: Parity =
        table.meta("parity")?.parse().map_err(|error: regressors::Error| table.refuse(error))?;
    let scale =
        TargetScale::new(parse(table, "target_scale")?, parity).map_err(|error| table.refuse(error))?;
    Ok((read(table, n_features)?, scale))
}

pub(super) fn read_single(table: &Table, n_features: usize) -> Result<(Tree, TargetScale)> {
    let (mut trees, scale) = read_scaled(table, n_features)?;
    match (trees.pop(), trees.len()) {
        (Some(tree), 0) => Ok((tree, scale)),
        _ => Err(table.refuse("expected one tree")),
    }
}

pub(super) fn write_boosting(table: Writing, model: &GradientBoosting) -> Result<Writing> {
    let table = table
        .meta("init", json(&model.init())?)
        .meta("learning_rate", json(&model.learning_rate())?)
        .meta("n_iter", model.trees().len().to_string());
    Ok(write(table, model.trees()))
}

pub(super) fn read_boosting(table: &Table, n_features: usize) -> Result<GradientBoosting> {
    let (init, learning_rate) = (parse(table, "init")?, parse(table, "learning_rate")?);
    let trees = read(table, n_features)?;
    GradientBoosting::from_parts(init, learning_rate, trees).map_err(|error| table.refuse(error))
}
