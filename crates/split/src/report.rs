//! What tells whether train, val and test rows look alike.

use crate::adversarial;
use artifacts::observations::Column;
use artifacts::roles::Role;
use artifacts::split_report::{RoleReport, SplitReport};
use artifacts::{Cell, Features, Kind, Observations};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// Percentiles of the label that the report gives.
const PERCENTILES: [u8; 7] = [0, 5, 25, 50, 75, 95, 100];

/// The rows of a role.
type Rows = (Role, Vec<usize>);

/// Reports on the rows of every role against the train rows.
pub(crate) fn report(features: &Features, observations: &Observations, rows: &[Rows]) -> SplitReport {
    let train = rows.iter().find(|(role, _)| *role == Role::Train).map_or(&[][..], |(_, rows)| rows);
    let train_groups: HashSet<u64> = train.iter().map(|&row| features.group[row]).collect();
    let of_train = |column| Levels { column, of_train: levels(column, train) };
    let columns: Vec<Levels<'_>> =
        observations.columns.par_iter().filter(|column| has_levels(column)).map(of_train).collect();
    let reports = rows.par_iter().map(|(role, rows)| {
        let labels: Vec<f64> = rows.iter().filter_map(|&row| features.label[row]).collect();
        let mut report = RoleReport {
            rows: rows.len(),
            unlabelled: rows.len() - labels.len(),
            label_quantiles: quantiles(labels),
            ..RoleReport::default()
        };
        if *role != Role::Train {
            report.unseen_levels = unseen_levels(&columns, rows);
            report.twins_with_train =
                rows.iter().filter(|row| train_groups.contains(&features.group[**row])).count();
            report.adversarial_auc = adversarial::auc(&features.values, train, rows);
        }
        (role.name().to_owned(), report)
    });
    SplitReport { version: SplitReport::VERSION, roles: reports.collect() }
}

/// Quantiles by linear interpolation (numpy's default), none for no labels.
fn quantiles(mut labels: Vec<f64>) -> BTreeMap<String, f64> {
    labels.sort_by(f64::total_cmp);
    let Some(last) = labels.len().checked_sub(1) else {
        return BTreeMap::new();
    };
    let at = |percent: u8| {
        let place = f64::from(percent) / 100.0 * last as f64;
        let (below, above) = (labels[place.floor() as usize], labels[place.ceil() as usize]);
        below + (above - below) * place.fract()
    };
    PERCENTILES.iter().map(|&percent| (format!("q{percent:02}"), at(percent))).collect()
}

/// A raw column of levels, and those that occur in the train rows.
struct Levels<'a> {
    column: &'a Column,
    of_train: HashSet<&'a str>,
}

/// Whether the report looks at the raw column.
pub(crate) fn has_levels(column: &Column) -> bool {
    matches!(column.kind, Kind::Category | Kind::List)
}

/// Levels that occur in `rows` and in no train row, by column.
fn unseen_levels(columns: &[Levels<'_>], rows: &[usize]) -> BTreeMap<String, Vec<String>> {
    let unseen = columns.iter().map(|Levels { column, of_train }| {
        let levels = levels(column, rows);
        let mut left: Vec<String> = levels.difference(of_train).map(ToString::to_string).collect();
        left.sort_unstable();
        (column.name.clone(), left)
    });
    unseen.filter(|(_, left)| !left.is_empty()).collect()
}

fn levels<'a>(column: &'a Column, rows: &[usize]) -> HashSet<&'a str> {
    let mut levels = HashSet::new();
    for &row in rows {
        match column.cells.get(row) {
            Some(Cell::Text(level)) => drop(levels.insert(level)),
            Some(Cell::List(items)) => levels.extend(items),
            Some(Cell::Number(_)) | None => {}
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let quantiles = quantiles(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!(
            (quantiles["q00"], quantiles["q50"], quantiles["q25"], quantiles["q100"]),
            (1.0, 2.5, 1.75, 4.0)
        );
        assert!(super::quantiles(Vec::new()).is_empty());
    }
}
