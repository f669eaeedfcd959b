//! What is measured: the rows of the table of speed, with the ratio that each is to reach.

/// A data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Data {
    /// The laptops' own split with all 68 columns
    #[value(name = "laptops")]
    Laptops,
    /// Generated: 4,800 rows to fit on, 538 encoded columns
    #[value(name = "A")]
    A,
    /// Generated: 80,000 rows of the same columns
    #[value(name = "B")]
    B,
    /// Generated: 800,000 rows of 20 continuous columns
    #[value(name = "C")]
    C,
}

impl Data {
    pub(crate) const ALL: [Self; 4] = [Self::Laptops, Self::A, Self::B, Self::C];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Laptops => "laptops",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// Another library that fits the same row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) library: &'static str,
    /// How many times faster this project is to be; `None` if it is only of interest.
    pub(crate) goal: Option<f64>,
}

/// A model on a data set, ours and others'.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) data: Data,
    /// The learner, as configurations name it.
    pub(crate) model: &'static str,
    /// Hyperparameters by scikit-learn's names, in JSON.
    pub(crate) params: &'static str,
    /// Of how many trees a time is that of one; 1 for a whole fit.
    pub(crate) trees: u32,
    pub(crate) peers: &'static [Peer],
    /// The largest share of scikit-learn's peak memory that the fit may take, where memory is measured.
    pub(crate) memory: Option<f64>,
}

/// How many times faster than scikit-learn all predictions are to be.
pub(crate) const PREDICT_GOAL: f64 = 5.0;

/// How many times faster the whole pipeline is to be than the study in Python.
pub(crate) const PIPELINE_GOAL: f64 = 50.0;

/// The library that predictions and memory are compared with.
pub(crate) const REFERENCE: &str = "scikit-learn";

const FOREST: &str = r#"{"n_estimators": 100, "random_state": 42}"#;
const BOOSTING: &str = r#"{"n_estimators": 100, "learning_rate": 0.6, "max_depth": 3, "random_state": 42}"#;

/// All rows, in the order of the table.
pub(crate) const ROWS: &[Row] = &[
    Row {
        peers: &[goal("scikit-learn", 10.0), interest("biosphere"), interest("smartcore")],
        ..row(Data::Laptops, "RandomForest", FOREST)
    },
    Row { peers: &[goal("scikit-learn", 7.0)], ..row(Data::Laptops, "ExtraTrees", FOREST) },
    Row {
        peers: &[
            goal("scikit-learn", 25.0),
            goal("LightGBM", 2.0),
            interest("XGBoost exact"),
            interest("forust"),
        ],
        ..row(Data::Laptops, "GradientBoosting", BOOSTING)
    },
    Row {
        peers: &[goal("scikit-learn", 10.0)],
        ..row(Data::Laptops, "MLP", r#"{"learning_rate_init": 0.6, "max_iter": 500, "random_state": 42}"#)
    },
    Row {
        peers: &[goal("scikit-learn", 5.0)],
        ..row(Data::Laptops, "DecisionTree", r#"{"max_depth": 15, "random_state": 42}"#)
    },
    Row { peers: &[goal("scikit-learn", 5.0)], ..row(Data::Laptops, "Linear", "{}") },
    Row { peers: &[goal("scikit-learn", 15.0)], ..row(Data::A, "RandomForest", FOREST) },
    Row { peers: &[goal("scikit-learn", 15.0)], ..row(Data::A, "ExtraTrees", FOREST) },
    Row {
        peers: &[interest("scikit-learn"), goal("LightGBM", 2.0), interest("forust")],
        ..row(Data::A, "GradientBoosting", BOOSTING)
    },
    Row {
        trees: 4,
        peers: &[goal("scikit-learn", 15.0)],
        memory: Some(0.3),
        ..row(Data::B, "RandomForest", r#"{"n_estimators": 4, "random_state": 42}"#)
    },
    Row { peers: &[goal("LightGBM", 1.0)], ..row(Data::B, "GradientBoosting", BOOSTING) },
    Row {
        trees: 2,
        peers: &[interest("scikit-learn"), goal("biosphere", 4.0)],
        ..row(Data::C, "RandomForest", r#"{"n_estimators": 2, "random_state": 42}"#)
    },
    Row {
        trees: 5,
        peers: &[goal("XGBoost exact", 3.0)],
        ..row(
            Data::C,
            "GradientBoosting",
            r#"{"n_estimators": 5, "learning_rate": 0.1, "max_depth": 3, "random_state": 42}"#,
        )
    },
    Row {
        peers: &[goal("LightGBM", 1.0), goal("XGBoost hist", 1.0), goal("HistGradientBoosting", 1.0)],
        ..row(
            Data::C,
            "GradientBoosting",
            r#"{"n_estimators": 100, "learning_rate": 0.1, "max_depth": 3, "max_bins": 255, "random_state": 42}"#,
        )
    },
];

const fn row(data: Data, model: &'static str, params: &'static str) -> Row {
    Row { data, model, params, trees: 1, peers: &[], memory: None }
}

const fn goal(library: &'static str, times: f64) -> Peer {
    Peer { library, goal: Some(times) }
}

const fn interest(library: &'static str) -> Peer {
    Peer { library, goal: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyperparameters_are_json_and_every_set_has_rows() {
        for row in ROWS {
            let params: serde_json::Value = serde_json::from_str(row.params).unwrap();
            assert!(params.is_object(), "{}", row.params);
            assert!(!row.peers.is_empty(), "{} {}", row.data.name(), row.model);
        }
        assert!(Data::ALL.iter().all(|data| ROWS.iter().any(|row| row.data == *data)));
    }

    #[test]
    fn times_of_one_tree_are_of_all_that_are_fitted() {
        for row in ROWS.iter().filter(|row| row.trees > 1) {
            let params: serde_json::Value = serde_json::from_str(row.params).unwrap();
            assert_eq!(params["n_estimators"], row.trees);
        }
    }
}
