//! Storage that vectors load from without crossing cache lines.

use super::kernel::{Block, LANES};
use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of a block.
const LINE: usize = size_of::<Block>();

/// Blocks of which each is one cache line; as a slice they are used like those of a `Vec`.
///
/// The allocator aligns to 16 bytes only. A vector load of 64 bytes would then touch two lines every time,
/// which takes twice as long, so the blocks begin at the first line that is whole.
#[derive(Debug)]
pub(super) struct Table {
    /// The blocks, after less than a line of padding.
    values: Vec<f64>,
    padding: usize,
    len: usize,
}

impl Table {
    /// That many blocks of zeros.
    pub(super) fn zeros(len: usize) -> Self {
        let values = vec![0.0; (len + 1) * LANES];
        // Numbers are aligned to 8 bytes, so the offset is there and less than a block.
        let padding = values.as_ptr().align_offset(LINE).min(LANES);
        Self { values, padding, len }
    }

    /// Changes the number of blocks. What the blocks hold then is not specified.
    pub(super) fn resize(&mut self, len: usize) {
        if self.values.len() < (len + 1) * LANES {
            *self = Self::zeros(len);
        }
        self.len = len;
    }
}

impl Default for Table {
    /// No blocks.
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl Clone for Table {
    /// Copies the blocks to storage that is aligned as well.
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for Table {
    type Target = [Block];

    #[inline]
    fn deref(&self) -> &[Block] {
        &self.values[self.padding..].as_chunks().0[..self.len]
    }
}

impl DerefMut for Table {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Block] {
        &mut self.values[self.padding..].as_chunks_mut().0[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_begin_at_cache_lines() {
        for len in [0, 1, 7, 100, 10_000] {
            let mut table = Table::zeros(len);
            assert_eq!(table.len(), len);
            assert!(
                table.iter().all(|block| *block == [0.0; LANES] && block.as_ptr().align_offset(LINE) == 0)
            );
            table.resize(len + 3);
            table[len + 2] = [1.0; LANES];
            let copy = table.clone();
            assert_eq!(copy[..], table[..]);
            assert!(copy.iter().all(|block| block.as_ptr().align_offset(LINE) == 0));
        }
    }
}
