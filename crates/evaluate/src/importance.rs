//! What the models build on: the impurity decrease of each feature's splits, and how much worse a model
//! gets on val when a feature is shuffled.

use crate::predict::{self, Fitted};
use crate::scores;
use artifacts::Split;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use regressors::random::RandomState;
use stage::Result;

/// Shuffles of each feature, as scikit-learn's `permutation_importance` makes.
pub const REPEATS: usize = 5;

/// Its `random_state`.
const SEED: u32 = 0;

/// Most rows that are shuffled, and most that a model predicts for it. A longer table uses evenly many of its rows.
const MOST_ROWS: usize = 10_000;
const MOST_PREDICTED: usize = 20_000;

/// What is known of the features' importance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Importances {
    /// Names of the features.
    pub features: Vec<String>,
    /// Rows of val that were shuffled; 0 if val has no labels.
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
    /// By how much a shuffle raises the RMSE; empty if val has no labels.
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
    let per_feature: Vec<Vec<Shuffled>> = (0..val.names.len())
        .into_par_iter()
        .filter(|_| sample.actual.len() > 1)
        .map(|feature| sample.shuffle(models, feature))
        .collect::<Result<_>>()?;
    let of = |(place, model): (usize, &Fitted)| ModelImportance {
        model: model.name.clone(),
        impurity: model.impurity_importances(),
        permutation: per_feature.iter().map(|models| models[place]).collect(),
    };
    Ok(Importances {
        features: val.names.clone(),
        rows: if per_feature.is_empty() { 0 } else { sample.actual.len() },
        models: models.iter().enumerate().map(of).collect(),
    })
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

impl<'a> Sample<'a> {
    /// The labelled rows, or evenly many of them where all would take too long.
    fn new(val: &'a Split, labelled: &[usize]) -> Self {
        let all = Self::of(val, labelled.to_vec());
        let needed: usize =
            (0..val.names.len()).into_par_iter().map(|at| Alternatives::of(&all, at).cells.len()).sum();
        if needed <= MOST_PREDICTED {
            return all;
        }
        Self::of(val, evenly(labelled, (labelled.len() * MOST_PREDICTED / needed).max(2)))
    }

    fn of(val: &'a Split, rows: Vec<usize>) -> Self {
        Self {
            names: &val.names,
            values: val.values.select(Axis(0), &rows),
            actual: rows.iter().filter_map(|&row| val.label[row]).collect(),
            sources: sources(rows.len()),
            rows,
        }
    }

    /// How each model fares when the feature is shuffled.
    fn shuffle(&self, models: &[Fitted], feature: usize) -> Result<Vec<Shuffled>> {
        let alternatives = Alternatives::of(self, feature);
        let mut records = Array2::zeros((alternatives.cells.len(), self.names.len()));
        for (mut record, &(row, value)) in records.rows_mut().into_iter().zip(&alternatives.cells) {
            record.assign(&self.values.row(row));
            record[feature] = value;
        }
        let predictions = predict::all(models, &records, self.names)?;
        let mut shuffled = Vec::with_capacity(models.len());
        for (model, predicted) in models.iter().zip(&predictions) {
            let before: Vec<f64> = self.rows.iter().map(|&row| model.val[row]).collect();
            let base = scores::rmse(&self.actual, &before);
            let rise = |repeat: usize| {
                let places = alternatives.places.iter().map(|places| places[repeat]);
                let after =
                    places.zip(&before).map(|(place, &before)| place.map_or(before, |at| predicted[at]));
                scores::rmse(&self.actual, &after.collect::<Vec<f64>>()) - base
            };
            shuffled.push(Shuffled::of((0..REPEATS).map(rise).collect()));
        }
        Ok(shuffled)
    }
}

/// The values of a feature that the shuffles give to rows that had another.
struct Alternatives {
    /// A row and such a value, each pair once.
    cells: Vec<(usize, f64)>,
    /// By row and repeat: the place among the cells; `None` if the row keeps its value.
    places: Vec<[Option<usize>; REPEATS]>,
}

impl Alternatives {
    fn of(sample: &Sample<'_>, feature: usize) -> Self {
        let column = sample.values.column(feature);
        let mut cells: Vec<(usize, f64)> = Vec::new();
        let mut places = Vec::with_capacity(column.len());
        for (row, &own) in column.iter().enumerate() {
            let first = cells.len();
            places.push(std::array::from_fn(|repeat| {
                let value = column[sample.sources[repeat][row]];
                if value == own {
                    return None;
                }
                let known = cells[first..].iter().position(|&(_, other)| other == value);
                if known.is_none() {
                    cells.push((row, value));
                }
                Some(known.map_or(cells.len() - 1, |place| first + place))
            }));
        }
        Self { cells, places }
    }
}

impl Shuffled {
    fn of(rises: Array1<f64>) -> Self {
        let mean = rises.sum() / rises.len() as f64;
        Self { mean, std: rises.std(0.0) }
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

    #[test]
    fn a_long_table_uses_some_of_its_rows() {
        let rows = 100_000;
        let values = Array2::from_shape_fn((rows, 1), |(row, _)| row as f64);
        let val = val(values, (0..rows).map(|row| Some(row as f64)).collect());
        let model = linear(vec![1.0], 0.0, &val);
        let importances = importances(&[model], &val).unwrap();
        assert!((3_000..MOST_ROWS).contains(&importances.rows), "{}", importances.rows);
    }
}
