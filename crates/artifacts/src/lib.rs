//! The contract between stages: one module per file that crosses a stage border, the readers of raw
//! files and of any table column by column, and the assignment of rows to train, val and test.
//!
//! Nothing outside this crate knows Parquet, nor Arrow but for `layouts`, whose subject its arrays are. Every
//! artifact carries its name and its schema version, is checked just before it is written and just after it is
//! read, and holds no dates, paths or seconds.

mod cells;
mod kind;
mod matrix;
mod names;
mod rows;
mod table;

pub mod columns;
pub mod raw;

pub mod observations;
pub mod rejected;

pub mod features;
pub mod selection;

pub mod roles;
pub mod split_report;
pub mod splits;

pub mod fits;
pub mod models;
pub mod parts;

pub mod metrics;
pub mod predictions;

pub use cells::{Cell, Cells, CellsBuilder};
pub use features::Features;
pub use kind::{Kind, Parsed};
pub use matrix::take_rows;
pub use names::Names;
pub use observations::Observations;
pub use rejected::Rejected;
pub use rows::Origin;
pub use splits::Split;
