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

/// What pays only where it takes neither a branch nor memory, which is with AVX-512.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512 {
    #[cfg(target_arch = "x86_64")]
    simd: pulp::x86::V4,
    #[cfg(not(target_arch = "x86_64"))]
    never: std::convert::Infallible,
}

impl Avx512 {
    /// The sums that [`Self::masked_add`] adds to at once.
    pub(crate) const SUMS: usize = 8;

    /// The numbers that [`Self::look_up`] chooses from, and how many it chooses at once.
    pub(crate) const NUMBERS: usize = 8;

    /// None on other processors.
    pub(crate) fn new() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        return Some(Self { simd: pulp::x86::V4::try_new()? });
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// The first of 16 numbers that is less than `limit`: its place and the number; 16 and 0 if there is none.
    #[inline(always)]
    pub(crate) fn first_below(self, numbers: [u32; 16], limit: u32) -> (usize, u32) {
        #[cfg(target_arch = "x86_64")]
        {
            let simd = self.simd.avx512f;
            let numbers = pulp::cast(numbers);
            let below = simd._mm512_cmplt_epu32_mask(numbers, simd._mm512_set1_epi32(limit as i32));
            let [first, ..]: [u32; 16] = pulp::cast(simd._mm512_maskz_compress_epi32(below, numbers));
            ((u32::from(below) | 1 << 16).trailing_zeros() as usize, first)
        }
        #[cfg(not(target_arch = "x86_64"))]
        match self.never {}
    }

    /// The numbers at the given places, modulo their number.
    #[inline(always)]
    pub(crate) fn look_up(
        self,
        numbers: [f64; Self::NUMBERS],
        places: [u32; Self::NUMBERS],
    ) -> [f64; Self::NUMBERS] {
        #[cfg(target_arch = "x86_64")]
        {
            let simd = self.simd.avx512f;
            let places = simd._mm512_cvtepu32_epi64(pulp::cast(places));
            pulp::cast(simd._mm512_permutexvar_pd(places, pulp::cast(numbers)))
        }
        #[cfg(not(target_arch = "x86_64"))]
        match self.never {}
    }

    /// The sums, with `number` added to those whose bit is set.
    #[inline(always)]
    pub(crate) fn masked_add(self, sums: [i64; Self::SUMS], bits: u8, number: i64) -> [i64; Self::SUMS] {
        #[cfg(target_arch = "x86_64")]
        {
            let (simd, sums) = (self.simd.avx512f, pulp::cast(sums));
            pulp::cast(simd._mm512_mask_add_epi64(sums, bits, sums, simd._mm512_set1_epi64(number)))
        }
        #[cfg(not(target_arch = "x86_64"))]
        match self.never {}
    }
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

#[cfg(test)]
impl Avx512 {
    /// As [`Self::new`]; says once, past the harness, that tests were skipped if this is none.
    pub(crate) fn or_skipped() -> Option<Self> {
        use std::io::Write;
        static SAID: std::sync::Once = std::sync::Once::new();
        let avx512 = Self::new();
        if avx512.is_none() {
            let text = b"skipped: what is done with AVX-512, which this processor does not have\n";
            SAID.call_once(|| std::io::stderr().write_all(text).unwrap());
        }
        avx512
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_with_a_bit_are_added_to(sums: [i64; 8], bits: u8, number: i64) {
            let Some(avx512) = Avx512::or_skipped() else { return Ok(()) };
            let added = |at: usize| if bits >> at & 1 == 1 { sums[at].wrapping_add(number) } else { sums[at] };
            prop_assert_eq!(avx512.masked_add(sums, bits, number), std::array::from_fn(added));
        }

        #[test]
        fn numbers_are_looked_up(numbers: [f64; 8], places: [u32; 8]) {
            let Some(avx512) = Avx512::or_skipped() else { return Ok(()) };
            let expected = places.map(|place| numbers[place as usize % 8].to_bits());
            prop_assert_eq!(avx512.look_up(numbers, places).map(f64::to_bits), expected);
        }

        #[test]
        fn the_first_number_below_is_found(numbers: [u16; 16], limit: u16) {
            let Some(avx512) = Avx512::or_skipped() else { return Ok(()) };
            for limit in numbers.into_iter().chain([limit]) {
                let first = (0..).zip(numbers).find(|(_, number)| *number < limit);
                let (place, number) = avx512.first_below(numbers.map(u32::from), u32::from(limit));
                prop_assert_eq!((place, number as u16), first.unwrap_or((16, 0)));
            }
        }
    }
}
