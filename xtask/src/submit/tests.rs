//! Renderings as golden files, and run with stand-ins for the schedulers' commands.

use super::{Flags, Plan, Scheduler, argo, kubernetes, make, slurm, snakemake};
use crate::pipeline::STAGES;
use crate::root;
use clap::Parser;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// A text that every language would like to take apart.
const AWKWARD: &str = "a b'c\"$d{e}`f`\\g #h%i*[j]$(k)&;|<>~";

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    flags: Flags,
}

fn flags(arguments: &[&str]) -> Flags {
    let line = ["submit"].iter().chain(arguments);
    CommandLine::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).flags
}

fn render(arguments: &[&str]) -> anyhow::Result<String> {
    let flags = flags(arguments);
    let mut plan = Plan::new(&flags)?;
    match flags.to {
        Scheduler::Slurm => {
            // It differs from run to run.
            plan.run_id = Some("RUN".to_owned());
            slurm::render(&plan)
        }
        Scheduler::Kubernetes => Ok(kubernetes::render(&plan)),
        Scheduler::Argo => argo::render(&plan),
        Scheduler::Snakemake => snakemake::render(&plan),
        Scheduler::Make => make::render(&plan),
    }
}

/// Compares with the golden file `name`, or writes it where UPDATE_GOLDEN is set.
fn golden(name: &str, text: &str) {
    let path = root().join("xtask/src/submit/golden").join(name);
    // The files are the same in every folder that the project may lie in.
    let text = text.replace(&root().display().to_string(), "/home/me/laptops");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert_eq!(text, expected, "{name} differs; UPDATE_GOLDEN=1 cargo test -p xtask submit writes it anew");
}

#[test]
fn renderings_are_as_they_were() {
    let config = root().join("tests/other/pipeline.toml");
    let config = config.to_str().unwrap();
    let local = ["--config", config, "--out", "/scratch/tides", "--bin-dir", "/opt/pipeline/bin", "--to"];
    let of = |to: &str, more: &[&str]| render(&[&local[..], &[to], more].concat()).unwrap();
    golden("submit.sh", &of("slurm", &["--partition", "short", "--threads", "4"]));
    golden("Snakefile", &of("snakemake", &["--tasks", "3"]));
    golden("Makefile", &of("make", &["--set", "split.random_state=8"]));
    let there = ["--config", config, "--tasks", "3", "--image", "registry.example/tides:1", "--to"];
    golden("argo.yaml", &render(&[&there[..], &["argo"]].concat()).unwrap());
    let to_kubernetes = [&there[..], &["kubernetes"]].concat();
    golden("kubernetes.yaml", &render(&to_kubernetes).unwrap());
    let plan = Plan::new(&flags(&to_kubernetes)).unwrap();
    golden("kubernetes.sh", &kubernetes::script(&plan, "kubernetes.yaml"));
}

/// Writes a program of the shell.
fn program(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a script with the programs in `programs` first on the PATH; they find that folder in `$HERE`.
fn run(script: &str, programs: &Path) -> Output {
    let file = programs.join("script.sh");
    fs::write(&file, script).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    Command::new("sh").arg(&file).env("PATH", path).env("HERE", programs).output().unwrap()
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn slurm_gets_every_argument_as_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join(AWKWARD.replace('/', ""));
    for stage in &STAGES {
        program(
            &programs.join(stage.name),
            "for word; do printf '%s\\n' \"$word\"; done >> \"$HERE/$(basename \"$0\")-words\"",
        );
    }
    program(
        &programs.join("sbatch"),
        "echo \"$*\" >> \"$HERE/sbatch-words\"\nsh -s || exit\nwc -l < \"$HERE/sbatch-words\"",
    );
    let out = folder.path().join(AWKWARD.replace('\\', ""));
    let set = format!("train.MLP.note={AWKWARD}");
    let bin = programs.to_str().unwrap();
    let script =
        render(&["--to", "slurm", "--bin-dir", bin, "--out", out.to_str().unwrap(), "--set", &set]).unwrap();
    let output = run(&script, &programs);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "ingest 1\nfeature-selection 2\nsplit 3\ntrain 4\ntrain-merge 5\nevaluate 6\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let config = root().join("data/laptops/pipeline.toml").display().to_string();
    let common = ["--config", &config, "--out", out.to_str().unwrap(), "--set", &set];
    assert_eq!(lines(&programs.join("ingest-words")), [&common[..], &["--run-id", "RUN"]].concat());
    let later = [&common[..], &["--run-id", "RUN", "--wait", "60"]].concat();
    let task = [&later[..], &["--task-from-env", "--tasks", "6"]].concat();
    let merge = [&later[..], &["--merge"]].concat();
    assert_eq!(lines(&programs.join("train-words")), [task, merge].concat());
    let calls = lines(&programs.join("sbatch-words"));
    assert!(calls[3].contains("--array=0-5") && calls[3].ends_with("--dependency=afterok:3"), "{}", calls[3]);
    assert!(calls[5].ends_with("--dependency=afterok:1:2:3:5"), "{}", calls[5]);
    // Slurm reads two percent signs as one.
    assert!(calls[0].contains("#h%%i*"), "{}", calls[0]);
    assert!(out.join("slurm").is_dir());
}

#[test]
fn a_refused_job_takes_those_before_it_out_of_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path();
    program(
        &programs.join("sbatch"),
        "case \"$*\" in *split*) echo 'no such partition' >&2; exit 1;; esac\necho x >> \"$HERE/count\"\necho \"$(wc -l < \"$HERE/count\");cluster\"",
    );
    program(&programs.join("scancel"), "echo \"$*\" > \"$HERE/cancelled\"");
    let out = folder.path().join("out");
    let output = run(&render(&["--to", "slurm", "--out", out.to_str().unwrap()]).unwrap(), programs);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "no such partition\n");
    assert_eq!(lines(&programs.join("cancelled")), ["1 2"]);
}

/// kubectl, played: `wait` succeeds for the condition in `$HERE/<job>`, or "complete"; `get` fails for a job that is "gone".
/// A script that asks for ever is ended.
const KUBECTL: &str = r#"echo "$*" >> "$HERE/calls"
[ "$(wc -l < "$HERE/calls")" -lt 100 ] || kill $PPID
case "$*" in
  *" get "*) if grep --quiet gone "$HERE/${3#job/}"; then echo "$3 not found" >&2; exit 1; fi;;
  *" wait "*) for word; do case $word in
      job/*) job=${word#job/};;
      --for=condition=*) asked=${word#--for=condition=};;
    esac; done
    [ "$asked" = "$(cat "$HERE/$job" 2>/dev/null || echo complete)" ];;
esac
"#;

#[test]
fn kubernetes_jobs_are_applied_in_order_until_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    program(&folder.path().join("kubectl"), KUBECTL);
    let plan = Plan::new(&flags(&["--to", "kubernetes", "--name", "prices"])).unwrap();
    let script = kubernetes::script(&plan, "k.yaml");
    let script = script.replacen("set -eu", "set -eu\nset -- --namespace=mine", 1);
    let calls = |output: Output| {
        let calls = lines(&folder.path().join("calls"));
        fs::remove_file(folder.path().join("calls")).unwrap();
        assert!(calls.iter().all(|call| call.starts_with("--namespace=mine ")), "{calls:?}");
        (output.status.code(), calls)
    };
    let (code, all) = calls(run(&script, folder.path()));
    assert_eq!(code, Some(0));
    let applied: Vec<&str> = all.iter().filter_map(|call| Some(call.split_once("component=")?.1)).collect();
    let components = ["config", "ingest", "feature-selection", "split", "train", "train-merge", "evaluate"];
    assert_eq!(applied, components);
    fs::write(folder.path().join("prices-train"), "failed").unwrap();
    let (code, some) = calls(run(&script, folder.path()));
    assert_eq!(code, Some(1));
    assert!(some.last().unwrap().contains("logs --selector=app.kubernetes.io/name=prices"), "{some:?}");
    assert!(!some.iter().any(|call| call.contains("train-merge")));
    // Still at work, and complete after a while.
    fs::write(folder.path().join("prices-train"), "").unwrap();
    program(&folder.path().join("sleep"), "echo complete > \"$HERE/prices-train\"");
    let (code, waited) = calls(run(&script, folder.path()));
    assert_eq!((code, waited.len()), (Some(0), all.len() + 3));
}

#[test]
fn the_script_ends_where_kubectl_cannot_tell_what_became_of_a_job() {
    let folder = tempfile::tempdir().unwrap();
    program(&folder.path().join("kubectl"), KUBECTL);
    fs::write(folder.path().join("prices-split"), "gone").unwrap();
    let plan = Plan::new(&flags(&["--to", "kubernetes", "--name", "prices"])).unwrap();
    let script = kubernetes::script(&plan, "k.yaml");
    let script = script.replacen("set -eu", "set -eu\nset -- --namespace=mine", 1);
    let output = run(&script, folder.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "job/prices-split not found\n");
}

#[test]
fn names_that_yaml_reads_otherwise_are_quoted() {
    for to in ["kubernetes", "argo"] {
        let text = render(&["--to", to, "--name", "on", "--claim", "null"]).unwrap();
        let bare = |line: &str| line.ends_with(": on") || line.ends_with(": null");
        assert!(!text.lines().any(bare) && text.contains("claimName: \"null\""), "{text}");
    }
}

#[test]
fn what_a_scheduler_cannot_carry_is_refused() {
    for (arguments, expected) in [
        (&["--to", "make", "--out", "/a;b"][..], "/a;b: make cannot have ';' in the name of a file"),
        (&["--to", "make", "--out", "/a  b"], "/a  b: make cannot have '  ' in the name of a file"),
        (&["--to", "slurm", "--out", "/a\\b"], "/a\\b: Slurm cannot have '\\' in the name of a log"),
        (&["--to", "snakemake", "--data", "/{a}"], "Snakemake cannot have braces in the name of a file"),
        (&["--to", "slurm", "--set", "train.x=\"a\\nb\"\n"], "control characters and line breaks"),
        (&["--to", "argo", "--set", "train.x=x{{y}}"], "Argo takes '{{' for the beginning of a tag"),
        (&["--to", "slurm", "--set", "resources.trian.cpus=2"], "did you mean 'train'?"),
    ] {
        let error = render(arguments).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    for name in ["Prices", "-prices", "prices-", "1prices", "a_b", ""] {
        assert!(kubernetes::name(name).is_err(), "{name}");
    }
    for mount in ["/", "//", "/.", "volume", ""] {
        assert!(
            CommandLine::try_parse_from(["submit", "--to", "argo", "--mount", mount]).is_err(),
            "{mount}"
        );
    }
}

#[test]
fn paths_in_containers_are_on_the_volume() {
    let text = render(&["--to", "kubernetes", "--mount", "/volume/", "--out", "runs/1"]).unwrap();
    assert!(text.contains("- \"--out\"\n            - \"/volume/runs/1\"\n"), "{text}");
    assert!(text.contains("- \"--data\"\n            - \"/volume\"\n"), "{text}");
    // Kubernetes would replace $(NAME) in an argument; in the configuration it does not.
    let text = render(&["--to", "kubernetes", "--set", "train.x=$(y)"]).unwrap();
    assert!(text.contains("train.x=$$(y)"), "{text}");
}

#[test]
fn a_configuration_that_a_block_would_change_is_a_string() {
    assert_eq!(kubernetes::block("a = 1\n\n# é\n", 2), "|\n  a = 1\n\n  # é");
    for text in [" a = 1\n", "a = 1", "a = 1\n\n", "a = 1\r\n", "a = \"\u{7f}\"\n", "\u{feff}a = 1\n"] {
        assert!(kubernetes::block(text, 2).starts_with('"'), "{text:?}");
    }
}

#[test]
fn the_image_holds_every_stage() {
    let text = fs::read_to_string(root().join("Containerfile")).unwrap();
    for stage in &STAGES {
        assert!(text.contains(&format!("--package {}", stage.name)), "{}", stage.name);
        assert!(text.contains(&format!("/source/target/dist/{} ", stage.name)), "{}", stage.name);
    }
}
