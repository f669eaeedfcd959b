//! The stage binary `train`.

use clap::Parser;
use std::process::ExitCode;
use train::Arguments;

/// Fits the models of [train] on the train rows, each behind a MaxAbs scaling
///
/// Reads OUT/split/train.parquet, or any Parquet file of numeric columns given by --train. Writes
/// OUT/train/NAME.parquet for every model, and how long each took (fits.parquet). With --test it also
/// predicts the rows of that file and writes predictions.parquet (row_id, Actual, NAME_Pred).
///
/// Configuration: [train.NAME], one table per model, with scikit-learn's hyperparameters. The table's name says
/// which learner it is (Linear, MLP, DecisionTree, ExtraTree, RandomForest, ExtraTrees, GradientBoosting, Voting),
/// or its key `learner` does.
///
/// The work can be divided: --list-tasks tells into how many tasks, --task K/N does one of them (a model, or a range
/// of a forest's trees), and --merge puts the parts together to the same bytes, for any N.
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

    fn task(&self) -> stage::Result<Option<stage::Task>> {
        self.arguments.tasks.task()
    }
}

fn main() -> ExitCode {
    stage::main("train", |line: &CommandLine| train::run(&line.arguments))
}
