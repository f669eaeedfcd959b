//! The counting allocator against allocations of known size. No harness: the counter counts all threads, and
//! those of a harness allocate.

use layouts::memory::{self, Counted, Counter, count};
use std::hint::black_box;

#[global_allocator]
static COUNTER: Counter = memory::counter();

fn main() {
    let (kept, counted) = count(&COUNTER, || {
        let kept = black_box(vec![1_u8; 1000]);
        drop(black_box(vec![0_u8; 4000]));
        drop(black_box(vec![1_u8; 500]));
        kept
    });
    assert_eq!(counted, Counted { allocated: 5500, peak: 5000, retained: 1000 });
    assert_eq!(kept.len(), 1000);

    // What was there before does not count; what is given back does not become negative.
    let ((), counted) = count(&COUNTER, move || drop(kept));
    assert_eq!(counted, Counted { allocated: 0, peak: 0, retained: 0 });
}
