//! Tables on stdout.

use std::fmt::Write;

/// Rows as lines of aligned columns: those in `texts` to the left, the others, numbers, to the right.
pub(crate) fn aligned(rows: &[Vec<String>], texts: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let _ = if texts.contains(&column) {
                write!(line, "{gap}{cell:<width$}")
            } else {
                write!(line, "{gap}{cell:>width$}")
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_left_and_numbers_right() {
        let rows = [["a", "1", "x"], ["bcd", "22", "yz"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows, &[0, 2]), "a     1  x\nbcd  22  yz\n");
    }
}
