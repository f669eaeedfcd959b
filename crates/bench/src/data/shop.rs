//! A shop's articles: one-hot blocks, multi-hot lists and numbers with few values, and a price.

use super::{Table, cents};
use crate::draw::Draw;
use ndarray::{Array2, ArrayViewMut1};

/// Levels of the categories; with [`LISTS`] and [`NUMBERS`] they make 538 columns.
const CATEGORIES: [usize; 12] = [2, 3, 4, 5, 6, 8, 12, 20, 30, 50, 70, 300];

/// How many lists there are, and how many levels each can hold.
const LISTS: (usize, usize) = (3, 8);

/// Values of the numbers, and the share of a price that the largest adds.
const NUMBERS: [(&str, &[f64], f64); 4] = [
    ("memory", &[2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0], 0.8),
    ("screen", &[10.1, 11.6, 12.5, 13.3, 14.0, 15.6, 16.0, 17.3, 18.4], 0.2),
    ("clock", &CLOCKS, 0.4),
    ("drive", &[32.0, 64.0, 120.0, 128.0, 240.0, 256.0, 320.0, 480.0, 500.0, 512.0, 1000.0, 2000.0], 0.3),
];

/// 1.0, 1.1, … 3.9 GHz.
const CLOCKS: [f64; 30] = {
    let mut clocks = [0.0; 30];
    let mut place = 0;
    while place < clocks.len() {
        clocks[place] = (10 + place) as f64 / 10.0;
        place += 1;
    }
    clocks
};

/// The share of a price that every level adds.
pub(super) struct Shop {
    categories: Vec<Vec<f64>>,
    lists: Vec<Vec<f64>>,
}

impl Shop {
    /// Draws the effects of all levels.
    pub(super) fn new(draw: &mut Draw) -> Self {
        let mut effects = |levels: usize, size: f64| (0..levels).map(|_| size * draw.normal()).collect();
        Self {
            categories: CATEGORIES.iter().map(|levels| effects(*levels, 0.12)).collect(),
            lists: (0..LISTS.0).map(|_| effects(LISTS.1, 0.04)).collect(),
        }
    }

    /// Draws rows.
    pub(super) fn table(&self, rows: usize, draw: &mut Draw) -> Table {
        let names = names();
        let mut values = Array2::zeros((rows, names.len()));
        let label = values.rows_mut().into_iter().map(|row| self.row(row, draw)).collect();
        Table { names, values, label }
    }

    /// Fills a row of zeros; returns its price.
    fn row(&self, mut row: ArrayViewMut1<'_, f64>, draw: &mut Draw) -> f64 {
        let mut price = 1_500.0;
        let mut column = 0;
        let mut brand = 0.0;
        for effects in &self.categories {
            let level = draw.zipf(effects.len());
            row[column + level] = 1.0;
            column += effects.len();
            price *= 1.0 + effects[level];
            brand = effects[level];
        }
        for effects in &self.lists {
            for (level, effect) in effects.iter().enumerate() {
                // The first levels are nearly always there, the last hardly ever.
                if draw.uniform() < 0.9 / (1.0 + level as f64 / 2.0) {
                    row[column + level] = 1.0;
                    price *= 1.0 + effect;
                }
            }
            column += effects.len();
        }
        for (_, values, size) in NUMBERS {
            let place = draw.zipf(values.len());
            row[column] = values[place];
            column += 1;
            let share = place as f64 / (values.len() - 1) as f64;
            // What a number is worth depends on the last category.
            price *= 1.0 + size * share * (1.0 + 3.0 * brand);
        }
        cents((price * (1.0 + 0.08 * draw.normal())).max(49.0))
    }
}

fn names() -> Vec<String> {
    let one_hot = CATEGORIES
        .iter()
        .enumerate()
        .flat_map(|(category, levels)| (0..*levels).map(move |level| format!("category{category}_{level}")));
    let multi_hot =
        (0..LISTS.0).flat_map(|list| (0..LISTS.1).map(move |level| format!("list{list}_{level}")));
    one_hot.chain(multi_hot).chain(NUMBERS.map(|(name, ..)| name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_538_columns_and_one_level_a_category() {
        let mut draw = Draw::new(5);
        let table = Shop::new(&mut draw).table(50, &mut draw);
        assert_eq!(table.names.len(), 538);
        let one_hot: usize = CATEGORIES.iter().sum();
        for row in table.values.rows() {
            assert_eq!(row.iter().take(one_hot).sum::<f64>(), CATEGORIES.len() as f64);
        }
        let distinct: std::collections::BTreeSet<u64> = table.label.iter().map(|y| y.to_bits()).collect();
        assert!(distinct.len() > 40);
    }
}
