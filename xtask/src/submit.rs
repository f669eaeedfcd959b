//! `cargo xtask submit`: the pipeline's stages, written down for the schedulers that people have.
//!
//! A rendering is made from two tables: the stages ([`crate::pipeline::STAGES`], as jobs in [`chain`]) and what each may use
//! ([`resources`]). It runs the stages' binaries and needs neither cargo nor this program.

mod argo;
mod chain;
mod kubernetes;
mod make;
mod quote;
pub(crate) mod resources;
mod slurm;
mod snakemake;
#[cfg(test)]
mod tests;

use crate::{build, pipeline};
use anyhow::{Context, Result};
use chain::Job;
use stage::{Config, Error, Kind};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::num::NonZeroU32;
use std::path::{self, Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// A scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Scheduler {
    /// Jobs of Slurm, with an array for training: submitted
    Slurm,
    /// Jobs of Kubernetes, an indexed one for training: written to a file
    Kubernetes,
    /// A Workflow of Argo: written to a file
    Argo,
    /// A Snakefile
    Snakemake,
    /// A Makefile
    Make,
}

/// Flags of `cargo xtask submit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scheduler
    #[arg(long, value_enum)]
    to: Scheduler,

    #[command(flatten)]
    inputs: pipeline::Inputs,

    /// Folder of the artifacts [default: artifacts/ beside the configuration; in containers: artifacts/ on the volume]
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,

    /// Print the rendering instead of writing or submitting it
    #[arg(long)]
    dry_run: bool,

    /// File to write the rendering to [default: OUT/slurm/submit.sh, OUT/Snakefile, OUT/Makefile; kubernetes.yaml or argo.yaml
    /// in artifacts/ beside the configuration]
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// How many tasks training is divided into [default: one a model]
    #[arg(long, value_name = "N")]
    tasks: Option<NonZeroU32>,

    /// Folder of the stages' binaries [default: where cargo builds them]
    #[arg(long, value_name = "DIR")]
    bin_dir: Option<PathBuf>,

    #[command(flatten)]
    options: Options,
}

/// What only some schedulers know.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Slurm: partition of all jobs [default: the cluster's]
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,

    /// Kubernetes, Argo: container image with the stages' binaries on its PATH
    #[arg(long, value_name = "IMAGE", default_value = "pipeline:latest")]
    image: String,

    /// Kubernetes, Argo: claim of the volume with the data, which gets the artifacts
    #[arg(long, value_name = "NAME", default_value = "pipeline", value_parser = kubernetes::name)]
    claim: String,

    /// Kubernetes, Argo: where containers see the volume; --data and --out are folders there
    #[arg(long, value_name = "DIR", default_value = "/pipeline", value_parser = kubernetes::mount)]
    mount: String,

    /// Kubernetes, Argo: what the names of jobs begin with
    #[arg(long, value_name = "NAME", default_value = "pipeline", value_parser = kubernetes::name)]
    name: String,
}

/// What is to be rendered. Paths are those of the machine that the jobs run on.
#[derive(Debug)]
pub(crate) struct Plan {
    jobs: Vec<Job>,
    /// Folder of the stages' binaries; empty where they are on the PATH.
    programs: String,
    config: String,
    config_text: String,
    data: Option<String>,
    out: String,
    /// The raw files.
    raw: Vec<String>,
    set: Vec<String>,
    threads: Option<u16>,
    /// Name of the run in logs; `None` where a rendering may run more than once.
    run_id: Option<String>,
    options: Options,
}

impl Plan {
    /// # Errors
    /// If the configuration is refused, or a path cannot be passed on.
    fn new(flags: &Flags) -> Result<Self> {
        let inputs = &flags.inputs;
        let config = Config::load(&inputs.config, &inputs.set)?;
        let config_text =
            fs::read_to_string(&inputs.config).map_err(|error| Error::reading(&inputs.config, &error))?;
        let local = Self {
            jobs: chain::jobs(&config, flags.tasks)?,
            programs: text(&absolute(&flags.bin_dir.clone().map_or_else(build::folder, Ok)?)?)?,
            config: text(&absolute(&inputs.config)?)?,
            config_text,
            data: inputs.data.as_deref().map(|data| text(&absolute(data)?)).transpose()?,
            out: text(&absolute(&flags.local_out())?)?,
            raw: Vec::new(),
            set: inputs
                .set
                .iter()
                .map(|set| chain::one_line(set).map(str::to_owned))
                .collect::<Result<_>>()?,
            threads: inputs.threads,
            run_id: match flags.to {
                Scheduler::Slurm => Some(stage::generated_run_id()),
                Scheduler::Argo => Some(argo::RUN_ID.to_owned()),
                _ => None,
            },
            options: flags.options.clone(),
        };
        for value in flags.options.partition.iter().chain([&flags.options.image, &flags.options.mount]) {
            chain::one_line(value)?;
        }
        if matches!(flags.to, Scheduler::Kubernetes | Scheduler::Argo) {
            return local.in_containers(flags);
        }
        let beside = absolute(&inputs.config)?;
        let data = local
            .data
            .clone()
            .map_or_else(|| beside.parent().unwrap_or(Path::new("/")).to_path_buf(), PathBuf::from);
        let raw =
            chain::raw_files(&config)?.iter().map(|file| text(&data.join(file))).collect::<Result<_>>()?;
        Ok(Self { raw, ..local })
    }

    /// The same with the paths that containers see.
    fn in_containers(self, flags: &Flags) -> Result<Self> {
        let mount = Path::new(self.options.mount.trim_end_matches('/'));
        let there =
            |path: &Option<PathBuf>, default: &Path| text(&mount.join(path.as_deref().unwrap_or(default)));
        let data = there(&flags.inputs.data, mount)?;
        let out = there(&flags.out, Path::new("artifacts"))?;
        if !Path::new(&out).starts_with(mount) {
            say(&format!("warning: --out {out} is not on the volume, which is at {}", mount.display()));
        }
        let config = format!("{}/pipeline.toml", kubernetes::CONFIG_FOLDER);
        Ok(Self { programs: String::new(), config, data: Some(data), out, ..self })
    }

    /// The flags that all jobs have.
    fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--config", &self.config, "--out", &self.out];
        if let Some(data) = &self.data {
            flags.extend(["--data", data]);
        }
        for set in &self.set {
            flags.extend(["--set", set]);
        }
        flags.into_iter().map(str::to_owned).collect()
    }

    /// The flags of a job that may run on another machine than those whose results it reads.
    fn flags_elsewhere(&self, job: &Job) -> Vec<String> {
        let mut flags = self.flags();
        if let Some(run_id) = &self.run_id {
            flags.extend(["--run-id", run_id].map(str::to_owned));
        }
        if !job.after.is_empty() {
            // A network file system may show a file later than it is there.
            flags.extend(["--wait", "60"].map(str::to_owned));
        }
        flags
    }

    /// How many threads a job uses: as --threads says, else as many as it has processors.
    fn threads(&self, job: &Job) -> String {
        self.threads.map_or_else(|| job.resources.cpus.to_string(), |threads| threads.to_string())
    }

    /// The program of a job.
    fn program(&self, job: &Job) -> String {
        if self.programs.is_empty() {
            job.stage.to_owned()
        } else {
            format!("{}/{}", self.programs, job.stage)
        }
    }

    /// What a job reads of others, relative to OUT.
    fn reads(&self, job: &Job) -> Vec<String> {
        self.jobs.iter().filter(|other| job.after.contains(&other.name)).flat_map(Job::results).collect()
    }

    /// What the last job leaves, relative to OUT.
    fn last(&self) -> String {
        self.jobs.last().map(|job| job.results().concat()).unwrap_or_default()
    }
}

impl Flags {
    /// The folder of artifacts on this machine.
    fn local_out(&self) -> PathBuf {
        let beside = pipeline::default_out(&self.inputs.config);
        match self.to {
            // What --out says is a folder in the containers.
            Scheduler::Kubernetes | Scheduler::Argo => beside,
            _ => self.out.clone().unwrap_or(beside),
        }
    }

    /// Where the rendering is written.
    fn file(&self) -> PathBuf {
        let name = match self.to {
            Scheduler::Slurm => "slurm/submit.sh",
            Scheduler::Kubernetes => "kubernetes.yaml",
            Scheduler::Argo => "argo.yaml",
            Scheduler::Snakemake => "Snakefile",
            Scheduler::Make => "Makefile",
        };
        self.write.clone().unwrap_or_else(|| self.local_out().join(name))
    }
}

/// Renders the pipeline for a scheduler; prints it, or writes it and says what to do with it. Slurm gets its jobs at once.
///
/// # Errors
/// If the configuration or a flag is refused, the stages do not build, the disk refuses the file, or Slurm the jobs.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let plan = Plan::new(flags)?;
    let rendering = match flags.to {
        Scheduler::Slurm => slurm::render(&plan)?,
        Scheduler::Kubernetes => kubernetes::render(&plan),
        Scheduler::Argo => argo::render(&plan)?,
        Scheduler::Snakemake => snakemake::render(&plan)?,
        Scheduler::Make => make::render(&plan)?,
    };
    if flags.dry_run {
        stage::print(&rendering)?;
        return Ok(ExitCode::SUCCESS);
    }
    if plan.programs.is_empty() {
        say(&format!("jobs run the image '{}'; the Containerfile makes it", plan.options.image));
    } else if flags.bin_dir.is_none() {
        pipeline::build()?;
    }
    let file = flags.file();
    write(&file, &rendering)?;
    match flags.to {
        Scheduler::Slurm => return submit(&file, &plan),
        Scheduler::Kubernetes => {
            let script = file.with_extension("sh");
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            write(&script, &kubernetes::script(&plan, &name))?;
            tell(&["sh", &text(&script)?]);
        }
        Scheduler::Argo => tell(&["argo", "submit", "--watch", &text(&file)?]),
        Scheduler::Snakemake => tell(&["snakemake", "--cores", "2", "--snakefile", &text(&file)?]),
        Scheduler::Make => tell(&["make", "-j2", &format!("--file={}", text(&file)?)]),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file, unless it holds the text already: make goes by its age.
fn write(file: &Path, text: &str) -> Result<()> {
    if fs::read(file).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(());
    }
    let refused = |error: io::Error| Error::writing(file, &error);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(refused)?;
    }
    Ok(fs::write(file, text).map_err(refused)?)
}

/// Runs the script that queues the jobs.
fn submit(script: &Path, plan: &Plan) -> Result<ExitCode> {
    let sbatch = Command::new("sbatch").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if sbatch.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let error = Error::new(Kind::Missing, "there is no sbatch on the PATH");
        return Err(error
            .hint("run this where Slurm's commands are, or take the script of --dry-run there")
            .into());
    }
    let status = Command::new("sh").arg(script).status().context("cannot start sh")?;
    if !status.success() {
        let error = Error::new(Kind::Temporary, "Slurm refused the jobs; see above");
        return Err(error.hint("none of them stays in the queue").into());
    }
    say(&format!("squeue shows the jobs; their logs are in {}/slurm", plan.out));
    Ok(ExitCode::SUCCESS)
}

/// Says on stderr which command comes next.
fn tell(command: &[&str]) {
    let words: Vec<String> = command.iter().map(ToString::to_string).collect();
    say(&format!("now: {}", quote::shell_words(&words)));
}

fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path::absolute(path).with_context(|| path.display().to_string())
}

/// A path as a text that a rendering can hold.
fn text(path: &Path) -> Result<String> {
    let text = path.to_str().ok_or_else(|| Error::usage(format!("{}: is not UTF-8", path.display())))?;
    chain::one_line(text).map(str::to_owned)
}
