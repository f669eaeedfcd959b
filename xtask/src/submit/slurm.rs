//! The chain as a shell script that hands it to Slurm, one job a stage.

use super::Plan;
use super::chain::{Job, Part};
use super::quote::{shell, shell_words};
use anyhow::Result;
use stage::Error;
use std::fmt::Write;

/// Queues the jobs; `$id` is the last one's.
const SUBMIT: &str = r#"
# Jobs already queued would wait for one that was refused.
queued=
trap 'if [ $? -ne 0 ] && [ -n "$queued" ]; then scancel $queued; fi' EXIT

# submit JOB OPTIONS...: queues the script on standard input and prints "JOB ID".
# A job sees its user's login environment, not this shell's. One that is run again goes on in the same log. A job whose
# predecessor failed is cancelled instead of waiting for ever.
submit() {
  job=$1
  shift
  id=$(sbatch --parsable --job-name="$job" --export=NONE --requeue --open-mode=append --kill-on-invalid-dep=yes "$@")
  id=${id%%;*}
  queued="$queued $id"
  echo "$job $id"
}
"#;

/// The script. It prints a line "JOB ID" for every job.
///
/// # Errors
/// If OUT, where the logs are, has a backslash, which turns Slurm's patterns off.
pub(crate) fn render(plan: &Plan) -> Result<String> {
    if plan.out.contains('\\') {
        let message = format!("{}: Slurm cannot have '\\' in the name of a log", plan.out);
        return Err(Error::usage(message).into());
    }
    let folder = format!("{}/slurm", plan.out);
    let mut text = format!(
        "#!/bin/sh\n\
         # The pipeline as Slurm jobs, written by `cargo xtask submit --to slurm`. A stage that ends with code 75 asks to be run\n\
         # again: Slurm does so where slurm.conf says RequeueExit=75.\n\
         set -eu\n{SUBMIT}\n\
         # Slurm fails a job without a word where its log has no folder.\n\
         mkdir -p {}\n",
        shell(&folder)
    );
    for job in &plan.jobs {
        text.push_str(&one(plan, job, &folder));
    }
    Ok(text)
}

/// A call of `submit`, with the job's script.
fn one(plan: &Plan, job: &Job, folder: &str) -> String {
    let mut text = format!("\nsubmit {}", job.name);
    if let Some(partition) = &plan.options.partition {
        let _ = write!(text, " --partition={}", shell(partition));
    }
    let resources = job.resources;
    let _ = write!(
        text,
        " --cpus-per-task={} --mem={}M --time={}",
        resources.cpus, resources.mem_mb, resources.minutes
    );
    let mut flags = plan.flags_elsewhere(job);
    if plan.threads.is_some() {
        // Without --threads a stage uses the processors that Slurm gives it.
        flags.extend(["--threads".to_owned(), plan.threads(job)]);
    }
    let mut log = "%j";
    match job.part {
        Part::Whole => {}
        Part::Tasks(count) => {
            let _ = write!(text, " --array=0-{}", count - 1);
            log = "%A_%a";
            // With the number of tasks a part of the array, submitted again, does what it did before.
            flags.extend(["--task-from-env", "--tasks", &count.to_string()].map(str::to_owned));
        }
        Part::Merge => flags.push("--merge".to_owned()),
    }
    // A percent sign of the folder's own would be read as one of Slurm's patterns.
    let log = format!("{}/{}-{log}.log", folder.replace('%', "%%"), job.name);
    let _ = write!(text, " \\\n  --output={}", shell(&log));
    if !job.after.is_empty() {
        let ids: Vec<String> = job.after.iter().map(|name| format!("${}", variable(name))).collect();
        let _ = write!(text, " --dependency=afterok:{}", ids.join(":"));
    }
    let _ = write!(
        text,
        " <<'END'\n#!/bin/sh\nexec {} {}\nEND\n{}=$id\n",
        shell(&plan.program(job)),
        shell_words(&flags),
        variable(job.name)
    );
    text
}

/// The shell's variable with the job's id.
fn variable(job: &str) -> String {
    job.replace('-', "_")
}
