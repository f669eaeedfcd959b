//! A table as pandas' `DataFrame.to_json()` writes it: one object, column by column, each an object from
//! row index to cell; one line of ASCII, `/` and `"` escaped, whole floats with `.0`, no newline at the end.

use super::table::{Cell, NAMES, Row};

/// The text of a file with these rows under these indices.
pub(super) fn columns(indices: &[u32], rows: &[Row]) -> String {
    let mut text = String::from("{");
    for (column, name) in NAMES.iter().enumerate() {
        let comma = if column == 0 { "" } else { "," };
        text += &format!("{comma}{}:{{", string(name));
        for (position, (index, row)) in indices.iter().zip(rows).enumerate() {
            let comma = if position == 0 { "" } else { "," };
            text += &format!("{comma}\"{index}\":{}", cell(&row.cells[column]));
        }
        text.push('}');
    }
    text.push('}');
    text
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "null".to_owned(),
        Cell::Text(text) => string(text),
        Cell::Hundredths(value) => float(*value),
        Cell::List(items) => {
            let items: Vec<String> = items.iter().map(|item| string(item)).collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\"").replace('/', "\\/"))
}

/// A number of hundredths with at least one decimal and no zero after that: 4999.0, 2786.5, 2488.57.
fn float(hundredths: u32) -> String {
    let (whole, tenths, rest) = (hundredths / 100, hundredths / 10 % 10, hundredths % 10);
    if rest == 0 { format!("{whole}.{tenths}") } else { format!("{whole}.{tenths}{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_one_decimal_or_two() {
        for (hundredths, text) in
            [(499_900, "4999.0"), (278_650, "2786.5"), (248_857, "2488.57"), (5, "0.05")]
        {
            assert_eq!(float(hundredths), text);
        }
    }

    #[test]
    fn slashes_and_quotes_are_escaped() {
        assert_eq!(string("15\" - 15.9\""), r#""15\" - 15.9\"""#);
        assert_eq!(string("lan 10/100 mbps"), r#""lan 10\/100 mbps""#);
    }
}
