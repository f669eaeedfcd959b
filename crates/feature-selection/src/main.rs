//! The stage binary `feature-selection`.

use clap::Parser;
use std::process::ExitCode;

/// Encodes observations as numbers and selects features
///
/// Reads OUT/ingest/observations.parquet. Writes OUT/feature-selection/features.parquet (row_id, origin,
/// group, the selected features, the label) and selection.parquet (why each candidate stayed or left).
///
/// Configuration: [feature-selection] (blocks, select, fit_on, columns, variance, vif, k-best,
/// forest-importance) and [split], which says what rows are train rows: only those are fitted on.
///
/// Exit codes: 0 done, 64 wrong flags, 65 bad data, 66 missing input, 70 bug, 74 disk, 75 try again later,
/// 78 wrong configuration, 130 and 143 after SIGINT and SIGTERM.
#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine {
    #[command(flatten)]
    stage: stage::Arguments,
}

impl stage::CommandLine for CommandLine {
    fn common(&self) -> &stage::Arguments {
        &self.stage
    }
}

fn main() -> ExitCode {
    stage::main("feature-selection", |line: &CommandLine| feature_selection::run(&line.stage))
}
