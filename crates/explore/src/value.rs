//! A cell of what is shown.

use artifacts::columns::{Column, Values};
use artifacts::{Cell, Cells};

/// A cell: one of the table's, or something said of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Missing,
    Integer(i128),
    /// Not NaN.
    Number(f64),
    Boolean(bool),
    Text(String),
    List(Vec<String>),
    /// A size in bytes.
    Bytes(usize),
}

impl Value {
    /// The cell of `row`.
    pub(crate) fn at(column: &Column, row: usize) -> Self {
        match &column.values {
            Values::Numbers(numbers) => Self::from(numbers[row]).spelled(column),
            Values::Integers(integers) => Self::Integer(integers[row].into()),
            Values::Naturals(integers) => Self::Integer(integers[row].into()),
            Values::Booleans(booleans) => booleans[row].map_or(Self::Missing, Self::Boolean),
            Values::Texts(cells) | Values::Lists(cells) => Self::of_cell(cells, row),
        }
    }

    /// A cell of the column with the digits that it needs there: 0.1 of 32 bits is 0.10000000149011612 in 64.
    pub(crate) fn spelled(self, column: &Column) -> Self {
        match self {
            Self::Number(number) if column.type_name == "float32" => {
                Self::Number((number as f32).to_string().parse().unwrap_or(number))
            }
            other => other,
        }
    }

    fn of_cell(cells: &Cells, row: usize) -> Self {
        match cells.get(row) {
            None => Self::Missing,
            Some(Cell::Number(number)) => number.into(),
            Some(Cell::Text(text)) => Self::Text(text.to_owned()),
            Some(Cell::List(items)) => Self::List(items.into_iter().map(str::to_owned).collect()),
        }
    }

    /// Whether it stands left in its column.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::List(_))
    }

    /// For people; numbers with as many decimals as [`decimals`] gives their column.
    pub(crate) fn text(&self, decimals: usize) -> String {
        match self {
            Self::Missing => "NaN".to_owned(),
            Self::Integer(integer) => integer.to_string(),
            Self::Number(number) if scientific(*number) => format!("{number:.6e}"),
            Self::Number(number) => format!("{number:.decimals$}"),
            Self::Boolean(true) => "True".to_owned(),
            Self::Boolean(false) => "False".to_owned(),
            Self::Text(text) => printable(text),
            Self::List(items) => format!("[{}]", printable(&items.join(", "))),
            Self::Bytes(bytes @ 0..1_000) => format!("{bytes} B"),
            Self::Bytes(bytes @ 1_000..1_000_000) => format!("{:.1} kB", *bytes as f64 / 1e3),
            Self::Bytes(bytes) => format!("{:.1} MB", *bytes as f64 / 1e6),
        }
    }

    /// As JSON, which has no infinities.
    pub(crate) fn json(&self) -> String {
        match self {
            Self::Missing => "null".to_owned(),
            Self::Integer(integer) => integer.to_string(),
            Self::Number(number) if number.is_infinite() => "null".to_owned(),
            Self::Number(number) => format!("{number:?}"),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Text(text) => json_text(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| json_text(item)).collect();
                format!("[{}]", items.join(","))
            }
            Self::Bytes(bytes) => bytes.to_string(),
        }
    }

    /// As a field of CSV.
    pub(crate) fn csv(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Number(number) => format!("{number:?}"),
            Self::Text(text) => text.clone(),
            Self::Boolean(_) => self.text(0),
            _ => self.json(),
        }
    }
}

impl From<f64> for Value {
    /// NaN is missing.
    fn from(number: f64) -> Self {
        if number.is_nan() { Self::Missing } else { Self::Number(number) }
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Integer(count as i128)
    }
}

/// A text as JSON writes it.
pub(crate) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text without characters that would move the cursor.
pub(crate) fn printable(text: &str) -> String {
    let escape = |character: char| match character.is_control() {
        true => character.escape_default().collect(),
        false => String::from(character),
    };
    text.chars().map(escape).collect()
}

/// Decimals that show the numbers of a column, from one to six.
pub(crate) fn decimals<'a>(values: impl IntoIterator<Item = &'a Value>) -> usize {
    let needed = |value: &Value| match value {
        Value::Number(number) if number.is_finite() && !scientific(*number) => {
            let text = format!("{number:.6}");
            let decimals =
                text.trim_end_matches('0').rsplit_once('.').map_or(0, |(_, decimals)| decimals.len());
            decimals.max(1)
        }
        _ => 0,
    };
    values.into_iter().map(needed).max().unwrap_or(0)
}

/// Whether six decimals cannot show the number.
fn scientific(number: f64) -> bool {
    let size = number.abs();
    number.is_finite() && number != 0.0 && !(1e-4..1e15).contains(&size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_as_many_decimals_as_its_numbers_need() {
        let texts = |numbers: &[f64]| -> Vec<String> {
            let values: Vec<Value> = numbers.iter().map(|&number| number.into()).collect();
            values.iter().map(|value| value.text(decimals(&values))).collect()
        };
        assert_eq!(texts(&[1.0, 20.0]), ["1.0", "20.0"]);
        assert_eq!(texts(&[1.25, 2.0, f64::NAN]), ["1.25", "2.00", "NaN"]);
        assert_eq!(texts(&[1.0 / 3.0, 1e-7, 1e300]), ["0.333333", "1.000000e-7", "1.000000e300"]);
        assert_eq!(texts(&[f64::INFINITY, 0.0]), ["inf", "0.0"]);
    }

    #[test]
    fn machines_get_all_digits() {
        assert_eq!(Value::Number(0.1 + 0.2).json(), "0.30000000000000004");
        assert_eq!(Value::Number(f64::INFINITY).json(), "null");
        assert_eq!(Value::Number(f64::INFINITY).csv(), "inf");
        assert_eq!(Value::Integer(u64::MAX.into()).json(), "18446744073709551615");
        assert_eq!(Value::List(vec!["a\"b".into()]).csv(), r#"["a\"b"]"#);
    }

    #[test]
    fn numbers_of_32_bits_have_the_digits_that_they_need() {
        let values = Values::Numbers(vec![f64::from(0.1_f32), f64::NAN, f64::INFINITY, f64::from(f32::MAX)]);
        let column = |type_name| Column { name: "a".into(), type_name, values: values.clone() };
        let shown = |type_name| {
            let column = column(type_name);
            (0..4).map(|row| Value::at(&column, row).csv()).collect::<Vec<_>>()
        };
        assert_eq!(shown("float32"), ["0.1", "", "inf", "3.4028235e38"]);
        assert_eq!(shown("float64")[0], "0.10000000149011612");
    }

    #[test]
    fn a_line_break_does_not_break_a_cell() {
        assert_eq!(Value::Text("a\nb\tc".into()).text(0), "a\\nb\\tc");
    }
}
