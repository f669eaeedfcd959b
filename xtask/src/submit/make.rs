//! The chain as a Makefile whose targets are the stages' manifests.

use super::Plan;
use super::chain::{Job, Part};
use super::quote::{make_file, make_recipe, shell, shell_words};
use anyhow::Result;
use stage::Error;

/// The Makefile.
///
/// # Errors
/// If a path has a character that make knows no way to write.
pub(crate) fn render(plan: &Plan) -> Result<String> {
    // Two blanks become one where make takes a list apart.
    let refused = [";", "|", "\\", "%", ":", "  "];
    let place = |path: &String| match refused.iter().find(|text| path.contains(**text)) {
        Some(text) => Err(Error::usage(format!("{path}: make cannot have '{text}' in the name of a file"))),
        None => Ok(make_file(path)),
    };
    let files =
        |paths: &[String]| Ok::<_, Error>(paths.iter().map(place).collect::<Result<Vec<_>, _>>()?.join(" "));
    let rules: String = plan.jobs.iter().map(|job| rules(plan, job)).collect();
    Ok(format!(
        r"# The pipeline for GNU make, written by `cargo xtask submit --to make`. It makes what is missing or older than what it is
# made from: the files it reads, the configuration, the program, and this file, which holds the flags.
SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules
space := $(subst ,, )
this := $(subst $(space),\ ,$(strip $(MAKEFILE_LIST)))

programs = {programs}
config = {config}
raw = {raw}
out = {out}
define flags
{flags}
endef

.PHONY: all
all: $(out)/{last}
{rules}",
        programs = place(&plan.programs)?,
        config = place(&plan.config)?,
        raw = files(&plan.raw)?,
        out = place(&plan.out)?,
        flags = make_recipe(&shell_words(&plan.flags())),
        last = plan.last(),
    ))
}

/// The rule of a job, or of each of its tasks.
fn rules(plan: &Plan, job: &Job) -> String {
    let (stage, threads) = (job.stage, plan.threads(job));
    let program = make_recipe(&shell(&plan.program(job)));
    let mut reads: Vec<String> = plan.reads(job).iter().map(|file| format!("$(out)/{file}")).collect();
    if reads.is_empty() {
        reads.push("$(raw)".to_owned());
    }
    let reads = reads.join(" ");
    let needs = format!("$(this) $(config) $(programs)/{stage} {reads}");
    let command = format!("{program} $(flags) --threads {threads}");
    let results = job.results();
    let rule = |target: &str, part: &str| format!("\n$(out)/{target}: {needs}\n\t{command}{part}\n");
    match job.part {
        Part::Whole => rule(&results.concat(), ""),
        Part::Merge => rule(&results.concat(), " --merge"),
        Part::Tasks(count) => {
            let marks: Vec<String> = results.iter().map(|mark| format!("$(out)/{mark}")).collect();
            let tasks = results.iter().zip(0..).map(|(mark, k)| {
                let rule = rule(mark, &format!(" --task {k}/{count}"));
                let mark = format!("{}/{mark}", plan.out);
                let folder = mark.rsplit_once('/').map_or("", |(folder, _)| folder);
                // A task without a share of the work leaves no folder.
                let touch = make_recipe(&format!("mkdir -p {} && touch {}", shell(folder), shell(&mark)));
                format!("{rule}\t@{touch}\n")
            });
            // The merge removes the marks: their absence alone makes nothing anew.
            format!("\n.INTERMEDIATE: {}\n{}", marks.join(" "), tasks.collect::<String>())
        }
    }
}
