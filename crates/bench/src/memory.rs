//! The peak of this process's memory, as Linux counts it.

use std::fs;

/// Forgets the peak so far; returns what is in use now, in bytes. `None` where the system does not tell.
pub(crate) fn reset() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    peak()
}

/// The most that was in use since [`reset`], in bytes.
pub(crate) fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
