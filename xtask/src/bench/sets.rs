//! The data sets as pairs of Parquet files, made once under cargo's target folder.

use super::rows::Data;
use crate::pipeline::{self, Inputs};
use crate::root;
use anyhow::{Result, bail};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A data set on disk.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) data: Data,
    pub(crate) train: PathBuf,
    pub(crate) test: PathBuf,
    pub(crate) label: String,
}

/// Makes a data set in a folder of its own under `out`; generated ones stay there for the next time.
///
/// # Errors
/// If a stage or the generator fails.
pub(crate) fn prepare(data: Data, bench: &Path, out: &Path, laptops: Option<&Path>) -> Result<Set> {
    let folder = out.join(data.name());
    let (files, label) = if data == Data::Laptops {
        (folder.join("split"), split_laptops(&folder, laptops)?)
    } else {
        if !folder.join("train.parquet").exists() {
            let _ = writeln!(io::stderr().lock(), "making data set {} in {}", data.name(), folder.display());
            if !Command::new(bench).args(["data", data.name()]).arg(&folder).status()?.success() {
                bail!("data set {} could not be made; see above", data.name());
            }
        }
        (folder, "price".to_owned())
    };
    Ok(Set { data, train: files.join("train.parquet"), test: files.join("test.parquet"), label })
}

/// Runs the stages up to the split, with all columns; returns the label's name.
fn split_laptops(out: &Path, laptops: Option<&Path>) -> Result<String> {
    let inputs = Inputs {
        data: laptops.map(Path::to_path_buf),
        config: root().join("data/laptops/pipeline.toml"),
        threads: None,
        set: vec!["feature-selection.select=none".to_owned()],
    };
    let binaries = pipeline::build()?;
    for stage in ["ingest", "feature-selection", "split"] {
        pipeline::execute(&binaries.join(stage), &inputs.for_stage(out))?;
    }
    pipeline::label(&inputs)
}
