//! Memory, counted where it is allocated, by a program of its own: runs that are timed have no counter.
//!
//! The allocator of `layouts-memory` is two crates, one around the other: `cap` adds up every byte that is asked
//! for, `peak_alloc` knows what is in use and its peak. Both count requests, not what the system adds to
//! them. A block that grows counts twice while it is copied, and again in the sum.

use crate::access;
use crate::columns::Columns;
use crate::dictionaries::Dictionaries;
use crate::layout::Layout;
use crate::listings::Listings;
use crate::slots::Slots;
use crate::task::{Setting, Task};
use cap::Cap;
use peak_alloc::PeakAlloc;
use serde::{Deserialize, Serialize};
use stage::{Error, Result};
use std::mem;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// An allocator that counts; to be installed as `#[global_allocator]`.
pub type Counter = Cap<PeakAlloc>;

/// The counter, at zero.
pub const fn counter() -> Counter {
    Cap::new(PeakAlloc, usize::MAX)
}

/// Bytes of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Asked for in all, whether given back or not.
    pub allocated: usize,
    /// The most in use at once, above what was in use before.
    pub peak: usize,
    /// Still in use afterwards, with the result.
    pub retained: usize,
}

/// Counts the bytes of `work`, of all threads.
pub fn count<T>(counter: &Counter, work: impl FnOnce() -> T) -> (T, Counted) {
    let (total, before) = (counter.total_allocated(), PeakAlloc.current_usage());
    PeakAlloc.reset_peak_usage();
    let result = work();
    let (peak, after) = (PeakAlloc.peak_usage(), PeakAlloc.current_usage());
    let counted = Counted {
        allocated: counter.total_allocated() - total,
        peak: peak - before,
        retained: after.saturating_sub(before),
    };
    (result, counted)
}

/// What `layouts-memory` is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`Layout::NAME`].
    pub layout: String,
    /// Folder of the raw files.
    pub data: PathBuf,
    /// How many rows to draw; all complete rows without.
    pub rows: Option<usize>,
    /// Seed of the draw.
    pub seed: u32,
    /// Tasks to run, in order.
    pub tasks: Vec<Task>,
}

/// What `layouts-memory` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Bytes to hold the rows.
    pub held: Counted,
    /// Seconds that holding them took.
    pub seconds: f64,
    /// Bytes and seconds of every task.
    pub tasks: Vec<(Task, Counted, f64)>,
}

/// Asks the program `layouts-memory`.
///
/// # Errors
/// If it cannot be started, or fails; what it says goes to stderr.
pub fn ask(program: &Path, request: &Request) -> Result<Answer> {
    let said = |what: String| Error::internal(format!("{}: {what}", program.display()));
    let request = serde_json::to_string(request).map_err(|error| said(error.to_string()))?;
    let output = Command::new(program).arg(request).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::reading(program, &error))?;
    if !output.status.success() {
        return Err(said(output.status.to_string()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| said(error.to_string()))
}

/// The answer of `layouts-memory`, whose allocator is `counter`.
///
/// # Errors
/// If the request is none, or the rows cannot be read.
pub fn answer(request: &str, counter: &Counter) -> Result<Answer> {
    let request: Request = serde_json::from_str(request).map_err(Error::usage)?;
    match request.layout.as_str() {
        Dictionaries::NAME => counted::<Dictionaries>(&request, counter),
        Slots::NAME => counted::<Slots>(&request, counter),
        Columns::NAME => counted::<Columns>(&request, counter),
        other => Err(Error::usage(format!("there is no layout '{other}'"))),
    }
}

fn counted<L: Layout>(request: &Request, counter: &Counter) -> Result<Answer> {
    let listings = Listings::read(&request.data)?;
    let sample = listings.draw(request.rows, request.seed);
    let visits = access::visits(sample.picks.len(), request.seed);
    let setting = Setting { sample, visits };
    let start = Instant::now();
    let (mut layout, held) = count(counter, || L::hold(&listings, &setting.sample));
    let seconds = start.elapsed().as_secs_f64();
    drop(listings);
    let mut tasks = Vec::new();
    for &task in &request.tasks {
        let start = Instant::now();
        let (run, bytes) = count(counter, || task.run(&mut layout, &setting));
        run?;
        tasks.push((task, bytes, start.elapsed().as_secs_f64()));
    }
    // The process ends here: to give back millions of texts one by one would take seconds.
    mem::forget(layout);
    Ok(Answer { held, seconds, tasks })
}
