//! The page: what is on it for whole and for poor runs, that it stands alone, and that names cannot
//! break it.

use artifacts::fits::FitRecord;
use artifacts::metrics::Score;
use artifacts::selection::{Candidate, Selection};
use artifacts::split_report::{RoleReport, SplitReport};
use evaluate::regplot::{self, RegPlot};
use evaluate::report::{self, Report};
use std::collections::BTreeMap;

fn score(model: &str, split: &str, rmse: f64) -> Score {
    let rows = if split == "test_unseen" { 780 } else { 1200 };
    Score {
        model: model.into(),
        split: split.into(),
        rmse,
        mae: 0.7 * rmse,
        r2: Some(1.0 - rmse / 2000.0),
        mape: rmse / 9000.0,
        rows,
    }
}

fn candidate(feature: &str, round: Option<u32>) -> Candidate {
    Candidate {
        feature: feature.into(),
        column: "CPU model".into(),
        kind: "category".into(),
        level: Some(feature.into()),
        vif: Some(if round.is_some() { f64::INFINITY } else { 1.5 }),
        f_score: None,
        importance: None,
        kept: round.is_none(),
        round,
        reason: "vif".into(),
    }
}

fn role(rows: usize, twins: usize, auc: Option<f64>) -> RoleReport {
    let quantiles = [("q00", 429.0), ("q05", 1449.0), ("q25", 2359.0), ("q50", 3299.0), ("q75", 4509.0)];
    let rest = [("q95", 6774.0), ("q100", 15_472.65)];
    RoleReport {
        rows,
        unlabelled: 0,
        label_quantiles: quantiles.into_iter().chain(rest).map(|(key, y)| (key.to_owned(), y)).collect(),
        unseen_levels: BTreeMap::from([("operating system".into(), vec!["windows 7".into()])]),
        twins_with_train: twins,
        adversarial_auc: auc,
    }
}

/// A run of two models on three splits.
fn run() -> Report {
    let models = [("Linear", [702.8, 731.2, 722.1, 786.1]), ("ExtraTrees", [190.3, 551.1, 538.5, 613.4])];
    let splits = ["train", "val", "test", "test_unseen"];
    let scores = models.iter().flat_map(|(model, errors)| {
        splits.iter().zip(errors).map(|(split, &rmse)| score(model, split, rmse))
    });
    let (train, val) = (role(3694, 0, None), role(1215, 431, Some(0.497)));
    let roles = [
        ("train", RoleReport { unseen_levels: BTreeMap::new(), ..train }),
        ("val", val),
        ("test", role(1200, 420, Some(0.512))),
    ];
    let fit = |model: &str, seconds| FitRecord {
        model: model.into(),
        seconds,
        threads: 2,
        alone: true,
        rows: 3694,
        features: 2,
    };
    let svg = |model| regplot::svg(&RegPlot { model, predicted: &[1.0, 2.0, 3.0], actual: &[1.5, 2.0, 2.5] });
    Report {
        title: "laptops".into(),
        label: "buynow_price".into(),
        scores: scores.collect(),
        selection: Selection(vec![
            candidate("intel core i5", None),
            candidate("other CPU", Some(1)),
            candidate("intel core i7", None),
        ]),
        split: SplitReport {
            version: SplitReport::VERSION,
            roles: roles.into_iter().map(|(name, role)| (name.to_owned(), role)).collect(),
        },
        fits: vec![fit("Linear", 0.0041), fit("ExtraTrees", 1.38)],
        parameters: vec![
            ("Linear".into(), Vec::new()),
            ("ExtraTrees".into(), vec![("n_estimators".into(), "100".into())]),
        ],
        plots: ["Linear", "ExtraTrees"].map(|model| (model.to_owned(), svg(model))).into(),
    }
}

/// Panics unless every element is closed in the right order; returns how often each was opened.
#[track_caller]
fn elements(page: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let (tag, after) = (&rest[start + 1..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "at: {}", &rest[..rest.len().min(80)]);
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().expect("a name");
        if ["script", "style"].contains(&name) {
            let end = rest.find(&format!("</{name}>")).expect("scripts and styles end");
            rest = &rest[end..];
        }
        *counts.entry(name.to_owned()).or_default() += 1;
        if !tag.ends_with('/') && !["meta", "link"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    counts
}

#[test]
fn a_whole_run_has_every_section() {
    let page = report::html(&run());
    let counts = elements(&page);
    assert_eq!((counts["h1"], counts["section"], counts["figure"], counts["article"]), (1, 5, 2, 2));
    assert_eq!(counts["table"], counts["caption"]);
    for id in ["scores", "plots", "models", "features", "split"] {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    for text in ["722.10", "2 of 3 candidate", "4.10 ms", "n_estimators", "other CPU", "∞", "0.512", "15,473"]
    {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_best_of_each_column_is_marked() {
    let page = report::html(&run());
    let winner = page.split("<tr class=\"winner\">").nth(1).unwrap().split("</tr>").next().expect("a name");
    assert!(winner.contains("ExtraTrees"));
    // val, test, test unseen, MAE, R2 and MAPE; not train.
    assert_eq!(page.matches(" (best)").count(), 6);
    assert_eq!(winner.matches(" (best)").count(), 6);
}

#[test]
fn a_test_file_without_labels_has_no_scores() {
    let mut report = run();
    report.scores.retain(|score| !score.split.starts_with("test"));
    report.plots.clear();
    let page = report::html(&report);
    elements(&page);
    assert!(page.contains("The test rows have no labels") && !page.contains("id=\"plots\""));
    assert!(page.contains("on val") && page.contains("On val"));
}

#[test]
fn a_run_without_any_labels_has_a_page() {
    let mut report = run();
    report.scores.clear();
    report.plots.clear();
    report.split.roles.values_mut().for_each(|role| role.label_quantiles.clear());
    let page = report::html(&report);
    assert_eq!(elements(&page)["section"], 3);
    assert!(!page.contains("Best model"));
}

#[test]
fn a_run_without_val_and_fits_has_a_page() {
    let mut report = run();
    report.scores.retain(|score| score.split != "val");
    report.split.roles.remove("val");
    report.fits.clear();
    let page = report::html(&report);
    elements(&page);
    assert!(!page.contains(">val<") && !page.contains("Fit times") && !page.contains("seconds"));
}

#[test]
fn names_cannot_break_the_page() {
    let odd = "</style><script>alert(\"1\")</script> & 'co'";
    let mut report = run();
    report.title = odd.into();
    report.label = odd.into();
    report.parameters[0].0 = odd.into();
    report.parameters[1].1[0] = (odd.into(), odd.into());
    report.scores[0].model = odd.into();
    report.fits[0].model = odd.into();
    for candidate in &mut report.selection.0 {
        candidate.feature = odd.into();
        candidate.column = odd.into();
        candidate.level = Some(odd.into());
        candidate.reason = format!("{odd}{:?}", candidate.round);
    }
    let test = report.split.roles.remove("test").unwrap();
    report.split.roles.insert(
        odd.into(),
        RoleReport { unseen_levels: BTreeMap::from([(odd.into(), vec![odd.into()])]), ..test },
    );
    report.plots[0].1 = regplot::svg(&RegPlot { model: odd, predicted: &[1.0], actual: &[1.0] });
    let page = report::html(&report);
    assert_eq!(elements(&page)["script"], elements(&report::html(&run()))["script"]);
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
}

#[test]
fn the_page_loads_nothing() {
    let page = report::html(&run()).replace("http://www.w3.org/2000/svg", "");
    for part in ["http:", "https:", "//cdn", "src=", "url(", "@import"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("default-src 'none'"));
}
