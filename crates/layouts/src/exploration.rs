//! The task exploration: head, tail, describe and info, as the study's class has them from pandas.

use crate::attributes::{ATTRIBUTES, Attribute};
use crate::layout::{Layout, Tally, blocks};
use std::cmp::Reverse;
use std::ops::Range;

/// Rows that head and tail show, as in pandas.
const SHOWN: usize = 5;

/// The first rows as text, by record and attribute.
pub fn head(layout: &impl Layout) -> Vec<Vec<String>> {
    (0..SHOWN.min(layout.rows())).map(|row| shown(layout, row)).collect()
}

/// The last rows as text, by record and attribute.
pub fn tail(layout: &impl Layout) -> Vec<Vec<String>> {
    (layout.rows().saturating_sub(SHOWN)..layout.rows()).map(|row| shown(layout, row)).collect()
}

fn shown(layout: &impl Layout, row: usize) -> Vec<String> {
    let missing = || "NaN".to_owned();
    let cell = |attribute: &Attribute| match *attribute {
        Attribute::Number(number) => layout.number(row, number).map_or_else(missing, |n| n.to_string()),
        Attribute::Text(text) => layout.text(row, text).map_or_else(missing, str::to_owned),
        Attribute::List(list) => layout
            .list(row, list)
            .map_or_else(missing, |items| format!("[{}]", items.collect::<Vec<_>>().join(", "))),
    };
    ATTRIBUTES.iter().map(cell).collect()
}

/// What info says of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its name.
    pub column: &'static str,
    /// Records that have it.
    pub non_null: usize,
    /// What its values are.
    pub type_name: &'static str,
}

/// How many values each attribute has, and of which type.
pub fn info(layout: &impl Layout) -> Vec<Info> {
    let info = |a: &Attribute| Info { column: a.name(), non_null: 0, type_name: a.type_name() };
    let mut infos: Vec<Info> = ATTRIBUTES.iter().map(info).collect();
    for block in blocks(layout.rows()) {
        for (info, attribute) in infos.iter_mut().zip(ATTRIBUTES) {
            let rows = block.clone();
            info.non_null += match attribute {
                Attribute::Number(number) => rows.filter(|&row| layout.number(row, number).is_some()).count(),
                Attribute::Text(text) => rows.filter(|&row| layout.text(row, text).is_some()).count(),
                Attribute::List(list) => rows.filter(|&row| layout.list(row, list).is_some()).count(),
            };
        }
    }
    infos
}

/// What describe says of an attribute; the same as pandas' `describe(include="all")`.
#[derive(Clone, Debug, PartialEq)]
pub enum Description {
    /// Of numbers.
    Numbers {
        /// How many there are.
        count: usize,
        /// Their mean.
        mean: f64,
        /// Their standard deviation, with one degree of freedom less than numbers; NaN for a single one.
        std: f64,
        /// Minimum, quartiles by linear interpolation, maximum.
        quartiles: [f64; 5],
    },
    /// Of texts, or of lists as sets.
    Levels {
        /// How many there are.
        count: usize,
        /// How many different ones.
        unique: usize,
        /// The most frequent one; of equals the first by code points. The items of a set are joined by `|`.
        top: String,
        /// How often that occurs.
        freq: usize,
    },
}

/// Describes all attributes, in their order.
pub fn describe(layout: &impl Layout) -> Vec<Description> {
    let mut values = ATTRIBUTES.map(|attribute| Values::none(attribute, layout.rows()));
    for block in blocks(layout.rows()) {
        for (values, attribute) in values.iter_mut().zip(ATTRIBUTES) {
            values.add(layout, attribute, block.clone());
        }
    }
    values.into_iter().map(Values::described).collect()
}

/// What describe gathers of an attribute.
enum Values<'a> {
    Numbers(Vec<f64>),
    Levels(Tally<&'a str, usize>),
    Sets(Sets<'a>),
}

impl<'a> Values<'a> {
    fn none(attribute: Attribute, rows: usize) -> Self {
        match attribute {
            Attribute::Number(_) => Self::Numbers(Vec::with_capacity(rows)),
            Attribute::Text(_) => Self::Levels(Tally::default()),
            Attribute::List(_) => Self::Sets(Sets::default()),
        }
    }

    fn add<L: Layout>(&mut self, layout: &'a L, attribute: Attribute, rows: Range<usize>) {
        match (self, attribute) {
            (Self::Numbers(values), Attribute::Number(number)) => {
                values.extend(rows.filter_map(|row| layout.number(row, number)));
            }
            (Self::Levels(counts), Attribute::Text(text)) => {
                let levels = rows.filter_map(|row| layout.text(row, text));
                levels.for_each(|level| *counts.entry(level).or_default() += 1);
            }
            (Self::Sets(sets), Attribute::List(list)) => {
                rows.filter_map(|row| layout.list(row, list)).for_each(|items| sets.add(items));
            }
            _ => unreachable!("values are made for their attribute"),
        }
    }

    fn described(self) -> Description {
        match self {
            Self::Numbers(values) => numbers(values),
            Self::Levels(counts) => summary(counts.iter().map(|(level, count)| (*level, *count))),
            Self::Sets(Sets { counts, .. }) => {
                summary(counts.iter().map(|(set, count)| (set.trim_end_matches('|'), *count)))
            }
        }
    }
}

/// How often each set of items occurs.
#[derive(Default)]
struct Sets<'a> {
    counts: Tally<String, usize>,
    items: Vec<&'a str>,
    set: String,
}

impl<'a> Sets<'a> {
    fn add(&mut self, items: impl Iterator<Item = &'a str>) {
        self.items.clear();
        self.items.extend(items);
        self.items.sort_unstable();
        self.set.clear();
        for item in &self.items {
            self.set.push_str(item);
            self.set.push('|');
        }
        match self.counts.get_mut(&self.set) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(self.set.clone(), 1)),
        }
    }
}

fn numbers(mut values: Vec<f64>) -> Description {
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    values.sort_unstable_by(f64::total_cmp);
    let quantile = |quarter: usize| {
        let Some(last) = count.checked_sub(1) else { return f64::NAN };
        let place = last as f64 * quarter as f64 / 4.0;
        let below = place as usize;
        let (low, high) = (values[below], values[(below + 1).min(last)]);
        low + (high - low) * (place - below as f64)
    };
    let quartiles = [0, 1, 2, 3, 4].map(quantile);
    Description::Numbers { count, mean, std: (squares / (count as f64 - 1.0)).sqrt(), quartiles }
}

fn summary<'a>(counts: impl Iterator<Item = (&'a str, usize)> + Clone) -> Description {
    let (top, freq) =
        counts.clone().max_by_key(|(level, count)| (*count, Reverse(*level))).unwrap_or_default();
    let count = counts.clone().map(|(_, count)| count).sum();
    Description::Levels { count, unique: counts.count(), top: top.to_owned(), freq }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_described_as_pandas_does() {
        // pandas 3.0.4: pd.Series([4.0, 1.0, 2.0, 10.0]).describe()
        let Description::Numbers { count, mean, std, quartiles } = numbers(vec![4.0, 1.0, 2.0, 10.0]) else {
            panic!("no numbers")
        };
        assert_eq!((count, mean, quartiles), (4, 4.25, [1.0, 1.75, 3.0, 5.5, 10.0]));
        assert!((std - 4.031_128_874_149_275).abs() < 1e-12);
    }

    #[test]
    fn lists_are_described_as_sets() {
        let mut sets = Sets::default();
        for list in [vec!["b", "a"], vec!["a", "b"], vec!["c"]] {
            sets.add(list.into_iter());
        }
        let description = Values::Sets(sets).described();
        assert_eq!(description, Description::Levels { count: 3, unique: 2, top: "a|b".into(), freq: 2 });
    }

    #[test]
    fn of_equally_frequent_levels_the_first_is_on_top() {
        let counts = [("x", 2), ("b", 2), ("c", 1)].into_iter().collect();
        let description = Values::Levels(counts).described();
        assert_eq!(description, Description::Levels { count: 5, unique: 3, top: "b".into(), freq: 2 });
    }
}
