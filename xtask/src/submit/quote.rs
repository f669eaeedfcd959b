//! A text as one word of each language that a rendering is written in.
//!
//! Texts have no control characters; [`super::chain`] refuses them.

/// One word of a POSIX shell.
pub(crate) fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Words of a POSIX shell, with blanks between them.
pub(crate) fn shell_words<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().map(|word| shell(word)).collect::<Vec<_>>().join(" ")
}

/// A string of YAML; JSON's strings are YAML's.
pub(crate) fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A string of Python.
pub(crate) fn python(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// Part of a recipe of make.
pub(crate) fn make_recipe(text: &str) -> String {
    text.replace('$', "$$")
}

/// A target or prerequisite of make.
pub(crate) fn make_file(path: &str) -> String {
    let mut quoted = String::new();
    for c in path.chars() {
        match c {
            '$' => quoted.push('$'),
            ' ' | '#' => quoted.push('\\'),
            _ => {}
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(shell("/data/a-b_1.json"), "/data/a-b_1.json");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell("a\\b"), r"'a\b'");
        assert_eq!(yaml("a\"b\\c é"), r#""a\"b\\c é""#);
        assert_eq!(python("a\"b\\c é"), r#""a\"b\\c é""#);
    }
}
