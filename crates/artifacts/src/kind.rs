//! Kinds of raw columns: what their cells mean and how they become numbers or levels.

use crate::Cell;
use serde::{Deserialize, Serialize, de};

/// How the cells of a column are read, as `[ingest.columns]` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
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

/// A kind as configurations and files spell it: its name, or a table with its parameters.
#[derive(Deserialize, Serialize)]
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

impl TryFrom<Written> for Kind {
    type Error = serde::de::value::Error;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let (kind, into) = match written {
            Written::Name(kind) => (kind, None),
            Written::Table(table) => (table.kind, table.into),
        };
        match (kind.as_str(), into) {
            ("pair", Some(into)) => Ok(Self::Pair(into)),
            ("pair", None) => {
                Err(de::Error::custom("kind 'pair' needs 'into', the names of its two columns"))
            }
            ("number", None) => Ok(Self::Number),
            ("size-gb", None) => Ok(Self::SizeGb),
            ("leading-number", None) => Ok(Self::LeadingNumber),
            ("category", None) => Ok(Self::Category),
            ("list", None) => Ok(Self::List),
            (known, Some(_)) if NAMES.contains(&known) => {
                Err(de::Error::custom(format!("kind '{known}' takes no 'into'")))
            }
            (unknown, _) => Err(de::Error::unknown_variant(unknown, NAMES)),
        }
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
}
