//! Trees as rows of nodes.

use super::{ARTIFACT, json, parse};
use crate::table::{Rows, Table, Writing};
use rayon::prelude::*;
use regressors::target::{Parity, TargetScale};
use regressors::tree::Node;
use regressors::{GradientBoosting, Tree};
use stage::Result;
use std::io::Write;
use std::mem;
use std::ops::Range;

/// A node, the number of its tree and its own.
type Row<'a> = (u32, u32, &'a Node);

/// One row per node, trees one after the other, nodes in the order of their ids.
fn write<'a>(
    table: Writing,
    trees: impl IntoIterator<Item = &'a Tree>,
    file: &mut (dyn Write + Send),
) -> Result<()> {
    let trees: Vec<&Tree> = trees.into_iter().collect();
    let n_nodes = || trees.iter().map(|tree| tree.nodes().len());
    let starts: Vec<usize> =
        n_nodes().scan(0, |next, n_nodes| Some(mem::replace(next, *next + n_nodes))).collect();
    let part = |rows: Range<usize>| {
        let first = starts.partition_point(|start| *start <= rows.start) - 1;
        let of_tree = |(tree, number): (&&'a Tree, u32)| {
            tree.nodes().iter().zip(0u32..).map(move |(node, id)| (number, id, node))
        };
        let nodes = trees[first..].iter().zip(first as u32..).flat_map(of_tree);
        let rows: Vec<Row<'_>> = nodes.skip(rows.start - starts[first]).take(rows.len()).collect();
        columns(Writing::new(ARTIFACT), &rows)
    };
    columns(table, &[])
        .plain(&["tree", "node", "left", "right", "feature", "n_node_samples", "impurity", "value"])
        .mixed(&["threshold", "weighted_n_node_samples"])
        .write_rows(file, n_nodes().sum(), part)
}

fn columns(table: Writing, rows: &[Row<'_>]) -> Writing {
    let nodes = || rows.iter().map(|(_, _, node)| *node);
    table
        .u32s("tree", rows.iter().map(|(tree, ..)| *tree))
        .u32s("node", rows.iter().map(|(_, id, _)| *id))
        .i32s("left", nodes().map(|node| node.left))
        .i32s("right", nodes().map(|node| node.right))
        .i32s("feature", nodes().map(|node| node.feature))
        .f64s("threshold", nodes().map(|node| node.threshold))
        .bools("missing_go_to_left", nodes().map(|node| node.missing_go_to_left))
        .u32s("n_node_samples", nodes().map(|node| node.n_node_samples))
        .f64s("weighted_n_node_samples", nodes().map(|node| node.weighted_n_node_samples))
        .f64s("impurity", nodes().map(|node| node.impurity))
        .f64s("value", nodes().map(|node| node.value))
}

/// Nodes of one tree that follow each other, and its number.
type Piece = (u32, Vec<Node>);

fn read(table: &Table, n_features: usize) -> Result<Vec<Tree>> {
    let pieces = table.read_rows(|batches| {
        let mut pieces: Vec<Piece> = Vec::new();
        // Grows to the largest tree, so that pieces are allocated once.
        let mut nodes: Vec<Node> = Vec::new();
        let mut last = None;
        for batch in batches {
            let batch = batch?;
            for_each_node(&batch, |tree, node| {
                if let Some(ended) = last.replace(tree).filter(|last| *last != tree) {
                    pieces.push((ended, nodes.clone()));
                    nodes.clear();
                }
                nodes.push(node);
            })?;
        }
        pieces.extend(last.map(|last| (last, nodes)));
        Ok(pieces)
    })?;
    let mut trees: Vec<Piece> = Vec::new();
    for (number, nodes) in pieces.into_iter().flatten() {
        match trees.last_mut() {
            Some((last, begun)) if *last == number => begun.extend(nodes),
            _ => trees.push((number, nodes)),
        }
    }
    let tree = |(place, (number, nodes)): (usize, Piece)| {
        if number as usize != place {
            return Err(table.refuse(format!("tree {number} stands where tree {place} should")));
        }
        Tree::from_nodes(nodes, n_features).map_err(|error| table.refuse(format!("tree {number}: {error}")))
    };
    let trees: Vec<Result<Tree>> = trees.into_par_iter().enumerate().map(tree).collect();
    trees.into_iter().collect()
}

fn for_each_node(rows: &Rows<'_>, mut each: impl FnMut(u32, Node)) -> Result<()> {
    let tree = rows.u32s("tree")?;
    let (left, right, feature) = (rows.i32s("left")?, rows.i32s("right")?, rows.i32s("feature")?);
    let (threshold, missing_go_to_left) =
        (rows.f64s("threshold")?, rows.bools("missing_go_to_left")?.values());
    let n_node_samples = rows.u32s("n_node_samples")?;
    let weighted_n_node_samples = rows.f64s("weighted_n_node_samples")?;
    let (impurity, value) = (rows.f64s("impurity")?, rows.f64s("value")?);
    for (row, &tree) in tree.iter().enumerate() {
        let node = Node {
            left: left[row],
            right: right[row],
            feature: feature[row],
            threshold: threshold[row],
            missing_go_to_left: missing_go_to_left.value(row),
            n_node_samples: n_node_samples[row],
            weighted_n_node_samples: weighted_n_node_samples[row],
            impurity: impurity[row],
            value: value[row],
        };
        each(tree, node);
    }
    Ok(())
}

/// Trees on targets times a scale.
pub(super) fn write_scaled<'a>(
    table: Writing,
    trees: impl IntoIterator<Item = &'a Tree>,
    scale: TargetScale,
    file: &mut (dyn Write + Send),
) -> Result<()> {
    let table = table.meta("target_scale", json(&scale.factor())?).meta("parity", scale.parity().to_string());
    write(table, trees, file)
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

pub(super) fn write_boosting(
    table: Writing,
    model: &GradientBoosting,
    file: &mut (dyn Write + Send),
) -> Result<()> {
    let table = table
        .meta("init", json(&model.init())?)
        .meta("learning_rate", json(&model.learning_rate())?)
        .meta("n_iter", model.trees().len().to_string());
    write(table, model.trees(), file)
}

pub(super) fn read_boosting(table: &Table, n_features: usize) -> Result<GradientBoosting> {
    let (init, learning_rate) = (parse(table, "init")?, parse(table, "learning_rate")?);
    let trees = read(table, n_features)?;
    GradientBoosting::from_parts(init, learning_rate, trees).map_err(|error| table.refuse(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree whose nodes have a leaf on the left and the rest on the right.
    fn chain(n_leaves: u32, value: f64) -> Tree {
        let leaf = Node {
            left: -1,
            right: -1,
            feature: -2,
            threshold: -2.0,
            missing_go_to_left: false,
            n_node_samples: 1,
            weighted_n_node_samples: 1.0,
            impurity: 0.0,
            value,
        };
        let mut nodes = Vec::new();
        for rows in (2..=n_leaves).rev() {
            let (left, right) = (nodes.len() as i32 + 1, nodes.len() as i32 + 2);
            let threshold = f64::from(rows) + value;
            nodes.push(Node { left, right, feature: 0, threshold, n_node_samples: rows, ..leaf });
            nodes.push(Node { value: f64::from(rows), ..leaf });
        }
        nodes.push(leaf);
        Tree::from_nodes(nodes, 1).unwrap()
    }

    #[test]
    fn trees_come_back_whole_from_whatever_row_groups_they_lie_in() {
        // In turn less than a batch and almost half of a row group.
        let trees: Vec<Tree> =
            (0..9).map(|tree| chain(if tree % 2 == 0 { 700 } else { 15_000 }, f64::from(tree))).collect();
        let mut bytes = Vec::new();
        write(Writing::new(ARTIFACT), &trees, &mut bytes).unwrap();
        let table = Table::checked("forest.parquet".into(), bytes, ARTIFACT).unwrap();
        let pieces = table.read_rows(|batches| Ok(batches.count())).unwrap();
        assert!(pieces.len() > 1 && pieces.iter().sum::<usize>() > 9, "{pieces:?}");
        assert!(read(&table, 1).unwrap() == trees);
    }
}
