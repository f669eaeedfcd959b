//! Who is a train row: the one function that assigns a role to every row.
//!
//! Feature-selection and split both call it, so what selection fits on is what training sees.

use crate::Origin;
use regressors::random::RandomState;
use serde::Deserialize;
use stage::{Error, Result};
use std::collections::HashMap;

/// What a row is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything fitted sees these rows only.
    Train,
    /// For choosing between models.
    Val,
    /// For the final score.
    Test,
}

impl Role {
    /// All roles, in the order of the files.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];

    /// The name that files and configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// The section `[split]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// What decides a row's role.
    #[serde(default)]
    pub by: By,
    /// Shares of val and test for `random` and `grouped`; the rest is train.
    #[serde(default)]
    pub fractions: Fractions,
    /// Seed of the permutation.
    #[serde(default = "default_random_state")]
    pub random_state: u32,
}

fn default_random_state() -> u32 {
    42
}

/// What decides a row's role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The file it came from.
    #[default]
    Origin,
    /// scikit-learn's `train_test_split` permutation of all rows in file order.
    Random,
    /// The same permutation of groups, in order of first appearance: twins stay together.
    Grouped,
}

/// Shares of the rows (or groups); what val and test leave is train.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fractions {
    /// Share of validation rows, in `[0, 1)`: 0.2 if it is not given.
    pub val: f64,
    /// Share of test rows, in `(0, 1)`: 0.2 if it is not given.
    pub test: f64,
}

impl Default for Fractions {
    fn default() -> Self {
        Self { val: 0.2, test: 0.2 }
    }
}

/// The rows to assign roles to, in file order.
#[derive(Clone, Copy, Debug)]
pub struct Assignable<'a> {
    /// Index of the row in its raw file.
    pub row_id: &'a [i64],
    /// File the row came from.
    pub origin: &'a [Origin],
    /// Hash of the feature cells.
    pub group: &'a [u64],
}

/// Assigns a role to every row.
///
/// # Errors
/// If the fractions are out of range, leave no train row, or a row's origin tells no role.
pub fn assign(rows: Assignable<'_>, config: &SplitConfig) -> Result<Vec<Role>> {
    let roles = match config.by {
        By::Origin => by_origin(rows)?,
        By::Random => permuted(rows.row_id.len(), config)?,
        By::Grouped => {
            let (group_of_row, groups) = numbered(rows.group);
            let roles = permuted(groups, config)?;
            group_of_row.into_iter().map(|group| roles[group]).collect()
        }
    };
    if roles.contains(&Role::Train) {
        return Ok(roles);
    }
    let n = roles.len();
    Err(match config.by {
        By::Origin => Error::data("no train rows; check the files of origin 'train'"),
        By::Random => {
            Error::config(format!("split.fractions leave none of {n} rows for train; lower val or test"))
        }
        By::Grouped => Error::config(format!(
            "split.fractions leave none of {n} rows, which are {} groups of twins, for train; lower val or test, \
             or set split.by to \"random\"",
            numbered(rows.group).1
        )),
    })
}

fn by_origin(rows: Assignable<'_>) -> Result<Vec<Role>> {
    let role = |origin: &Origin| match origin {
        Origin::Train => Ok(Role::Train),
        Origin::Val => Ok(Role::Val),
        Origin::Test => Ok(Role::Test),
        Origin::All => Err(Error::config(
            "split.by = \"origin\" needs files of train and test rows; \
             with a single file set split.by to \"random\" or \"grouped\"",
        )),
    };
    rows.origin.iter().map(role).collect()
}

/// Roles of `n` items: test comes first in the permutation, then val, of which test is that of `train_test_split`.
fn permuted(n: usize, config: &SplitConfig) -> Result<Vec<Role>> {
    let Fractions { val, test } = config.fractions;
    if !((0.0..1.0).contains(&val) && test > 0.0 && val + test < 1.0) {
        return Err(Error::config(format!(
            "split.fractions: val = {val} and test = {test} must lie in [0, 1) and (0, 1) and leave rows for train"
        )));
    }
    let count = |fraction: f64| (fraction * n as f64).ceil() as usize;
    let (n_test, n_val) = (count(test), count(val));
    let mut roles = vec![Role::Train; n];
    for (place, item) in RandomState::new(config.random_state).permutation(n).into_iter().enumerate() {
        if place < n_test {
            roles[item] = Role::Test;
        } else if place < n_test + n_val {
            roles[item] = Role::Val;
        }
    }
    Ok(roles)
}

/// Numbers groups by first appearance: the number of every row's group, and how many there are.
fn numbered(groups: &[u64]) -> (Vec<usize>, usize) {
    let mut numbers = HashMap::new();
    let of_row = groups
        .iter()
        .map(|&group| {
            let next = numbers.len();
            *numbers.entry(group).or_insert(next)
        })
        .collect();
    (of_row, numbers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(by: By, val: f64, test: f64) -> SplitConfig {
        SplitConfig { by, fractions: Fractions { val, test }, random_state: 42 }
    }

    #[test]
    fn random_takes_scikit_learns_test_rows() {
        let rows = Assignable { row_id: &[0; 10], origin: &[Origin::All; 10], group: &[0; 10] };
        let roles = assign(rows, &config(By::Random, 0.1, 0.25)).unwrap();
        let of = |role| (0..10).filter(|&row| roles[row] == role).collect::<Vec<_>>();
        assert_eq!((of(Role::Test), of(Role::Val)), (vec![1, 5, 8], vec![0]));
    }

    #[test]
    fn grouped_keeps_twins_together() {
        let group: Vec<u64> = (0..60).map(|row| row % 20).collect();
        let rows = Assignable { row_id: &[0; 60], origin: &[Origin::All; 60], group: &group };
        let roles = assign(rows, &config(By::Grouped, 0.2, 0.2)).unwrap();
        assert!((0..40).all(|row| roles[row] == roles[row + 20]));
        assert_eq!(roles.iter().filter(|role| **role == Role::Test).count(), 12);
    }

    #[test]
    fn wrong_fractions_and_origins_are_configuration_errors() {
        let rows = Assignable { row_id: &[0; 4], origin: &[Origin::All; 4], group: &[0; 4] };
        let wrong = [(By::Origin, 0.2, 0.2), (By::Random, 0.5, 0.5), (By::Random, 0.0, f64::NAN)];
        let without_train = [(By::Random, 0.0, 0.99), (By::Grouped, 0.0, 0.2)];
        for (by, val, test) in wrong.into_iter().chain(without_train) {
            assert_eq!(assign(rows, &config(by, val, test)).unwrap_err().exit_code(), 78);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_row_has_its_share_and_twins_one_role(
            group in proptest::collection::vec(0u64..30, 5..200),
            (val, test) in (0.0..0.4f64, 0.01..0.4f64),
            random_state: u32,
        ) {
            let rows = Assignable {
                row_id: &vec![0; group.len()],
                origin: &vec![Origin::All; group.len()],
                group: &group,
            };
            let n = group.len() as f64;
            let random = SplitConfig { random_state, ..config(By::Random, val, test) };
            let count = |roles: &[Role], role| roles.iter().filter(|other| **other == role).count();
            if let Ok(roles) = assign(rows, &random) {
                proptest::prop_assert_eq!(count(&roles, Role::Test), (test * n).ceil() as usize);
                proptest::prop_assert!(count(&roles, Role::Val) <= (val * n).ceil() as usize);
            }
            if let Ok(roles) = assign(rows, &SplitConfig { by: By::Grouped, ..random }) {
                for (row, twin) in (0..group.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
                    proptest::prop_assert!(group[row] != group[twin] || roles[row] == roles[twin]);
                }
            }
        }
    }
}
