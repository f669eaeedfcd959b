//! The matrix of features, built from a layout: numbers as they are, levels as 0/1 indicators, in the study's order.

use crate::attributes::{List, Number, Text};
use crate::layout::{Layout, Tally, blocks};
use crate::listings::Sample;
use artifacts::{Cell, Kind, Parsed};
use ndarray::{Array1, Array2};
use stage::{Error, Result};

/// Where features come from, in the study's order.
const FEATURES: [Feature; 15] = [
    Feature::Level(Text::GraphicCard),
    Feature::Level(Text::Warranty),
    Feature::Parsed(Text::Cores),
    Feature::Parsed(Text::RamSize),
    Feature::Number(Number::ClockSpeed),
    Feature::Number(Number::DriveSize),
    Feature::Parsed(Text::Screen),
    Feature::Parsed(Text::Resolution),
    Feature::Levels(List::Communications, Order::FirstSeen),
    Feature::Levels(List::InputDevices, Order::FirstSeen),
    Feature::Levels(List::Multimedia, Order::FirstSeen),
    Feature::Levels(List::OperatingSystem, Order::Sorted),
    Feature::Level(Text::DriveType),
    Feature::Level(Text::RamType),
    Feature::Level(Text::CpuModel),
];

/// How an attribute becomes features.
#[derive(Clone, Copy, Debug)]
enum Feature {
    /// A number as it is.
    Number(Number),
    /// A text that spells a number, or two.
    Parsed(Text),
    /// An indicator per level, sorted.
    Level(Text),
    /// An indicator per level that lists hold.
    Levels(List, Order),
}

/// The order of an attribute's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// By code points.
    Sorted,
    /// In order of first appearance.
    FirstSeen,
}

/// Rows to train on and rows to predict.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrices {
    /// Of train rows, `(n_rows, n_features)`.
    pub train: Array2<f64>,
    /// Prices of train rows.
    pub train_label: Array1<f64>,
    /// Of test rows, `(n_rows, n_features)`.
    pub test: Array2<f64>,
    /// Prices of test rows.
    pub test_label: Array1<f64>,
}

/// Builds the matrices of a sample's roles. Levels come from all rows.
///
/// # Errors
/// If a record lacks an attribute, or has a text that its kind cannot read.
pub fn build<L: Layout>(layout: &L, sample: &Sample) -> Result<Matrices> {
    let encoder = Encoder::new(layout);
    let matrix = |rows: &[usize]| {
        let mut matrix = Array2::zeros((rows.len(), encoder.features));
        for (mut values, &row) in matrix.rows_mut().into_iter().zip(rows) {
            let values = values.as_slice_mut().unwrap_or_else(|| unreachable!("matrices lie row by row"));
            encoder.fill(layout, row, values).ok_or_else(|| unreadable(row))?;
        }
        Ok(matrix)
    };
    let label = |rows: &[usize]| {
        rows.iter()
            .map(|&row| layout.number(row, Number::Price).ok_or_else(|| unreadable(row)))
            .collect::<Result<Array1<f64>>>()
    };
    Ok(Matrices {
        train: matrix(&sample.train)?,
        train_label: label(&sample.train)?,
        test: matrix(&sample.test)?,
        test_label: label(&sample.test)?,
    })
}

fn unreadable(row: usize) -> Error {
    Error::internal(format!("record {row}: an attribute is missing or cannot be read"))
}

/// What all rows taught about the features.
struct Encoder<'a> {
    columns: Vec<Column<'a>>,
    /// Number of features.
    features: usize,
}

/// One of [`FEATURES`] with its first place in a row of the matrix.
struct Column<'a> {
    feature: Feature,
    first: usize,
    /// Place of each level after `first`.
    levels: Tally<&'a str, usize>,
    kind: Option<Kind>,
}

impl<'a> Encoder<'a> {
    fn new<L: Layout>(layout: &'a L) -> Self {
        let mut places = FEATURES.map(|_| Tally::default());
        for rows in blocks(layout.rows()) {
            for (places, feature) in places.iter_mut().zip(FEATURES) {
                let rows = rows.clone();
                match feature {
                    Feature::Level(text) => see(places, rows.filter_map(|row| layout.text(row, text))),
                    Feature::Levels(list, _) => {
                        see(places, rows.filter_map(|row| layout.list(row, list)).flatten());
                    }
                    Feature::Number(_) | Feature::Parsed(_) => {}
                }
            }
        }
        let mut features = 0;
        let columns = FEATURES.into_iter().zip(places).map(|(feature, places)| {
            let levels = match feature {
                Feature::Level(_) | Feature::Levels(_, Order::Sorted) => sorted(&places),
                Feature::Number(_) | Feature::Parsed(_) | Feature::Levels(_, Order::FirstSeen) => places,
            };
            let kind = if let Feature::Parsed(text) = feature { Some(text.kind()) } else { None };
            let width = match feature {
                Feature::Parsed(Text::Resolution) => 2,
                Feature::Number(_) | Feature::Parsed(_) => 1,
                Feature::Level(_) | Feature::Levels(..) => levels.len(),
            };
            let first = features;
            features += width;
            Column { feature, first, levels, kind }
        });
        Self { columns: columns.collect(), features }
    }

    /// Encodes a record into `values`, which are 0; `None` if one of its values is missing or unreadable.
    fn fill<L: Layout>(&self, layout: &L, row: usize, values: &mut [f64]) -> Option<()> {
        for Column { feature, first, levels, kind } in &self.columns {
            match *feature {
                Feature::Number(number) => values[*first] = layout.number(row, number)?,
                Feature::Parsed(text) => {
                    match kind.as_ref()?.parse(Cell::Text(layout.text(row, text)?)).ok()? {
                        Parsed::Number(number) => values[*first] = number,
                        Parsed::Pair(one, other) => {
                            (values[*first], values[*first + 1]) = (one, other);
                        }
                        Parsed::Level(_) | Parsed::Levels(_) => return None,
                    }
                }
                Feature::Level(text) => values[first + levels.get(layout.text(row, text)?)?] = 1.0,
                Feature::Levels(list, _) => {
                    for level in layout.list(row, list)? {
                        values[first + levels.get(level)?] = 1.0;
                    }
                }
            }
        }
        Some(())
    }
}

/// Gives every level that was not seen before the next place.
fn see<'a>(places: &mut Tally<&'a str, usize>, levels: impl Iterator<Item = &'a str>) {
    for level in levels {
        let next = places.len();
        places.entry(level).or_insert(next);
    }
}

/// The same levels, with places by code points.
fn sorted<'a>(places: &Tally<&'a str, usize>) -> Tally<&'a str, usize> {
    let mut levels: Vec<&str> = places.keys().copied().collect();
    levels.sort_unstable();
    levels.into_iter().enumerate().map(|(place, level)| (level, place)).collect()
}
