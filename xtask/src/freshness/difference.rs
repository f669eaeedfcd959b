//! How two slices of a configuration differ, key by key.

use serde_json::Value;

/// A line for every key of the slice at `place` that has another value `now` than `then`.
pub(super) fn between(place: &str, then: &Value, now: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    match place.strip_suffix(".*") {
        Some(section) => names(section, then, now, &mut lines),
        None => values(place, Some(then), Some(now), &mut lines),
    }
    lines
}

/// Tables that came or went.
fn names(section: &str, then: &Value, now: &Value, lines: &mut Vec<String>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (then, now) = (list(then), list(now));
    let text = |name: &Value| name.as_str().unwrap_or_default().to_owned();
    let new = now.iter().filter(|name| !then.contains(name));
    let gone = then.iter().filter(|name| !now.contains(name));
    lines.extend(new.map(|name| format!("{section}.{} is new", text(name))));
    lines.extend(gone.map(|name| format!("{section}.{} is gone", text(name))));
}

fn values(place: &str, then: Option<&Value>, now: Option<&Value>, lines: &mut Vec<String>) {
    match (then, now) {
        (then, now) if then == now => {}
        (Some(Value::Object(then)), Some(Value::Object(now))) => {
            let keys = then.keys().chain(now.keys().filter(|key| !then.contains_key(*key)));
            for key in keys {
                values(&format!("{place}.{}", spelled(key)), then.get(key), now.get(key), lines);
            }
        }
        (then, now) => {
            let (then, now) = (shown(then), shown(now));
            let values = then.zip(now).map(|(then, now)| format!(" from {then} to {now}"));
            lines.push(format!("parameter {place} changed{}", values.unwrap_or_default()));
        }
    }
}

/// A key as people spell it in TOML: in quotes where it needs them.
fn spelled(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { stage::quoted(key) }
}

/// A value that fits in a line.
fn shown(value: Option<&Value>) -> Option<String> {
    let Some(value) = value else { return Some("its default".to_owned()) };
    let text = value.to_string();
    (text.chars().count() <= 40).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_changed_key_is_named() {
        let then = json!({ "alpha": 0.1, "tol": 1, "deep": { "screen size": "a", "b": [1] } });
        let now = json!({ "alpha": 0.2, "deep": { "screen size": "b", "b": [1] }, "n": 3 });
        assert_eq!(
            between("train.MLP", &then, &now),
            [
                "parameter train.MLP.alpha changed from 0.1 to 0.2",
                "parameter train.MLP.deep.\"screen size\" changed from \"a\" to \"b\"",
                "parameter train.MLP.tol changed from 1 to its default",
                "parameter train.MLP.n changed from its default to 3",
            ]
        );
        assert!(between("train.MLP", &now, &now).is_empty());
    }

    #[test]
    fn long_values_are_not_shown() {
        let (then, now) = (json!({ "k": "x".repeat(50) }), json!({ "k": 1 }));
        assert_eq!(between("split", &then, &now), ["parameter split.k changed"]);
    }

    #[test]
    fn tables_come_and_go() {
        let (then, now) = (json!(["A", "B"]), json!(["B", "C"]));
        assert_eq!(between("train.*", &then, &now), ["train.C is new", "train.A is gone"]);
    }
}
