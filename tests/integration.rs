//! Tests of the whole pipeline, as one binary.

// What ingest refuses: one bad file per case, with its message and exit code.
mod bad_raw_files;
// The same table in every format, other labels, files without labels or index.
mod other_tables;
