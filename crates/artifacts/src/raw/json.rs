//! What the JSON readers share: cells straight from the parser into their column, and the parser's errors
//! in the reader's words.

use super::Source;
use super::column::{Column, Value};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;
use stage::Error;
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::str;

/// Reads one cell into the column.
pub(super) struct CellSeed<'a>(pub(super) &'a mut Column);

impl CellSeed<'_> {
    fn push<E: serde::de::Error>(self, value: Value<'_>) -> Result<(), E> {
        self.0.push(value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_skipped() {
            IgnoredAny::deserialize(deserializer)?;
            return self.push(Value::Missing);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, a text, a boolean, null or a list of texts")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.push(Value::Missing)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.push(Value::Boolean(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.push(Value::Number(value as f64))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.push(Value::Number(value as f64))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.push(Value::Number(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.push(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(ItemSeed)? {
            list.push(item);
        }
        self.push(Value::List(list.iter().map(Cow::as_ref).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("an object inside a cell; give its values columns of their own"))
    }
}

/// Reads an item of a list, without a copy where the file spells it without escapes.
struct ItemSeed;

impl<'de> DeserializeSeed<'de> for ItemSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text as item of a list")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, item: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(item))
    }

    fn visit_str<E: serde::de::Error>(self, item: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(item.to_owned()))
    }
}

/// Where the parser stopped.
pub(super) struct Stop<'a> {
    pub(super) source: Source<'a>,
    /// The text given to the parser.
    pub(super) text: &'a [u8],
    /// The text's first line in the file, counted from 1.
    pub(super) line: usize,
    pub(super) column: Option<&'a str>,
    pub(super) row: Option<&'a dyn Display>,
}

impl Stop<'_> {
    /// The parser's error in the reader's words.
    pub(super) fn refuse(&self, error: &serde_json::Error) -> Error {
        self.source.refuse(self.column, self.row, self.reason(error))
    }

    fn reason(&self, error: &serde_json::Error) -> String {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let place = format!("line {}, byte {}", self.line - 1 + error.line(), error.column());
        let offset = self.offset(error);
        match error.classify() {
            // Our own messages say what to do.
            Category::Data if message.contains(';') => message.to_owned(),
            Category::Data => format!("{message}; correct it"),
            Category::Eof => format!("the file ends too early, at {place}; it was cut off, copy it again"),
            Category::Io => format!("{message} at {place}"),
            Category::Syntax if self.first_invalid().is_some_and(|invalid| invalid <= offset) => {
                format!("not UTF-8 at {place}; save the file as UTF-8")
            }
            Category::Syntax => match self.token(offset) {
                Some(token) => {
                    format!("{token} is not a JSON number; write null where a cell is missing")
                }
                None if message == "number out of range" => {
                    format!("a number too large for 64 bits, at {place}; correct it")
                }
                None => format!("not valid JSON: {message} at {place}; correct it"),
            },
        }
    }

    /// Where in the text the parser stopped, in bytes.
    fn offset(&self, error: &serde_json::Error) -> usize {
        let lines = self.text.split_inclusive(|&byte| byte == b'\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
        before + error.column().saturating_sub(1)
    }

    /// The first byte that is not UTF-8.
    fn first_invalid(&self) -> Option<usize> {
        str::from_utf8(self.text).err().map(|error| error.valid_up_to())
    }

    /// The bare word at `offset`, if it is one that Python writes for numbers that JSON does not have.
    fn token(&self, offset: usize) -> Option<&str> {
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+');
        let (before, after) = self.text.split_at_checked(offset)?;
        let start = offset - before.iter().rev().take_while(|byte| in_word(byte)).count();
        let end = offset + after.iter().take_while(|byte| in_word(byte)).count();
        let token = str::from_utf8(&self.text[start..end]).ok()?;
        let name = token.trim_start_matches(['-', '+']).to_ascii_lowercase();
        ["nan", "inf", "infinity"].contains(&name.as_str()).then_some(token)
    }
}
