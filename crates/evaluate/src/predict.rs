//! The stored models, and what they predict for all rows.

use artifacts::Split;
use artifacts::models::{self, Member, Model, Stored};
use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;
use regressors::Change;
use serde_json::{Map, Value};
use stage::{Config, Error, Folder, Key, Kind, Result};

/// A model and its predictions for all rows.
#[derive(Debug)]
pub struct Fitted {
    /// Its name.
    pub name: String,
    stored: Stored,
    pub(crate) train: Array1<f64>,
    pub(crate) val: Array1<f64>,
    pub(crate) test: Array1<f64>,
}

impl Fitted {
    /// A model that has predicted the rows of val alone.
    #[cfg(test)]
    pub(crate) fn with_val(name: &str, stored: Stored, val: Array1<f64>) -> Self {
        Self { name: name.to_owned(), stored, train: Array1::zeros(0), val, test: Array1::zeros(0) }
    }

    /// Hyperparameters and their values.
    pub(crate) fn parameters(&self) -> &Map<String, Value> {
        self.stored.parameters()
    }

    /// Each feature's share of the impurity decrease, if the model is made of trees.
    pub(crate) fn impurity_importances(&self) -> Option<Vec<f64>> {
        match &self.stored {
            Stored::Model(model) => Some(model.regressor.feature_importances()?.to_vec()),
            Stored::Vote(_) => None,
        }
    }
}

/// Reads the configured models that are stored, in the order of the configuration; they have predicted nothing.
///
/// # Errors
/// If there are none, or one is refused.
pub(crate) fn read(config: &Config, folder: &Folder) -> Result<Vec<Fitted>> {
    let section: toml::Table = config.section("train")?;
    let mut names: Vec<&String> = Vec::new();
    for name in section.keys() {
        // A model that the manifest names must be there, or come.
        if folder.offers(&models::file(name))? {
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
    let unpredicted = |name: &String| {
        let stored = Stored::read(folder, name)?;
        let [train, val, test] = [(); 3].map(|()| Array1::zeros(0));
        Ok(Fitted { name: name.clone(), stored, train, val, test })
    };
    let fitted: Vec<Fitted> = names.into_par_iter().map(unpredicted).collect::<Result<_>>()?;
    for model in &fitted {
        if let Stored::Vote(vote) = &model.stored {
            vote.check_members(folder)?;
        }
    }
    Ok(fitted)
}

/// Checks that the models in `folder` were made from the artifacts that were `read`, as far as both know them: test rows
/// of one split may be train rows of another.
///
/// # Errors
/// If a model was made from another.
pub(crate) fn check_inputs(models: &[Fitted], folder: &Folder, read: &Key) -> Result<()> {
    let manifest = folder.manifest()?;
    for name in models.iter().map(|model| &model.name) {
        let inputs = manifest.units.get(name).into_iter().flat_map(|unit| &unit.key.inputs);
        let is_another = |(artifact, hash): &(&String, &String)| {
            read.inputs.get(*artifact).is_some_and(|of_read| of_read != *hash)
        };
        if let Some((artifact, _)) = inputs.clone().find(is_another) {
            return Err(Error::data(format!(
                "{}: made from another {artifact}; run the stage 'train' again",
                folder.file(&models::file(name)).display()
            )));
        }
    }
    Ok(())
}

/// Lets the models predict the rows of train, val and test.
///
/// # Errors
/// If a model was fitted on other features, or a member of a vote is missing.
pub(crate) fn fill(models: &mut [Fitted], splits: [&Split; 3]) -> Result<()> {
    // Model by model, so that no thread waits for another at the end of a split.
    let predict = |model: &Model| {
        let of = |split: &Split| model.predict(&split.values, &split.names);
        Ok(splits.into_iter().map(of).collect::<Result<Vec<_>>>()?.into_iter())
    };
    let mut predicted = models.par_iter().map(|model| own(model, predict)).collect::<Result<Vec<_>>>()?;
    let mut next = || composed(models, predicted.iter_mut().map(|of| of.as_mut()?.next()).collect());
    let (train, val, test) = (next()?, next()?, next()?);
    for (model, ((train, val), test)) in models.iter_mut().zip(train.into_iter().zip(val).zip(test)) {
        (model.train, model.val, model.test) = (train, val, test);
    }
    Ok(())
}

/// What every model predicts for the changed rows of `records`, `(n_samples, n_features)`, whose columns are called
/// `names`.
///
/// # Errors
/// As [`fill`].
pub(crate) fn changed(
    models: &[Fitted],
    (records, names): (&Array2<f64>, &[String]),
    changes: &[Change],
) -> Result<Vec<Array1<f64>>> {
    // One model after the other: each has work for all threads, in parts of the same size.
    let predict = |model: &Model| model.predict_changed(records, names, changes);
    composed(models, models.iter().map(|model| own(model, predict)).collect::<Result<_>>()?)
}

/// What `predict` gives for a model; `None` for a vote.
fn own<T>(model: &Fitted, predict: impl Fn(&Model) -> Result<T>) -> Result<Option<T>> {
    match &model.stored {
        Stored::Vote(_) => Ok(None),
        Stored::Model(stored) => {
            let name = |error: Error| Error::new(error.kind(), format!("{}: {error}", model.name));
            predict(stored).map(Some).map_err(name)
        }
    }
}

/// The predictions of every model: those of votes are composed of their members'.
fn composed(models: &[Fitted], mut predictions: Vec<Option<Array1<f64>>>) -> Result<Vec<Array1<f64>>> {
    for (place, model) in models.iter().enumerate() {
        if let Stored::Vote(vote) = &model.stored {
            let of = |member: &Member| -> Option<ArrayView1<'_, f64>> {
                let place = models.iter().position(|other| other.name == member.name)?;
                predictions[place].as_ref().map(Array1::view)
            };
            let members: Vec<ArrayView1<'_, f64>> = vote.members.iter().filter_map(of).collect();
            let refuse = |error| Error::data(format!("{}: {error}", model.name));
            predictions[place] = Some(vote.voting()?.combine(members).map_err(refuse)?);
        }
    }
    Ok(predictions.into_iter().flatten().collect())
}
