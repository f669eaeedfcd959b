//! The process that started this one to run a stage for it: they end together.

use crate::{Error, Kind, Result};

/// Has the kernel end this process by SIGTERM when the process `driver`, its parent, ends.
///
/// # Errors
/// If it has ended already, or the kernel refuses.
#[cfg(target_os = "linux")]
pub(crate) fn end_with(driver: u32) -> Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| Error::internal(format!("cannot follow process {driver}: {error}")))?;
    let parent = getppid().map(|parent| parent.as_raw_nonzero().get());
    if parent.is_none_or(|parent| u32::try_from(parent) != Ok(driver)) {
        return Err(Error::new(
            Kind::Temporary,
            format!("process {driver}, which started this one, has ended"),
        ));
    }
    Ok(())
}

/// Only Linux tells a process that its parent has ended.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with(_driver: u32) -> Result<()> {
    Ok(())
}
