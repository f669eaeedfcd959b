//! Tests of the whole pipeline, as one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

// Where things lie, and how a test runs stages.
mod workspace;
// Whole runs on the sample and on another table.
mod whole_runs;
// What must hold on the real data.
mod real_data;
// What explore shows of them.
mod real_tables;
// The stages as programs: flags, exit codes, messages.
mod binaries;
// What they say on stderr.
mod logs;
// Training by tasks.
mod tasks;
// What `cargo xtask pipeline` calls fresh and stale, and why.
mod freshness;
// What is left when a run is killed, stopped, or refused by the disk.
#[cfg(target_os = "linux")]
mod crashes;
// What ingest refuses: one bad file per case, with its message and exit code.
mod bad_raw_files;
// What stages refuse of each other: one bad artifact per case.
mod bad_artifacts;
// The same table in every format, other labels, files without labels or index.
mod other_tables;
// Crate dependencies and source files against the architecture.
mod architecture;
