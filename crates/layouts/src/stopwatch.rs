//! The clock of all durations: processor time, which other programs on the machine do not lengthen.

use rustix::time::{ClockId, clock_gettime};

/// Counts the processor time of this process, all threads together, from its making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    start: f64,
}

impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self { start: now() }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(self) -> f64 {
        now() - self.start
    }
}

fn now() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time() {
        let watch = Stopwatch::start();
        let sum = std::hint::black_box((0..1_000_000_u64).fold(0, |sum, i| sum ^ std::hint::black_box(i)));
        assert!(watch.seconds() > 0.0, "{sum}");
    }
}
