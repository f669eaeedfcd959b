//! The chain as Kubernetes Jobs, one a stage, and the shell script that applies them in order.

use super::Plan;
use super::chain::{Job, Part};
use super::quote::{shell, yaml};
use stage::Kind;
use std::fmt::Write;
use std::path::{Component, Path};

/// Where containers find the configuration.
pub(super) const CONFIG_FOLDER: &str = "/etc/pipeline";

/// The group that owns what containers write.
pub(super) const GROUP: u32 = 65532;

/// Exit codes that no retry can better.
const FINAL: [Kind; 5] = [Kind::Usage, Kind::Data, Kind::Missing, Kind::Internal, Kind::Config];

/// The manifests: the configuration, then a Job a stage.
pub(crate) fn render(plan: &Plan) -> String {
    let name = &plan.options.name;
    let label = yaml(name);
    let (claim, mount) = (&plan.options.claim, &plan.options.mount);
    let config = block(&plan.config_text, 4);
    let mut text = format!(
        r"# The pipeline as Kubernetes Jobs, written by `cargo xtask submit --to kubernetes`. Jobs know no order: the script
# beside this file applies each when the one before has completed.
#
# Containers see the volume claim '{claim}' at {mount} and the configuration at {CONFIG_FOLDER}.
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}-config
  labels:
    app.kubernetes.io/name: {label}
    app.kubernetes.io/component: config
data:
  pipeline.toml: {config}
"
    );
    for job in &plan.jobs {
        text.push_str("---\n");
        text.push_str(&one(plan, job));
    }
    text
}

/// A script that applies the file `manifests`, which lies beside it, Job by Job.
pub(crate) fn script(plan: &Plan, manifests: &str) -> String {
    let components: Vec<&str> = plan.jobs.iter().map(|job| job.name).collect();
    let components = components.join(" ");
    let name = &plan.options.name;
    let manifests = shell(manifests);
    format!(
        r#"#!/bin/sh
# Applies the pipeline's Jobs, each when the one before has completed; arguments go to kubectl, as --namespace=NAME.
# Written by `cargo xtask submit --to kubernetes`.
set -eu
manifests=$(dirname "$0")/{manifests}
selector=app.kubernetes.io/name={name},app.kubernetes.io/component

kubectl "$@" apply --filename="$manifests" --selector="$selector=config"
for component in {components}; do
  job=job/{name}-$component
  # A Job's template cannot be changed: that of an earlier run makes way.
  kubectl "$@" delete "$job" --ignore-not-found
  kubectl "$@" apply --filename="$manifests" --selector="$selector=$component"
  until kubectl "$@" wait "$job" --for=condition=complete --timeout=10s 2>/dev/null; do
    # It may have failed for another reason than the time: then kubectl says here what is wrong.
    kubectl "$@" get "$job" >/dev/null || exit 1
    if kubectl "$@" wait "$job" --for=condition=failed --timeout=0s 2>/dev/null; then
      kubectl "$@" logs --selector="$selector=$component" --prefix >&2
      exit 1
    fi
    sleep 1
  done
done
"#
    )
}

fn one(plan: &Plan, job: &Job) -> String {
    let name = &plan.options.name;
    let label = yaml(name);
    let (claim, mount) = (yaml(&plan.options.claim), yaml(&plan.options.mount));
    let component = job.name;
    let mut indexed = String::new();
    let mut flags = plan.flags_elsewhere(job);
    match job.part {
        Part::Whole => {}
        Part::Tasks(count) => {
            indexed = format!("  completionMode: Indexed\n  completions: {count}\n  parallelism: {count}\n");
            flags.extend(["--task-from-env", "--tasks", &count.to_string()].map(str::to_owned));
        }
        Part::Merge => flags.push("--merge".to_owned()),
    }
    let container = container(plan, job, &flags, 10);
    let policy = policy();
    let seconds = u64::from(job.resources.minutes.get()) * 60;
    format!(
        r#"apiVersion: batch/v1
kind: Job
metadata:
  name: {name}-{component}
  labels:
    app.kubernetes.io/name: {label}
    app.kubernetes.io/component: {component}
spec:
{indexed}{policy}  template:
    metadata:
      labels:
        app.kubernetes.io/name: {label}
        app.kubernetes.io/component: {component}
    spec:
      restartPolicy: Never
      activeDeadlineSeconds: {seconds}
      securityContext:
        runAsNonRoot: true
        fsGroup: {GROUP}
      containers:
        - name: {component}
{container}          volumeMounts:
            - name: files
              mountPath: {mount}
            - name: config
              mountPath: {CONFIG_FOLDER}
      volumes:
        - name: files
          persistentVolumeClaim:
            claimName: {claim}
        - name: config
          configMap:
            name: {name}-config
"#
    )
}

/// Which pods are replaced when they fail.
fn policy() -> String {
    let codes: Vec<String> = FINAL.iter().map(|kind| (*kind as u8).to_string()).collect();
    let (codes, temporary) = (codes.join(", "), Kind::Temporary as u8);
    format!(
        r#"  # Pods that may fail and be replaced, 10 s, 20 s, 40 s … later, before the Job fails.
  backoffLimit: 6
  podFailurePolicy:
    rules:
      # Evicted, preempted, drained (the stage ends with 143): replaced without being counted.
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      # Flags, data, inputs, bugs and configuration do not mend by themselves.
      - action: FailJob
        onExitCodes:
          operator: In
          values: [{codes}]
      # The stage asks for another try.
      - action: Count
        onExitCodes:
          operator: In
          values: [{temporary}]
"#
    )
}

/// A container's image, command and resources, as lines indented by `indent`.
pub(super) fn container(plan: &Plan, job: &Job, flags: &[String], indent: usize) -> String {
    let image = yaml(&plan.options.image);
    let threads = ["--threads".to_owned(), plan.threads(job)];
    // Kubernetes replaces $(NAME) in arguments, and takes $$ for one dollar sign.
    let args: String = flags
        .iter()
        .chain(&threads)
        .map(|flag| format!("\n  - {}", yaml(&flag.replace('$', "$$"))))
        .collect();
    let size = format!("{{ cpu: \"{}\", memory: {}Mi }}", job.resources.cpus, job.resources.mem_mb);
    let text = format!(
        r"image: {image}
imagePullPolicy: IfNotPresent
command: [{}]
args:{args}
resources:
  requests: {size}
  limits: {size}
",
        job.stage
    );
    let pad = " ".repeat(indent);
    text.lines().fold(String::new(), |mut indented, line| {
        let _ = writeln!(indented, "{pad}{line}");
        indented
    })
}

/// A text of many lines as a YAML scalar: a block, which people can read, or a string where a block would change it.
pub(super) fn block(text: &str, indent: usize) -> String {
    let plain = |c: char| c == '\n' || !c.is_control() && !"\u{feff}\u{2028}\u{2029}".contains(c);
    let one_end = text.ends_with('\n') && !text.ends_with("\n\n");
    if !text.chars().all(plain) || !one_end || text.starts_with([' ', '\n']) {
        return yaml(text);
    }
    let pad = " ".repeat(indent);
    text.lines().fold("|".to_owned(), |mut block, line| {
        let _ = if line.is_empty() { writeln!(block) } else { write!(block, "\n{pad}{line}") };
        block
    })
}

/// A name as Kubernetes takes it, short enough for a suffix.
///
/// # Errors
/// What it must be, if it is not.
pub(super) fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with('-');
    if ends && text.len() <= 40 && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("must be at most 40 lowercase letters, digits and '-', from a letter to a letter or digit".into())
}

/// Where containers see the volume.
///
/// # Errors
/// What it must be, if it is not.
pub(super) fn mount(text: &str) -> Result<String, String> {
    let is_folder = Path::new(text).components().any(|part| matches!(part, Component::Normal(_)));
    if text.starts_with('/') && is_folder {
        return Ok(text.to_owned());
    }
    Err("must be an absolute path other than /".into())
}
