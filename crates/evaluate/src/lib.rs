//! The stage `evaluate`: predicts with every model, scores, and draws what people look at.

pub mod bands;
pub mod importance;
mod judged;
mod listings;
pub mod plots;
mod predict;
pub mod report;
pub mod scores;
mod splits;

pub use judged::Judged;
pub use listings::Listings;

use artifacts::Split;
use artifacts::fits::{self, FitRecord};
use artifacts::metrics::{self, Score};
use artifacts::predictions::Predictions;
use artifacts::roles::Role;
use artifacts::selection::Selection;
use artifacts::split_report::SplitReport;
use plots::Resamples;
use predict::Fitted;
use rayon::prelude::*;
use report::{ModelPlots, Report};
use runs::Run;
use serde::Deserialize;
use splits::Splits;
use stage::log::{self, Level};
use stage::{Config, Folder, Key, Result, RunRecord, Summary, hash_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Stages whose artifacts this one reads.
const UPSTREAM: [&str; 4] = ["ingest", "feature-selection", "split", "train"];

/// Flags of the stage.
#[derive(Clone, Debug, clap::Args)]
// Groups are named after structs, and stage::Arguments has the same name.
#[group(skip)]
pub struct Arguments {
    /// Flags that all stages take.
    #[command(flatten)]
    pub stage: stage::Arguments,

    /// Record of an earlier run (OUT/runs/ID.json) that the report shows the changes against
    #[arg(long, value_name = "RUN.json")]
    pub baseline: Option<PathBuf>,
}

/// The stage's section, which has no keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {}

/// Reads splits and models; writes predictions, metrics, plots, the report and the record of the run.
///
/// # Errors
/// If an input is refused, or the disk refuses an output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let flags = &arguments.stage;
    let baseline = arguments.baseline.as_deref().map(Baseline::read).transpose()?;
    let config = flags.config()?;
    config.section::<Section>("evaluate")?;
    let upstream = UPSTREAM.map(|stage| flags.folder(stage));
    let [ingest, selection, split, train] = &upstream;
    let (splits, models) = rayon::join(|| Splits::read(split, ingest), || predict::read(&config, train));
    let (splits, mut models) = (splits?, models?);
    predict::check_inputs(&models, train, &upstream.iter().fold(Key::default(), Key::read))?;
    if let Some(baseline) = &baseline {
        runs::check_label(&baseline.run, &splits.test.label_name)?;
    }
    predict::fill(&mut models, [&splits.train, &splits.val, &splits.test])?;
    let rows = [&splits.train, &splits.val, &splits.test].map(|split| split.row_id.len());
    let [rows_train, val, test] = rows.map(Into::into);
    let fields = [("train", rows_train), ("val", val), ("test", test), ("models", models.len().into())];
    log::event(Level::Info, "input", &fields);
    let judged = Judged::new(&splits, &models);
    // One after the other: each of them has work for all threads to its end.
    let plots = plots(&judged);
    let importances = importance::importances(&models, &splits.val)?;

    let scores: Vec<Vec<Score>> = models.iter().map(|model| splits.scores(model)).collect::<Result<_>>()?;
    let scores = scores.concat();
    let (chosen, shares) = (Selection::read(selection)?, SplitReport::read(split)?);
    let mut key = upstream.iter().fold(Key::new(&config, &["evaluate", "train.*"])?, Key::read);
    if let Some(baseline) = &baseline {
        key = key.record("baseline", baseline.hash.clone());
    }
    // Outputs whose run cannot be recorded would look complete.
    runs::make_folder(&flags.out)?;
    let mut publication = flags.folder("evaluate").publish(key)?;
    predictions(&splits.test, &models).write(&mut publication)?;
    metrics::write(&sorted(&scores), &mut publication)?;
    for plots in &plots {
        publication.artifact(&format!("{}.svg", plots.model), plots.regplot.svg.as_bytes())?;
    }
    let text = summary(&models, &scores, splits.test.row_id.len());
    let fits = fits::read(train).unwrap_or_default();
    let places = judged.row_id.iter().map(|&row_id| splits.place(row_id)).collect::<Result<Vec<_>>>()?;
    let predictions: Vec<&[f64]> = judged.models.iter().map(|(_, predicted)| predicted.as_slice()).collect();
    let mut report = Report {
        title: title(&config),
        run: record(flags, &config, &models, &fits, (&splits.test.label_name, scores))?,
        selection: chosen,
        split: shares,
        fits,
        bands: bands::bands(&judged.actual, &predictions),
        listings: Listings::new(&splits.observations, &places),
        importances,
        judged,
        plots,
        baseline: baseline.map(|baseline| baseline.run),
    };
    report.run.stages.extend(RunRecord::so_far(&text));
    publication.require("report.html");
    // Nothing else needs the models, and to free that many trees takes a while.
    let (html, ()) = rayon::join(|| report::html(&report), || drop(models));
    publication.record("report.html", html.as_bytes())?;
    let written = publication.commit()?;
    runs::write(&flags.out, &report.run)?;
    Ok(Summary { text, written })
}

/// A run to compare with, and the hash of its record.
struct Baseline {
    run: Run,
    hash: String,
}

impl Baseline {
    fn read(path: &Path) -> Result<Self> {
        Ok(Self { run: runs::read(path)?, hash: stage::hash_of_file(path)? })
    }
}

/// The pictures of all models, if some rows can be shown.
fn plots(judged: &Judged) -> Vec<ModelPlots> {
    let models = if judged.actual.is_empty() { &[][..] } else { &judged.models };
    let resamples = Resamples::of(judged.actual.len());
    let of = |(model, predicted): &(String, Vec<f64>)| {
        ModelPlots::of(model, predicted, &judged.actual, &resamples)
    };
    models.par_iter().map(of).collect()
}

/// What is kept of the run for later ones.
fn record(
    flags: &stage::Arguments,
    config: &Config,
    models: &[Fitted],
    fits: &[FitRecord],
    (label, metrics): (&str, Vec<Score>),
) -> Result<Run> {
    let model = |model: &Fitted| runs::Model {
        name: model.name.clone(),
        parameters: model.parameters().clone(),
        seconds: fits.iter().find(|fit| fit.model == model.name).map(|fit| fit.seconds),
    };
    let input = |stage: &str| Ok((stage.to_owned(), outputs_hash(&flags.folder(stage))?));
    Ok(Run {
        version: Run::VERSION,
        id: flags.run_id.clone().unwrap_or_else(log::run_id),
        created: runs::timestamp(SystemTime::now()),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        label: label.to_owned(),
        configuration: config.digest(),
        inputs: UPSTREAM.into_iter().map(input).collect::<Result<_>>()?,
        models: models.iter().map(model).collect(),
        metrics,
        stages: UPSTREAM.into_iter().filter_map(|stage| RunRecord::last(&flags.out, stage)).collect(),
    })
}

/// Artifacts have the models by name, as the order of keys in the configuration must not matter.
fn predictions(test: &Split, models: &[Fitted]) -> Predictions {
    let by_name: BTreeMap<&String, &Fitted> = models.iter().map(|model| (&model.name, model)).collect();
    Predictions {
        row_id: test.row_id.clone(),
        actual: test.label.clone(),
        models: by_name.into_iter().map(|(name, model)| (name.clone(), model.test.to_vec())).collect(),
    }
}

/// The scores by name of the model; see [`predictions`].
fn sorted(scores: &[Score]) -> Vec<Score> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|one, two| one.model.cmp(&two.model));
    sorted
}

/// One hash of all artifacts in a folder.
fn outputs_hash(folder: &Folder) -> Result<String> {
    let manifest = folder.manifest()?;
    let outputs = manifest.units.values().flat_map(|unit| &unit.outputs);
    let all: String = outputs.map(|(name, hash)| format!("{name} {hash}\n")).collect();
    Ok(hash_of(all.as_bytes()))
}

fn summary(models: &[Fitted], scores: &[Score], rows: usize) -> String {
    let of_test = scores.iter().filter(|score| score.split == Role::Test.name());
    match of_test.min_by(|a, b| a.rmse.total_cmp(&b.rmse)) {
        Some(best) => {
            let (models, rmse) = (models.len(), page::numbers::significant(best.rmse, 5));
            format!("{models} models on {rows} test rows, best {} ({rmse})", best.model)
        }
        None if rows == 0 => format!("{} models, and no test row", models.len()),
        None => format!("{} models on {rows} test rows without label", models.len()),
    }
}

/// Whose data the report is about: the name of the configuration's folder.
fn title(config: &Config) -> String {
    let folder = config.path().canonicalize().ok();
    let name = folder.as_deref().and_then(|path| path.parent()?.file_name());
    name.map_or_else(|| "pipeline".to_owned(), |name| name.to_string_lossy().into_owned())
}
