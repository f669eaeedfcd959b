//! A vote: the weighted average of other models.

use super::{ARTIFACT, file, json, parse};
use crate::table::{Table, Writing};
use ndarray::Array1;
use regressors::Voting;
use serde_json::{Map, Value};
use stage::{Error, Folder, Publication, Result};

/// The name of this learner in configurations and files.
pub(super) const LEARNER: &str = "Voting";

/// A model that votes.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Name of the model.
    pub name: String,
    /// Its weight; weights need not sum to 1.
    pub weight: f64,
    /// Hash of the file that it was when the vote was composed.
    pub hash: String,
}

/// A vote of models that are stored beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
    /// Members and weights, as the configuration has them.
    pub parameters: Map<String, Value>,
    /// The voting models, sorted by name.
    pub members: Vec<Member>,
}

impl Vote {
    /// Averages the members' predictions, given in their order.
    ///
    /// # Errors
    /// If a weight is refused or predictions are missing.
    pub fn voting(&self) -> Result<Voting> {
        let weights = self.members.iter().map(|member| member.weight).collect::<Array1<f64>>();
        Voting::new(weights).map_err(|error| Error::data(format!("Voting: {error}")))
    }

    /// Checks that the members in `folder`, as they were read from it, are those that the vote was composed of.
    ///
    /// # Errors
    /// If a member is missing or was trained anew since.
    pub fn check_members(&self, folder: &Folder) -> Result<()> {
        for member in &self.members {
            if folder.hash_as_read(&file(&member.name))? != member.hash {
                let place = folder.file(&file(&member.name));
                return Err(Error::data(format!(
                    "{}: not the model that the vote was composed of; run the stage 'train' again",
                    place.display()
                )));
            }
        }
        Ok(())
    }

    /// Stages the vote under its name.
    ///
    /// # Errors
    /// If the disk refuses it.
    pub fn write(&self, name: &str, publication: &mut Publication) -> Result<()> {
        let members = || self.members.iter();
        let table = Writing::new(ARTIFACT)
            .meta("learner", LEARNER)
            .meta("parameters", json(&self.parameters)?)
            .texts("member", members().map(|member| &member.name))
            .f64s("weight", members().map(|member| member.weight))
            .texts("hash", members().map(|member| &member.hash));
        publication.artifact_with(&file(name), |file| table.write(file))
    }

    pub(super) fn from_table(table: &Table) -> Result<Self> {
        let (names, weights, hashes) = (table.texts("member")?, table.f64s("weight")?, table.texts("hash")?);
        let columns = names.into_iter().zip(weights).zip(hashes);
        let members = columns.map(|((name, weight), hash)| Member { name, weight, hash }).collect();
        let vote = Self { parameters: parse(table, "parameters")?, members };
        vote.voting().map_err(|error| table.refuse(error))?;
        Ok(vote)
    }
}
