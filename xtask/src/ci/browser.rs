//! The check `browser`: the page of a run in headless Chromium, in both themes, on a phone and on a desk.

use super::{Flags, files};
use anyhow::{Context, Result, bail, ensure};
use stage::{Error, Kind};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Sections that the page of a whole run with a baseline has.
const SECTIONS: &str = "scores,changes,plots,residuals,bands,errors,importances,features,split,models,run";

/// Widths of a phone and of a desk.
const WIDTHS: [u32; 2] = [390, 1280];

/// Chromium that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the pipeline, opens its report, and asks a script in it what is wrong.
///
/// # Errors
/// If there is anything, or Chromium is not there or says something on its console.
pub(super) fn run(_: &Flags, folder: &Path) -> Result<String> {
    let chromium = chromium()
        .ok_or_else(|| Error::new(Kind::Missing, "no chromium here; `apt-get install chromium` brings it"))?;
    let out = folder.join("out");
    files::pipeline(&out, &[])?;
    let first = runs::find(&out, "latest")?;
    files::pipeline(&out, &["--baseline", &first.to_string_lossy()])?;
    let report = out.join("evaluate/report.html");
    let page = fs::read_to_string(&report).with_context(|| report.display().to_string())?;
    let framed = folder.join("framed.html");
    fs::write(&framed, frames(&page)?)?;

    let mut texts = Vec::new();
    for theme in ["light", "dark"] {
        let browser = Browser { program: &chromium, folder, theme };
        // From disk, as people open it: nothing on the console, and scripts have run.
        let dom = browser.open(&report)?;
        ensure!(dom.contains("role=\"group\""), "{theme}: the page's script did not run");
        let dom = browser.open(&framed)?;
        for width in WIDTHS {
            texts.push(check(&dom, theme, width)?);
        }
    }
    let bytes = page.len();
    ensure!(bytes < 2_000_000, "the page has {bytes} bytes");
    Ok(format!("{} sections in {}; {bytes} bytes", SECTIONS.split(',').count(), texts.join(", ")))
}

/// What the script said in the frame of that width.
fn check(dom: &str, theme: &str, width: u32) -> Result<String> {
    let said =
        dom.split(&format!("<pre id=\"said-{width}\">")).nth(1).and_then(|rest| rest.split("</pre>").next());
    let said = said.unwrap_or_default();
    let (head, wrong) = said.split_once('\n').unwrap_or((said, ""));
    ensure!(wrong.is_empty(), "{theme}, {width} pixels:\n{wrong}");
    let expected = format!("{theme} {width} {SECTIONS}");
    ensure!(head == expected, "{theme}, {width} pixels: saw '{head}', expected '{expected}'");
    Ok(format!("{theme} {width} px"))
}

/// A page with the report in frames of all widths. Browsers' own windows cannot be as narrow as a phone.
fn frames(page: &str) -> Result<String> {
    let nonce = page.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let nonce = nonce.context("the page has no policy")?;
    let script = format!("<script nonce=\"{nonce}\">{}</script></body>", include_str!("browser.js"));
    let probed = page.replace("</body>", &script).replace('&', "&amp;").replace('"', "&quot;");
    let frame = |width| {
        format!(
            "<pre id=\"said-{width}\"></pre>\n\
             <iframe data-said=\"said-{width}\" style=\"border:0;width:{width}px;height:900px\" srcdoc=\"{probed}\"></iframe>\n"
        )
    };
    let frames: String = WIDTHS.into_iter().map(frame).collect();
    Ok(format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"></head><body>\n{frames}</body></html>\n"
    ))
}

/// The first Chromium in the path that runs.
fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let runs = |name: &&str| {
        let mut version = Command::new(name);
        version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    names.into_iter().find(runs).map(PathBuf::from)
}

struct Browser<'a> {
    program: &'a Path,
    folder: &'a Path,
    theme: &'a str,
}

impl Browser<'_> {
    /// The elements of a page once it is loaded.
    fn open(&self, page: &Path) -> Result<String> {
        let (dom, log) = (self.folder.join("dom.html"), self.folder.join("chromium.log"));
        // Blink's numbers of the schemes.
        let scheme = if self.theme == "dark" { 0 } else { 1 };
        let mut child = Command::new(self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--enable-logging=stderr", "--v=0", "--window-size=1400,1000", "--dump-dom"])
            .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
            .arg(format!("--user-data-dir={}", self.folder.join("profile").display()))
            .arg(format!("file://{}", page.canonicalize()?.display()))
            .stdin(Stdio::null())
            .stdout(File::create(&dom)?)
            .stderr(File::create(&log)?)
            .spawn()?;
        let start = Instant::now();
        while child.try_wait()?.is_none() {
            if start.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                bail!("{}: chromium hangs", page.display());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        if let Some(said) = log.lines().find(|line| line.contains(":CONSOLE")) {
            bail!("{}: on the console: {said}", page.display());
        }
        Ok(String::from_utf8_lossy(&fs::read(&dom)?).into_owned())
    }
}
