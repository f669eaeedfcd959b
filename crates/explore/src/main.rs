//! `explore` as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    stage::program(explore::NAME, explore::run)
}
