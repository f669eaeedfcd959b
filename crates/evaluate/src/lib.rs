//! The stage `evaluate`: predicts with every model, scores, and draws what people look at.

pub mod regplot;
pub mod report;
pub mod scores;

use artifacts::metrics::{self, Score};
use artifacts::models::{self, Stored};
use artifacts::predictions::Predictions;
use artifacts::roles::Role;
use artifacts::selection::Selection;
use artifacts::split_report::SplitReport;
use artifacts::{Observations, Split, fits};
use ndarray::Array1;
use rayon::prelude::*;
use regplot::RegPlot;
use report::Report;
use stage::log::{self, Level};
use stage::{Arguments, Config, Error, Folder, Key, Kind, Result, Summary};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The score of test rows without a twin among the train rows.
const TEST_UNSEEN: &str = "test_unseen";

/// Reads splits and models; writes predictions, metrics, plots and the report.
///
/// # Errors
/// If an input is refused, or the disk refuses an output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let config = arguments.config()?;
    let [ingest, selection, split, train] =
        ["ingest", "feature-selection", "split", "train"].map(|stage| arguments.folder(stage));
    let splits = Splits::read(&split, &ingest)?;
    let models = predict(&config, &train, &splits)?;
    let rows = [&splits.train, &splits.val, &splits.test].map(|split| split.row_id.len());
    let [rows_train, val, test] = rows.map(Into::into);
    let fields = [("train", rows_train), ("val", val), ("test", test), ("models", models.len().into())];
    log::event(Level::Info, "input", &fields);

    let scores: Vec<Score> = models.iter().flat_map(|model| splits.scores(model)).collect();
    let plots: Vec<(String, String)> = models.par_iter().filter_map(|model| splits.plot(model)).collect();
    let (chosen, shares) = (Selection::read(&selection)?, SplitReport::read(&split)?);
    let key = Key::new(&config, &["evaluate", "train.*"])?;
    let key = [&ingest, &selection, &split, &train].into_iter().fold(key, Key::read);
    let mut publication = arguments.folder("evaluate").publish(key)?;
    predictions(&splits.test, &models).write(&mut publication)?;
    metrics::write(&sorted(&scores), &mut publication)?;
    for (model, svg) in &plots {
        publication.artifact(&format!("{model}.svg"), svg.as_bytes())?;
    }
    let text = summary(&models, &scores, splits.test.row_id.len());
    let report = Report {
        title: title(&config),
        label: splits.test.label_name.clone(),
        scores,
        selection: chosen,
        split: shares,
        fits: fits::read(&train).unwrap_or_default(),
        parameters: models.into_iter().map(|model| (model.name, model.parameters)).collect(),
        plots,
    };
    publication.require("report.html");
    publication.record("report.html", report::html(&report).as_bytes())?;
    Ok(Summary { text, written: publication.commit()? })
}

/// A model's predictions for all rows.
struct Predicted {
    name: String,
    /// Hyperparameters and their values.
    parameters: Vec<(String, String)>,
    train: Array1<f64>,
    val: Array1<f64>,
    test: Array1<f64>,
}

/// The rows of all roles.
struct Splits {
    train: Split,
    val: Split,
    test: Split,
    /// Positions of test rows without a twin among the train rows.
    unseen: Vec<usize>,
}

impl Splits {
    fn read(split: &Folder, ingest: &Folder) -> Result<Self> {
        let [train, val, test] = [Role::Train, Role::Val, Role::Test].map(|role| Split::read(split, role));
        let (train, val, test) = (train?, val?, test?);
        let observations = Observations::read(ingest)?;
        let groups: HashMap<i64, u64> = observations.row_id.into_iter().zip(observations.group).collect();
        let group = |row_id: &i64| {
            groups.get(row_id).copied().ok_or_else(|| {
                Error::data(format!(
                    "row_id {row_id} of the splits is no observation; run the stage 'split' again"
                ))
            })
        };
        let seen: HashSet<u64> = train.row_id.iter().map(group).collect::<Result<_>>()?;
        let mut unseen = Vec::new();
        for (row, row_id) in test.row_id.iter().enumerate() {
            if !seen.contains(&group(row_id)?) {
                unseen.push(row);
            }
        }
        Ok(Self { train, val, test, unseen })
    }

    /// Scores on every split that has labelled rows.
    fn scores(&self, model: &Predicted) -> Vec<Score> {
        let all = |split: &Split| (0..split.row_id.len()).collect::<Vec<_>>();
        let splits = [
            (Role::Train.name(), &self.train, &model.train, all(&self.train)),
            (Role::Val.name(), &self.val, &model.val, all(&self.val)),
            (Role::Test.name(), &self.test, &model.test, all(&self.test)),
            (TEST_UNSEEN, &self.test, &model.test, self.unseen.clone()),
        ];
        let score = |(name, split, predicted, rows): (&str, &Split, &Array1<f64>, Vec<usize>)| {
            let (actual, predicted) = labelled(split, predicted, &rows);
            scores::score(&model.name, name, &actual, &predicted)
        };
        splits.into_iter().filter_map(score).collect()
    }

    /// The model's plot on the test rows, if some have a label.
    fn plot(&self, model: &Predicted) -> Option<(String, String)> {
        let rows: Vec<usize> = (0..self.test.row_id.len()).collect();
        let (actual, predicted) = labelled(&self.test, &model.test, &rows);
        let plot = RegPlot { model: &model.name, predicted: &predicted, actual: &actual };
        (!actual.is_empty()).then(|| (model.name.clone(), regplot::svg(&plot)))
    }
}

/// Labels and predictions of those of the rows that have a label.
fn labelled(split: &Split, predicted: &Array1<f64>, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    rows.iter().filter_map(|&row| split.label[row].map(|actual| (actual, predicted[row]))).unzip()
}

/// Reads the configured models that are stored, in the order of the configuration, and predicts all rows.
fn predict(config: &Config, folder: &Folder, splits: &Splits) -> Result<Vec<Predicted>> {
    let section: toml::Table = config.section("train")?;
    let mut names: Vec<&String> = Vec::new();
    for name in section.keys() {
        // A model that the manifest names must be there, or come.
        if folder.promises(&models::file(name))? || folder.contains(&models::file(name)) {
            names.push(name);
        }
    }
    if names.is_empty() {
        let place = folder.file("");
        return Err(Error::new(
            Kind::Missing,
            format!("{}: no models; run the stage 'train' first", place.display()),
        ));
    }
    let stored: Vec<(&String, Stored)> =
        names.into_iter().map(|name| Ok((name, Stored::read(folder, name)?))).collect::<Result<_>>()?;
    let mut predicted: Vec<Option<Predicted>> = stored
        .par_iter()
        .map(|(name, stored)| match stored {
            Stored::Vote(_) => Ok(None),
            Stored::Model(model) => {
                let of = |split: &Split| model.predict(&split.values, &split.names);
                let predictions = [of(&splits.train)?, of(&splits.val)?, of(&splits.test)?];
                Ok(Some(named(name, stored, predictions)))
            }
        })
        .collect::<Result<_>>()?;
    for (place, (name, stored)) in stored.iter().enumerate() {
        if let Stored::Vote(vote) = stored {
            vote.check_members(folder)?;
            let members: Vec<&Predicted> = predicted.iter().flatten().collect();
            let combine = |pick: fn(&Predicted) -> &Array1<f64>| {
                let of = |member: &models::Member| members.iter().find(|m| m.name == member.name);
                let views = vote.members.iter().filter_map(of).map(|member| pick(member).view());
                vote.voting()?.combine(views).map_err(|error| Error::data(format!("{name}: {error}")))
            };
            let predictions = [combine(|m| &m.train)?, combine(|m| &m.val)?, combine(|m| &m.test)?];
            predicted[place] = Some(named(name, stored, predictions));
        }
    }
    Ok(predicted.into_iter().flatten().collect())
}

fn named(name: &str, stored: &Stored, [train, val, test]: [Array1<f64>; 3]) -> Predicted {
    let parameters =
        stored.parameters().iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    Predicted { name: name.to_owned(), parameters, train, val, test }
}

/// Artifacts have the models by name, as the order of keys in the configuration must not matter.
fn predictions(test: &Split, models: &[Predicted]) -> Predictions {
    let by_name: BTreeMap<&String, &Predicted> = models.iter().map(|model| (&model.name, model)).collect();
    Predictions {
        row_id: test.row_id.clone(),
        actual: test.label.clone(),
        models: by_name.into_iter().map(|(name, model)| (name.clone(), model.test.to_vec())).collect(),
    }
}

/// The scores by name of the model; see [`predictions`].
fn sorted(scores: &[Score]) -> Vec<Score> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|one, two| one.model.cmp(&two.model));
    sorted
}

fn summary(models: &[Predicted], scores: &[Score], rows: usize) -> String {
    let of_test = scores.iter().filter(|score| score.split == Role::Test.name());
    match of_test.min_by(|a, b| a.rmse.total_cmp(&b.rmse)) {
        Some(best) => {
            format!("{} models on {rows} test rows, best {} ({:.2})", models.len(), best.model, best.rmse)
        }
        None => format!("{} models on {rows} test rows without label", models.len()),
    }
}

/// Whose data the report is about: the name of the configuration's folder.
fn title(config: &Config) -> String {
    let folder = config.path().canonicalize().ok();
    let name = folder.as_deref().and_then(|path| path.parent()?.file_name());
    name.map_or_else(|| "pipeline".to_owned(), |name| name.to_string_lossy().into_owned())
}
