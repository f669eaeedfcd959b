//! The generated data sets: tables of numeric columns and a label, as Parquet.

mod friedman;
mod shop;

use crate::draw::Draw;
use anyhow::Result;
use artifacts::roles::Role;
use artifacts::{Origin, Split};
use ndarray::Array2;
use stage::{Folder, Key};
use std::path::Path;

/// Name of the label in all generated data sets.
const LABEL: &str = "price";

/// Which data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Name {
    /// 4,800 + 1,200 rows of 538 encoded columns
    #[value(name = "A")]
    A,
    /// 80,000 + 8,000 rows of the same columns
    #[value(name = "B")]
    B,
    /// 800,000 + 20,000 rows of Friedman #1, 20 continuous columns
    #[value(name = "C")]
    C,
}

/// Features, shape `(n_rows, n_features)`, and labels with two decimals.
struct Table {
    names: Vec<String>,
    values: Array2<f64>,
    label: Vec<f64>,
}

impl Table {
    fn into_split(self) -> Split {
        let rows = self.label.len();
        Split {
            row_id: (0..rows as i64).collect(),
            origin: vec![Origin::All; rows],
            names: self.names,
            values: self.values,
            label_name: LABEL.to_owned(),
            label: self.label.into_iter().map(Some).collect(),
        }
    }
}

/// Writes `train.parquet` and `test.parquet` of a data set; the same bytes at every call.
///
/// # Errors
/// If the disk refuses them.
pub(crate) fn write(name: Name, out: &Path) -> Result<()> {
    let mut draw = Draw::new(name as u64);
    let mut publication = Folder::new(out.to_path_buf()).publish(Key::default())?;
    let shop = shop::Shop::new(&mut draw);
    let (train, test) = match name {
        Name::A => (4_800, 1_200),
        Name::B => (80_000, 8_000),
        Name::C => (800_000, 20_000),
    };
    for (role, rows) in [(Role::Train, train), (Role::Test, test)] {
        let table = match name {
            Name::A | Name::B => shop.table(rows, &mut draw),
            Name::C => friedman::table(rows, &mut draw),
        };
        table.into_split().write(role, &mut publication)?;
    }
    publication.commit()?;
    Ok(())
}

/// Rounds to two decimals, as prices have them.
fn cents(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use regressors::target::target_scale;

    #[test]
    fn labels_have_two_decimals() {
        let mut draw = Draw::new(3);
        for table in [shop::Shop::new(&mut draw).table(100, &mut draw), friedman::table(100, &mut draw)] {
            let split = table.into_split();
            let labels = ndarray::Array1::from(split.labels().unwrap());
            assert_eq!(target_scale(labels.view()), Some(100.0));
            assert_eq!(split.values.dim(), (100, split.names.len()));
        }
    }
}
