//! The cells of text formats with the types that pandas gives them.

use super::{Column, Values};
use crate::raw::{Format, column};
use crate::{Cell, Cells};
use std::mem;

/// From here on, a number may be read of an integer that is another.
const EXACT: f64 = (1_u64 << 53) as f64;

/// A column as the readers of JSON and CSV have it, with pandas' type.
pub(super) fn from_text(mut column: column::Column, format: Format) -> Column {
    let name = mem::take(&mut column.name);
    let values = match of_cells(column) {
        Values::Texts(cells) if cells.type_name().is_none() => Values::Numbers(vec![f64::NAN; cells.len()]),
        Values::Texts(cells) if format == Format::Csv => spelled(cells),
        values => values,
    };
    named(name, values)
}

/// The cells by their own type; without any they are texts.
pub(super) fn of_cells(column: column::Column) -> Values {
    let boolean = column.is_boolean();
    let (_, cells) = column.finish();
    match cells.type_name() {
        Some("number") => numbers(&cells),
        Some("list") => Values::Lists(cells),
        _ if boolean => booleans(&cells).unwrap_or(Values::Texts(cells)),
        _ => Values::Texts(cells),
    }
}

/// A column whose integers have 64 bits.
pub(super) fn named(name: String, values: Values) -> Column {
    let type_name = match &values {
        Values::Numbers(_) => "float64",
        Values::Integers(_) => "int64",
        Values::Naturals(_) => "uint64",
        Values::Booleans(_) => "bool",
        Values::Texts(_) => "str",
        Values::Lists(_) => "list",
    };
    Column { name, type_name, values }
}

fn numbers(cells: &Cells) -> Values {
    let number = |row| match cells.get(row) {
        Some(Cell::Number(number)) => number,
        _ => f64::NAN,
    };
    let numbers: Vec<f64> = (0..cells.len()).map(number).collect();
    if numbers.iter().all(|number| number.fract() == 0.0 && number.abs() < EXACT) {
        return Values::Integers(numbers.into_iter().map(|number| number as i64).collect());
    }
    Values::Numbers(numbers)
}

/// Texts of a CSV file as what all of them spell.
fn spelled(cells: Cells) -> Values {
    let missing = (0..cells.len()).any(|row| cells.is_missing(row));
    let integers = if missing { None } else { parsed(&cells, |text| text.trim().parse().ok()) };
    if let Some(integers) = integers {
        return Values::Integers(integers);
    }
    let naturals = if missing { None } else { parsed(&cells, |text| text.trim().parse().ok()) };
    if let Some(naturals) = naturals {
        return Values::Naturals(naturals);
    }
    let numbers = collect(&cells, |text| match text {
        Some(text) => text.trim().parse().ok(),
        None => Some(f64::NAN),
    });
    numbers.map(Values::Numbers).or_else(|| booleans(&cells)).unwrap_or(Values::Texts(cells))
}

/// Texts that all spell booleans as pandas knows them.
fn booleans(cells: &Cells) -> Option<Values> {
    let booleans = collect(cells, |text| match text {
        Some("True" | "TRUE" | "true") => Some(Some(true)),
        Some("False" | "FALSE" | "false") => Some(Some(false)),
        Some(_) => None,
        None => Some(None),
    });
    booleans.map(Values::Booleans)
}

fn parsed<V>(cells: &Cells, parse: impl Fn(&str) -> Option<V>) -> Option<Vec<V>> {
    collect(cells, |text| text.and_then(&parse))
}

/// What `parse` makes of all texts, `None` if it refuses one.
fn collect<V>(cells: &Cells, parse: impl Fn(Option<&str>) -> Option<V>) -> Option<Vec<V>> {
    let text = |row| match cells.get(row) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    };
    (0..cells.len()).map(|row| parse(text(row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::read;
    use std::fs;

    /// Name, type and cells of every column.
    fn shown(file: &str, text: &str, format: Format) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        let mut columns = Vec::new();
        read(&path, format, &|_| true, &mut |column| {
            columns.push(match &column.values {
                Values::Numbers(v) => format!("{} {} {v:?}", column.name, column.type_name),
                Values::Integers(v) => format!("{} {} {v:?}", column.name, column.type_name),
                Values::Naturals(v) => format!("{} {} {v:?}", column.name, column.type_name),
                Values::Booleans(v) => format!("{} {} {v:?}", column.name, column.type_name),
                Values::Texts(cells) | Values::Lists(cells) => {
                    format!("{} {} of {}", column.name, column.type_name, cells.len())
                }
            });
        })
        .unwrap();
        columns
    }

    #[test]
    fn csv_cells_are_what_all_of_a_column_spell() {
        let text = "i,f,u,n,b,m,t,e\n1,1,18446744073709551615,1,True,true,1,\n -2,.5,0,,FALSE,,x,\n";
        assert_eq!(
            shown("a.csv", text, Format::Csv),
            [
                "i int64 [1, -2]",
                "f float64 [1.0, 0.5]",
                "u uint64 [18446744073709551615, 0]",
                "n float64 [1.0, NaN]",
                "b bool [Some(true), Some(false)]",
                "m bool [Some(true), None]",
                "t str of 2",
                "e float64 [NaN, NaN]",
            ]
        );
    }

    #[test]
    fn json_integers_that_numbers_cannot_tell_apart_are_none() {
        let text = r#"[{"a":9007199254740991,"b":9007199254740992},{"a":1,"b":9007199254740993}]"#;
        assert_eq!(
            shown("a.json", text, Format::JsonRecords),
            ["a int64 [9007199254740991, 1]", "b float64 [9007199254740992.0, 9007199254740992.0]"]
        );
    }

    #[test]
    fn json_texts_stay_texts() {
        let text = r#"[{"i":1,"n":1,"f":1,"b":true,"t":"1","l":["a"],"e":null},
                       {"i":2.0,"n":null,"f":2.5,"b":null,"t":"2","l":[],"e":null}]"#;
        assert_eq!(
            shown("a.json", text, Format::JsonRecords),
            [
                "i int64 [1, 2]",
                "n float64 [1.0, NaN]",
                "f float64 [1.0, 2.5]",
                "b bool [Some(true), None]",
                "t str of 2",
                "l list of 2",
                "e float64 [NaN, NaN]",
            ]
        );
    }
}
