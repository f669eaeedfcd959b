//! Python for the comparisons: virtual environments with pinned packages, made once.

use crate::{build, root};
use anyhow::{Context, Result};
use stage::{Error, Kind};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter that has the pinned scikit-learn.
///
/// # Errors
/// As [`interpreter`].
pub(crate) fn with_sklearn() -> Result<PathBuf> {
    interpreter(&build::target()?.join("venv/parity"), &root().join("xtask/python/requirements.txt"))
}

/// The interpreter of the environment `folder`, which holds exactly what the file `requirements` lists.
///
/// It is made anew when that file changes.
///
/// # Errors
/// [`Kind::Missing`] if there is no `python3` with venv, [`Kind::Temporary`] if packages cannot be fetched.
pub(crate) fn interpreter(folder: &Path, requirements: &Path) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    let wanted = fs::read_to_string(requirements).with_context(|| requirements.display().to_string())?;
    // A copy of the list is written last: it is there only if all packages are.
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let _ = writeln!(io::stderr().lock(), "making {} with {}", folder.display(), requirements.display());
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(folder);
    finish(venv, "python3 -m venv").map_err(|reason| {
        Error::new(Kind::Missing, reason).hint("install python3 (3.11 or later) with venv")
    })?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(requirements);
    finish(pip, "pip install").map_err(|reason| {
        Error::new(Kind::Temporary, reason).hint("it needs python3 of 3.11 or later, and PyPI once")
    })?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    Ok(python)
}

/// Runs `command` to its end; an error is what it said last.
fn finish(mut command: Command, name: &str) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{name}: cannot start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{name}: {}", last_line(&String::from_utf8_lossy(&said))))
}

/// The last line that says something.
fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("failed without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_what_was_said_last() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo details; echo 'no network' >&2; echo; exit 1"]);
        assert_eq!(finish(shell, "pip install").unwrap_err(), "pip install: no network");
        let error = finish(Command::new("/no/such/python3"), "python3").unwrap_err();
        assert!(error.starts_with("python3: cannot start: "), "{error}");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_named() {
        let error = interpreter(Path::new("/no/venv"), Path::new("/no/list.txt")).unwrap_err();
        assert!(format!("{error:#}").starts_with("/no/list.txt: "));
    }
}
