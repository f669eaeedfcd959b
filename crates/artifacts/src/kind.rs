//! Kinds of raw columns: what their cells mean and how they become numbers or levels.

use crate::Cell;
use serde::{Deserialize, Serialize, de};
use std::fmt;

/// How the cells of a column are read, as `[ingest.columns]` names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "Written")]
pub enum Kind {
    /// A number, or a text that spells one.
    Number,
    /// A number of gigabytes: `8 gb`, `256 mb` (= 0.256).
    SizeGb,
    /// The whole number at the start of a text: `15" - 15.9"` is 15, `11.9" and less` is 11.
    LeadingNumber,
    /// Two numbers joined by ` x `: `1920 x 1080`; they become the two columns named here.
    Pair([String; 2]),
    /// One level per row.
    Category,
    /// A set of levels per row.
    List,
}

/// A cell after its kind read it.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed<'a> {
    /// One number.
    Number(f64),
    /// Two numbers, in the order of [`Kind::Pair`].
    Pair(f64, f64),
    /// One level.
    Level(&'a str),
    /// Levels, in file order.
    Levels(Vec<&'a str>),
}

impl Kind {
    /// Reads a cell.
    ///
    /// # Errors
    /// What the cell should have been, as in "a size such as 8 gb", if it is not.
    pub fn parse<'a>(&self, cell: Cell<'a>) -> Result<Parsed<'a>, &'static str> {
        match (self, cell) {
            (Self::Category, Cell::Text(level)) => Ok(Parsed::Level(level)),
            (Self::Category, _) => Err("a text"),
            (Self::List, Cell::List(levels)) => Ok(Parsed::Levels(levels)),
            (Self::List, _) => Err("a list of texts"),
            (Self::Pair(_), Cell::Text(text)) => {
                pair(text).map(|(a, b)| Parsed::Pair(a, b)).ok_or("two numbers such as 1920 x 1080")
            }
            (Self::Pair(_), _) => Err("two numbers such as 1920 x 1080"),
            (_, Cell::Number(number)) => Ok(Parsed::Number(number)),
            (Self::Number, Cell::Text(text)) => number(text).map(Parsed::Number).ok_or("a number"),
            (Self::SizeGb, Cell::Text(text)) => {
                size_gb(text).map(Parsed::Number).ok_or("a size such as 8 gb or 256 mb")
            }
            (Self::LeadingNumber, Cell::Text(text)) => {
                leading_number(text).map(Parsed::Number).ok_or("a text that starts with a whole number")
            }
            (Self::Number | Self::SizeGb | Self::LeadingNumber, Cell::List(_)) => Err("a number"),
        }
    }
}

/// A finite decimal number; spellings such as `inf` or `nan` are none.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| digits && number.is_finite())
}

fn size_gb(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    match text.strip_suffix("mb") {
        // The study counts a megabyte as a thousandth of a gigabyte.
        Some(megabytes) => number(megabytes).map(|megabytes| megabytes / 1000.0),
        None => number(text.strip_suffix("gb").unwrap_or(&text)),
    }
}

fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    number(&text[..end])
}

fn pair(text: &str) -> Option<(f64, f64)> {
    let (first, second) = text.split_once('x')?;
    Some((number(first)?, number(second)?))
}

/// A kind as files spell it: its name, or a table with its parameters.
#[derive(Serialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Table(Table),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<[String; 2]>,
}

const NAMES: &[&str] = &["number", "size-gb", "leading-number", "pair", "category", "list"];

impl Kind {
    fn named<E: de::Error>(name: &str, into: Option<[String; 2]>) -> Result<Self, E> {
        match (name, into) {
            ("pair", Some(into)) => Ok(Self::Pair(into)),
            ("pair", None) => Err(E::custom(
                "kind 'pair' needs the names of its two columns: { kind = \"pair\", into = [\"x\", \"y\"] }",
            )),
            ("number", None) => Ok(Self::Number),
            ("size-gb", None) => Ok(Self::SizeGb),
            ("leading-number", None) => Ok(Self::LeadingNumber),
            ("category", None) => Ok(Self::Category),
            ("list", None) => Ok(Self::List),
            (known, Some(_)) if NAMES.contains(&known) => {
                Err(E::custom(format!("kind '{known}' takes no 'into'")))
            }
            (unknown, _) => Err(E::unknown_variant(unknown, NAMES)),
        }
    }
}

// By hand, since serde's untagged enums cannot say which key or name was wrong.
impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> de::Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a kind such as \"number\" or { kind = \"pair\", into = [\"x\", \"y\"] }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Kind, E> {
        Kind::named(name, None)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Kind, A::Error> {
        let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Kind::named(&table.kind, table.into)
    }
}

impl From<Kind> for Written {
    fn from(kind: Kind) -> Self {
        let name = match kind {
            Kind::Number => "number",
            Kind::SizeGb => "size-gb",
            Kind::LeadingNumber => "leading-number",
            Kind::Pair(into) => return Self::Table(Table { kind: "pair".into(), into: Some(into) }),
            Kind::Category => "category",
            Kind::List => "list",
        };
        Self::Name(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: &Kind, text: &'static str) -> Option<Parsed<'static>> {
        kind.parse(Cell::Text(text)).ok()
    }

    #[test]
    fn numbers_are_finite_decimals() {
        assert_eq!(parsed(&Kind::Number, " 4 "), Some(Parsed::Number(4.0)));
        assert_eq!(parsed(&Kind::Number, "-1.5e2"), Some(Parsed::Number(-150.0)));
        for wrong in ["", "not applicable", "inf", "NaN", "1e999", "0x10"] {
            assert_eq!(parsed(&Kind::Number, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_count_gigabytes() {
        assert_eq!(parsed(&Kind::SizeGb, "8 gb"), Some(Parsed::Number(8.0)));
        assert_eq!(parsed(&Kind::SizeGb, "256 MB"), Some(Parsed::Number(0.256)));
        assert_eq!(Kind::SizeGb.parse(Cell::Number(16.0)), Ok(Parsed::Number(16.0)));
        assert_eq!(parsed(&Kind::SizeGb, "gb"), None);
    }

    #[test]
    fn leading_numbers_and_pairs() {
        assert_eq!(parsed(&Kind::LeadingNumber, "15\" - 15.9\""), Some(Parsed::Number(15.0)));
        assert_eq!(parsed(&Kind::LeadingNumber, "11.9\" and less"), Some(Parsed::Number(11.0)));
        assert_eq!(parsed(&Kind::LeadingNumber, "about 5"), None);
        let pair = Kind::Pair(["w".into(), "h".into()]);
        assert_eq!(parsed(&pair, "1920 x 1080"), Some(Parsed::Pair(1920.0, 1080.0)));
        assert_eq!(parsed(&pair, "other"), None);
    }

    #[test]
    fn kinds_read_back_as_written() {
        for kind in [Kind::SizeGb, Kind::Pair(["w".into(), "h".into()])] {
            let text = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&text).unwrap(), kind, "{text}");
        }
    }

    #[test]
    fn wrong_spellings_are_named() {
        let error = |text: &str| serde_json::from_str::<Kind>(text).unwrap_err().to_string();
        assert!(error("\"nmber\"").starts_with("unknown variant `nmber`, expected one of `number`"));
        assert!(error("{\"kind\": \"pair\", \"ino\": []}").starts_with("unknown field `ino`"));
        assert!(error("{\"kind\": \"list\", \"into\": [\"a\", \"b\"]}").starts_with("kind 'list' takes no"));
        assert!(error("\"pair\"").starts_with("kind 'pair' needs"));
        assert!(error("3").contains("expected a kind such as"));
    }
}
