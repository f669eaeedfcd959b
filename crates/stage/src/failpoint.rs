//! Places where a test build kills itself: `FAILPOINT=n` ends the process by SIGKILL at the n-th it passes.
//!
//! Builds with debug assertions have them, as `cargo test` makes; in others they are nothing.

/// A place where a test may kill the process; `_what` says to readers which.
#[cfg(not(debug_assertions))]
#[inline]
pub fn failpoint(_what: &str) {}

/// A place where a test may kill the process; `what` says which.
#[cfg(debug_assertions)]
pub fn failpoint(what: &str) {
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static DEADLY: OnceLock<Option<u32>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let number = || std::env::var("FAILPOINT").ok()?.parse().ok();
    let Some(deadly) = *DEADLY.get_or_init(number) else { return };
    if PASSED.fetch_add(1, Ordering::Relaxed) + 1 == deadly {
        let _ = writeln!(std::io::stderr().lock(), "failpoint {deadly}: {what}");
        #[cfg(unix)]
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}
