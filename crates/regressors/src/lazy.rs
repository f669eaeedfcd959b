//! What is derived from a model when it is first needed.

use std::sync::OnceLock;

/// A value that follows from others, and so does not matter when these are compared.
#[derive(Clone, Debug)]
pub(crate) struct Lazy<T>(OnceLock<T>);

impl<T> Lazy<T> {
    /// The value, which `make` gives the first time.
    #[inline]
    pub(crate) fn get(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> PartialEq for Lazy<T> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
