//! Raw cells become numbers: numbers as they are, levels as 0/1 indicators.

use crate::config::{Block, Levels};
use artifacts::observations::Column;
use artifacts::{Kind, Observations, Parsed};
use ndarray::{Array2, ShapeBuilder};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// A candidate feature and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) name: String,
    /// Raw column.
    pub(crate) column: String,
    /// Kind of the raw column.
    pub(crate) kind: &'static str,
    /// The level an indicator stands for.
    pub(crate) level: Option<String>,
}

/// All candidate features of all rows.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    pub(crate) features: Vec<Feature>,
    /// Shape `(n_rows, n_features)`, stored by column.
    pub(crate) values: Array2<f64>,
}

/// Encodes the columns of the blocks, in their order.
///
/// # Errors
/// If a block names an unknown column, a column stands in no block or in two, or two features get one name.
pub(crate) fn encode(observations: &Observations, blocks: &[Block]) -> Result<Encoded, String> {
    let ordered = ordered(observations, blocks)?;
    let encode = |(column, block): &(&Column, Option<Block>)| {
        encode_column(column, block.as_ref()).map_err(|(row, reason)| match row {
            Some(row) => format!("column '{}', row_id {}: {reason}", column.name, observations.row_id[row]),
            None => format!("column '{}': {reason}", column.name),
        })
    };
    let encoded: Vec<Result<_, String>> = ordered.par_iter().with_max_len(1).map(encode).collect();
    let encoded: Vec<Vec<(Feature, Numbers)>> = encoded.into_iter().collect::<Result<_, String>>()?;
    let (features, columns): (Vec<Feature>, Vec<Numbers>) = encoded.into_iter().flatten().unzip();
    check_names(&features, &observations.label_name)?;
    let shape = (observations.row_id.len(), features.len());
    // Each column is freed when it has its place: the matrix is there once.
    let mut values = Vec::with_capacity(shape.0 * shape.1);
    columns.into_iter().for_each(|column| values.extend(column));
    let values = Array2::from_shape_vec(shape.f(), values).map_err(|error| error.to_string())?;
    Ok(Encoded { features, values })
}

/// Every column with its block; all columns in file order where there are no blocks.
fn ordered<'a>(
    observations: &'a Observations,
    blocks: &[Block],
) -> Result<Vec<(&'a Column, Option<Block>)>, String> {
    if blocks.is_empty() {
        return Ok(observations.columns.iter().map(|column| (column, None)).collect());
    }
    let by_name: HashMap<&str, &Column> = observations.columns.iter().map(|c| (c.name.as_str(), c)).collect();
    let mut seen = HashSet::new();
    let mut ordered = Vec::new();
    for block in blocks {
        for name in &block.columns {
            let column = by_name.get(name.as_str()).ok_or_else(|| {
                format!("blocks: there is no column '{name}'; valid are the columns of [ingest.columns]")
            })?;
            if !seen.insert(name.as_str()) {
                return Err(format!("blocks: column '{name}' stands there twice"));
            }
            ordered.push((*column, Some(block.clone())));
        }
    }
    match observations.columns.iter().find(|column| !seen.contains(column.name.as_str())) {
        Some(left) => Err(format!(
            "blocks: column '{}' stands in no block; add it, or leave it out by ingest.ignore",
            left.name
        )),
        None => Ok(ordered),
    }
}

type Numbers = Vec<f64>;
type BadCell = (Option<usize>, String);

fn encode_column(column: &Column, block: Option<&Block>) -> Result<Vec<(Feature, Numbers)>, BadCell> {
    let parsed: Vec<Parsed<'_>> = (0..column.cells.len())
        .map(|row| {
            let cell = column.cells.get(row).ok_or((Some(row), "missing".to_owned()))?;
            column.kind.parse(cell).map_err(|expected| (Some(row), format!("expected {expected}")))
        })
        .collect::<Result<_, BadCell>>()?;
    let numeric = |name: &str, pick: fn(&Parsed<'_>) -> f64| {
        (feature(column, name, None), parsed.iter().map(pick).collect())
    };
    Ok(match &column.kind {
        Kind::Number | Kind::SizeGb | Kind::LeadingNumber => vec![numeric(&column.name, first)],
        Kind::Pair([a, b]) => vec![numeric(a, first), numeric(b, second)],
        Kind::Category | Kind::List => indicators(column, &parsed, block)?,
    })
}

fn first(parsed: &Parsed<'_>) -> f64 {
    match parsed {
        Parsed::Number(number) | Parsed::Pair(number, _) => *number,
        Parsed::Level(_) | Parsed::Levels(_) => f64::NAN,
    }
}

fn second(parsed: &Parsed<'_>) -> f64 {
    match parsed {
        Parsed::Pair(_, number) => *number,
        _ => f64::NAN,
    }
}

fn levels<'a, 'b>(parsed: &'b Parsed<'a>) -> &'b [&'a str] {
    match parsed {
        Parsed::Level(level) => std::slice::from_ref(level),
        Parsed::Levels(levels) => levels,
        Parsed::Number(_) | Parsed::Pair(..) => &[],
    }
}

/// Most cells of a column's indicators: 8 GB.
const MOST_CELLS: usize = 1 << 30;

/// One 0/1 column per level.
fn indicators(
    column: &Column,
    parsed: &[Parsed<'_>],
    block: Option<&Block>,
) -> Result<Vec<(Feature, Numbers)>, BadCell> {
    let mut seen = HashSet::new();
    let mut order: Vec<&str> = parsed
        .iter()
        .flat_map(|parsed| levels(parsed))
        .copied()
        .filter(|level| seen.insert(*level))
        .collect();
    if order.len().saturating_mul(parsed.len()) > MOST_CELLS {
        let reason = format!("{} levels make as many features of {} rows", order.len(), parsed.len());
        return Err((None, format!("{reason}; name the column in ingest.ignore, or give it fewer levels")));
    }
    if block.is_none_or(|block| block.levels == Levels::Sorted) {
        order.sort_unstable();
    }
    let prefix = block.is_some_and(|block| block.prefix);
    let place: HashMap<&str, usize> =
        order.iter().enumerate().map(|(place, level)| (*level, place)).collect();
    let mut numbers = vec![vec![0.0; parsed.len()]; order.len()];
    for (row, parsed) in parsed.iter().enumerate() {
        for level in levels(parsed) {
            numbers[place[level]][row] = 1.0;
        }
    }
    let named = order.iter().map(|level| {
        let name = if prefix { format!("{}_{level}", column.name) } else { (*level).to_owned() };
        feature(column, &name, Some(level))
    });
    Ok(named.zip(numbers).collect())
}

fn feature(column: &Column, name: &str, level: Option<&str>) -> Feature {
    let kind = match column.kind {
        Kind::Number => "number",
        Kind::SizeGb => "size-gb",
        Kind::LeadingNumber => "leading-number",
        Kind::Pair(_) => "pair",
        Kind::Category => "category",
        Kind::List => "list",
    };
    Feature { name: name.to_owned(), column: column.name.clone(), kind, level: level.map(str::to_owned) }
}

fn check_names(features: &[Feature], label: &str) -> Result<(), String> {
    let mut columns: HashMap<&str, &str> = HashMap::new();
    for feature in features {
        if feature.name == label || artifacts::observations::RESERVED.contains(&feature.name.as_str()) {
            return Err(format!(
                "column '{}' gives a feature '{}', a name with another meaning; set prefix = true for its block",
                feature.column, feature.name
            ));
        }
        if let Some(other) = columns.insert(&feature.name, &feature.column) {
            return Err(format!(
                "columns '{other}' and '{}' both give a feature '{}'; set prefix = true for one of their blocks",
                feature.column, feature.name
            ));
        }
    }
    if features.is_empty() { Err("no column gives a feature".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::{Cell, CellsBuilder, Origin};

    fn column(name: &str, kind: Kind, cells: Vec<Cell<'_>>) -> Column {
        let mut builder = CellsBuilder::default();
        cells.into_iter().for_each(|cell| builder.push(Some(cell)).unwrap());
        Column { name: name.into(), kind, cells: builder.finish() }
    }

    fn observations(columns: Vec<Column>) -> Observations {
        let rows = columns[0].cells.len();
        Observations {
            row_id: (0..rows as i64).collect(),
            origin: vec![Origin::Train; rows],
            group: vec![0; rows],
            columns,
            label_name: "price".into(),
            label: vec![Some(1.0); rows],
        }
    }

    #[test]
    fn a_column_of_too_many_levels_is_named() {
        let names: Vec<String> = (0..33_000).map(|row| row.to_string()).collect();
        let cells = names.iter().map(|name| Cell::Text(name)).collect();
        let error = encode(&observations(vec![column("vin", Kind::Category, cells)]), &[]).unwrap_err();
        assert!(error.starts_with("column 'vin': 33000 levels make as many features"), "{error}");
    }

    fn block(columns: &[&str], prefix: bool, levels: Levels) -> Block {
        Block { columns: columns.iter().map(ToString::to_string).collect(), prefix, levels }
    }

    fn names(encoded: &Encoded) -> Vec<&str> {
        encoded.features.iter().map(|feature| feature.name.as_str()).collect()
    }

    #[test]
    fn blocks_decide_order_prefix_and_levels() {
        let observations = observations(vec![
            column("lists", Kind::List, vec![Cell::List(vec!["z", "a"]), Cell::List(vec!["b"])]),
            column("kind", Kind::Category, vec![Cell::Text("q"), Cell::Text("p")]),
            column(
                "size",
                Kind::Pair(["w".into(), "h".into()]),
                vec![Cell::Text("3 x 4"), Cell::Text("5 x 6")],
            ),
        ]);
        let blocks =
            [block(&["kind", "size"], true, Levels::Sorted), block(&["lists"], false, Levels::FirstSeen)];
        let encoded = encode(&observations, &blocks).unwrap();
        assert_eq!(names(&encoded), ["kind_p", "kind_q", "w", "h", "z", "a", "b"]);
        assert_eq!(encoded.values.row(0).to_vec(), [0.0, 1.0, 3.0, 4.0, 1.0, 1.0, 0.0]);
        assert_eq!(encoded.values.row(1).to_vec(), [1.0, 0.0, 5.0, 6.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_name_given_twice_suggests_a_prefix() {
        let observations = observations(vec![
            column("a", Kind::Category, vec![Cell::Text("other")]),
            column("b", Kind::Category, vec![Cell::Text("other")]),
        ]);
        let error = encode(&observations, &[]).unwrap_err();
        assert_eq!(
            error,
            "columns 'a' and 'b' both give a feature 'other'; set prefix = true for one of their blocks"
        );
        let blocks = [block(&["a"], false, Levels::Sorted), block(&["b"], true, Levels::Sorted)];
        assert_eq!(names(&encode(&observations, &blocks).unwrap()), ["other", "b_other"]);
    }

    #[test]
    fn blocks_name_every_column_once() {
        let observations = observations(vec![
            column("a", Kind::Number, vec![Cell::Number(1.0)]),
            column("b", Kind::Number, vec![Cell::Number(1.0)]),
        ]);
        for (columns, complaint) in [
            (vec!["a"], "'b' stands in no block"),
            (vec!["a", "b", "a"], "'a' stands there twice"),
            (vec!["c"], "no column 'c'"),
        ] {
            let error = encode(&observations, &[block(&columns, false, Levels::Sorted)]).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
