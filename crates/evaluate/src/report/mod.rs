//! `report.html`: one file that shows a run to a person, without a network or other files.
//!
//! Every section is a function of the [`Report`] that returns markup, empty if the run has nothing to
//! show there. Names are data: the templates escape them. All of it can be read without scripts; `report.js`
//! adds the listings of the pictures' points.

mod summary;

mod scores;

mod changes;

mod plots;

mod bands;

mod errors;

mod importance;

mod features;

mod split;

mod models;

mod run;

use crate::bands::Band;
use crate::importance::Importances;
use crate::plots::Resamples;
use crate::plots::regplot::{self, RegPlot};
use crate::plots::{Drawing, residuals};
use crate::{Judged, Listings};
use artifacts::fits::FitRecord;
use artifacts::metrics::Score;
use artifacts::selection::Selection;
use artifacts::split_report::SplitReport;
use maud::{Markup, html};
use page::Page;
use rayon::prelude::*;
use runs::Run;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose data this is, as in "laptops".
    pub title: String,
    /// Scores, parameters, and what the run was made from.
    pub run: Run,
    /// Why each candidate feature stayed or left.
    pub selection: Selection,
    /// What tells whether the split is fair.
    pub split: SplitReport,
    /// How long the fits took; empty if nothing recorded it.
    pub fits: Vec<FitRecord>,
    /// The pictures of every model; empty if no test row has a label.
    pub plots: Vec<ModelPlots>,
    /// The test rows that have a label.
    pub judged: Judged,
    /// Their cells.
    pub listings: Listings,
    /// Errors by the label's size.
    pub bands: Vec<Band>,
    /// What the models build on.
    pub importances: Importances,
    /// The run that this one is compared with.
    pub baseline: Option<Run>,
}

/// A model's pictures.
#[derive(Clone, Debug)]
pub struct ModelPlots {
    /// Name of the model.
    pub model: String,
    /// Predicted against actual.
    pub regplot: Drawing,
    /// Residuals against predicted.
    pub residuals: Drawing,
}

impl ModelPlots {
    /// Draws the rows with these predictions and labels; bands are of `resamples`.
    ///
    /// # Panics
    /// If there are not as many predictions as labels.
    pub fn of(model: &str, predicted: &[f64], actual: &[f64], resamples: &Resamples) -> Self {
        let plot = RegPlot { model, predicted, actual };
        let (regplot, residuals) = rayon::join(|| regplot::draw(&plot, resamples), || residuals::draw(&plot));
        Self { model: model.to_owned(), regplot, residuals }
    }
}

/// Splits that have scores, in the order of the page, and what the page calls them.
const SPLITS: [(&str, &str); 4] =
    [("train", "train"), ("val", "val"), ("test", "test"), ("test_unseen", "test unseen")];

impl Report {
    /// A model's score on a split.
    fn score(&self, model: &str, split: &str) -> Option<&Score> {
        self.run.metrics.iter().find(|score| score.model == model && score.split == split)
    }

    /// Whether any model has a score on the split.
    fn has_scores(&self, split: &str) -> bool {
        self.run.metrics.iter().any(|score| score.split == split)
    }

    /// The split whose scores are shown in full: test, or the nearest that has labels.
    fn judge(&self) -> Option<&'static str> {
        ["test", "val", "train"].into_iter().find(|split| self.has_scores(split))
    }

    /// The model with the smallest error on the test rows; `None` if no model has one.
    fn best(&self) -> Option<&Score> {
        let scores = self.run.metrics.iter().filter(|score| score.split == "test");
        scores.min_by(|a, b| a.rmse.total_cmp(&b.rmse))
    }

    /// A model's fit.
    fn fit(&self, model: &str) -> Option<&FitRecord> {
        self.fits.iter().find(|fit| fit.model == model)
    }

    /// Names of the models, in the order of the page.
    fn models(&self) -> impl Iterator<Item = &str> {
        self.run.models.iter().map(|model| model.name.as_str())
    }
}

/// The whole page.
pub fn html(report: &Report) -> String {
    let sections = || SECTIONS.par_iter().map(|section| (section.render)(report)).collect::<Vec<Markup>>();
    let (sections, listings) = rayon::join(sections, || plots::listings(report));
    let shown = || SECTIONS.iter().zip(&sections).filter(|(_, markup)| !markup.0.is_empty());
    let links = page::nav(shown().map(|(section, _)| (section.id, section.name)));
    let main = html! {
        @for (_, section) in shown() { (section) }
        (listings)
    };
    Page {
        title: &format!("{} · {}", report.run.label, report.title),
        style: include_str!("report.css"),
        script: if report.plots.is_empty() { "" } else { include_str!("report.js") },
        header: summary::header(report, &links),
        main,
    }
    .to_html()
}

/// A section of the page.
struct Section {
    id: &'static str,
    /// How a link to it reads.
    name: &'static str,
    /// What it shows of a report, if anything.
    render: fn(&Report) -> Markup,
}

/// All of them, in the order of the page.
const SECTIONS: [Section; 11] = [
    Section { id: "scores", name: "Scores", render: scores::section },
    Section { id: "changes", name: "Changes", render: changes::section },
    Section { id: "plots", name: "Plots", render: plots::section },
    Section { id: "residuals", name: "Residuals", render: plots::residuals },
    Section { id: "bands", name: "Bands", render: bands::section },
    Section { id: "errors", name: "Largest errors", render: errors::section },
    Section { id: "importances", name: "Importances", render: importance::section },
    Section { id: "features", name: "Features", render: features::section },
    Section { id: "split", name: "Split", render: split::section },
    Section { id: "models", name: "Models", render: models::section },
    Section { id: "run", name: "Run", render: run::section },
];
