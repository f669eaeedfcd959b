//! The stage binary `split`.

use clap::Parser;
use std::process::ExitCode;

/// Splits the features into train, val and test rows and reports whether the split is fair
///
/// Reads OUT/feature-selection/features.parquet and OUT/ingest/observations.parquet. Writes
/// OUT/split/train.parquet, val.parquet and test.parquet (row_id, origin, the features, the label) and
/// report.json (rows, label quantiles, unseen levels, twins shared with train, adversarial AUC).
///
/// Configuration: [split] (by, fractions, random_state).
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
    stage::main("split", |line: &CommandLine| split::run(&line.stage))
}
