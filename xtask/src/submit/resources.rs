//! What a scheduler gives each stage: the section `[resources]` of a configuration.

use crate::pipeline::STAGES;
use anyhow::Result;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use stage::Config;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

/// What one job, or one task of an array, may use.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Resources {
    /// Processors; the stage uses as many threads. Default: 1.
    pub(crate) cpus: NonZeroU32,
    /// Memory in MB of 2^20 bytes. Default: 2000.
    pub(crate) mem_mb: NonZeroU32,
    /// Minutes until the job is ended. Default: 60.
    pub(crate) minutes: NonZeroU32,
}

impl Default for Resources {
    fn default() -> Self {
        let [cpus, mem_mb, minutes] = [1, 2000, 60].map(|n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN));
        Self { cpus, mem_mb, minutes }
    }
}

/// The resources of every stage.
#[derive(Debug)]
pub(crate) struct Table(BTreeMap<String, Resources>);

impl Table {
    /// Reads `[resources]`. A stage or a key that is not there gets the default.
    ///
    /// # Errors
    /// If a stage or key is unknown (the nearest name is suggested), or a value is no whole number from 1.
    pub(crate) fn load(config: &Config) -> Result<Self> {
        Ok(config.section("resources")?)
    }

    /// What `stage` gets.
    pub(crate) fn of(&self, stage: &str) -> Resources {
        self.0.get(stage).copied().unwrap_or_default()
    }
}

/// The valid keys of `[resources]`.
static NAMES: [&str; STAGES.len()] = {
    let mut names = [""; STAGES.len()];
    let mut place = 0;
    while place < STAGES.len() {
        names[place] = STAGES[place].name;
        place += 1;
    }
    names
};

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Stages;
        impl<'de> Visitor<'de> for Stages {
            type Value = Table;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table of stages")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table, A::Error> {
                let mut table = BTreeMap::new();
                while let Some(stage) = map.next_key::<String>()? {
                    if !NAMES.contains(&stage.as_str()) {
                        return Err(A::Error::unknown_field(&stage, &NAMES));
                    }
                    table.insert(stage, map.next_value()?);
                }
                Ok(Table(table))
            }
        }
        deserializer.deserialize_map(Stages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn table(text: &str, overrides: &[&str]) -> Result<Table> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.toml");
        fs::write(&path, text).unwrap();
        Table::load(&Config::load(&path, &overrides.iter().map(ToString::to_string).collect::<Vec<_>>())?)
    }

    fn numbers(resources: Resources) -> [u32; 3] {
        [resources.cpus.get(), resources.mem_mb.get(), resources.minutes.get()]
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let table = table("[resources]\ntrain = { cpus = 8 }\n", &["resources.split.minutes=3"]).unwrap();
        assert_eq!(numbers(table.of("train")), [8, 2000, 60]);
        assert_eq!(numbers(table.of("split")), [1, 2000, 3]);
        assert_eq!(numbers(table.of("ingest")), [1, 2000, 60]);
    }

    #[test]
    fn unknown_stages_and_keys_are_refused_with_the_nearest_name() {
        for (text, expected) in [
            ("trian = { cpus = 1 }", "resources: unknown key 'trian'; did you mean 'train'?"),
            ("train = { cpu = 1 }", "resources.train.cpu: unknown key 'cpu'; did you mean 'cpus'?"),
            ("train = { cpus = 0 }", "resources.train.cpus: expected a whole number from 1 to"),
            ("train = { mem_mb = \"2 GB\" }", "resources.train.mem_mb: expected a whole number from 1 to"),
            ("train = 3", "resources.train: expected a table"),
        ] {
            let error = table(&format!("[resources]\n{text}\n"), &[]).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.downcast_ref::<stage::Error>().unwrap().exit_code(), 78);
        }
    }
}
