//! `describe`: statistics of all columns, as pandas' `describe(include="all")`.

use crate::frame::{Frame, Json, Labels};
use crate::value::Value;
use crate::{Table, distinct, statistics};
use artifacts::columns::Values;
use stage::Result;

/// The statistics, by pandas' names.
const NAMES: [&str; 11] =
    ["count", "unique", "top", "freq", "mean", "std", "min", "25%", "50%", "75%", "max"];

/// A column per column, a row per statistic.
pub(crate) fn frame(table: &Table<'_>) -> Result<Frame> {
    let mut columns = Vec::new();
    table.read(&mut |column| columns.push((column.name, describe(column.values))))?;
    let values = NAMES.map(|name| Value::Text(name.to_owned())).to_vec();
    let labels = Labels { name: String::new(), values, said: true };
    Ok(Frame { title: None, labels, columns, json: Json::Column })
}

/// The statistics of a column, in the order of [`NAMES`]; missing where its type has none.
fn describe(values: Values) -> Vec<Value> {
    let mut numbers = match values {
        Values::Numbers(mut numbers) => {
            numbers.retain(|number| !number.is_nan());
            numbers
        }
        Values::Integers(integers) => integers.into_iter().map(|integer| integer as f64).collect(),
        Values::Naturals(integers) => integers.into_iter().map(|integer| integer as f64).collect(),
        others => return describe_values(&others),
    };
    let statistics = statistics::of(&mut numbers);
    let mut described = vec![numbers.len().into(), Value::Missing, Value::Missing, Value::Missing];
    described.extend([statistics.mean, statistics.std].map(Value::from));
    described.extend(statistics.quartiles.map(Value::from));
    described
}

fn describe_values(values: &Values) -> Vec<Value> {
    let mut distinct = distinct::values(values, 1);
    let (top, frequency) =
        distinct.top.pop().map_or((Value::Missing, Value::Missing), |(top, count)| (top, count.into()));
    let mut described = vec![values.count().into(), distinct.total.into(), top, frequency];
    described.resize(NAMES.len(), Value::Missing);
    described
}
