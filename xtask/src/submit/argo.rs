//! The chain as an Argo Workflow: a graph of container templates.

use super::Plan;
use super::chain::{Job, Part};
use super::kubernetes::{CONFIG_FOLDER, GROUP, block, container};
use super::quote::yaml;
use anyhow::Result;
use stage::{Error, Kind};

/// What Argo replaces by the name that it gives a run.
pub(super) const RUN_ID: &str = "{{workflow.name}}";

/// The workflow.
///
/// # Errors
/// If a flag or the configuration holds `{{`, which Argo would take for one of its own tags.
pub(crate) fn render(plan: &Plan) -> Result<String> {
    refuse_tags(plan)?;
    let (name, claim, mount) = (&plan.options.name, &plan.options.claim, &plan.options.mount);
    let tasks: String = plan.jobs.iter().map(task).collect();
    let mut text = format!(
        r"# The pipeline as an Argo Workflow, written by `cargo xtask submit --to argo`.
#
# Containers see the volume claim '{claim}' at {mount} and the configuration at {CONFIG_FOLDER}.
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: {name}-
spec:
  entrypoint: pipeline
  securityContext:
    runAsNonRoot: true
    fsGroup: {GROUP}
  volumes:
    - name: files
      persistentVolumeClaim:
        claimName: {}
  templates:
    - name: pipeline
      dag:
        tasks:
{tasks}",
        yaml(claim)
    );
    for (place, job) in plan.jobs.iter().enumerate() {
        // The configuration stands in the first template; the others refer to it.
        let config = if place == 0 { definition(plan) } else { " *configuration".to_owned() };
        text.push_str(&template(plan, job, &config));
    }
    Ok(text)
}

fn refuse_tags(plan: &Plan) -> Result<()> {
    let flags = plan.flags();
    let mut lines = flags.iter().map(String::as_str).chain(plan.config_text.lines());
    match lines.find(|line| line.contains("{{")) {
        Some(line) => {
            let message = format!("'{}': Argo takes '{{{{' for the beginning of a tag", line.trim());
            Err(Error::usage(message).into())
        }
        None => Ok(()),
    }
}

/// A node of the graph.
fn task(job: &Job) -> String {
    let name = job.name;
    let mut text = format!("          - name: {name}\n            template: {name}\n");
    if !job.after.is_empty() {
        text.push_str(&format!("            dependencies: [{}]\n", job.after.join(", ")));
    }
    if let Part::Tasks(count) = job.part {
        text.push_str(&format!(
            r#"            arguments:
              parameters:
                - name: task
                  value: "{{{{item}}}}"
            withSequence:
              count: "{count}"
"#
        ));
    }
    text
}

/// The configuration, put into a container as a file.
fn definition(plan: &Plan) -> String {
    let config = block(&plan.config_text, 16);
    format!(
        r" &configuration
          - name: config
            path: {CONFIG_FOLDER}/pipeline.toml
            raw:
              data: {config}"
    )
}

/// What a node runs.
fn template(plan: &Plan, job: &Job, config: &str) -> String {
    let mut parameters = "";
    let mut flags = plan.flags_elsewhere(job);
    match job.part {
        Part::Whole => {}
        Part::Tasks(count) => {
            parameters = "        parameters:\n          - name: task\n";
            flags.extend(["--task".to_owned(), format!("{{{{inputs.parameters.task}}}}/{count}")]);
        }
        Part::Merge => flags.push("--merge".to_owned()),
    }
    let (name, mount) = (job.name, yaml(&plan.options.mount));
    let container = container(plan, job, &flags, 8);
    let seconds = u64::from(job.resources.minutes.get()) * 60;
    let temporary = Kind::Temporary as u8;
    format!(
        r#"    - name: {name}
      inputs:
{parameters}        artifacts:{config}
      activeDeadlineSeconds: {seconds}
      retryStrategy:
        limit: "6"
        retryPolicy: Always
        # The stage asks for another try, or its pod was lost.
        expression: asInt(lastRetry.exitCode) == {temporary} || lastRetry.status == 'Error'
        backoff:
          duration: 10s
          factor: "2"
      container:
{container}        volumeMounts:
          - name: files
            mountPath: {mount}
"#
    )
}
