//! What must hold on Allegro's files, where they are.

use crate::workspace::{Pipeline, real_data};
use artifacts::rejected::{Reason, Rejected};
use artifacts::selection::Selection;
use artifacts::split_report::SplitReport;
use artifacts::{Cell, Features, Observations, Origin};

/// The 68 columns of the study's encoding, in its order.
const COLUMNS: [&str; 68] = [
    "graphic card type_dedicated graphics",
    "graphic card type_integrated graphics",
    "warranty_producer warranty",
    "warranty_seller warranty",
    "CPU cores",
    "RAM size",
    "CPU clock speed (GHz)",
    "drive memory size (GB)",
    "screen size",
    "resolution_x",
    "resolution_y",
    "bluetooth",
    "lan 10/100/1000 mbps",
    "wi-fi",
    "lan 10/100 mbps",
    "wi-fi 802.11 b/g/n/ac",
    "intel wireless display (widi)",
    "nfc (near field communication)",
    "modem 3g (wwan)",
    "gps",
    "wi-fi 802.11 a/b/g/n/ac",
    "modem 4g (lte)",
    "wi-fi 802.11 b/g/n",
    "wi-fi 802.11 a/b/g/n",
    "keyboard",
    "touchpad",
    "illuminated keyboard",
    "numeric keyboard",
    "SD card reader",
    "camera",
    "speakers",
    "microphone",
    "no system",
    "other",
    "windows 10 home",
    "windows 10 professional",
    "windows 7 home 64-bit",
    "windows 7 professional 32-bit",
    "windows 7 professional 64-bit",
    "windows 8.1 home 32-bit",
    "windows 8.1 home 64-bit",
    "windows 8.1 professional 32-bit",
    "windows 8.1 professional 64-bit",
    "emmc",
    "hdd",
    "hybrid",
    "ssd",
    "ssd + hdd",
    "ddr3",
    "ddr3l",
    "ddr4",
    "amd a10",
    "amd a12",
    "amd a4",
    "amd a6",
    "amd a8",
    "amd e1",
    "intel celeron ",
    "intel celeron dual-core",
    "intel celeron m",
    "intel celeron quad core ",
    "intel core i3",
    "intel core i5",
    "intel core i7",
    "intel core m",
    "intel pentium dual-core",
    "intel pentium quad-core ",
    "other CPU",
];

/// Columns that leave by VIF on all rows, in order, with the factors of those that are finite.
const DROPPED_ON_ALL: [(&str, Option<f64>); 8] = [
    ("other CPU", None),
    ("ddr4", None),
    ("ssd + hdd", None),
    ("warranty_seller warranty", None),
    ("graphic card type_integrated graphics", None),
    ("resolution_y", Some(732.38)),
    ("intel core i5", Some(66.07)),
    ("windows 10 home", Some(42.34)),
];

/// The same on train rows.
const DROPPED_ON_TRAIN: [(&str, Option<f64>); 3] =
    [("resolution_y", Some(818.20)), ("intel core i5", Some(67.27)), ("windows 10 home", Some(42.52))];

#[test]
fn rows_of_allegros_files_are_rejected_for_missing_cells_only() {
    let Some(data) = real_data("rows_of_allegros_files_are_rejected_for_missing_cells_only") else { return };
    let pipeline = Pipeline::laptops(&data);
    let summary = pipeline.stage("ingest").unwrap();
    assert_eq!(summary.text, "6109 rows kept (3694 train, 1215 val, 1200 test), 1744 rejected");
    let count = |origins: &[Origin]| {
        [Origin::Train, Origin::Val, Origin::Test]
            .map(|origin| origins.iter().filter(|other| **other == origin).count())
    };
    let kept = Observations::read(&pipeline.folder("ingest")).unwrap();
    assert_eq!(count(&kept.origin), [3694, 1215, 1200]);
    assert_eq!(kept.row_id[..3], [7233, 5845, 5897]);
    let rejected = Rejected::read(&pipeline.folder("ingest")).unwrap();
    assert_eq!(count(&rejected.origin), [1017, 356, 371]);
    assert!(rejected.reason.iter().all(|reason| *reason == Reason::Missing));
    let all_13 =
        |row: &usize| matches!(rejected.culprits.get(*row), Some(Cell::List(names)) if names.len() == 13);
    assert_eq!((0..rejected.culprits.len()).filter(all_13).count(), 255);
}

#[test]
fn features_are_the_studys_68_columns() {
    let Some(data) = real_data("features_are_the_studys_68_columns") else { return };
    let pipeline =
        Pipeline::laptops(&data).set("feature-selection.select=none").run_until("feature-selection");
    let features = Features::read(&pipeline.folder("feature-selection")).unwrap();
    assert_eq!(features.names, COLUMNS);
}

/// Candidates that left, in order, with their factors.
fn dropped(pipeline: &Pipeline) -> Vec<(String, f64)> {
    let mut left: Vec<_> = Selection::read(&pipeline.folder("feature-selection"))
        .unwrap()
        .0
        .into_iter()
        .filter_map(|candidate| Some((candidate.round?, candidate.feature, candidate.vif?)))
        .collect();
    left.sort_by_key(|(round, ..)| *round);
    left.into_iter().map(|(_, feature, vif)| (feature, vif)).collect()
}

fn assert_dropped(actual: &[(String, f64)], expected: &[(&str, Option<f64>)]) {
    let names: Vec<&str> = actual.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, vif), (_, expected)) in actual.iter().zip(expected) {
        assert!(
            expected.map_or(vif.is_infinite(), |expected| (vif - expected).abs() < 0.006),
            "{name}: {vif}"
        );
    }
}

#[test]
fn vif_on_all_rows_keeps_the_studys_60_columns() {
    let Some(data) = real_data("vif_on_all_rows_keeps_the_studys_60_columns") else { return };
    let pipeline = Pipeline::laptops(&data)
        .set("feature-selection.fit_on=all")
        .set("train={ Linear = {} }")
        .run_until("evaluate");
    assert_dropped(&dropped(&pipeline), &DROPPED_ON_ALL);
    let features = Features::read(&pipeline.folder("feature-selection")).unwrap();
    assert_eq!(features.names.len(), 60);
    let rmse = pipeline.rmse("test")["Linear"];
    assert!((rmse - 718.933_878_5).abs() < 1e-6, "{rmse}");
}

#[test]
fn vif_on_train_rows_keeps_58_columns() {
    let Some(data) = real_data("vif_on_train_rows_keeps_58_columns") else { return };
    let pipeline = Pipeline::laptops(&data).run_until("feature-selection");
    let dropped = dropped(&pipeline);
    assert_eq!(Features::read(&pipeline.folder("feature-selection")).unwrap().names.len(), 58);
    let (infinite, finite): (Vec<_>, Vec<_>) = dropped.into_iter().partition(|(_, vif)| vif.is_infinite());
    assert_eq!(infinite.len(), 7);
    for constant in ["windows 7 home 64-bit", "windows 7 professional 32-bit"] {
        assert!(infinite.iter().any(|(name, _)| name == constant), "{constant}");
    }
    assert_dropped(&finite, &DROPPED_ON_TRAIN);
}

#[test]
fn the_split_is_fair_and_one_by_price_is_not() {
    let Some(data) = real_data("the_split_is_fair_and_one_by_price_is_not") else { return };
    let pipeline = Pipeline::laptops(&data).run_until("split");
    let report = SplitReport::read(&pipeline.folder("split")).unwrap();
    assert_eq!(report.roles["test"].twins_with_train, 420);
    let auc = report.roles["test"].adversarial_auc.unwrap();
    assert!((auc - 0.5).abs() < 0.05, "{auc}");

    let features = Features::read(&pipeline.folder("feature-selection")).unwrap();
    let mut by_price: Vec<usize> = (0..features.row_id.len()).collect();
    by_price.sort_by(|&a, &b| features.label[a].partial_cmp(&features.label[b]).unwrap());
    let (cheap, dear) = by_price.split_at(features.row_id.len() * 4 / 5);
    let auc = split::adversarial_auc(&features.values, cheap, dear).unwrap();
    assert!(auc > 0.9, "{auc}");
}

#[test]
fn models_score_as_the_studys() {
    let Some(data) = real_data("models_score_as_the_studys") else { return };
    let pipeline = Pipeline::laptops(&data).set("feature-selection.select=none").run_until("evaluate");
    let rmse = pipeline.rmse("test");
    assert!((rmse["Linear"] - 722.091_974_4).abs() < 1e-6, "{rmse:?}");
    assert!((rmse["MLP"] - 770.923_0).abs() < 1e-3, "{rmse:?}");
    for (model, range) in [
        ("DecisionTree", 630.0..690.0),
        ("RandomForest", 515.0..535.0),
        ("GradientBoosting", 515.0..555.0),
        ("ExtraTrees", 530.0..550.0),
        ("Voting", 465.0..495.0),
    ] {
        assert!(range.contains(&rmse[model]), "{model}: {rmse:?}");
    }
}
