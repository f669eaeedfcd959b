//! What the stage publishes: models, votes composed of them, predictions, and how long each fit took.

use crate::config::{Members, Plan, Planned};
use crate::fit::Fitted;
use crate::learner::Learner;
use crate::{Arguments, STAGE};
use artifacts::Split;
use artifacts::fits::{self, FitRecord};
use artifacts::models::{self, Member, Vote};
use artifacts::predictions::Predictions;
use ndarray::Array1;
use stage::{Config, Error, Folder, Key, Prepared, Result, Summary};
use std::path::PathBuf;

/// A model to be published: its file, and what else is made of it.
#[derive(Debug)]
pub(crate) struct Output {
    name: String,
    file: Prepared,
    /// What it predicts for the rows of a plain test file, if there is one.
    predicted: Option<Array1<f64>>,
    seconds: f64,
    threads: u32,
    alone: bool,
}

impl Output {
    /// Prepares the file of a fitted model in the stage's folder, and predicts the rows of `test`.
    ///
    /// # Errors
    /// If the rows have other features, or the disk refuses the file.
    pub(crate) fn prepare(
        name: String,
        Fitted { model, seconds, threads, alone }: &Fitted,
        folder: &Folder,
        test: Option<&Split>,
    ) -> Result<Self> {
        let file = folder.prepare(&models::file(&name), |file| model.write(file))?;
        let predicted = test.map(|test| model.predict(&test.values, &test.names)).transpose()?;
        Ok(Self { name, file, predicted, seconds: *seconds, threads: *threads, alone: *alone })
    }
}

/// Publishes the models, fitted on rows of which `rows_key` speaks, with what is made of them.
///
/// # Errors
/// If a vote lacks a member, or the disk refuses an output.
pub(crate) fn publish(
    plan: &Plan,
    outputs: Vec<Output>,
    (rows, test): (&Split, Option<&Split>),
    rows_key: Key,
    (config, arguments): (&Config, &Arguments),
) -> Result<Summary> {
    let folder = arguments.stage.folder(STAGE);
    let mut publication = folder.publish_units()?;
    let records = records(&outputs, &plan.kept, &folder, rows);
    let mut votes = Vec::new();
    let mut stored = Vec::new();
    let mut predicted = Vec::new();
    for output in outputs {
        stored.push((output.name.clone(), output.file.hash().to_owned()));
        publication.unit(&output.name, rows_key.clone().slice(config, &place(&output.name)));
        publication.prepared(output.file)?;
        predicted.extend(output.predicted.map(|predicted| (output.name, predicted)));
    }
    for planned in &plan.votes {
        let vote = compose(planned, &stored, &folder)?;
        publication.unit(&planned.name, vote_key(config, &planned.name, &vote, &folder)?);
        vote.write(&planned.name, &mut publication)?;
        votes.push((planned.name.clone(), vote));
    }
    for name in &plan.kept {
        publication.keep(name);
    }
    if let Some(test) = test {
        publication.unit("predictions", rows_key);
        predictions(test, predicted, &votes)?.write(&mut publication)?;
    }
    fits::write(&records, &mut publication)?;
    let count = stored.len() + votes.len();
    let text = format!("{count} models on {} rows, {} features", rows.row_id.len(), rows.names.len());
    Ok(Summary { text, written: publication.commit()? })
}

/// Whether all that [`publish`] would make of the rows of which `rows_key` speaks lies there already.
///
/// # Errors
/// If the manifest, a vote's member or this program cannot be read.
pub(crate) fn are_published(
    plan: &Plan,
    rows_key: &Key,
    (config, arguments): (&Config, &Arguments),
) -> Result<bool> {
    let folder = arguments.stage.folder(STAGE);
    let manifest = folder.manifest()?;
    let is_there = |name: &str, key: &Key| {
        let whole = |(file, hash): (&String, &String)| {
            stage::hash_of_file(&folder.file(file)).is_ok_and(|now| now == *hash)
        };
        manifest.units.get(name).is_some_and(|unit| unit.key == *key && unit.outputs.iter().all(whole))
    };
    let model = |planned: &Planned<Learner>| {
        is_there(&planned.name, &rows_key.clone().slice(config, &place(&planned.name)))
    };
    if !plan.models.iter().all(model) || arguments.test.is_some() && !is_there("predictions", rows_key) {
        return Ok(false);
    }
    for planned in &plan.votes {
        let vote = compose(planned, &[], &folder)?;
        if !is_there(&planned.name, &vote_key(config, &planned.name, &vote, &folder)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The key of what is made from the rows that were just read, through `split` or from plain files of these hashes, and
/// nothing else.
///
/// # Errors
/// If this program cannot be read.
pub(crate) fn rows_key<'a>(
    config: &Config,
    split: &Folder,
    files: impl Iterator<Item = (&'a PathBuf, &'a String)>,
) -> Result<Key> {
    let key = Key::new(config, &[])?.read(split);
    Ok(files.fold(key, |key, (path, hash)| key.file(&path.display().to_string(), hash.clone())))
}

/// The key of a vote: its members, whatever they were made from.
fn vote_key(config: &Config, name: &str, vote: &Vote, folder: &Folder) -> Result<Key> {
    let members = vote.members.iter();
    Ok(members.fold(Key::new(config, &[&place(name)])?, |key, member| {
        key.input(folder.artifact(&models::file(&member.name)), member.hash.clone())
    }))
}

/// Where the configuration has the hyperparameters of a model.
fn place(model: &str) -> String {
    format!("{STAGE}.{model}")
}

/// A vote of members that were fitted now or lie in the folder.
fn compose(planned: &Planned<Members>, fitted: &[(String, String)], folder: &Folder) -> Result<Vote> {
    let members = planned.recipe.iter().map(|(name, weight)| {
        let now = fitted.iter().find(|(other, _)| other == name).map(|(_, hash)| hash.clone());
        let hash = now.map_or_else(|| folder.hash(&models::file(name)), Ok)?;
        Ok(Member { name: name.clone(), weight: *weight, hash })
    });
    Ok(Vote { parameters: planned.parameters.clone(), members: members.collect::<Result<_>>()? })
}

/// Predictions of all models for the rows of a plain file: of votes too.
fn predictions(
    test: &Split,
    mut predicted: Vec<(String, Array1<f64>)>,
    votes: &[(String, Vote)],
) -> Result<Predictions> {
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
fn records(outputs: &[Output], kept: &[String], folder: &Folder, rows: &Split) -> Vec<FitRecord> {
    // A run record may be missing or damaged without harm, and none is worth waiting for.
    let earlier = fits::read(&Folder::new(folder.file(""))).unwrap_or_default();
    let now = outputs.iter().map(|output| FitRecord {
        model: output.name.clone(),
        seconds: output.seconds,
        threads: output.threads,
        alone: output.alone,
        rows: u32::try_from(rows.row_id.len()).unwrap_or(u32::MAX),
        features: u32::try_from(rows.names.len()).unwrap_or(u32::MAX),
    });
    now.chain(earlier.into_iter().filter(|record| kept.contains(&record.model))).collect()
}
