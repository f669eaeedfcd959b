//! Distinct values and how often they occur, as pandas' `value_counts`: the most frequent first, of equally frequent
//! ones that which comes first in the table.

use crate::value::Value;
use artifacts::columns::Values;
use artifacts::{Cell, Cells};
use std::collections::HashMap;
use std::hash::Hash;

/// The distinct values of a column.
#[derive(Debug, PartialEq)]
pub(crate) struct Distinct {
    /// How many there are.
    pub(crate) total: usize,
    /// The most frequent, with their counts.
    pub(crate) top: Vec<(Value, usize)>,
}

/// Distinct values, of which `limit` are named. A list counts as the sorted set of its items.
pub(crate) fn values(values: &Values, limit: usize) -> Distinct {
    match values {
        Values::Numbers(numbers) => {
            // Both zeros are one value.
            let bits =
                numbers.iter().filter(|number| !number.is_nan()).map(|number| (number + 0.0).to_bits());
            tally(bits, limit, |bits| f64::from_bits(bits).into())
        }
        Values::Integers(integers) => tally(integers.iter(), limit, |&x| Value::Integer(x.into())),
        Values::Naturals(integers) => tally(integers.iter(), limit, |&x| Value::Integer(x.into())),
        Values::Booleans(booleans) => tally(booleans.iter().flatten(), limit, |&x| Value::Boolean(x)),
        Values::Texts(cells) => tally(texts(cells), limit, |text| Value::Text(text.to_owned())),
        Values::Lists(cells) => {
            tally(sets(cells), limit, |set| Value::List(set.into_iter().map(str::to_owned).collect()))
        }
    }
}

/// The items of lists, each counted once a row.
pub(crate) fn items(lists: &Cells, limit: usize) -> Distinct {
    tally(sets(lists).flatten(), limit, |item| Value::Text(item.to_owned()))
}

fn texts(cells: &Cells) -> impl Iterator<Item = &str> {
    (0..cells.len()).filter_map(|row| match cells.get(row) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    })
}

fn sets(cells: &Cells) -> impl Iterator<Item = Vec<&str>> {
    (0..cells.len()).filter_map(|row| match cells.get(row) {
        Some(Cell::List(mut items)) => {
            items.sort_unstable();
            items.dedup();
            Some(items)
        }
        _ => None,
    })
}

fn tally<K: Clone + Eq + Hash>(
    keys: impl Iterator<Item = K>,
    limit: usize,
    value: impl Fn(K) -> Value,
) -> Distinct {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut counts: Vec<(K, usize)> = Vec::new();
    for key in keys {
        if let Some(&place) = places.get(&key) {
            counts[place].1 += 1;
        } else {
            places.insert(key.clone(), counts.len());
            counts.push((key, 1));
        }
    }
    drop(places);
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total = counts.len();
    Distinct { total, top: counts.into_iter().take(limit).map(|(key, count)| (value(key), count)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::CellsBuilder;

    #[test]
    fn the_most_frequent_comes_first_and_of_equals_the_first_seen() {
        let distinct = values(&Values::Numbers(vec![3.0, 1.0, f64::NAN, 1.0, 3.0, 2.0, -0.0, 0.0]), 3);
        let expected = [(3.0, 2), (1.0, 2), (0.0, 2)].map(|(x, count)| (Value::Number(x), count));
        assert_eq!((distinct.total, distinct.top), (4, expected.to_vec()));
    }

    #[test]
    fn a_list_is_the_set_of_its_items() {
        let mut builder = CellsBuilder::lists();
        for items in [Some(vec!["b", "a"]), None, Some(vec!["a", "b", "a"]), Some(vec![])] {
            builder.push(items.map(Cell::List)).unwrap();
        }
        let lists = builder.finish();
        let set = |items: &[&str]| Value::List(items.iter().map(|&item| item.to_owned()).collect());
        assert_eq!(items(&lists, 9).top, [(Value::Text("a".into()), 2), (Value::Text("b".into()), 2)]);
        assert_eq!(values(&Values::Lists(lists), 9).top, [(set(&["a", "b"]), 2), (set(&[]), 1)]);
    }
}
