//! `report.html`: one file that shows a run to a person, without a network, scripts or other files.
//!
//! Every section is a function of the [`Report`] that returns markup, empty if the run has nothing to
//! show there. Names are data: the templates escape them.

mod summary;

mod scores;

mod plots;

mod models;

mod features;

mod split;

use artifacts::fits::FitRecord;
use artifacts::metrics::Score;
use artifacts::selection::Selection;
use artifacts::split_report::SplitReport;
use maud::html;
use page::Page;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose data this is, as in "laptops".
    pub title: String,
    /// Name of the label.
    pub label: String,
    /// All models' scores on all splits that have labels, in any order.
    pub scores: Vec<Score>,
    /// Why each candidate feature stayed or left.
    pub selection: Selection,
    /// What tells whether the split is fair.
    pub split: SplitReport,
    /// How long the fits took; empty if nothing recorded it.
    pub fits: Vec<FitRecord>,
    /// Every model and its parameters, values as JSON, in the order in which models are shown.
    pub parameters: Vec<(String, Vec<(String, String)>)>,
    /// A model and its SVG from [`crate::regplot::svg`].
    pub plots: Vec<(String, String)>,
}

/// Splits that have scores, in the order of the page, and what the page calls them.
const SPLITS: [(&str, &str); 4] =
    [("train", "train"), ("val", "val"), ("test", "test"), ("test_unseen", "test unseen")];

impl Report {
    /// A model's score on a split.
    fn score(&self, model: &str, split: &str) -> Option<&Score> {
        self.scores.iter().find(|score| score.model == model && score.split == split)
    }

    /// Whether any model has a score on the split.
    fn has_scores(&self, split: &str) -> bool {
        self.scores.iter().any(|score| score.split == split)
    }

    /// The split by which models are compared: test, or the nearest that has labels.
    fn judge(&self) -> Option<&'static str> {
        ["test", "val", "train"].into_iter().find(|split| self.has_scores(split))
    }

    /// The model with the smallest error on the split that judges.
    fn best(&self) -> Option<&Score> {
        let judge = self.judge()?;
        let scores = self.scores.iter().filter(|score| score.split == judge);
        scores.min_by(|a, b| a.rmse.total_cmp(&b.rmse))
    }

    /// A model's fit.
    fn fit(&self, model: &str) -> Option<&FitRecord> {
        self.fits.iter().find(|fit| fit.model == model)
    }

    /// Names of the models, in the order of the page.
    fn models(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(model, _)| model.as_str())
    }
}

/// The whole page.
pub fn html(report: &Report) -> String {
    let main = html! {
        (scores::section(report))
        (plots::section(report))
        (models::section(report))
        (features::section(report))
        (split::section(report))
    };
    Page {
        title: &format!("{} · {}", report.label, report.title),
        style: include_str!("report.css"),
        script: "",
        header: summary::header(report),
        main,
    }
    .to_html()
}
