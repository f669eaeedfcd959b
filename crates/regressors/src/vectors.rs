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

/// The dot product of two rows of the same length: per lane in their order, then over lanes.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}
