//! What is fresh and what is stale, and why.
//!
//! Nothing here looks at times: configuration, programs, inputs and outputs are hashed, and compared with what
//! the stage wrote into its manifest when it ran (`stage::Manifest`).

mod difference;

use crate::pipeline::{Inputs, STAGES, Stage};
use crate::submit::resources::Table;
use anyhow::Result;
use serde_json::Value;
use stage::{Config, Folder, Key, Manifest, Unit, hash_of_file};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A pipeline as it would run now: its configuration, raw files, artifacts and programs.
#[derive(Debug)]
pub(crate) struct Project {
    config: Config,
    data: PathBuf,
    pub(crate) out: PathBuf,
    pub(crate) binaries: PathBuf,
    /// The run that the report is to be compared with.
    baseline: Option<PathBuf>,
}

/// A stage's outputs, unit by unit.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) units: Vec<State>,
    /// Units that the configuration does not name any more.
    pub(crate) leftover: Vec<String>,
}

/// Whether a unit is fresh.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) unit: String,
    /// Why it is stale; empty if it is fresh.
    pub(crate) reasons: Vec<String>,
}

impl State {
    pub(crate) fn is_fresh(&self) -> bool {
        self.reasons.is_empty()
    }
}

impl Report {
    /// Makes all of it stale.
    pub(crate) fn force(&mut self) {
        self.units.iter_mut().filter(|state| state.is_fresh()).for_each(|state| {
            state.reasons.push("forced".to_owned());
        });
    }

    pub(crate) fn is_fresh(&self) -> bool {
        // Without a unit there is nothing that could be: the stage will say what is wrong.
        !self.units.is_empty() && self.units.iter().all(State::is_fresh) && self.leftover.is_empty()
    }
}

impl Project {
    /// The pipeline of these inputs.
    ///
    /// # Errors
    /// If the configuration is refused.
    pub(crate) fn load(inputs: &Inputs, out: PathBuf, binaries: PathBuf) -> Result<Self> {
        let config = Config::load(&inputs.config, &inputs.set)?;
        check(&config)?;
        Ok(Self { config, data: inputs.data(), out, binaries, baseline: None })
    }

    /// The same pipeline, whose report is compared with a run.
    pub(crate) fn against(self, baseline: Option<PathBuf>) -> Self {
        Self { baseline, ..self }
    }

    /// The artifacts of a stage.
    pub(crate) fn folder(&self, stage: &str) -> Folder {
        Folder::new(self.out.join(stage))
    }

    /// The stage's units: one per model for `train`, else one that bears its name.
    fn units(&self, stage: &Stage) -> Vec<String> {
        match stage.per_model {
            true => self.config.tables(stage.name).into_iter().map(str::to_owned).collect(),
            false => vec![stage.name.to_owned()],
        }
    }

    /// What is fresh of a stage, given what lies in OUT now.
    pub(crate) fn check(&self, stage: &Stage) -> Report {
        let Ok(manifest) = self.folder(stage.name).manifest() else {
            let reasons = vec!["its manifest is unreadable".to_owned()];
            let state = |unit| State { unit, reasons: reasons.clone() };
            return Report {
                units: self.units(stage).into_iter().map(state).collect(),
                leftover: Vec::new(),
            };
        };
        let names = self.units(stage);
        let leftover = manifest.units.keys().filter(|unit| !names.contains(unit)).cloned().collect();
        // What cannot be hashed is not the program that made anything.
        let tool = LazyCell::new(|| hash_of_file(&self.binaries.join(stage.name)).unwrap_or_default());
        let mut units: Vec<State> =
            names.into_iter().map(|unit| self.state(stage, &manifest, unit, &tool)).collect();
        made_of_stale(stage, &manifest, &mut units);
        Report { units, leftover }
    }

    fn state(
        &self,
        stage: &Stage,
        manifest: &Manifest,
        name: String,
        tool: &LazyCell<String, impl FnOnce() -> String>,
    ) -> State {
        let Some(unit) = manifest.units.get(&name) else {
            return State { unit: name, reasons: vec!["not run yet".to_owned()] };
        };
        let mut reasons = self.outputs(stage, unit);
        if unit.key.tool != **tool {
            reasons.push("tool changed".to_owned());
        }
        reasons.extend(self.parameters(&unit.key));
        reasons.extend(self.inputs(stage, unit));
        reasons.extend(self.new_inputs(stage, &unit.key));
        reasons.extend(self.compared(stage, &unit.key));
        State { unit: name, reasons }
    }

    /// Outputs that are not what the unit wrote.
    fn outputs(&self, stage: &Stage, unit: &Unit) -> Vec<String> {
        let folder = self.folder(stage.name);
        let altered = |(name, hash): (&String, &String)| match hash_of_file(&folder.file(name)) {
            Ok(now) if now == *hash => None,
            Ok(_) => Some(format!("output {name} was altered")),
            Err(_) => Some(format!("output {name} is missing")),
        };
        let missing = |name: &String| (!folder.contains(name)).then(|| format!("output {name} is missing"));
        unit.outputs.iter().filter_map(altered).chain(unit.records.iter().filter_map(missing)).collect()
    }

    /// Parameters that differ from those of the key.
    fn parameters(&self, key: &Key) -> Vec<String> {
        let differing =
            |(place, then): (&String, &Value)| difference::between(place, then, &self.config.slice(place));
        key.parameters.iter().flat_map(differing).collect()
    }

    /// Raw files and artifacts that are not those of the key.
    fn inputs(&self, stage: &Stage, unit: &Unit) -> Vec<String> {
        let changed = |name: &str, path: &Path, then: &str| match hash_of_file(path) {
            Ok(now) if now == then => None,
            Ok(_) => Some(format!("input {name} changed")),
            Err(_) => Some(format!("input {name} is missing")),
        };
        // A stage that reads artifacts may have been run by hand on other files.
        let raw = |(name, then): (&String, &String)| match stage.reads {
            [] => changed(name, &self.data.join(name), then),
            _ => Some(format!("it was made from {name}")),
        };
        let own = |name: &str| name.split('/').next() == Some(stage.name);
        let artifact = |(name, then): (&String, &String)| match own(name) {
            true => None,
            false => changed(name, &self.out.join(name), then),
        };
        unit.key.files.iter().filter_map(raw).chain(unit.key.inputs.iter().filter_map(artifact)).collect()
    }

    /// Models that lie there now and were not read: a stage reads those that there are.
    fn new_inputs(&self, stage: &Stage, key: &Key) -> Vec<String> {
        let mut reasons = Vec::new();
        for read in STAGES.iter().filter(|read| read.per_model && stage.reads.contains(&read.name)) {
            let folder = self.folder(read.name);
            let made = folder.manifest().unwrap_or_default().units;
            let configured = self.units(read).into_iter().filter_map(|unit| made.get(&unit));
            for output in configured.flat_map(|unit| unit.outputs.keys()) {
                let artifact = folder.artifact(output);
                if folder.contains(output) && !key.inputs.contains_key(&artifact) {
                    reasons.push(format!("input {artifact} is new"));
                }
            }
        }
        reasons
    }

    /// A baseline that is asked for and is not that of the report. None asked for, any is right.
    fn compared(&self, stage: &Stage, key: &Key) -> Option<String> {
        let now = hash_of_file(self.baseline(stage)?).ok();
        let then = key.records.get("baseline");
        (now.is_none() || now.as_ref() != then).then(|| match then {
            Some(_) => "baseline changed".to_owned(),
            None => "the report has no baseline".to_owned(),
        })
    }

    /// The run that a stage is to compare with.
    pub(crate) fn baseline(&self, stage: &Stage) -> Option<&Path> {
        self.baseline.as_deref().filter(|_| stage.name == "evaluate")
    }

    /// The models, in the order of the configuration.
    pub(crate) fn models(&self) -> Vec<&str> {
        self.config.tables("train")
    }

    /// The models that a model is made of, as a vote is: the names under its key `members`.
    pub(crate) fn members(&self, stage: &Stage, model: &str) -> Vec<String> {
        let table = self.config.slice(&format!("{}.{model}", stage.name));
        let members = table.get("members").and_then(Value::as_object);
        members.map(|members| members.keys().cloned().collect()).unwrap_or_default()
    }
}

/// Refuses what no stage's key depends on: values among the models, and what is wrong in `[resources]`.
fn check(config: &Config) -> Result<()> {
    for stage in STAGES.iter().filter(|stage| stage.per_model) {
        config.models(stage.name)?;
    }
    Table::load(config).map(drop)
}

/// Adds to fresh units that are made from others of the same stage, as a vote is from its members, what became of those.
fn made_of_stale(stage: &Stage, manifest: &Manifest, units: &mut [State]) {
    let stale: BTreeSet<String> =
        units.iter().filter(|state| !state.is_fresh()).map(|state| state.unit.clone()).collect();
    let maker: BTreeMap<&String, &String> = manifest
        .units
        .iter()
        .flat_map(|(name, unit)| unit.outputs.keys().map(move |output| (output, name)))
        .collect();
    for state in units.iter_mut().filter(|state| state.is_fresh()) {
        let Some(unit) = manifest.units.get(&state.unit) else { continue };
        for (artifact, then) in &unit.key.inputs {
            let Some(output) = artifact.strip_prefix(&format!("{}/", stage.name)) else { continue };
            match maker.get(&output.to_owned()) {
                Some(member) if stale.contains(*member) => state.reasons.push(format!("{member} is stale")),
                Some(_) if manifest.output(output) == Some(then) => {}
                _ => state.reasons.push(format!("input {artifact} changed")),
            }
        }
    }
}
