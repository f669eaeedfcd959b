//! A counter that a long fit advances and somebody else reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps done by a fit: trees of a forest, stages of a boosting, epochs of a network.
///
/// Clones share the counter, so the caller keeps one and hands the other to the parameters.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Steps done so far.
    pub fn done(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one more step.
    pub(crate) fn step(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
