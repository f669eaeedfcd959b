//! Where things lie, and how a test runs stages: in this process, each on a pool of its own.

use stage::{Arguments, Folder, Result, Summary};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The stages, in order.
pub(crate) const STAGES: [&str; 5] = ["ingest", "feature-selection", "split", "train", "evaluate"];

/// Files beside a stage's artifacts that may differ between runs.
pub(crate) const RECORDS: [&str; 2] = ["train/fits.parquet", "evaluate/report.html"];

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The real data, if `LAPTOPS_DIR` says where they lie. Says on stderr, past the test's capture, if not.
pub(crate) fn real_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LAPTOPS_DIR").map(PathBuf::from);
    let line = match &folder {
        Some(_) => format!("on real data: {test}\n"),
        None => format!("skipped: {test}: LAPTOPS_DIR is not set\n"),
    };
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    folder
}

/// A pipeline to run: its configuration, its data and a folder for its artifacts.
pub(crate) struct Pipeline {
    pub(crate) arguments: Arguments,
    threads: usize,
    _out: tempfile::TempDir,
}

impl Pipeline {
    /// The laptop configuration on the data in `data`.
    pub(crate) fn laptops(data: &Path) -> Self {
        Self::new(&root().join("data/laptops/pipeline.toml"), data)
    }

    /// The laptop configuration on the sample data.
    pub(crate) fn sample() -> Self {
        Self::laptops(&root().join("data/laptops"))
    }

    pub(crate) fn new(config: &Path, data: &Path) -> Self {
        let out = tempfile::tempdir().unwrap();
        let arguments = Arguments {
            config: config.to_path_buf(),
            out: out.path().to_path_buf(),
            data: Some(data.to_path_buf()),
            ..Arguments::default()
        };
        Self { arguments, threads: 2, _out: out }
    }

    /// Overrides a key of the configuration.
    pub(crate) fn set(mut self, assignment: &str) -> Self {
        self.arguments.set.push(assignment.to_owned());
        self
    }

    pub(crate) fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    pub(crate) fn folder(&self, stage: &str) -> Folder {
        self.arguments.folder(stage)
    }

    /// Runs one stage.
    pub(crate) fn stage(&self, name: &str) -> Result<Summary> {
        let arguments = &self.arguments;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build().unwrap();
        pool.install(|| match name {
            "ingest" => ingest::run(arguments),
            "feature-selection" => feature_selection::run(arguments),
            "split" => split::run(arguments),
            "train" => {
                train::run(&train::Arguments { stage: arguments.clone(), ..train::Arguments::default() })
            }
            "evaluate" => evaluate::run(&evaluate::Arguments { stage: arguments.clone(), baseline: None }),
            other => panic!("there is no stage {other}"),
        })
    }

    /// Runs all stages up to and with the named one.
    pub(crate) fn run_until(self, last: &str) -> Self {
        for name in STAGES {
            self.stage(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            if name == last {
                break;
            }
        }
        self
    }

    /// All artifacts by path, without run records.
    pub(crate) fn artifacts(&self) -> BTreeMap<String, Vec<u8>> {
        let mut artifacts = BTreeMap::new();
        for stage in fs::read_dir(&self.arguments.out).unwrap() {
            let stage = stage.unwrap().path();
            // The driver's lock, and the records of runs by programs.
            if !stage.is_dir() || stage.ends_with("logs") {
                continue;
            }
            for file in fs::read_dir(&stage).unwrap() {
                let path = file.unwrap().path();
                let name = path.strip_prefix(&self.arguments.out).unwrap().display().to_string();
                let record = RECORDS.contains(&name.as_str());
                if !record && !name.starts_with("runs/") && !name.contains("/.") {
                    artifacts.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        artifacts
    }

    /// RMSE by model on a split.
    pub(crate) fn rmse(&self, split: &str) -> BTreeMap<String, f64> {
        let text = fs::read(self.folder("evaluate").file("metrics.json")).unwrap();
        let scores: Vec<artifacts::metrics::Score> = serde_json::from_slice(&text).unwrap();
        scores
            .into_iter()
            .filter(|score| score.split == split)
            .map(|score| (score.model, score.rmse))
            .collect()
    }
}
