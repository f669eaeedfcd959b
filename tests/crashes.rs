//! What is left when a run is killed, stopped, or refused by the disk: whole files or none, and nothing that a rerun
//! does not put right.

use crate::binaries::{binary, write_program};
use crate::freshness::{Tides, differing, tree};
use crate::workspace::STAGES;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A stage's program on the table of tides.
fn stage(tides: &Tides, name: &str) -> Command {
    let mut command = Command::new(binary(name));
    command.arg("--config").arg(tides.path("pipeline.toml")).arg("--out").arg(tides.path("artifacts"));
    command
}

fn line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

/// Files of processes that are gone, anywhere in OUT.
fn strays(out: &Path) -> Vec<PathBuf> {
    let mut strays = Vec::new();
    for entry in fs::read_dir(out).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            strays.extend(self::strays(&path));
        } else if path.extension().is_some_and(|extension| extension == "tmp") {
            strays.push(path);
        }
    }
    strays
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "failpoints are in builds with debug assertions")]
fn killed_at_any_step_a_rerun_gives_what_an_undisturbed_run_gives() {
    let undisturbed = Tides::complete();
    let expected = tree(&undisturbed.path("artifacts"));
    for name in STAGES {
        let tides = Tides::complete();
        let mut points = 0;
        loop {
            // Over old outputs of another configuration and into an empty folder, in turn.
            if points % 2 == 0 {
                fs::remove_dir_all(tides.artifact(name)).unwrap();
            }
            let output = stage(&tides, name).env("FAILPOINT", (points + 1).to_string()).output().unwrap();
            if output.status.success() {
                break;
            }
            assert_eq!(output.status.signal(), Some(9), "{name}: {output:?}");
            points += 1;
            // The driver finds what is wrong by itself; most reruns do without it, to be quick.
            let rerun =
                if points % 4 < 2 { tides.pipeline(&[]) } else { stage(&tides, name).output().unwrap() };
            let text = String::from_utf8_lossy(&rerun.stderr).into_owned();
            assert!(rerun.status.success(), "{name}, point {points}: {text}");
            let found = tree(&tides.path("artifacts"));
            assert_eq!(differing(&expected, &found), [""; 0], "{name}, point {points}: {text}");
            assert_eq!(
                strays(&tides.path("artifacts")),
                [""; 0].map(PathBuf::from),
                "{name}, point {points}"
            );
        }
        // Begun, an input, a file, its name, the manifest and what lies between.
        assert!(points >= 15, "{name} has {points} failpoints");
    }
}

/// Waits until something holds, which it soon must.
fn wait_for(mut what: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !what() {
        assert!(std::time::Instant::now() < until, "it never came to that");
        std::thread::yield_now();
    }
}

/// Makes training the work of minutes.
const LONG: [&str; 2] = ["--set", "train.Shallow.n_estimators=1000000"];

/// A pipeline that is training and will go on for long, and the process that trains.
fn training(tides: &Tides) -> (Child, u32) {
    let child = tides.command("pipeline", &LONG).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let mut trainer = None;
    wait_for(|| {
        trainer = children_of(child.id()).into_iter().find(|id| name_of(*id) == "train");
        trainer.is_some()
    });
    (child, trainer.unwrap())
}

fn children_of(id: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    list.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

fn name_of(id: u32) -> String {
    fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default().trim().to_owned()
}

/// Whether any of the process's threads is left. The first, whose state is shown as the process's, may end before
/// others do, and the process's files stay open until the last has.
fn is_alive(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let has_ended = status.contains("State:\tZ") && status.contains("Threads:\t1\n");
    !status.is_empty() && !has_ended
}

fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), id.to_string()]).status().unwrap().success());
}

#[test]
fn the_stage_dies_with_a_driver_that_is_killed_and_the_lock_with_them() {
    let tides = Tides::complete();
    let (mut driver, trainer) = training(&tides);
    signal(driver.id(), "KILL");
    driver.wait().unwrap();
    wait_for(|| !is_alive(trainer));
    // Nobody has to unlock anything.
    let rerun = tides.pipeline(&["--no-wait"]);
    assert!(rerun.status.success(), "{}", String::from_utf8_lossy(&rerun.stderr));
    assert_eq!(strays(&tides.path("artifacts")).len(), 0);
}

#[test]
fn only_folders_of_the_pipeline_are_swept() {
    let tides = Tides::complete();
    let folders = ["split", "train/parts", "logs", "runs", "mine"].map(|folder| tides.artifact(folder));
    for folder in &folders {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(".a.1-0.tmp"), b"").unwrap();
    }
    assert!(tides.pipeline(&[]).status.success());
    assert_eq!(strays(&tides.path("artifacts")), [folders[4].join(".a.1-0.tmp")]);
}

#[test]
fn sigterm_ends_the_driver_and_its_stage_with_143() {
    let tides = Tides::complete();
    let (mut driver, trainer) = training(&tides);
    signal(driver.id(), "TERM");
    assert_eq!(driver.wait().unwrap().code(), Some(143));
    assert!(!is_alive(trainer));
    assert_eq!(strays(&tides.path("artifacts")).len(), 0);
}

#[test]
fn sigterm_ends_every_stage_with_143() {
    for name in STAGES {
        let tides = Tides::complete();
        // Somebody else is publishing: the stage waits for the lock, its outputs ready.
        let lock = fs::File::options().write(true).open(tides.artifact(&format!("{name}/.lock"))).unwrap();
        lock.lock().unwrap();
        let mut child = stage(&tides, name).stderr(Stdio::null()).spawn().unwrap();
        wait_for(|| waits_for_lock(child.id()));
        signal(child.id(), "TERM");
        assert_eq!(child.wait().unwrap().code(), Some(143), "{name}");
        assert_eq!(strays(&tides.path("artifacts")).len(), 0, "{name}");
    }
}

/// Whether the process is in the list of those that wait for a lock.
fn waits_for_lock(id: u32) -> bool {
    let locks = fs::read_to_string("/proc/locks").unwrap();
    locks
        .lines()
        .any(|lock| lock.contains("->") && lock.split_whitespace().any(|word| word == id.to_string()))
}

#[test]
fn a_second_run_waits_or_says_who_is_at_work() {
    let tides = Tides::complete();
    let (mut driver, trainer) = training(&tides);
    let refused = tides.pipeline(&["--no-wait"]);
    let holder = format!("in use by cargo xtask pipeline, process {} on ", driver.id());
    let text = line(&refused);
    assert_eq!(refused.status.code(), Some(75), "{text}");
    assert!(text.contains(&holder) && text.contains(" since 20"), "{text}");
    let refused = stage(&tides, "split").output().unwrap();
    assert_eq!(refused.status.code(), Some(75));
    assert!(line(&refused).contains(&holder));

    let mut second =
        tides.command("pipeline", &[]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut first = [0; 8];
    second.stderr.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"waiting:");
    signal(driver.id(), "TERM");
    driver.wait().unwrap();
    let output = second.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!is_alive(trainer));
}

#[test]
fn two_copies_of_a_stage_at_once_are_harmless() {
    let tides = Tides::complete();
    let before = tree(&tides.path("artifacts"));
    for name in STAGES {
        let copies: Vec<Child> =
            (0..4).map(|_| stage(&tides, name).stderr(Stdio::piped()).spawn().unwrap()).collect();
        for copy in copies {
            let output = copy.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), [""; 0]);
    }
    assert_eq!(strays(&tides.path("artifacts")).len(), 0);
}

#[test]
fn models_trained_at_once_by_several_processes_all_stay() {
    let tides = Tides::complete();
    let before = tree(&tides.path("artifacts"));
    fs::remove_dir_all(tides.artifact("train")).unwrap();
    let copies = ["Linear", "Shallow", "Linear", "Shallow"];
    let copies = copies.map(|model| stage(&tides, "train").args(["--model", model]).spawn().unwrap());
    for mut copy in copies {
        assert!(copy.wait().unwrap().success());
    }
    assert!(stage(&tides, "train").args(["--model", "Voting"]).status().unwrap().success());
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), [""; 0]);
    assert_eq!(artifacts::fits::read(&stage::Folder::new(tides.artifact("train"))).unwrap().len(), 2);
}

#[test]
fn a_place_that_refuses_files_is_74_in_one_line() {
    for name in STAGES {
        let tides = Tides::complete();
        let before = tree(&tides.path("artifacts"));
        // Permissions do not bind root, a file in the folder's place binds everybody.
        let folder = tides.artifact(name);
        fs::rename(&folder, tides.path("aside")).unwrap();
        fs::write(&folder, "a file").unwrap();
        let output = stage(&tides, name).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{output:?}");
        assert!(line(&output).starts_with(&format!("error: {name}: {}", folder.display())), "{output:?}");
        fs::remove_file(&folder).unwrap();
        fs::rename(tides.path("aside"), &folder).unwrap();
        assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), [""; 0]);
    }
}

/// Runs a stage after `mounts` in a mount namespace of its own; exit code, the one line, and what lies in the
/// stage's folder then. `None`, said on stderr past the test's capture, where the system allows no mounts.
fn in_namespace(tides: &Tides, name: &str, mounts: &str) -> Option<(i32, String, String)> {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new("unshare");
    command.arg(if root { "-m" } else { "-rm" }).args(["sh", "-c"]);
    let run = stage(tides, name);
    let arguments: Vec<_> = run.get_args().map(|word| word.to_str().unwrap()).collect();
    command.arg(format!(
        "out={}; {mounts} || exit 99; {} {}; code=$?; ls -A $out/{name}; exit $code",
        tides.path("artifacts").display(),
        binary(name).display(),
        arguments.join(" ")
    ));
    let output = command.output().ok().filter(|output| ![Some(99), Some(1)].contains(&output.status.code()));
    let Some(output) = output else {
        let text = format!("skipped: {name} on a full or read-only disk: no mounts are allowed here\n");
        std::io::stderr().write_all(text.as_bytes()).unwrap();
        return None;
    };
    Some((output.status.code().unwrap(), line(&output), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn a_full_disk_is_74_in_one_line_and_leaves_nothing_half_written() {
    let tides = Tides::complete();
    for name in STAGES {
        // Room for the lock and a part of the first file.
        let mounts = format!("mount -t tmpfs -o size=4k none $out/{name}");
        let Some((code, line, left)) = in_namespace(&tides, name, &mounts) else { return };
        assert_eq!((code, left.as_str()), (74, ".lock\n"), "{line}");
        assert!(line.contains("cannot write: No space left on device"), "{line}");
    }
}

#[test]
fn a_limit_of_file_sizes_is_74_in_one_line_and_leaves_nothing_half_written() {
    let tides = Tides::complete();
    let before = tree(&tides.path("artifacts"));
    for name in STAGES {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 1; exec \"$@\"", "sh"]).arg(binary(name));
        let output = command.args(stage(&tides, name).get_args()).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{name}: {output:?}");
        assert!(line(&output).contains("cannot write: File too large"), "{output:?}");
        assert_eq!(strays(&tides.path("artifacts")).len(), 0, "{name}");
    }
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), [""; 0]);
}

#[test]
fn a_read_only_disk_is_74_in_one_line() {
    let tides = Tides::complete();
    let mounts = "mount --bind $out $out && mount -o remount,ro,bind $out";
    for name in STAGES {
        let Some((code, line, _)) = in_namespace(&tides, name, mounts) else { return };
        assert_eq!(code, 74, "{line}");
        assert!(line.ends_with(".lock: cannot write: Read-only file system (os error 30)"), "{line}");
    }
}

#[test]
fn missing_permissions_are_74_in_one_line() {
    let tides = Tides::complete();
    let before = tree(&tides.path("artifacts"));
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    fs::set_permissions(tides.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    for name in STAGES {
        let program = tides.path(name);
        write_program(r#"cp "$1" "$2""#, &[&binary(name), &program]);
        fs::set_permissions(tides.artifact(name), fs::Permissions::from_mode(0o555)).unwrap();
        let lock = tides.artifact(&format!("{name}/.lock"));
        fs::remove_file(&lock).unwrap();
        fs::set_permissions(tides.artifact(".lock"), fs::Permissions::from_mode(0o666)).unwrap();
        let mut command = Command::new(program);
        command.args(stage(&tides, name).get_args());
        // Permissions do not bind root: be nobody.
        if root {
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{output:?}");
        assert!(
            line(&output).ends_with(".lock: cannot write: Permission denied (os error 13)"),
            "{output:?}"
        );
        fs::set_permissions(tides.artifact(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), [""; 0]);
}

#[test]
fn stages_need_neither_home_nor_temporary_folder_nor_open_streams() {
    let tides = Tides::complete();
    let before = tree(&tides.path("artifacts"));
    for name in STAGES {
        // The shell closes all three streams.
        let script = format!(
            "exec {} --config {} --out {} <&- >&- 2>&-",
            binary(name).display(),
            tides.path("pipeline.toml").display(),
            tides.path("artifacts").display()
        );
        let status = Command::new("sh").args(["-c", &script]).env_clear().env("TMPDIR", "/nowhere").status();
        assert_eq!(status.unwrap().code(), Some(0), "{name}");
    }
    assert_eq!(differing(&before, &tree(&tides.path("artifacts"))), [""; 0]);
}
