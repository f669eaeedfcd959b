//! The binary `layouts-memory`: runs tasks on one layout and counts every byte they allocate. `layouts` asks it.

use layouts::memory::{self, Counter};
use std::io::{self, Write};
use std::process::ExitCode;

#[global_allocator]
static COUNTER: Counter = memory::counter();

fn main() -> ExitCode {
    // One thread: what a fit allocates depends on how many share it.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
    let request = std::env::args().nth(1).unwrap_or_default();
    let answer = one
        .map_err(stage::Error::internal)
        .and_then(|()| memory::answer(&request, &COUNTER))
        .and_then(|answer| serde_json::to_string(&answer).map_err(stage::Error::internal));
    match answer {
        Ok(json) => {
            let _ = writeln!(io::stdout().lock(), "{json}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "error: layouts-memory: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
