//! What ARCHITECTURE.md says of crates and files, checked.

use crate::workspace::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const STAGES: [&str; 5] = ["ingest", "feature-selection", "split", "train", "evaluate"];

/// Names under `[dependencies]` of a crate's manifest.
fn dependencies(krate: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    let section = text.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once('.').map(|(name, _)| name.trim().to_owned())).collect()
}

#[test]
fn no_stage_depends_on_a_stage() {
    for stage in STAGES {
        let dependencies = dependencies(&format!("crates/{stage}"));
        assert!(dependencies.contains("artifacts"), "{stage}");
        assert!(STAGES.iter().all(|other| !dependencies.contains(*other)), "{stage}: {dependencies:?}");
    }
}

#[test]
fn only_artifacts_knows_arrow_and_parquet() {
    for krate in STAGES.map(|stage| format!("crates/{stage}")).iter().map(String::as_str).chain([
        "crates/stage",
        "crates/page",
        "crates/regressors",
        "crates/runs",
        "crates/bench",
        "crates/explore",
        "crates/tables",
        "xtask",
    ]) {
        // The crate layouts knows Arrow: one of its subjects is Arrow's arrays. Nothing depends on it.
        let dependencies = dependencies(krate);
        assert!(!dependencies.iter().any(|name| name.starts_with("arrow") || name == "parquet"), "{krate}");
        assert!(!dependencies.contains("layouts"), "{krate}");
    }
    let layouts = dependencies("crates/layouts");
    assert!(!layouts.contains("parquet") && STAGES.iter().all(|stage| !layouts.contains(*stage)));
}

#[test]
fn versions_stand_in_the_workspace_manifest_only() {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|krate| krate.unwrap().path());
    for krate in crates.chain(["tests", "xtask"].map(|name| root().join(name))) {
        let text = fs::read_to_string(krate.join("Cargo.toml")).unwrap();
        let own = text.lines().find(|line| line.contains("version = \"") || line.contains(" = \"0."));
        assert_eq!(own, None, "{}", krate.display());
    }
}

#[test]
fn xtask_stays_light() {
    let heavy = ["artifacts", "regressors", "linfa", "ndarray"];
    assert!(heavy.iter().all(|name| !dependencies("xtask").contains(*name)));
}

#[test]
fn nothing_depends_on_bench_and_its_peers_are_optional() {
    let mut crates: Vec<String> = STAGES.iter().map(|stage| format!("crates/{stage}")).collect();
    crates.extend(
        [
            "crates/artifacts",
            "crates/explore",
            "crates/layouts",
            "crates/page",
            "crates/regressors",
            "crates/runs",
            "crates/stage",
            "crates/tables",
            "tests",
            "xtask",
        ]
        .map(str::to_owned),
    );
    for krate in &crates {
        assert!(!dependencies(krate).contains("bench"), "{krate}");
        assert!(default_members().contains(&format!("\"{krate}\"")), "{krate} is no default member");
    }
    assert!(!default_members().contains("crates/bench"));
    let manifest = fs::read_to_string(root().join("crates/bench/Cargo.toml")).unwrap();
    for peer in ["biosphere", "forust-ml", "smartcore"] {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{peer} ="))).unwrap();
        assert!(line.contains("optional = true"), "{line}");
    }
}

/// The list of that name in the workspace's manifest.
fn default_members() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let list = text.split("default-members = [").nth(1).unwrap();
    list.split(']').next().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_opens_with_what_it_owns() {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} has no opening comment", file.display());
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(!["common", "utils", "helpers"].contains(&name), "{}", file.display());
    }
}
