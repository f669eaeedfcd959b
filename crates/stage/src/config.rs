//! The configuration file: one TOML table, one section per stage, keys overridden by `--set`.

use crate::{Error, Result, hash_of};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The sections a configuration may have.
const SECTIONS: [&str; 6] = ["ingest", "feature-selection", "split", "train", "evaluate", "resources"];

/// A loaded configuration. Each stage takes and checks its own section.
#[derive(Clone, Debug)]
pub struct Config {
    path: PathBuf,
    table: Table,
}

impl Config {
    /// Reads `path` and applies overrides of the form `section.key=value`.
    ///
    /// # Errors
    /// If the file is missing, is no TOML, has an unknown section, or an override cannot be applied.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        let bytes = fs::read(path).map_err(|error| Error::reading(path, &error))?;
        let text = String::from_utf8(bytes)
            .map_err(|error| Error::config(format!("{}: {}", path.display(), error.utf8_error())))?;
        let mut table: Table = toml::from_str(&text).map_err(|error| syntax_error(path, &text, &error))?;
        for assignment in overrides {
            override_key(&mut table, assignment)?;
        }
        if let Some(unknown) = table.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            let hint = nearest(unknown, SECTIONS.into_iter());
            return Err(Error::config(format!("{}: unknown section [{unknown}]{hint}", path.display())));
        }
        Ok(Self { path: path.to_path_buf(), table })
    }

    /// The section `name` as `T`; a section that is not there counts as empty.
    ///
    /// # Errors
    /// If a key is unknown (the nearest valid name is suggested), missing, or of another type.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = self.table.get(name).cloned().unwrap_or_else(|| Value::Table(Table::new()));
        self.parse(value, name)
    }

    /// Deserialises `value`, which stands at `place` (a dotted key) of this configuration.
    ///
    /// # Errors
    /// As [`Self::section`].
    pub fn parse<T: DeserializeOwned>(&self, value: Value, place: &str) -> Result<T> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let inner = error.path().to_string();
            let place = if inner == "." { place.to_owned() } else { format!("{place}.{inner}") };
            let message = in_plain_words(error.inner().message());
            Error::config(format!("{}: {place}: {message}", self.path.display()))
        })
    }

    /// A short hash of the configuration with its overrides, to tell whether two runs had the same; the order of keys
    /// does not matter.
    pub fn digest(&self) -> String {
        let canonical = canonical(&Value::Table(self.table.clone()));
        hash_of(canonical.to_string().as_bytes())[..16].to_owned()
    }

    /// The names of the tables in the section `name`, in the order of the file.
    pub fn tables(&self, name: &str) -> Vec<&str> {
        let section = self.table.get(name).and_then(Value::as_table);
        let tables = section.into_iter().flatten().filter(|(_, value)| value.is_table());
        tables.map(|(name, _)| name.as_str()).collect()
    }

    /// The models of the section `name`: its tables, in the order of the file.
    ///
    /// # Errors
    /// If a value stands among them.
    pub fn models(&self, name: &str) -> Result<Vec<(String, Table)>> {
        let model = |(model, value): (String, Value)| match value {
            Value::Table(table) => Ok((model, table)),
            _ => {
                let place = format!("{name}.{model}");
                Err(self.error(&place, "must be a table of hyperparameters, as [train.MLP]"))
            }
        };
        self.section::<Table>(name)?.into_iter().map(model).collect()
    }

    /// What stands at `place` (dotted, as `split` or `train.MLP`), in canonical form: comments, the order of keys
    /// and ways to write a value do not matter. `train.*` is the sorted names of the tables there.
    pub fn slice(&self, place: &str) -> Json {
        if let Some(section) = place.strip_suffix(".*") {
            let mut names = self.tables(section);
            names.sort_unstable();
            return names.into();
        }
        let mut keys = place.split('.');
        let first = keys.next().and_then(|key| self.table.get(key));
        keys.try_fold(first, |value, key| Some(value?.get(key))).flatten().map_or_else(
            // An absent section means what an empty one does.
            || Json::Object(serde_json::Map::new()),
            canonical,
        )
    }

    /// Where the configuration was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error about the key `place` of this configuration.
    pub fn error(&self, place: &str, message: impl std::fmt::Display) -> Error {
        Error::config(format!("{}: {place}: {message}", self.path.display()))
    }
}

/// A text as TOML quotes it.
pub fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// A value without what does not matter.
fn canonical(value: &Value) -> Json {
    match value {
        Value::Table(table) => {
            let mut entries: Vec<_> =
                table.iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            entries.sort_by(|one, two| one.0.cmp(&two.0));
            Json::Object(entries.into_iter().collect())
        }
        Value::Array(values) => values.iter().map(canonical).collect(),
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Float(number) if number.is_finite() => (*number).into(),
        // JSON has neither infinities nor dates.
        other => other.to_string().into(),
    }
}

fn syntax_error(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    Error::config(format!("{}: line {line}: {}", path.display(), error.message()))
}

/// Applies one `key.path=value` to the table.
fn override_key(table: &mut Table, assignment: &str) -> Result<()> {
    let (key, _) = assignment
        .split_once('=')
        .ok_or_else(|| Error::usage(format!("--set {assignment}: expected KEY=VALUE")))?;
    // A quoted part may have one, too.
    let mut equals = assignment.match_indices('=');
    let (path, value) = equals
        .find_map(|(at, _)| Some((key_path(&assignment[..at])?, &assignment[at + 1..])))
        .ok_or_else(|| Error::usage(format!("--set {assignment}: '{key}' is no key")))?;
    let value = override_value(value.trim())
        .ok_or_else(|| Error::usage(format!("--set {assignment}: '{value}' is no TOML value")))?;
    let (last, sections) = path.split_last().ok_or_else(|| Error::usage("--set: empty key"))?;
    let mut here = table;
    for section in sections {
        here = here
            .entry(section.clone())
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| {
                Error::config(format!("--set {assignment}: '{section}' is a value, not a section"))
            })?;
    }
    here.insert(last.clone(), value);
    Ok(())
}

/// The parts of a dotted key, quoted parts unquoted.
fn key_path(key: &str) -> Option<Vec<String>> {
    let mut here: Table = toml::from_str(&format!("{key} = 0")).ok()?;
    let mut path = Vec::new();
    loop {
        let (name, value) = here.into_iter().next()?;
        path.push(name);
        match value {
            Value::Table(inner) => here = inner,
            _ => return Some(path),
        }
    }
}

/// A TOML value, or a bare word as a string.
fn override_value(text: &str) -> Option<Value> {
    match toml::from_str::<Table>(&format!("value = {text}")) {
        // Lines that follow would set other keys.
        Ok(mut table) => table.remove("value").filter(|_| table.is_empty()),
        Err(_) if text.starts_with(['[', '{', '"', '\'']) => None,
        Err(_) => Some(Value::String(text.to_owned())),
    }
}

/// A message of serde without names of Rust's types, and with the nearest valid name instead of them all.
fn in_plain_words(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let what = message.split(' ').take(2).collect::<Vec<_>>().join(" ");
    match (what.trim_end_matches(':'), message.rsplit_once(", expected "), quoted.next()) {
        ("unknown field", _, Some(name)) => format!("unknown key '{name}'{}", nearest(name, quoted)),
        ("unknown variant", _, Some(name)) => format!("unknown value '{name}'{}", nearest(name, quoted)),
        ("missing field", _, Some(name)) => format!("missing key '{name}'"),
        // What an enumeration has instead of a text is not said.
        ("invalid type", Some((_, "string only")), _) => "expected a text".to_owned(),
        ("invalid type" | "invalid value", Some((found, expected)), _) => {
            format!("expected {}, found {}", type_in_toml(expected), type_in_toml(&found[what.len() + 1..]))
        }
        _ => message.to_owned(),
    }
}

/// What serde calls a type, as somebody who writes TOML would.
fn type_in_toml(name: &str) -> String {
    match name {
        "u16" => format!("a whole number from 0 to {}", u16::MAX),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" | "usize" => "a whole number of at least 0".to_owned(),
        "a nonzero u16" => format!("a whole number from 1 to {}", u16::MAX),
        "a nonzero u32" => format!("a whole number from 1 to {}", u32::MAX),
        "f64" => "a number".to_owned(),
        "a string" => "a text".to_owned(),
        "sequence" | "a sequence" => "a list".to_owned(),
        "map" | "a map" => "a table".to_owned(),
        name if name.starts_with("struct ") => "a table".to_owned(),
        // A value: string "x", integer `3`, floating point `2.5`.
        value => match value.strip_prefix("string ") {
            Some(text) => format!("text {text}"),
            None => value.replace('`', "").replace("floating point", "number"),
        },
    }
}

/// "; did you mean 'x'?", or the list of valid names where none is near.
fn nearest<'a>(unknown: &str, valid: impl Iterator<Item = &'a str>) -> String {
    let valid: Vec<&str> = valid.collect();
    let best = valid
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance);
    match best {
        Some((distance, name)) if distance <= 1 + name.len() / 3 => format!("; did you mean '{name}'?"),
        Some(_) => format!("; valid are {}", valid.join(", ")),
        None => "; the section has none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Section {
        max_iter: Option<u32>,
        select: Option<String>,
    }

    fn config(text: &str, overrides: &[&str]) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.toml");
        fs::write(&path, text).unwrap();
        Config::load(&path, &overrides.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let config = config("[train]\nmax_itr = 3", &[]).unwrap();
        let error = config.section::<Section>("train").unwrap_err();
        assert_eq!(error.exit_code(), 78);
        assert!(
            error.to_string().ends_with("train.max_itr: unknown key 'max_itr'; did you mean 'max_iter'?"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_type_names_its_key() {
        let config = config("[train]\nmax_iter = \"many\"", &[]).unwrap();
        let error = config.section::<Section>("train").unwrap_err();
        let expected = "train.max_iter: expected a whole number from 0 to 4294967295, found text \"many\"";
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn messages_speak_of_toml() {
        let serde_says = [
            ("invalid type: string \"x\", expected struct Vif", "expected a table, found text \"x\""),
            (
                "invalid value: integer `-1`, expected u32",
                "expected a whole number from 0 to 4294967295, found integer -1",
            ),
            (
                "invalid type: floating point `2.5`, expected usize",
                "expected a whole number of at least 0, found number 2.5",
            ),
            ("invalid type: map, expected a sequence", "expected a list, found a table"),
            ("invalid type: unit variant, expected string only", "expected a text"),
            ("missing field `label`", "missing key 'label'"),
        ];
        for (message, plain) in serde_says {
            assert_eq!(in_plain_words(message), plain);
        }
    }

    #[test]
    fn overrides_take_bare_words_toml_and_quoted_keys() {
        let config = config(
            "[train]\nmax_iter = 1",
            &[
                "train.max_iter=7",
                "train.select=none",
                "ingest.\"CPU cores\"=[\"a\", \"b\"]",
                "ingest.\"price=EUR\"=number",
            ],
        )
        .unwrap();
        let train: Section = config.section("train").unwrap();
        assert_eq!((train.max_iter, train.select.as_deref()), (Some(7), Some("none")));
        let ingest: toml::Table = config.section("ingest").unwrap();
        assert_eq!(ingest["CPU cores"].as_array().unwrap().len(), 2);
        assert_eq!(ingest["price=EUR"].as_str(), Some("number"));
    }

    #[test]
    fn overrides_that_cannot_be_applied_are_usage_errors() {
        for wrong in ["train.max_iter", "=3", "train.x=[none]", "train.x=1\nother=2"] {
            assert_eq!(config("", &[wrong]).unwrap_err().exit_code(), 64, "{wrong}");
        }
    }

    #[test]
    fn quoted_texts_are_toml_whatever_they_hold() {
        for text in ["", "a b", "\"\\'", "\n\t\u{7f}\u{85}é"] {
            assert_eq!(key_path(&quoted(text)).unwrap(), [text]);
        }
    }

    #[test]
    fn a_slice_is_canonical() {
        let one = config("[train.A]\nx = 1\ny = { b = 2.50, a = inf }\n[train.B]\n", &[]).unwrap();
        let two = "# a comment\n[train.B]\n[train.A]\ny = { a = +inf, b = 2.5 }\nx = 0x1";
        let two = config(two, &["train.B.z=1"]).unwrap();
        assert_eq!(one.slice("train.A").to_string(), r#"{"x":1,"y":{"a":"inf","b":2.5}}"#);
        assert_eq!(one.slice("train.A"), two.slice("train.A"));
        assert_ne!(one.slice("train.B"), two.slice("train.B"));
        assert_eq!(two.slice("train.*").to_string(), r#"["A","B"]"#);
        assert_eq!(one.slice("split").to_string(), "{}");
        assert_eq!(two.tables("train"), ["B", "A"]);
    }

    #[test]
    fn unknown_sections_and_broken_toml_are_configuration_errors() {
        let error = config("[trian]\n", &[]).unwrap_err();
        assert!(error.to_string().ends_with("unknown section [trian]; did you mean 'train'?"), "{error}");
        let error = config("[train]\n\nx = = 3", &[]).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        assert_eq!(error.exit_code(), 78);
    }
}
