//! Stage `ingest`: raw files to observations.
//!
//! Raw files are read as they are, in parallel, their columns are matched with the configuration, and their rows are
//! sorted out: complete rows whose cells their kinds can read are observations, the others are rejected with the
//! reason. Files that are no table, and labels that cannot be, are refused.

mod config;
mod file;
mod sieve;

use artifacts::Origin;
use config::IngestConfig;
use file::RawFile;
use rayon::prelude::*;
use sieve::Sieve;
use stage::log::{self, Level};
use stage::{Arguments, Error, Key, Kind, Result, Summary};
use std::path::Path;

/// The name that the stage's configuration section and output folder share.
pub const NAME: &str = "ingest";

/// Reads the raw files and writes `observations.parquet` and `rejected.parquet`.
///
/// # Errors
/// If the configuration is wrong, a file is missing or refused, no row is left to train on, or the disk
/// refuses the output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let whole = arguments.config()?;
    let config = IngestConfig::load(&whole)?;
    let mut sieve = Sieve::new(&config);
    let hashed = config.files.in_order().map(|(origin, name)| {
        let path = arguments.data().join(name);
        let hash = arguments.patience().wait(&[Kind::Missing], || stage::hash_of_file(&path))?;
        Ok((origin, name, path, hash))
    });
    let hashed: Vec<_> = hashed.collect::<Result<_>>()?;
    // All are read before the first is refused, so that the error does not depend on which was faster.
    let read: Vec<Result<RawFile>> = hashed
        .par_iter()
        .map(|(origin, _, path, hash)| {
            let file = RawFile::read(&config, *origin, path.clone())?;
            check_unchanged(path, hash)?;
            Ok(file)
        })
        .collect();
    for (file, (_, _, path, _)) in read.into_iter().zip(&hashed) {
        let file = file?;
        let fields = [("file", path.display().to_string().into()), ("rows", file.rows().into())];
        log::event(Level::Info, "input", &fields);
        sieve.sort_out(file)?;
    }
    let sorted = sieve.finish()?;
    let text = summary(&sorted.observations.origin, sorted.rejected.row_id.len());

    // Only now is the hash of the program needed, which another thread makes meanwhile.
    let mut key = Key::new(&whole, &[NAME])?;
    for (_, name, _, hash) in hashed {
        key = key.file(&name.display().to_string(), hash);
    }
    let mut publication = arguments.folder(NAME).publish(key)?;
    sorted.observations.write(&mut publication)?;
    sorted.rejected.write(&mut publication)?;
    Ok(Summary { text, written: publication.commit()? })
}

/// Whether the file is still what it was before it was read: the key must speak of what was read.
fn check_unchanged(path: &Path, hash: &str) -> Result<()> {
    if stage::hash_of_file(path)? == hash {
        return Ok(());
    }
    Err(Error::new(Kind::Temporary, format!("{}: changed while it was read; try again", path.display())))
}

/// As in "6109 rows kept (3694 train, 1215 val, 1200 test), 1744 rejected".
fn summary(kept: &[Origin], rejected: usize) -> String {
    let counts = [Origin::Train, Origin::Val, Origin::Test].map(|origin| {
        let count = kept.iter().filter(|other| **other == origin).count();
        (count > 0).then(|| format!("{count} {origin}"))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    format!("{} rows kept{counts}, {rejected} rejected", kept.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_rows_by_origin() {
        use Origin::{All, Test, Train};
        assert_eq!(summary(&[Train, Train, Test], 4), "3 rows kept (2 train, 1 test), 4 rejected");
        assert_eq!(summary(&[All, All], 0), "2 rows kept, 0 rejected");
    }
}
