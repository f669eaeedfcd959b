//! Waiting for an input that another machine has written but a network file system does not show yet.

use crate::log::{self, Level};
use crate::{Error, Kind, Result};
use std::thread;
use std::time::Duration;

/// The first pause between two looks, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// How long a stage waits for an input: `--wait SECONDS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience(pub Duration);

impl Patience {
    /// Whether it is worth a second look at all.
    pub(crate) fn is_none(self) -> bool {
        self.0.is_zero()
    }

    /// What `look` finds, looking again while it fails in one of the `passing` ways.
    ///
    /// Every look must open and read: on a network file system only that asks the server.
    ///
    /// # Errors
    /// As `look`; an input that stays missing becomes [`Kind::Temporary`].
    pub fn wait<T>(self, passing: &[Kind], look: impl FnMut() -> Result<T>) -> Result<T> {
        self.wait_by(thread::sleep, passing, look)
    }

    fn wait_by<T>(
        self,
        mut pause: impl FnMut(Duration),
        passing: &[Kind],
        mut look: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        let (mut waited, mut step) = (Duration::ZERO, PAUSES[0]);
        loop {
            let error = match look() {
                Err(error) if !self.is_none() && passing.contains(&error.kind()) => error,
                outcome => return outcome,
            };
            if waited >= self.0 {
                // Data that are refused for so long are no old state of a network file system.
                let kind = if error.kind() == Kind::Missing { Kind::Temporary } else { error.kind() };
                return Err(Error::new(kind, error).hint(format!("waited {} s", self.0.as_secs_f64())));
            }
            if waited.is_zero() {
                let seconds = self.0.as_secs_f64();
                log::event(
                    Level::Info,
                    "wait",
                    &[("seconds", seconds.into()), ("for", error.to_string().into())],
                );
            }
            step = step.min(self.0 - waited);
            pause(step);
            waited += step;
            step = (step * 2).min(PAUSES[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Folder;
    use std::cell::Cell;
    use std::fs;

    #[test]
    fn without_patience_one_look_decides() {
        let looks = Cell::new(0);
        let error = Patience::default().wait(&[Kind::Missing], || {
            looks.set(looks.get() + 1);
            Err::<(), _>(Error::new(Kind::Missing, "a: no such file"))
        });
        assert_eq!((error.unwrap_err().exit_code(), looks.get()), (66, 1));
    }

    #[test]
    fn a_file_that_comes_late_is_read() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().to_path_buf());
        let mut pauses = 0;
        let appear = |_: Duration| {
            pauses += 1;
            if pauses == 3 {
                fs::write(folder.file("a"), b"1").unwrap();
            }
        };
        let patience = Patience(Duration::from_secs(60));
        let read = patience.wait_by(appear, &[Kind::Missing], || folder.read("a"));
        assert_eq!((read.unwrap(), pauses), (b"1".to_vec(), 3));
    }

    #[test]
    fn a_file_that_does_not_come_is_a_temporary_failure_after_the_time() {
        let mut slept = Duration::ZERO;
        let patience = Patience(Duration::from_secs(7));
        let missing = || Err::<(), _>(Error::new(Kind::Missing, "a: no such file"));
        let error = patience.wait_by(|step| slept += step, &[Kind::Missing], missing).unwrap_err();
        assert_eq!((error.exit_code(), slept), (75, Duration::from_secs(7)));
        assert_eq!(error.to_string(), "a: no such file; waited 7 s");
    }

    #[test]
    fn data_that_stay_refused_are_refused_after_the_time() {
        let mut slept = Duration::ZERO;
        let patience = Patience(Duration::from_secs(7));
        let refused = || Err::<(), _>(Error::data("a: altered"));
        let error =
            patience.wait_by(|step| slept += step, &[Kind::Missing, Kind::Data], refused).unwrap_err();
        assert_eq!((error.exit_code(), slept), (65, Duration::from_secs(7)));
        assert_eq!(error.to_string(), "a: altered; waited 7 s");
    }

    #[test]
    fn other_failures_are_not_waited_for() {
        let pause = |_: Duration| panic!("no pause was due");
        let refused = || Err::<(), _>(Error::data("a: refused"));
        let error = Patience(Duration::from_secs(7)).wait_by(pause, &[Kind::Missing], refused).unwrap_err();
        assert_eq!(error.exit_code(), 65);
    }
}
