//! The chain as a Snakefile whose rules make the stages' manifests.

use super::Plan;
use super::chain::{Job, Part};
use super::quote::{python, shell};
use anyhow::Result;
use stage::Error;

/// The Snakefile.
///
/// # Errors
/// If a path has braces, which Snakemake takes for wildcards.
pub(crate) fn render(plan: &Plan) -> Result<String> {
    if let Some(path) =
        [&plan.programs, &plan.config].into_iter().chain(&plan.raw).find(|path| path.contains(['{', '}']))
    {
        return Err(
            Error::usage(format!("{path}: Snakemake cannot have braces in the name of a file")).into()
        );
    }
    let flags: String = plan.flags().iter().map(|flag| format!("\n    {},", python(flag))).collect();
    let (out, last) = (python(&plan.out), plan.last());
    let rules: String = plan.jobs.iter().map(|job| rule(plan, job)).collect();
    Ok(format!(
        r#"# The pipeline for Snakemake, written by `cargo xtask submit --to snakemake`.
import shlex

# Targets are relative to it, and Snakemake keeps its notes there, in .snakemake.
workdir: {out}

FLAGS = shlex.join([{flags}
])

localrules: all

rule all:
    input: "{last}"
{rules}"#
    ))
}

fn rule(plan: &Plan, job: &Job) -> String {
    let name = job.name.replace('-', "_");
    let program = plan.program(job);
    let mut inputs = vec![program.clone(), plan.config.clone()];
    let reads = plan.reads(job);
    inputs.extend(if reads.is_empty() { plan.raw.clone() } else { reads });
    let manifest = || format!("\"{}\"", job.results().concat());
    let (output, part) = match job.part {
        Part::Whole => (manifest(), String::new()),
        Part::Merge => (manifest(), " --merge".to_owned()),
        Part::Tasks(count) => {
            let mark = job.mark("{task}", count);
            (format!("temp(touch(\"{mark}\"))"), format!(" --task {{wildcards.task}}/{count}"))
        }
    };
    let inputs: String = inputs.iter().map(|file| format!("\n        {},", python(file))).collect();
    // Braces would be read as one of Snakemake's fields.
    let program = shell(&program).replace('{', "{{").replace('}', "}}");
    let resources = job.resources;
    let command = python(&format!("exec {program} {{params.flags}} --threads {{threads}}{part}"));
    format!(
        r#"
rule {name}:
    input:{inputs}
    output: {output}
    params: flags = lambda wildcards: FLAGS
    threads: {cpus}
    resources: mem_mb = {mem_mb}, runtime = {minutes}
    shell: {command}
"#,
        cpus = plan.threads(job),
        mem_mb = resources.mem_mb,
        minutes = resources.minutes,
    )
}
