//! Stage `ingest`: raw files to observations.
//!
//! Raw files are read as they are, in parallel, their columns are matched with the configuration, and their rows are
//! sorted out: complete rows whose cells their kinds can read are observations, the others are rejected with the
//! reason. Files that are no table, and labels that cannot be, are refused.

mod config;
mod file;
mod sieve;

use artifacts::rejected::Reason;
use artifacts::{Origin, Rejected};
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
    let text = summary(&sorted.observations.origin, &sorted.rejected);

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

/// As in "6109 rows kept (3694 train, 1215 val, 1200 test), 1744 rejected"; of cells that could not be read also where
/// most of them are: a sign that a column has another kind.
fn summary(kept: &[Origin], rejected: &Rejected) -> String {
    let counts = [Origin::Train, Origin::Val, Origin::Test].map(|origin| {
        let count = kept.iter().filter(|other| **other == origin).count();
        (count > 0).then(|| format!("{count} {origin}"))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    let most = most_unparsable(rejected).map_or_else(String::new, |(column, count)| {
        format!(" ({count} by '{}': unparsable)", column.escape_debug())
    });
    format!("{} rows kept{counts}, {} rejected{most}", kept.len(), rejected.row_id.len())
}

/// The column of which most rows' cells could not be read, the first by name of several, and how many.
fn most_unparsable(rejected: &Rejected) -> Option<(&str, usize)> {
    let rows = (0..rejected.reason.len()).filter(|&row| rejected.reason[row] == Reason::Unparsable);
    sieve::rejected_by(&rejected.culprits, rows).into_iter().rev().max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::{Cell, CellsBuilder};

    fn rejected(rows: &[(Reason, &[&'static str])]) -> Rejected {
        let mut culprits = CellsBuilder::lists();
        rows.iter().for_each(|(_, names)| culprits.push(Some(Cell::List(names.to_vec()))).unwrap());
        Rejected {
            row_id: (0..rows.len() as i64).collect(),
            origin: vec![Origin::All; rows.len()],
            reason: rows.iter().map(|(reason, _)| *reason).collect(),
            culprits: culprits.finish(),
            columns: Vec::new(),
            label_name: "y".into(),
            label: vec![None; rows.len()],
        }
    }

    #[test]
    fn the_summary_counts_rows_by_origin() {
        use Origin::{All, Test, Train};
        assert_eq!(
            summary(&[Train, Train, Test], &rejected(&[])),
            "3 rows kept (2 train, 1 test), 0 rejected"
        );
        assert_eq!(summary(&[All, All], &rejected(&[])), "2 rows kept, 0 rejected");
    }

    #[test]
    fn the_summary_names_the_column_that_could_not_be_read() {
        use Reason::{Missing, Unparsable};
        let rows: [(Reason, &[&str]); 5] = [
            (Missing, &["c"]),
            (Unparsable, &["b", "a\n"]),
            (Unparsable, &["b", "a\n"]),
            (Missing, &["c"]),
            (Missing, &["c"]),
        ];
        assert_eq!(
            summary(&[Origin::All], &rejected(&rows)),
            "1 rows kept, 5 rejected (2 by 'a\\n': unparsable)"
        );
        assert_eq!(summary(&[Origin::All], &rejected(&rows[..1])), "1 rows kept, 1 rejected");
    }
}
