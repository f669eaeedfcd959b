//! The machine that a table was measured on.

use std::fs;
use std::thread;

/// Its processor and cores, as Linux names them.
pub(crate) fn describe() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model(&cpus).unwrap_or("unknown processor"))
}

fn model(cpus: &str) -> Option<&str> {
    let line = cpus.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        assert_eq!(model("processor\t: 0\nmodel name\t: Fast(R) CPU @ 2 GHz\n"), Some("Fast(R) CPU @ 2 GHz"));
        assert_eq!(model(""), None);
    }
}
