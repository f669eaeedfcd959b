//! The rows of all roles, and which of them are scored.

use crate::predict::Fitted;
use crate::scores;
use artifacts::metrics::Score;
use artifacts::roles::Role;
use artifacts::{Observations, Split};
use stage::{Error, Folder, Result};
use std::collections::{HashMap, HashSet};

/// The score of test rows without a twin among the train rows.
const TEST_UNSEEN: &str = "test_unseen";

/// The rows of all roles.
pub(crate) struct Splits {
    /// Where they lie.
    folder: Folder,
    pub(crate) train: Split,
    pub(crate) val: Split,
    pub(crate) test: Split,
    /// Positions of test rows without a twin among the train rows.
    unseen: Vec<usize>,
    /// The cells of all rows.
    pub(crate) observations: Observations,
    /// Where a row stands among the observations.
    places: HashMap<i64, usize>,
}

impl Splits {
    pub(crate) fn read(split: &Folder, ingest: &Folder) -> Result<Self> {
        let [train, val, test] = [Role::Train, Role::Val, Role::Test].map(|role| Split::read(split, role));
        let (train, val, test) = (train?, val?, test?);
        let observations = Observations::read(ingest)?;
        let places = observations.row_id.iter().copied().enumerate().map(|(place, row_id)| (row_id, place));
        let mut splits = Self {
            folder: split.clone(),
            train,
            val,
            test,
            unseen: Vec::new(),
            places: places.collect(),
            observations,
        };
        let group = |row_id: &i64| Ok(splits.observations.group[splits.place(*row_id)?]);
        let seen: HashSet<u64> = splits.train.row_id.iter().map(group).collect::<Result<_>>()?;
        let mut unseen = Vec::new();
        for (row, row_id) in splits.test.row_id.iter().enumerate() {
            if !seen.contains(&group(row_id)?) {
                unseen.push(row);
            }
        }
        splits.unseen = unseen;
        Ok(splits)
    }

    /// Where the row stands among the observations.
    pub(crate) fn place(&self, row_id: i64) -> Result<usize> {
        self.places.get(&row_id).copied().ok_or_else(|| {
            Error::data(format!(
                "row_id {row_id} of the splits is no observation; run the stage 'split' again"
            ))
        })
    }

    /// A model's scores on every split that has labelled rows.
    ///
    /// # Errors
    /// If one is not finite: JSON cannot hold it, and no later run could be compared with it.
    pub(crate) fn scores(&self, model: &Fitted) -> Result<Vec<Score>> {
        let all = |split: &Split| (0..split.row_id.len()).collect::<Vec<_>>();
        let splits = [
            (Role::Train.name(), Role::Train, &self.train, &model.train, all(&self.train)),
            (Role::Val.name(), Role::Val, &self.val, &model.val, all(&self.val)),
            (Role::Test.name(), Role::Test, &self.test, &model.test, all(&self.test)),
            (TEST_UNSEEN, Role::Test, &self.test, &model.test, self.unseen.clone()),
        ];
        let mut scores = Vec::new();
        for (name, role, split, predicted, mut rows) in splits {
            rows.retain(|&row| split.label[row].is_some());
            let actual: Vec<f64> = rows.iter().filter_map(|&row| split.label[row]).collect();
            let predicted: Vec<f64> = rows.iter().map(|&row| predicted[row]).collect();
            let score = scores::score(&model.name, name, &actual, &predicted);
            if score.as_ref().is_some_and(|score| !scores::is_finite(score)) {
                let size = |place: &usize| actual[*place].abs() + predicted[*place].abs();
                let largest = (0..rows.len()).max_by(|a, b| size(a).total_cmp(&size(b))).unwrap_or(0);
                return Err(Error::data(format!(
                    "{} on {name}: the scores are not finite; labels or predictions are too large to be squared, or \
                     labels too small; the largest are in {}, row_id {}: label {:e}, prediction {:e}",
                    model.name,
                    self.folder.file(&artifacts::splits::file(role)).display(),
                    split.row_id[rows[largest]],
                    actual[largest],
                    predicted[largest],
                )));
            }
            scores.extend(score);
        }
        Ok(scores)
    }
}
