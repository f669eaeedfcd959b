//! What fixed slots do to time and memory: the same listings held as dictionaries, as slots and as columns.
//!
//! [`experiment::run`] measures; [`print`](mod@print) and [`html`] show what it found. A layout is a type behind
//! [`layout::Layout`]; tasks are written once against that trait.

pub mod attributes;
pub mod listings;

pub mod layout;

pub mod dictionaries;

pub mod slots;

pub mod columns;

pub mod exploration;

pub mod access;

pub mod matrix;

pub mod learning;

pub mod misspelling;

mod stopwatch;

pub mod task;

pub mod measure;

pub mod memory;

mod budget;
mod schedule;

pub mod experiment;

pub mod report;

mod charts;
pub mod html;
pub mod print;
pub mod words;

pub use experiment::{Plan, run};
pub use report::Report;
