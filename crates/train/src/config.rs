//! The section `[train]`: which models to train, and with what.

use crate::learner::Learner;
use crate::sections;
use serde::Deserialize;
use serde_json::{Map, Value};
use stage::{Config, Error, Result};
use toml::Table;

/// A model to be made.
#[derive(Clone, Debug)]
pub(crate) struct Planned<R> {
    pub(crate) name: String,
    /// What makes it: a learner, or the members of a vote.
    pub(crate) recipe: R,
    /// All hyperparameters, defaults included.
    pub(crate) parameters: Map<String, Value>,
}

/// What a vote is made of: models and their weights, sorted by name.
pub(crate) type Members = Vec<(String, f64)>;

/// Instead of models: make none, and only remove those that are not configured any more.
const NONE: &str = "none";

/// Most letters of a model's name: with what is added to it, the name of a file has at most 255.
const LONGEST_NAME: usize = 200;

/// What a run makes, and what it leaves as it is.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) models: Vec<Planned<Learner>>,
    pub(crate) votes: Vec<Planned<Members>>,
    /// Models of the configuration that this run does not make.
    pub(crate) kept: Vec<String>,
}

/// Reads `[train]`; `wanted` names the models to make (none: all), `exists` tells which are stored already.
///
/// # Errors
/// If a model, a learner or a hyperparameter is refused.
pub(crate) fn plan(config: &Config, wanted: &[String], exists: impl Fn(&str) -> bool) -> Result<Plan> {
    let mut all = Plan::default();
    for (name, mut table) in config.models("train")? {
        let place = format!("train.{name}");
        check_name(config, &place, &name)?;
        let learner = match table.remove("learner") {
            Some(learner) => config.parse(learner, &format!("{place}.learner"))?,
            None => name.clone(),
        };
        if learner == "Voting" {
            let (recipe, parameters) = vote(config, table, &place)?;
            all.votes.push(Planned { name, recipe, parameters });
        } else {
            let (recipe, parameters) = sections::learner(config, &learner, table, &place)?;
            recipe.check().map_err(|error| config.error(&place, error))?;
            all.models.push(Planned { name, recipe, parameters });
        }
    }
    check_members(config, &all)?;
    choose(all, wanted, exists)
}

/// Names become file names and column names.
fn check_name(config: &Config, place: &str, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    // A flag's value that begins with '-' would be taken for a flag.
    let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('-');
    if !fits || ["fits", "predictions", NONE].contains(&name) {
        return Err(config.error(
            place,
            format!(
                "a model's name has at most {LONGEST_NAME} letters, digits, '_' and '-', does not begin with '-', \
                 and is not 'fits', 'predictions' or 'none'"
            ),
        ));
    }
    Ok(())
}

fn vote(config: &Config, table: Table, place: &str) -> Result<(Members, Map<String, Value>)> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Voting {
        members: Table,
    }
    let Voting { members } = config.parse(toml::Value::Table(table), place)?;
    let parameters =
        Map::from_iter([("members".to_owned(), serde_json::to_value(&members).map_err(Error::internal)?)]);
    let weight = |(name, weight): (String, toml::Value)| {
        let place = format!("{place}.members.{name}");
        config.parse::<f64>(weight, &place).map(|weight| (name, weight))
    };
    let mut members: Members = members.into_iter().map(weight).collect::<Result<_>>()?;
    // Sums of floats depend on their order, and the order of keys must not matter.
    members.sort_by(|one, two| one.0.cmp(&two.0));
    let weights = members.iter().map(|(_, weight)| *weight).collect();
    regressors::Voting::new(weights).map_err(|error| config.error(place, error))?;
    Ok((members, parameters))
}

fn check_members(config: &Config, plan: &Plan) -> Result<()> {
    for Planned { name, recipe, .. } in &plan.votes {
        let known = |member: &str| plan.models.iter().any(|model| model.name == member);
        if let Some((member, _)) = recipe.iter().find(|(member, _)| !known(member)) {
            let reason = format!("there is no model [train.{member}] that could vote");
            return Err(config.error(&format!("train.{name}.members"), reason));
        }
    }
    Ok(())
}

/// Keeps what is wanted: the named models, and members of named votes that are not stored yet.
fn choose(mut plan: Plan, wanted: &[String], exists: impl Fn(&str) -> bool) -> Result<Plan> {
    if wanted.is_empty() {
        return if plan.models.is_empty() { Err(Error::config("[train] names no model")) } else { Ok(plan) };
    }
    let names: Vec<String> =
        plan.models.iter().map(|m| &m.name).chain(plan.votes.iter().map(|v| &v.name)).cloned().collect();
    let wanted: &[String] = if wanted == [NONE] { &[] } else { wanted };
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name)) {
        return Err(Error::usage(format!("--model {unknown}: valid are {}", names.join(", "))));
    }
    plan.votes.retain(|vote| wanted.contains(&vote.name));
    let votes = &plan.votes;
    let needed = |name: &str| votes.iter().any(|vote| vote.recipe.iter().any(|(member, _)| member == name));
    plan.models.retain(|model| wanted.contains(&model.name) || (needed(&model.name) && !exists(&model.name)));
    let made = |name: &String| {
        plan.models.iter().any(|m| m.name == *name) || plan.votes.iter().any(|v| v.name == *name)
    };
    // Others may be trained by another process right now: whatever lies there in the end is kept.
    plan.kept = names.iter().filter(|name| !made(name)).cloned().collect();
    Ok(plan)
}
