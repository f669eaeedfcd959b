//! The stage binary `evaluate`.

use clap::Parser;
use evaluate::Arguments;
use std::process::ExitCode;

/// Predicts with every model, scores, and makes the report
///
/// Reads OUT/split, OUT/train, OUT/feature-selection/selection.parquet and OUT/ingest/observations.parquet. Writes
/// OUT/evaluate/predictions.parquet (row_id, Actual, NAME_Pred), metrics.parquet and metrics.json (RMSE, MAE,
/// R2 and MAPE on train, val, test and test_unseen), NAME.svg (predicted against actual) and report.html, and
/// keeps a record of the run, OUT/runs/ID.json.
///
/// Configuration: the names and the order of the models in [train].
///
/// Exit codes: 0 done, 64 wrong flags, 65 bad data, 66 missing input, 70 bug, 74 disk, 75 try again later,
/// 78 wrong configuration, 130 and 143 after SIGINT and SIGTERM.
#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

impl stage::CommandLine for CommandLine {
    fn common(&self) -> &stage::Arguments {
        &self.arguments.stage
    }
}

fn main() -> ExitCode {
    stage::main("evaluate", |line: &CommandLine| evaluate::run(&line.arguments))
}
