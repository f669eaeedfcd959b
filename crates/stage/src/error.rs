//! One line that says what is wrong, where, and what to do, and the exit code that tells a scheduler
//! whether a retry can help.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// The result of a stage's work.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Classes of failure, by sysexits number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wrong flags or arguments.
    Usage = 64,
    /// Input data or an artifact that is refused.
    Data = 65,
    /// An input that is not there.
    Missing = 66,
    /// A bug.
    Internal = 70,
    /// The disk or its permissions.
    Io = 74,
    /// Something that a later try may find better.
    Temporary = 75,
    /// A wrong configuration.
    Config = 78,
}

/// A failure of a stage: its class and its one line.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
}

impl Error {
    /// A failure of the given class. Line breaks in the message become spaces. Other control characters, which cells of
    /// a bad file may hold, become `\u{fffd}`: a terminal would obey them.
    pub fn new(kind: Kind, message: impl Display) -> Self {
        Self { kind, message: one_line(&message.to_string()) }
    }

    /// Bad input data.
    pub fn data(message: impl Display) -> Self {
        Self::new(Kind::Data, message)
    }

    /// A wrong configuration.
    pub fn config(message: impl Display) -> Self {
        Self::new(Kind::Config, message)
    }

    /// Wrong flags.
    pub fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A bug.
    pub fn internal(message: impl Display) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// An input file that could not be read.
    pub fn reading(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(Kind::Missing, format!("{}: no such file", path.display())),
            io::ErrorKind::InvalidData => Self::data(format!("{}: {error}", path.display())),
            io::ErrorKind::IsADirectory => Self::data(format!("{}: a folder, not a file", path.display())),
            _ => Self::new(Kind::Io, format!("{}: cannot read: {error}", path.display())),
        }
    }

    /// An output file that could not be written.
    pub fn writing(path: &Path, error: &io::Error) -> Self {
        Self::new(Kind::Io, format!("{}: cannot write: {error}", path.display()))
    }

    /// The same failure with a word on what to do.
    #[must_use]
    pub fn hint(self, advice: impl Display) -> Self {
        Self::new(self.kind, format!("{}; {advice}", self.message))
    }

    /// The class of the failure.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        self.kind as u8
    }
}

/// The text with its line breaks and tabs as spaces, and without other control characters.
fn one_line(text: &str) -> String {
    let parts: Vec<&str> =
        text.split(['\n', '\r', '\t']).map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(" ").replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_the_place_of_a_file_is_refused_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let error = std::fs::read(folder.path()).unwrap_err();
        let refused = Error::reading(folder.path(), &error);
        assert_eq!(refused.exit_code(), 65);
        assert_eq!(refused.to_string(), format!("{}: a folder, not a file", folder.path().display()));
    }

    #[test]
    fn whatever_a_cell_holds_the_error_is_one_line_that_terminals_show() {
        let error = Error::data("the label 'a\r\n  b\rc\td\u{1b}[31me'").hint("not\nthis\u{7}");
        assert_eq!(error.to_string(), "the label 'a b c d\u{fffd}[31me'; not this\u{fffd}");
    }
}
