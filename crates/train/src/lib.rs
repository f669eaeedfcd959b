//! The stage `train`: fits every configured model on the train rows, in parallel, and stores them.
//!
//! One process does it all; or several tasks do a share each, and a merge gives the same bytes.

mod config;
mod fit;
mod learner;
mod outputs;
mod progress;
mod sections;
mod tasks;
mod units;
mod values;

use artifacts::parts::Parts;
use artifacts::roles::Role;
use artifacts::{Names, Split, models, splits};
use config::Planned;
use fit::{Fitted, Job};
use learner::Learner;
use outputs::Output;
use stage::log::{self, Level};
use stage::{Error, Folder, Kind, Result, Summary, TaskFlags};
use std::path::PathBuf;
use units::Unit;

/// The stage's name, and its section in configurations.
const STAGE: &str = "train";

/// Flags of the stage.
#[derive(Clone, Debug, Default, clap::Args)]
// Groups are named after structs, and stage::Arguments has the same name.
#[group(skip)]
pub struct Arguments {
    /// Flags common to all stages
    #[command(flatten)]
    pub stage: stage::Arguments,

    /// Train only these models, separated by commas; Voting trains members of its that are missing; `none` only removes
    /// models that are not configured any more
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub model: Vec<String>,

    /// Train on this Parquet file of numeric columns instead of OUT/split/train.parquet; an int64 column `row_id` is the
    /// index, a text `origin` and a uint64 `group` are left out, and no feature can have one of these names
    #[arg(long, value_name = "FILE", requires = "label")]
    pub train: Option<PathBuf>,

    /// Predict the rows of this Parquet file with the same columns
    #[arg(long, value_name = "FILE", requires = "train", conflicts_with_all = ["task", "task_from_env"])]
    pub test: Option<PathBuf>,

    /// The label column of the files of --train and --test
    #[arg(long, value_name = "NAME", requires = "train")]
    pub label: Option<String>,

    /// Print the tasks that there are at most, as JSON on stdout, and which of --tasks N does each
    #[arg(long, conflicts_with_all = ["task", "task_from_env", "merge"])]
    pub list_tasks: bool,

    /// Which share of the work to do; the parts wait in OUT/train/parts for --merge
    #[command(flatten)]
    pub tasks: TaskFlags,

    /// Put the parts of all tasks together, as if one process had trained; the parts are removed
    #[arg(long, conflicts_with_all = ["task", "task_from_env", "tasks"])]
    pub merge: bool,
}

/// Fits the models and stores them, or does what the flags ask for instead: list, one task, or merge.
///
/// # Errors
/// If the configuration or the rows are refused, a fit fails, parts are missing, or the disk refuses an output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let folder = arguments.stage.folder(STAGE);
    // Read once: keys that are made after the fits speak of what these were made by.
    let config = arguments.stage.config()?;
    let plan = config::plan(&config, &arguments.model, |name| folder.contains(&models::file(name)))?;
    let split = arguments.stage.folder("split");
    if arguments.list_tasks {
        return tasks::list(&plan.models, arguments.tasks.tasks);
    }
    if arguments.tasks.tasks.is_some() && !arguments.tasks.task_from_env {
        return Err(Error::usage(
            "--tasks says how many there are: give --task-from-env or --list-tasks with it",
        ));
    }
    if let Some(task) = arguments.tasks.task()? {
        if units::of_task(&units::units(&plan.models), task).is_empty() {
            return Ok(Summary { text: format!("task {task}: nothing is left to do"), written: Vec::new() });
        }
        let (rows, hash) = train_rows(arguments, &split)?;
        return tasks::run(task, &plan.models, (&rows, &hash), arguments);
    }
    let (rows, hash) = train_rows(arguments, &split)?;
    let (test, test_hash) = test_rows(arguments, &rows)?.unzip();
    let files = arguments.train.iter().zip([&hash]).chain(arguments.test.iter().zip(&test_hash));
    let rows_key = outputs::rows_key(&config, &split, files)?;
    let are_published = || outputs::are_published(&plan, &rows_key, (&config, arguments));
    let already = || {
        remove_parts(arguments, &plan.models, &folder)?;
        Ok(Summary { text: "all models are merged already".to_owned(), written: Vec::new() })
    };
    // A scheduler may start a merge again that was done, or killed while it removed the parts.
    if arguments.merge && are_published()? {
        return already();
    }
    let output =
        |name: &str, fitted: &Fitted| Output::prepare(name.to_owned(), fitted, &folder, test.as_ref());
    let outputs = if arguments.merge {
        match tasks::merge(&plan.models, (&rows, &hash), arguments, are_published, output)? {
            Some(outputs) => outputs,
            None => return already(),
        }
    } else {
        fit_all(&plan.models, (&rows, &names(arguments, &rows)), output)?
    };
    let summary = outputs::publish(&plan, outputs, (&rows, test.as_ref()), rows_key, (&config, arguments))?;
    if arguments.merge {
        remove_parts(arguments, &plan.models, &folder)?;
    }
    Ok(summary)
}

/// Removes what was merged: beside the models of --model, the parts of others may still be made.
fn remove_parts(arguments: &Arguments, models: &[Planned<Learner>], folder: &Folder) -> Result<()> {
    if arguments.model.is_empty() {
        return Parts::new(folder).remove();
    }
    let units: Vec<String> = units::units(models).iter().map(Unit::name).collect();
    Parts::new(folder).remove_some(&units)
}

/// The rows to train on, and the hash of their file as it was read.
fn train_rows(arguments: &Arguments, split: &Folder) -> Result<(Split, String)> {
    let (split, hash) = match (&arguments.train, &arguments.label) {
        (Some(path), Some(label)) => {
            let read = || Split::from_plain_file(path, label);
            let (split, hash) = arguments.stage.patience().wait(&[Kind::Missing], read)?;
            if !split.label.is_empty() && split.label.iter().all(Option::is_none) {
                let path = path.display();
                return Err(Error::data(format!(
                    "{path}: no labels in a column '{label}'; --label names the column"
                )));
            }
            (split, hash)
        }
        _ => (Split::read(split, Role::Train)?, split.hash_as_read(&splits::file(Role::Train))?),
    };
    let names = names(arguments, &split);
    let file = names.file.display();
    if split.names.is_empty() {
        return Err(Error::data(format!("{file}: the train rows have no features")));
    }
    if let Some(row) = split.label.iter().position(Option::is_none) {
        let cell = format!("{file}: column '{}', {}", split.label_name, names.row(row));
        return Err(Error::data(format!("{cell}: null; every row to train on needs its label")));
    }
    let fields = [("rows", split.row_id.len().into()), ("features", split.names.len().into())];
    log::event(Level::Info, "input", &fields);
    Ok((split, hash))
}

/// What the rows that [`train_rows`] gave are called.
fn names<'a>(arguments: &Arguments, rows: &'a Split) -> Names<'a> {
    let split = || arguments.stage.folder("split").file(&splits::file(Role::Train));
    Names {
        file: arguments.train.clone().unwrap_or_else(split),
        features: &rows.names,
        label: &rows.label_name,
        row_id: arguments.train.is_none().then_some(&rows.row_id),
    }
}

/// The rows of a plain file that are to be predicted, if there is one: their features are those of the train rows. With the
/// hash of the file as it was read.
fn test_rows(arguments: &Arguments, train: &Split) -> Result<Option<(Split, String)>> {
    let Some(path) = &arguments.test else { return Ok(None) };
    let read = || Split::from_plain_file(path, &train.label_name);
    let (test, hash) = arguments.stage.patience().wait(&[Kind::Missing], read)?;
    let lacks = |names: &[String], name: &&String| !names.contains(name);
    let reason = if let Some(name) = train.names.iter().find(|name| lacks(&test.names, name)) {
        format!("column '{name}' is not there, which the train rows have")
    } else if let Some(name) = test.names.iter().find(|name| lacks(&train.names, name)) {
        format!("column '{name}': the train rows do not have it")
    } else if let Some((name, other)) = test.names.iter().zip(&train.names).find(|(one, other)| one != other)
    {
        format!("column '{name}' stands where the train rows have '{other}'")
    } else {
        return Ok(Some((test, hash)));
    };
    Err(Error::data(format!("{}: {reason}; give both files the same columns in one order", path.display())))
}

fn fit_all(
    planned: &[Planned<Learner>],
    rows: (&Split, &Names<'_>),
    output: impl Fn(&str, &Fitted) -> Result<Output> + Sync,
) -> Result<Vec<Output>> {
    let jobs: Vec<Job> = planned.iter().map(|planned| Job { planned, trees: None }).collect();
    fit::all(&jobs, rows, |place, fitted| output(&planned[place].name, &fitted))
}
