//! What identifies a row from ingest to the end.

use std::fmt;
use std::str::FromStr;

/// The file a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The file of train rows.
    Train,
    /// The file of validation rows.
    Val,
    /// The file of test rows.
    Test,
    /// The only file, with all rows.
    All,
}

impl Origin {
    /// The name that files and configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Train, Self::Val, Self::Test, Self::All]
            .into_iter()
            .find(|origin| origin.name() == name)
            .ok_or_else(|| format!("'{name}' is no origin; valid are train, val, test and all"))
    }
}
