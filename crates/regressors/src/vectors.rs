//! Loops compiled for the widest vectors that the processor at hand has.

use pulp::Arch;

/// Evaluates loops over numbers as compiled for the widest vectors the processor has.
macro_rules! vectorized {
    ($loops:expr) => {
        $crate::vectors::dispatch(
            // What is not inlined is compiled for the oldest processors.
            #[inline(always)]
            || $loops,
        )
    };
}
pub(crate) use vectorized;

/// The function behind [`vectorized`]. Its bound makes the closure one that is called once: of any other, a
/// wrapper is called, which need not be inlined.
#[inline(always)]
pub(crate) fn dispatch<R>(loops: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(loops)
}
