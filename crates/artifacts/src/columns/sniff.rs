//! Which format a file has, by its name and its first bytes.

use crate::raw::Format;
use stage::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The format of the file at `path`; `None` if neither its content nor its name tells.
///
/// # Errors
/// If the file is not there or cannot be read.
pub fn format_of(path: &Path) -> Result<Option<Format>> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|error| Error::reading(path, &error))?;
    file.take(1 << 16).read_to_end(&mut start).map_err(|error| Error::reading(path, &error))?;
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    Ok(of(&start, extension.as_deref().unwrap_or_default()))
}

fn of(start: &[u8], extension: &str) -> Option<Format> {
    if start.starts_with(b"PAR1") {
        return Some(Format::Parquet);
    }
    match extension {
        "parquet" => return Some(Format::Parquet),
        "csv" => return Some(Format::Csv),
        "jsonl" | "ndjson" => return Some(Format::JsonLines),
        _ => {}
    }
    match start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start() {
        [b'[', ..] => Some(Format::JsonRecords),
        [b'{', object @ ..] if starts_with_object(object) => Some(Format::JsonColumns),
        [b'{', ..] => Some(Format::JsonLines),
        [] if extension == "json" => Some(Format::JsonColumns),
        _ => None,
    }
}

/// Whether the first value of an object, after its brace, is an object too.
fn starts_with_object(object: &[u8]) -> bool {
    let mut escaped = false;
    let Some((b'"', key)) = object.trim_ascii_start().split_first() else { return true };
    let end = key.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let rest = end.map_or(&[][..], |end| &key[end + 1..]).trim_ascii_start();
    rest.strip_prefix(b":").is_some_and(|value| value.trim_ascii_start().starts_with(b"{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_name_tell_the_format() {
        for (start, extension, format) in [
            ("PAR1...", "csv", Some(Format::Parquet)),
            ("a,b\n", "csv", Some(Format::Csv)),
            ("[{\"a\":1}]", "json", Some(Format::JsonRecords)),
            ("\u{feff} {\"a \\\"b\": {\"1\":2}}", "json", Some(Format::JsonColumns)),
            ("{\"a\":1}\n{\"a\":2}", "json", Some(Format::JsonLines)),
            ("{\"a\":{}}", "jsonl", Some(Format::JsonLines)),
            ("{}", "json", Some(Format::JsonColumns)),
            ("", "json", Some(Format::JsonColumns)),
            ("<html>", "html", None),
            ("{\"a", "json", Some(Format::JsonLines)),
        ] {
            assert_eq!(of(start.as_bytes(), extension), format, "{start}");
        }
    }
}
