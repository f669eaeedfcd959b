//! The stage `train`: fits every configured model on the train rows, in parallel, and stores them.

mod config;
mod learner;
mod progress;
mod sections;
mod values;

use artifacts::Split;
use artifacts::fits::{self, FitRecord};
use artifacts::models::{self, Member, Model, Vote};
use artifacts::predictions::Predictions;
use artifacts::roles::Role;
use config::{Planned, Recipe};
use learner::Learner;
use linfa::traits::{Fit, Transformer};
use linfa::{Dataset, DatasetBase};
use ndarray::{Array1, Array2};
use progress::Bars;
use rayon::prelude::*;
use regressors::MaxAbsScaler;
use stage::{Error, Folder, Result, Summary};
use std::path::PathBuf;
use std::time::Instant;

/// The stage's name, and its section in configurations.
const STAGE: &str = "train";

/// Flags of the stage.
#[derive(Clone, Debug, Default, clap::Args)]
// Groups are named after structs, and stage::Arguments has the same name.
#[group(skip)]
pub struct Arguments {
    /// Flags common to all stages
    #[command(flatten)]
    pub stage: stage::Arguments,

    /// Train only these models; Voting trains members of its that are missing
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub model: Vec<String>,

    /// Train on this Parquet file of numeric columns instead of OUT/split/train.parquet
    #[arg(long, value_name = "FILE", requires = "label")]
    pub train: Option<PathBuf>,

    /// Predict the rows of this Parquet file with the same columns
    #[arg(long, value_name = "FILE", requires = "train")]
    pub test: Option<PathBuf>,

    /// The label column of the files of --train and --test
    #[arg(long, value_name = "NAME", requires = "train")]
    pub label: Option<String>,
}

/// Fits the models and stores them.
///
/// # Errors
/// If the configuration or the rows are refused, a fit fails, or the disk refuses an output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let folder = arguments.stage.folder(STAGE);
    let plan = config::plan(&arguments.stage.config()?, &arguments.model, |name| {
        folder.contains(&models::file(name))
    })?;
    let rows = train_rows(arguments)?;
    let fitted = fit_all(&plan.models, &rows)?;

    let upstream = arguments.train.is_none().then(|| arguments.stage.folder("split"));
    let mut publication = folder.publish(upstream.as_slice())?;
    let mut votes = Vec::new();
    let mut stored = Vec::new();
    for model in &fitted {
        stored.push((model.name.clone(), stage::hash_of(&model.bytes)));
        publication.artifact(&models::file(&model.name), &model.bytes)?;
    }
    for planned in &plan.votes {
        let vote = compose(planned, &stored, &folder)?;
        vote.write(&planned.name, &mut publication)?;
        votes.push((planned.name.clone(), vote));
    }
    for name in &plan.kept {
        publication.keep(&models::file(name));
    }
    if let Some(path) = &arguments.test {
        let test = Split::from_plain_file(path, &rows.label_name)?;
        predict(&test, &fitted, &votes)?.write(&mut publication)?;
    }
    fits::write(&records(&fitted, &plan.kept, &folder, &rows), &mut publication)?;
    let count = fitted.len() + votes.len();
    let text = format!("{count} models on {} rows, {} features", rows.row_id.len(), rows.names.len());
    Ok(Summary { text, written: publication.commit()? })
}

fn train_rows(arguments: &Arguments) -> Result<Split> {
    let split = match (&arguments.train, &arguments.label) {
        (Some(path), Some(label)) => Split::from_plain_file(path, label)?,
        _ => Split::read(&arguments.stage.folder("split"), Role::Train)?,
    };
    if split.names.is_empty() {
        return Err(Error::data("the train rows have no features"));
    }
    Ok(split)
}

/// A model that was fitted in this run.
struct Fitted {
    name: String,
    model: Model,
    bytes: Vec<u8>,
    seconds: f64,
    alone: bool,
}

/// Fits all models on one pool of threads; the slowest learners start first.
fn fit_all(planned: &[Planned<Learner>], rows: &Split) -> Result<Vec<Fitted>> {
    let start = Instant::now();
    let scaler: MaxAbsScaler = MaxAbsScaler::params()
        .fit(&DatasetBase::from(rows.values.view()))
        .map_err(|error| Error::data(format!("scaling: {}", in_words(&error, rows))))?;
    let scaled: Array2<f64> = scaler.transform(&rows.values);
    let dataset = Dataset::new(scaled, Array1::from(rows.labels()?));
    let scaling = start.elapsed().as_secs_f64();

    let alone = rayon::current_num_threads() == 1 || planned.len() == 1;
    let bars = Bars::new(planned.iter().map(|model| (model.name.as_str(), model.recipe.steps())));
    let mut order: Vec<usize> = (0..planned.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(planned[place].recipe.weight()));
    let mut fitted: Vec<(usize, Fitted)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|place| {
            let Planned { name, recipe, parameters } = &planned[place];
            let start = Instant::now();
            let regressor = recipe
                .fit(&dataset, bars.progress(place))
                .map_err(|error| Error::data(format!("{name}: {}", in_words(&error, rows))))?;
            let seconds = scaling + start.elapsed().as_secs_f64();
            bars.finish(place);
            let model = Model {
                parameters: parameters.clone(),
                features: rows.names.clone(),
                label_name: rows.label_name.clone(),
                scaler: scaler.clone(),
                regressor,
            };
            let bytes = model.to_bytes()?;
            Ok((place, Fitted { name: name.clone(), model, bytes, seconds, alone }))
        })
        .collect::<Result<_>>()?;
    fitted.sort_by_key(|(place, _)| *place);
    Ok(fitted.into_iter().map(|(_, fitted)| fitted).collect())
}

/// A learner's error with the row's index and the feature's name instead of positions.
fn in_words(error: &regressors::Error, rows: &Split) -> String {
    match error {
        regressors::Error::Feature { row, feature, value, reason } => {
            format!("column '{}', row_id {}: {value} is {reason}", rows.names[*feature], rows.row_id[*row])
        }
        regressors::Error::Target { row, value, reason } => {
            format!("column '{}', row_id {}: {value} is {reason}", rows.label_name, rows.row_id[*row])
        }
        other => other.to_string(),
    }
}

/// A vote of members that were fitted now or lie in the folder.
fn compose(planned: &Planned<Recipe>, fitted: &[(String, String)], folder: &Folder) -> Result<Vote> {
    let members = planned.recipe.members.iter().map(|(name, weight)| {
        let now = fitted.iter().find(|(other, _)| other == name).map(|(_, hash)| hash.clone());
        let hash = now.map_or_else(|| folder.hash(&models::file(name)), Ok)?;
        Ok(Member { name: name.clone(), weight: *weight, hash })
    });
    Ok(Vote { parameters: planned.parameters.clone(), members: members.collect::<Result<_>>()? })
}

/// Predictions of all models for the rows of a plain file.
fn predict(test: &Split, fitted: &[Fitted], votes: &[(String, Vote)]) -> Result<Predictions> {
    let mut predicted: Vec<(String, Array1<f64>)> = Vec::new();
    for Fitted { name, model, .. } in fitted {
        predicted.push((name.clone(), model.predict(&test.values, &test.names)?));
    }
    for (name, vote) in votes {
        let of =
            |member: &Member| predicted.iter().find(|(name, _)| *name == member.name).map(|(_, p)| p.view());
        let members: Option<Vec<_>> = vote.members.iter().map(of).collect();
        let members = members
            .ok_or_else(|| Error::usage(format!("--test: {name} needs all its members in --model")))?;
        let vote = vote.voting()?.combine(members).map_err(Error::internal)?;
        predicted.push((name.clone(), vote));
    }
    Ok(Predictions {
        row_id: test.row_id.clone(),
        actual: test.label.clone(),
        models: predicted.into_iter().map(|(name, predicted)| (name, predicted.to_vec())).collect(),
    })
}

/// Records of this run's fits, and of earlier ones whose models are kept.
fn records(fitted: &[Fitted], kept: &[String], folder: &Folder, rows: &Split) -> Vec<FitRecord> {
    // A run record may be missing or damaged without harm.
    let earlier = fits::read(folder).unwrap_or_default();
    let now = fitted.iter().map(|fitted| FitRecord {
        model: fitted.name.clone(),
        seconds: fitted.seconds,
        threads: u32::try_from(rayon::current_num_threads()).unwrap_or(u32::MAX),
        alone: fitted.alone,
        rows: u32::try_from(rows.row_id.len()).unwrap_or(u32::MAX),
        features: u32::try_from(rows.names.len()).unwrap_or(u32::MAX),
    });
    now.chain(earlier.into_iter().filter(|record| kept.contains(&record.model))).collect()
}
