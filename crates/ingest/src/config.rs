//! The section `[ingest]` of the configuration.

use artifacts::raw::Format;
use artifacts::{Kind, Origin, observations, rejected};
use serde::Deserialize;
use stage::{Config, Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the raw files are and what their columns mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IngestConfig {
    pub(crate) files: Files,
    pub(crate) format: Format,
    /// Column of row ids, for formats without an index.
    pub(crate) index: Option<String>,
    pub(crate) label: String,
    /// A label under this is an error; without it labels may be negative.
    pub(crate) label_min: Option<f64>,
    /// Columns to leave out, even where `columns` gives them a kind.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    #[serde(default, rename = "missing")]
    pub(crate) _missing: Missing,
    columns: BTreeMap<String, Kind>,
    /// The file of this configuration, for messages.
    #[serde(skip)]
    path: PathBuf,
}

/// What happens to a row with a missing cell.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Missing {
    /// It goes to the rejected rows.
    #[default]
    Drop,
}

/// The raw files: train, test and perhaps val; or all rows in one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    train: Option<PathBuf>,
    val: Option<PathBuf>,
    test: Option<PathBuf>,
    all: Option<PathBuf>,
}

impl Files {
    /// The files in the order of their rows: train, val, test, however the configuration lists them.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Origin, &Path)> {
        let files = [
            (Origin::Train, &self.train),
            (Origin::Val, &self.val),
            (Origin::Test, &self.test),
            (Origin::All, &self.all),
        ];
        files.into_iter().filter_map(|(origin, file)| Some((origin, file.as_deref()?)))
    }
}

/// What a column of the raw files is.
pub(crate) enum Use<'a> {
    Feature(&'a Kind),
    Label,
}

impl IngestConfig {
    /// Takes the section from the configuration and checks it.
    ///
    /// # Errors
    /// If a key is unknown, missing, of another type, or contradicts another.
    pub(crate) fn load(config: &Config) -> Result<Self> {
        let mut ingest: Self = config.section(crate::NAME)?;
        ingest.path = config.path().to_path_buf();
        ingest.check_files()?;
        ingest.check_columns()?;
        Ok(ingest)
    }

    /// The kinds of the columns that are features, by name.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        let names = self.columns.keys().map(String::as_str);
        names.filter(|name| *name != self.label && !self.ignore.iter().any(|ignored| ignored == name))
    }

    /// What the raw column `name` is, which is none to ignore; `None` if the configuration does not say.
    pub(crate) fn use_of(&self, name: &str) -> Option<Use<'_>> {
        if name == self.label { Some(Use::Label) } else { self.columns.get(name).map(Use::Feature) }
    }

    /// An error about the key `place` of this section.
    pub(crate) fn error(&self, place: &str, message: impl std::fmt::Display) -> Error {
        Error::config(format!("{}: {}.{place}: {message}", self.path.display(), crate::NAME))
    }

    fn check_files(&self) -> Result<()> {
        let Files { train, val, test, all } = &self.files;
        if all.is_some() && (train.is_some() || val.is_some() || test.is_some()) {
            return Err(self.error("files", "all stands alone; name either all, or train, val and test"));
        }
        if all.is_none() && (train.is_none() || test.is_none()) {
            return Err(self.error("files", "name train and test (and val, if there is one), or all"));
        }
        // So that `./a` is `a`.
        let files: Vec<_> =
            self.files.in_order().map(|(origin, file)| (origin, Path::new(".").join(file))).collect();
        for (place, (origin, file)) in files.iter().enumerate() {
            if let Some((other, _)) = files[..place].iter().find(|(_, other)| other == file) {
                let message = format!("{other} and {origin} are one file; name a file of its own for each");
                return Err(self.error("files", message));
            }
        }
        Ok(())
    }

    fn check_columns(&self) -> Result<()> {
        if self.ignore.contains(&self.label) {
            return Err(self.error("ignore", format!("'{}' is the label; take one of both out", self.label)));
        }
        if self.columns.get(&self.label).is_some_and(|kind| *kind != Kind::Number) {
            let message = format!("'{}' is the label, which is a number; leave it out here", self.label);
            return Err(self.error("columns", message));
        }
        if self.label_min.is_some_and(|min| !min.is_finite()) {
            return Err(self.error("label_min", "must be finite; leave it out if there is none"));
        }
        if let Some(index) = &self.index {
            self.check_index(index)?;
        }
        if let Some(name) = self.features().find(|name| is_reserved(name)) {
            let advice = "rename the column in the files, or name it in ingest.ignore";
            return Err(self.error("columns", format!("'{name}' is a name of the artifacts; {advice}")));
        }
        if is_reserved(&self.label) {
            let message =
                format!("'{}' is a name of the artifacts; rename the column in the files", self.label);
            return Err(self.error("label", message));
        }
        if self.features().next().is_none() {
            return Err(self.error("columns", "names no feature; write each column with its kind"));
        }
        Ok(())
    }

    fn check_index(&self, index: &str) -> Result<()> {
        if self.format.has_index() {
            return Err(self.error("index", "files of format json-columns have an index; leave index out"));
        }
        if *index == self.label || self.ignore.iter().any(|name| name == index) {
            return Err(self.error("index", format!("'{index}' is the label or ignored as well; choose one")));
        }
        if self.columns.contains_key(index) {
            return Err(self.error("columns", format!("'{index}' is the index; leave it out here")));
        }
        Ok(())
    }
}

/// Whether artifacts use the column name for themselves.
fn is_reserved(name: &str) -> bool {
    observations::RESERVED.contains(&name) || rejected::RESERVED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn load(changes: &[(&str, &str)]) -> std::result::Result<IngestConfig, String> {
        let mut text = String::from(
            "[ingest]\nfiles = { test = \"c\", train = \"a\" }\nformat = \"csv\"\nlabel = \"y\"\n[ingest.columns]\nx = \"number\"\n",
        );
        for (from, to) in changes {
            assert!(text.contains(from));
            text = text.replacen(from, to, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.toml");
        fs::write(&path, text).unwrap();
        IngestConfig::load(&Config::load(&path, &[]).unwrap()).map_err(|error| {
            assert_eq!(error.exit_code(), 78);
            error.to_string().replace(&path.display().to_string(), "pipeline.toml")
        })
    }

    #[test]
    fn files_come_in_the_order_of_their_rows() {
        let config = load(&[("{ test = \"c\"", "{ test = \"c\", val = \"b\"")]).unwrap();
        let files: Vec<_> =
            config.files.in_order().map(|(origin, path)| (origin, path.to_path_buf())).collect();
        let expected = [(Origin::Train, "a".into()), (Origin::Val, "b".into()), (Origin::Test, "c".into())];
        assert_eq!(files, expected);
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |from, to| load(&[(from, to)]).unwrap_err();
        for (from, to, message) in [
            (
                "test = \"c\"",
                "all = \"c\"",
                "files: all stands alone; name either all, or train, val and test",
            ),
            ("test = \"c\",", "", "files: name train and test (and val, if there is one), or all"),
            ("\"c\"", "\"a\"", "files: train and test are one file; name a file of its own for each"),
            ("\"c\"", "\"./a\"", "files: train and test are one file; name a file of its own for each"),
            ("test", "tst", "files.tst: unknown key 'tst'; did you mean 'test'?"),
            ("csv", "cvs", "format: unknown value 'cvs'; did you mean 'csv'?"),
            ("label", "index = \"y\"\nlabel", "index: 'y' is the label or ignored as well; choose one"),
            ("label", "index = \"x\"\nlabel", "columns: 'x' is the index; leave it out here"),
            ("label", "ignore = [\"y\"]\nlabel", "ignore: 'y' is the label; take one of both out"),
            ("label", "label_min = nan\nlabel", "label_min: must be finite; leave it out if there is none"),
            ("label", "missing = \"mean\"\nlabel", "missing: unknown value 'mean'; valid are drop"),
            ("\"number\"", "\"nmber\"", "columns.x: unknown value 'nmber'; did you mean 'number'?"),
            ("x =", "y =", "columns: names no feature; write each column with its kind"),
            (
                "\"y\"",
                "\"group\"",
                "label: 'group' is a name of the artifacts; rename the column in the files",
            ),
            (
                "x =",
                "reason =",
                "columns: 'reason' is a name of the artifacts; rename the column in the files, or name it in ingest.ignore",
            ),
            (
                "x =",
                "y = \"category\"\nx =",
                "columns: 'y' is the label, which is a number; leave it out here",
            ),
            (
                "\"csv\"",
                "\"json-columns\"\nindex = \"id\"",
                "index: files of format json-columns have an index; leave index out",
            ),
        ] {
            assert_eq!(refused(from, to), format!("pipeline.toml: ingest.{message}"));
        }
    }

    #[test]
    fn ignored_columns_may_have_a_kind() {
        let config = load(&[("label", "ignore = [\"z\"]\nlabel"), ("x =", "z = \"category\"\nx =")]).unwrap();
        assert_eq!(config.features().collect::<Vec<_>>(), ["x"]);
        assert!(config.use_of("w").is_none());
    }
}
