//! What the models build on: the impurity decrease of each feature's splits, and how much worse a model
//! gets on val when a feature is shuffled.

use crate::predict::{self, Fitted};
use artifacts::Split;
use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;
use regressors::Change;
use regressors::random::RandomState;
use stage::Result;

/// Shuffles of each feature, as scikit-learn's `permutation_importance` makes.
pub const REPEATS: usize = 5;

/// Its `random_state`.
const SEED: u32 = 0;

/// Most rows that are shuffled, and most changed rows that a model predicts for it. A longer table, or one of more
/// features, uses evenly many of its rows.
const MOST_ROWS: usize = 10_000;
const MOST_CHANGES: usize = 200_000;

/// What is known of the features' importance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Importances {
    /// Names of the features.
    pub features: Vec<String>,
    /// Rows of val that were shuffled; 0 if fewer than two have labels.
    pub rows: usize,
    /// Of every model.
    pub models: Vec<ModelImportance>,
}

/// A model's importances, in the order of the features.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelImportance {
    /// Name of the model.
    pub model: String,
    /// Shares of the impurity decrease, as scikit-learn's `feature_importances_`; of trees only.
    pub impurity: Option<Vec<f64>>,
    /// By how much a shuffle raises the RMSE; empty if no rows were shuffled.
    pub permutation: Vec<Shuffled>,
}

/// The rise of the RMSE over all shuffles of a feature, in units of the label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shuffled {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub std: f64,
}

/// The importances of all models; the permutations on the labelled rows of val.
///
/// They are those of scikit-learn's `permutation_importance(model, X, y, scoring="neg_root_mean_squared_error",
/// n_repeats=5, random_state=0)`. A row is predicted again only where a shuffle changed its value, and once for
/// each value: indicators have but one other.
///
/// # Errors
/// If a model was fitted on other features.
pub fn importances(models: &[Fitted], val: &Split) -> Result<Importances> {
    let labelled: Vec<usize> = (0..val.label.len()).filter(|&row| val.label[row].is_some()).collect();
    let sample = Sample::new(val, &evenly(&labelled, MOST_ROWS));
    let rows = if sample.rows.len() > 1 { sample.rows.len() } else { 0 };
    let impurities: Vec<_> = models.par_iter().map(Fitted::impurity_importances).collect();
    let permutations = if rows > 0 { sample.shuffle(models)? } else { vec![Vec::new(); models.len()] };
    let models = models.iter().zip(impurities.into_iter().zip(permutations));
    let of = |(model, (impurity, permutation)): (&Fitted, _)| ModelImportance {
        model: model.name.clone(),
        impurity,
        permutation,
    };
    Ok(Importances { features: val.names.clone(), rows, models: models.map(of).collect() })
}

/// The rows that are shuffled.
struct Sample<'a> {
    names: &'a [String],
    values: Array2<f64>,
    actual: Vec<f64>,
    /// By repeat: the row from which each row gets its value.
    sources: Vec<Vec<usize>>,
    /// Positions of the rows in val.
    rows: Vec<usize>,
}

/// A row with a value that it gets in some of the shuffles of a feature.
struct Alternative {
    change: Change,
    in_repeat: [bool; REPEATS],
}

impl<'a> Sample<'a> {
    /// The labelled rows, or evenly many of them where all would take too long.
    fn new(val: &'a Split, labelled: &[usize]) -> Self {
        let all = Self::of(val, labelled.to_vec());
        let changes: usize = (0..labelled.len()).into_par_iter().map(|row| all.alternatives(row).len()).sum();
        if changes <= MOST_CHANGES {
            return all;
        }
        Self::of(val, evenly(labelled, (labelled.len() * MOST_CHANGES / changes).max(2)))
    }

    fn of(val: &'a Split, rows: Vec<usize>) -> Self {
        Self {
            names: &val.names,
            values: artifacts::take_rows(&val.values, &rows),
            actual: rows.iter().filter_map(|&row| val.label[row]).collect(),
            sources: sources(rows.len()),
            rows,
        }
    }

    /// By model and feature: how the model fares when the feature is shuffled.
    fn shuffle(&self, models: &[Fitted]) -> Result<Vec<Vec<Shuffled>>> {
        let rows = (0..self.rows.len()).into_par_iter();
        let alternatives: Vec<Alternative> = rows.flat_map_iter(|row| self.alternatives(row)).collect();
        let changes: Vec<Change> = alternatives.iter().map(|alternative| alternative.change).collect();
        let predictions = predict::changed(models, (&self.values, self.names), &changes)?;
        let rises = |(model, predicted): (&Fitted, &Array1<f64>)| self.rises(model, &alternatives, predicted);
        Ok(models.par_iter().zip(&predictions).map(rises).collect())
    }

    /// By feature: how a model that predicts this for the alternatives fares.
    fn rises(&self, model: &Fitted, alternatives: &[Alternative], predicted: &Array1<f64>) -> Vec<Shuffled> {
        let square = |row: usize, prediction: f64| (self.actual[row] - prediction).powi(2);
        let before: Vec<f64> =
            self.rows.iter().enumerate().map(|(row, &of_val)| square(row, model.val[of_val])).collect();
        let mut differences = vec![[0.0; REPEATS]; self.names.len()];
        for (Alternative { change, in_repeat }, &predicted) in alternatives.iter().zip(predicted) {
            let difference = square(change.row, predicted) - before[change.row];
            for (sum, _) in differences[change.feature].iter_mut().zip(in_repeat).filter(|(_, is_in)| **is_in)
            {
                *sum += difference;
            }
        }
        let n = before.len() as f64;
        let squares: f64 = before.iter().sum();
        let rise = |difference: f64| ((squares + difference).max(0.0) / n).sqrt() - (squares / n).sqrt();
        differences.into_iter().map(|repeats| Shuffled::of(repeats.map(rise))).collect()
    }

    /// The values that shuffles give to a row which has another there, by feature.
    fn alternatives(&self, row: usize) -> Vec<Alternative> {
        let own = self.values.row(row);
        let others: Vec<ArrayView1<'_, f64>> =
            self.sources.iter().map(|source| self.values.row(source[row])).collect();
        let mut found: Vec<Alternative> = Vec::new();
        for (feature, &own) in own.iter().enumerate() {
            let first = found.len();
            for (repeat, other) in others.iter().enumerate() {
                let value = other[feature];
                if is_same(value, own) {
                    continue;
                }
                let known = found[first..].iter().position(|known| is_same(known.change.value, value));
                let at = known.map_or(found.len(), |place| first + place);
                if known.is_none() {
                    let change = Change { row, feature, value };
                    found.push(Alternative { change, in_repeat: [false; REPEATS] });
                }
                found[at].in_repeat[repeat] = true;
            }
        }
        found
    }
}

/// Whether two values are equal, or both missing.
fn is_same(one: f64, other: f64) -> bool {
    one == other || (one.is_nan() && other.is_nan())
}

impl Shuffled {
    fn of(rises: [f64; REPEATS]) -> Self {
        let rises = Array1::from(rises.to_vec());
        Self { mean: rises.sum() / REPEATS as f64, std: rises.std(0.0) }
    }
}

/// `rows`, or so many of them at equal distances.
fn evenly(rows: &[usize], most: usize) -> Vec<usize> {
    let chosen = rows.len().min(most);
    (0..chosen).map(|i| rows[i * rows.len() / chosen]).collect()
}

/// By repeat, the row from which each of `n` rows gets its value. scikit-learn shuffles its list of indices and the
/// column again and again, with one seed for all columns.
fn sources(n: usize) -> Vec<Vec<usize>> {
    let seed = RandomState::new(SEED).randint(1 << 31);
    let mut random = RandomState::new(seed);
    let mut indices: Vec<usize> = (0..n).collect();
    let mut column = indices.clone();
    let mut repeat = |_| {
        random.shuffle(&mut indices);
        column = indices.iter().map(|&index| column[index]).collect();
        column.clone()
    };
    (0..REPEATS).map(&mut repeat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::models::{Model, Regressor, Stored};
    use ndarray::array;
    use regressors::{LinearRegression, MaxAbsScaler};
    use serde_json::{Map, Value};

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    }

    fn linear(coefficients: Vec<f64>, intercept: f64, val: &Split) -> Fitted {
        let rank = coefficients.len();
        let model = Model {
            parameters: Map::new(),
            features: val.names.clone(),
            label_name: val.label_name.clone(),
            scaler: MaxAbsScaler::from_scale(Array1::ones(rank)).unwrap(),
            regressor: Regressor::Linear(
                LinearRegression::from_parts(coefficients.into(), intercept, rank).unwrap(),
            ),
        };
        let predicted = model.predict(&val.values, &val.names).unwrap();
        Fitted::with_val("Linear", Stored::Model(Box::new(model)), predicted)
    }

    fn val(values: Array2<f64>, label: Vec<Option<f64>>) -> Split {
        Split {
            row_id: (0..label.len() as i64).collect(),
            origin: vec![artifacts::Origin::Val; label.len()],
            names: (0..values.ncols()).map(|feature| format!("f{feature}")).collect(),
            values,
            label_name: "y".into(),
            label,
        }
    }

    #[test]
    fn permutations_are_scikit_learns() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/permutation.json")).unwrap();
        let records: Vec<f64> = golden["records"].as_array().unwrap().iter().flat_map(numbers).collect();
        let labels = numbers(&golden["labels"]);
        let val = val(
            Array2::from_shape_vec((labels.len(), records.len() / labels.len()), records).unwrap(),
            labels.into_iter().map(Some).collect(),
        );
        let model = linear(numbers(&golden["coefficients"]), golden["intercept"].as_f64().unwrap(), &val);
        let importances = importances(&[model], &val).unwrap();
        assert_eq!((importances.rows, importances.models[0].impurity.as_ref()), (80, None));
        let expected = numbers(&golden["mean"]).into_iter().zip(numbers(&golden["std"]));
        let mut features = 0;
        for (shuffled, (mean, std)) in importances.models[0].permutation.iter().zip(expected) {
            assert!((shuffled.mean - mean).abs() < 1e-9, "{shuffled:?}, expected {mean}");
            assert!((shuffled.std - std).abs() < 1e-9, "{shuffled:?}, expected {std}");
            features += 1;
        }
        assert_eq!(features, 5);
    }

    #[test]
    fn rows_without_a_label_do_not_count() {
        let values = array![[0.0], [1.0], [5.0], [2.0]];
        let some = val(values.clone(), vec![Some(0.0), Some(1.0), None, Some(2.0)]);
        let model = linear(vec![1.0], 0.0, &some);
        let importances_of_some = importances(&[model], &some).unwrap();
        assert_eq!(importances_of_some.rows, 3);
        assert!(importances_of_some.models[0].permutation[0].mean > 0.0);
        let none = val(values, vec![None; 4]);
        let model = linear(vec![1.0], 0.0, &none);
        let importances_of_none = importances(&[model], &none).unwrap();
        assert_eq!((importances_of_none.rows, importances_of_none.models[0].permutation.len()), (0, 0));
    }

    /// Labels of so many rows, and as many features that are the label.
    fn rows_used(rows: usize, features: usize) -> usize {
        let values = Array2::from_shape_fn((rows, features), |(row, _)| row as f64);
        let val = val(values, (0..rows).map(|row| Some(row as f64)).collect());
        let model = linear(vec![1.0; features], 0.0, &val);
        importances(&[model], &val).unwrap().rows
    }

    #[test]
    fn a_table_uses_all_of_its_rows_unless_it_is_long_or_wide() {
        assert_eq!(rows_used(4_000, 2), 4_000);
        assert_eq!(rows_used(MOST_ROWS + 1, 1), MOST_ROWS);
        // All but a few of the values differ from those of all five shuffles.
        let expected = MOST_CHANGES / (REPEATS * 20);
        assert!((expected..expected + 20).contains(&rows_used(4_000, 20)), "{}", rows_used(4_000, 20));
    }

    #[test]
    fn indicators_are_predicted_once_where_a_shuffle_changes_them() {
        let values = Array2::from_shape_fn((40, 2), |(row, feature)| f64::from(feature == 1 || row % 4 == 0));
        let val = val(values, (0..40).map(|row| Some(f64::from(row))).collect());
        let rows: Vec<usize> = (0..40).collect();
        let sample = Sample::new(&val, &rows);
        for row in rows {
            let own = val.values[[row, 0]];
            let changes = sample.sources.iter().map(|source| val.values[[source[row], 0]] != own);
            let in_repeat: Vec<bool> = changes.collect();
            let found = sample.alternatives(row);
            let expected = usize::from(in_repeat.contains(&true));
            assert_eq!(
                found.len(),
                expected,
                "one of the first feature, none of the second, which is constant"
            );
            for Alternative { change, in_repeat: of } in found {
                assert_eq!(change, Change { row, feature: 0, value: 1.0 - own });
                assert_eq!(of.to_vec(), in_repeat);
            }
        }
    }

    #[test]
    fn missing_values_are_alike() {
        let values = array![[f64::NAN], [f64::NAN], [1.0], [f64::NAN]];
        let val = val(values, vec![Some(1.0); 4]);
        let sample = Sample::new(&val, &[0, 1, 2, 3]);
        let at_most_one = |row| sample.alternatives(row).len() <= 1;
        assert!((0..4).all(at_most_one));
    }
}
