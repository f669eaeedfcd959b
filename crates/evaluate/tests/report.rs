//! The page: what is on it for whole and for poor runs, that it stands alone, and that names cannot
//! break it.

use artifacts::fits::FitRecord;
use artifacts::metrics::Score;
use artifacts::selection::{Candidate, Selection};
use artifacts::split_report::{RoleReport, SplitReport};
use evaluate::importance::{Importances, ModelImportance, Shuffled};
use evaluate::plots::Resamples;
use evaluate::report::{self, ModelPlots, Report};
use evaluate::{Judged, Listings, bands};
use runs::{Model, Run};
use serde_json::{Map, Value, json};
use stage::{Context, RunRecord};
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
    Report {
        title: "laptops".into(),
        run: record("this", scores.collect()),
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
        baseline: None,
        ..pictures()
    }
}

/// What a run of two models records.
fn record(id: &str, metrics: Vec<Score>) -> Run {
    let model = |name: &str, parameters: Value| Model {
        name: name.into(),
        parameters: parameters.as_object().cloned().unwrap_or_default(),
        seconds: Some(1.0),
    };
    let stage = RunRecord {
        time: "2026-11-25T18:40:00.000Z".into(),
        context: Context { run_id: id.into(), stage: "train".into(), ..Context::default() },
        seconds: 3.21,
        peak_memory_bytes: Some(123_400_000),
        threads: 2,
        text: "2 models".into(),
        written: Vec::new(),
    };
    Run {
        version: Run::VERSION,
        id: id.into(),
        created: "2026-11-25T18:40:00.000Z".into(),
        program: "0.1.0".into(),
        label: "buynow_price".into(),
        configuration: "c0ffee".into(),
        inputs: BTreeMap::from([("train".into(), format!("hash of {id}"))]),
        models: vec![
            model("Linear", json!({})),
            model("ExtraTrees", json!({ "n_estimators": 100, "random_state": 42 })),
        ],
        metrics,
        stages: vec![stage],
    }
}

/// The parts of a report that come from rows: ten of them.
fn pictures() -> Report {
    let actual: Vec<f64> = (0..10).map(|row| 1000.0 + 100.0 * f64::from(row)).collect();
    let models = [("Linear", 50.0), ("ExtraTrees", -20.0)];
    let resamples = Resamples::of(actual.len());
    let predicted = |by: f64| actual.iter().map(|y| y + by).collect::<Vec<f64>>();
    let judged = Judged {
        row_id: (70..80).collect(),
        actual: actual.clone(),
        models: models.iter().map(|(model, by)| ((*model).to_owned(), predicted(*by))).collect(),
    };
    let importance = |model: &str, impurity| ModelImportance {
        model: model.into(),
        impurity,
        permutation: vec![Shuffled { mean: 12.5, std: 1.5 }, Shuffled { mean: -0.5, std: 0.1 }],
    };
    Report {
        title: String::new(),
        run: record("none", Vec::new()),
        selection: Selection(Vec::new()),
        split: SplitReport { version: SplitReport::VERSION, roles: BTreeMap::new() },
        fits: Vec::new(),
        plots: judged.models.iter().map(|(model, p)| ModelPlots::of(model, p, &actual, &resamples)).collect(),
        bands: bands::bands(&actual, &judged.models.iter().map(|(_, p)| p.as_slice()).collect::<Vec<_>>()),
        listings: Listings {
            columns: vec!["CPU model".into(), "RAM size".into()],
            cells: (0..10).map(|row| vec!["intel core i5".into(), format!("{row} gb")]).collect(),
        },
        importances: Importances {
            features: vec!["intel core i5".into(), "intel core i7".into()],
            rows: 1215,
            models: vec![importance("Linear", None), importance("ExtraTrees", Some(vec![0.75, 0.25]))],
        },
        judged,
        baseline: None,
    }
}

/// The report without anything that comes from labels of test rows.
fn without_pictures(report: &mut Report) {
    report.plots.clear();
    report.bands.clear();
    report.judged = Judged::default();
    report.listings = Listings::default();
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
    assert_eq!((counts["h1"], counts["section"], counts["figure"], counts["article"]), (1, 10, 4, 2));
    assert_eq!(counts["table"], counts["caption"]);
    let sections = [
        "scores",
        "plots",
        "residuals",
        "bands",
        "errors",
        "importances",
        "features",
        "split",
        "models",
        "run",
    ];
    for id in sections {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    for text in [
        "722.10",
        "2 of 3 candidate",
        "4.10 ms",
        "n_estimators",
        "other CPU",
        "∞",
        "0.512",
        "15,473",
        "123.4 MB",
        "3.21 s",
        "75.0 %",
        "12.5",
        "1,215 rows of val",
        "1,000.0 – 1,100.0",
        "−20.0",
        "runs/this.json",
        "random_state",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_best_of_each_column_is_marked() {
    let page = report::html(&run());
    let winner = page.split("<tr class=\"winner\">").nth(1).unwrap().split("</tr>").next().expect("a name");
    assert!(winner.contains("ExtraTrees"));
    // val, test, test unseen, MAE, R2 and MAPE; not train.
    let scores = page.split("<section id=\"scores\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(scores.matches(" (best)").count(), 6);
    assert_eq!(winner.matches(" (best)").count(), 6);
}

#[test]
fn a_test_file_without_labels_has_no_scores() {
    let mut report = run();
    report.run.metrics.retain(|score| !score.split.starts_with("test"));
    without_pictures(&mut report);
    let page = report::html(&report);
    elements(&page);
    assert!(page.contains("The test rows have no labels") && !page.contains("id=\"plots\""));
    assert!(page.contains("On val"));
}

#[test]
fn without_test_scores_no_model_is_called_the_best() {
    // By val a column has a best value; the train rows, which the models have seen, tell nothing.
    for (splits, marks) in [(&["train", "val"][..], 4), (&["train"], 0)] {
        let mut report = run();
        report.run.metrics.retain(|score| splits.contains(&score.split.as_str()));
        report.split.roles.remove("test");
        without_pictures(&mut report);
        let page = report::html(&report);
        assert!(!page.contains("Best model") && !page.contains("<tr class=\"winner\">"));
        assert!(page.contains("Without test scores no model is called the best."));
        assert_eq!(page.matches(" (best)").count(), marks, "{splits:?}");
        assert_eq!(page.contains("the best of each column is marked"), marks > 0, "{splits:?}");
    }
}

#[test]
fn a_run_without_any_labels_has_a_page() {
    let mut report = run();
    report.run.metrics.clear();
    without_pictures(&mut report);
    report.importances = Importances::default();
    report.split.roles.values_mut().for_each(|role| role.label_quantiles.clear());
    let page = report::html(&report);
    assert_eq!(elements(&page)["section"], 4);
    assert!(!page.contains("Best model"));
}

#[test]
fn a_run_without_val_and_fits_has_a_page() {
    let mut report = run();
    report.run.metrics.retain(|score| score.split != "val");
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
    report.run.label = odd.into();
    report.run.id = odd.into();
    report.run.models[0].name = odd.into();
    report.run.models[1].parameters = Map::from_iter([(odd.to_owned(), odd.into())]);
    report.run.stages[0].text = odd.into();
    report.judged.models[0].0 = odd.into();
    report.listings.columns[0] = odd.into();
    report.listings.cells[0][1] = odd.into();
    report.importances.features[0] = odd.into();
    report.importances.models[0].model = odd.into();
    report.baseline = Some(Run { id: odd.into(), ..record("before", Vec::new()) });
    report.run.metrics[0].model = odd.into();
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
    report.plots[0] = ModelPlots::of(odd, &[1.0], &[1.0], &Resamples::of(1));
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

/// The level of every heading, in the order of the page.
fn headings(page: &str) -> Vec<u32> {
    let starts = page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10));
    starts.collect()
}

#[test]
fn headings_descend_one_level_at_a_time() {
    let mut report = run();
    report.baseline = Some(record("before", vec![score("Linear", "test", 700.0)]));
    let levels = headings(&report::html(&report));
    assert_eq!(levels.iter().filter(|&&level| level == 1).count(), 1);
    assert_eq!((levels[0], levels.contains(&3)), (1, true));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn pictures_and_regions_have_names_and_ids_are_unique() {
    let page = report::html(&run());
    for tag in page.split('<').filter(|tag| tag.contains("role=\"img\"") || tag.contains("role=\"region\"")) {
        assert!(tag.contains("aria-label=\"") && !tag.contains("aria-label=\"\""), "{tag}");
    }
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), all > 15), (all, true));
}

#[test]
fn the_listings_of_all_points_are_on_the_page_once() {
    let data = rows_of(&run());
    assert_eq!(data["row_id"].as_array().unwrap().len(), 10);
    assert_eq!(
        data["models"][1],
        json!({ "name": "ExtraTrees", "predicted": [980, 1080, 1180, 1280, 1380, 1480, 1580, 1680, 1780, 1880] })
    );
    let listings = &data["listings"];
    let cell = |column: usize, row: usize| {
        listings["texts"][listings["cells"][column][row].as_u64().unwrap() as usize].clone()
    };
    assert_eq!((cell(0, 9), cell(1, 3)), ("intel core i5".into(), "3 gb".into()));
    assert_eq!(listings["texts"].as_array().unwrap().len(), 11);
}

/// The rows of the listings' script.
fn rows_of(report: &Report) -> Value {
    let page = report::html(report);
    let json =
        page.split("type=\"application/json\">").nth(1).and_then(|rest| rest.split("</script>").next());
    serde_json::from_str(json.expect("the rows")).expect("valid JSON")
}

#[test]
fn points_have_the_digits_that_tell_them_apart() {
    let mut report = run();
    report.judged.actual = (0..10).map(|row| 5e6 + 0.01 * f64::from(row)).collect();
    let actual = report.judged.actual.clone();
    for (_, predicted) in &mut report.judged.models {
        predicted.clone_from(&actual);
        predicted[3] += 0.002;
    }
    let rows = rows_of(&report);
    assert_eq!(rows["actual"][1], json!(5_000_000.01));
    assert_eq!(rows["models"][0]["predicted"][3], json!(5_000_000.032));
}

#[test]
fn small_labels_have_digits() {
    let mut report = run();
    let actual: Vec<f64> = (0..10).map(|row| 0.001 * f64::from(row)).collect();
    let predicted: Vec<f64> = actual.iter().map(|y| y + 2e-5).collect();
    report.bands = bands::bands(&actual, &[&predicted, &predicted]);
    (report.judged.models[0].1, report.judged.models[1].1) = (predicted.clone(), predicted);
    report.judged.actual = actual;
    let page = report::html(&report);
    let section = |id: &str| {
        page.split(&format!("<section id=\"{id}\"")).nth(1).unwrap().split("</section>").next().unwrap()
    };
    for text in ["0.00000 – 0.00100", "0.0000200"] {
        assert!(section("bands").contains(text), "{text}: {}", section("bands"));
    }
    assert!(section("errors").contains("0.0000200"), "{}", section("errors"));
}

#[test]
fn a_model_that_diverged_leaves_the_others_digits() {
    let mut report = run();
    report.run.metrics.iter_mut().filter(|score| score.model == "Linear").for_each(|score| score.rmse = 5e6);
    report
        .run
        .metrics
        .iter_mut()
        .filter(|score| score.model == "ExtraTrees")
        .for_each(|score| score.rmse = 0.329_414);
    let page = report::html(&report);
    assert!(page.contains("RMSE 0.32941 ") && page.contains("5,000,000.000"));
}

#[test]
fn features_are_ordered_by_models_that_lose_without_them() {
    let mut report = run();
    let shuffled = |mean, std| Shuffled { mean, std };
    report.importances.models[0].permutation = vec![shuffled(2.0, 0.1), shuffled(60.0, 1.0)];
    for of_diverged in
        [[shuffled(-0.03, 0.01), shuffled(-0.08, 0.02)], [shuffled(0.2, 0.3), shuffled(-0.1, 0.2)]]
    {
        report.importances.models[1].permutation = of_diverged.to_vec();
        let page = report::html(&report);
        let table = page.split("Permutation<").nth(1).unwrap().split("</table>").next().unwrap();
        assert!(table.find("intel core i7") < table.find("intel core i5"), "{table}");
    }
}

#[test]
fn the_largest_errors_are_shown_with_their_listings() {
    let mut report = run();
    report.judged.models[1].1[4] += 500.0;
    let page = report::html(&report);
    let section = page.split("<section id=\"errors\"").nth(1).unwrap().split("</section>").next().unwrap();
    let first = section.split("<tbody>").nth(1).unwrap().split("</tr>").next().unwrap();
    for text in ["74", "1,400.0", "1,880.0", "480.0", "intel core i5", "4 gb"] {
        assert!(first.contains(text), "{text}: {first}");
    }
}

#[test]
fn a_baseline_shows_what_changed() {
    let mut report = run();
    let mut before = report.run.metrics.clone();
    before[2].rmse = 800.0;
    before.retain(|score| score.model != "ExtraTrees" || score.split != "val");
    let mut baseline = record("before", before);
    baseline.models[1].parameters = Map::from_iter([("n_estimators".to_owned(), 50.into())]);
    report.baseline = Some(baseline);
    let page = report::html(&report);
    let section = page.split("<section id=\"changes\"").nth(1).unwrap().split("</section>").next().unwrap();
    for text in
        ["before", "800.00", "722.10", "−77.90", "−9.74", "(better)", ">new<", "train: other artifacts"]
    {
        assert!(section.contains(text), "{text}: {section}");
    }
    assert!(section.contains("ExtraTrees: n_estimators 50 → 100"));
    assert!(section.contains("ExtraTrees: random_state not set → 42"));
    assert!(section.contains("6 of 8 rows are the same to the bit"));

    let mut scores_alone = record("metrics.json", report.run.metrics.clone());
    scores_alone.models.iter_mut().for_each(|model| model.parameters.clear());
    report.baseline = Some(scores_alone);
    assert!(!report::html(&report).contains("not set"));
}
