//! What ARCHITECTURE.md says of crates and files, checked.

use crate::workspace::{STAGES, root};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

fn manifest(folder: &Path) -> Table {
    fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap()
}

/// The crates of the workspace by folder, as in `crates/stage`, with their manifests.
fn crates() -> BTreeMap<String, Table> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|krate| krate.unwrap().path());
    let folders = folders.chain(["tests", "xtask"].map(|name| root().join(name)));
    let name = |folder: &Path| folder.strip_prefix(root()).unwrap().display().to_string();
    folders.map(|folder| (name(&folder), manifest(&folder))).collect()
}

/// What stands in the tables of that kind, those for some targets only included.
fn entries<'a>(manifest: &'a Table, kinds: &[&str]) -> Vec<(&'a String, &'a Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = [manifest].into_iter().chain(targets.filter_map(Value::as_table));
    let tables = places.flat_map(|place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()));
    tables.flatten().collect()
}

/// What a crate depends on outside of its tests.
fn dependencies(manifest: &Table) -> BTreeSet<&str> {
    let entries = entries(manifest, &["dependencies", "build-dependencies"]);
    entries.into_iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn no_stage_depends_on_a_stage() {
    let crates = crates();
    for stage in STAGES {
        let dependencies = dependencies(&crates[&format!("crates/{stage}")]);
        assert!(dependencies.contains("artifacts"), "{stage}");
        assert!(STAGES.iter().all(|other| !dependencies.contains(other)), "{stage}: {dependencies:?}");
    }
}

#[test]
fn only_artifacts_knows_arrow_and_parquet() {
    for (krate, manifest) in crates() {
        let dependencies = dependencies(&manifest);
        let knows = |name: &str| dependencies.iter().any(|dependency| dependency.starts_with(name));
        // One of the subjects of the crate layouts is Arrow's arrays.
        let may = (krate == "crates/artifacts", krate == "crates/layouts");
        assert!(may.0 || !knows("parquet"), "{krate}");
        assert!(may.0 || may.1 || !knows("arrow"), "{krate}");
        assert!(!dependencies.contains("layouts"), "{krate}");
        assert!(!may.1 || STAGES.iter().all(|stage| !dependencies.contains(stage)), "{krate}");
    }
}

#[test]
fn versions_stand_in_the_workspace_manifest_only() {
    for (krate, manifest) in crates() {
        for (name, entry) in entries(&manifest, &["dependencies", "dev-dependencies", "build-dependencies"]) {
            assert_eq!(entry.get("workspace"), Some(&Value::Boolean(true)), "{krate}: {name}");
        }
        let package = manifest["package"].as_table().unwrap();
        assert_eq!(package["version"].get("workspace"), Some(&Value::Boolean(true)), "{krate}");
    }
}

#[test]
fn xtask_stays_light() {
    let heavy = ["artifacts", "regressors", "linfa", "ndarray"];
    assert!(heavy.iter().all(|name| !dependencies(&crates()["xtask"]).contains(name)));
}

#[test]
fn nothing_depends_on_bench_and_its_peers_are_optional() {
    let workspace = manifest(&root());
    let default_members = workspace["workspace"]["default-members"].as_array().unwrap();
    let crates = crates();
    for (krate, manifest) in &crates {
        assert!(!dependencies(manifest).contains("bench"), "{krate}");
        let is_default = default_members.iter().any(|member| member.as_str() == Some(krate));
        assert_eq!(is_default, krate != "crates/bench", "{krate}");
    }
    for peer in ["biosphere", "forust-ml", "smartcore"] {
        let entry = &crates["crates/bench"]["dependencies"][peer];
        assert_eq!(entry.get("optional"), Some(&Value::Boolean(true)), "{peer}");
    }
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
