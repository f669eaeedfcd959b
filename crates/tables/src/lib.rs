//! Tables as text: aligned columns, folded by column where a terminal is too narrow, or Markdown.
//!
//! A table is its rows, the header first. `texts` names the columns that stand left; all others are numbers and stand
//! right. Widths are those of a terminal: wide characters count two, combining ones none.

use console::Term;
use std::env;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: usize = 2;

/// Rows as lines of aligned columns.
pub fn aligned(rows: &[Vec<String>], texts: &[usize]) -> String {
    let widths = widths(rows);
    let columns: Vec<usize> = (0..widths.len()).collect();
    lines(rows, texts, &widths, &columns)
}

/// Rows as lines of at most `width`, folded as pandas folds: each block has the first `labels` columns and as many of
/// the others as fit, and ` \` ends the header of a block that is continued. A cell wider than a block is shortened.
pub fn folded(rows: &[Vec<String>], texts: &[usize], labels: usize, width: usize) -> String {
    let all = widths(rows);
    if line(&all) <= width {
        return aligned(rows, texts);
    }
    // The fold's mark, and a label column that leaves room for others.
    let room = width.saturating_sub(GAP);
    let most_label = room / 2 / labels.max(1);
    let labels_width: usize = all.iter().take(labels).map(|width| width.min(&most_label) + GAP).sum();
    let most = room.saturating_sub(labels_width).max(1);
    let limit = |column| if column < labels { most_label.max(1) } else { most };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().enumerate().map(|(column, cell)| shortened(cell, limit(column))).collect())
        .collect();
    let widths = widths(&rows);
    let blocks = blocks(&widths, labels, room);
    let texts_of = |block: &[usize]| -> String {
        let mut columns: Vec<usize> = (0..labels).collect();
        columns.extend(block);
        lines(&rows, texts, &widths, &columns)
    };
    let last = blocks.len().saturating_sub(1);
    let mut text = String::new();
    for (place, block) in blocks.iter().enumerate() {
        let lines = texts_of(block);
        match lines.split_once('\n') {
            Some((header, rest)) if place < last => text += &format!("{header} \\\n{rest}\n"),
            _ => text += &lines,
        }
    }
    text
}

/// Rows as a Markdown table.
pub fn markdown(rows: &[Vec<String>], texts: &[usize]) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<String> = cells.collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let Some((header, body)) = rows.split_first() else { return String::new() };
    let escaped = |cell: &String| cell.replace('|', "\\|");
    let mut text = line(&mut header.iter().map(escaped));
    let rule = |column| if texts.contains(&column) { "---" } else { "---:" }.to_owned();
    text += &line(&mut (0..header.len()).map(rule));
    for row in body {
        text += &line(&mut row.iter().map(escaped));
    }
    text
}

/// The text, with its end as `…` if it is wider than `width`.
pub fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let mut kept = String::new();
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// The width to print for, as Python finds it: `COLUMNS`, else that of the terminal on stdout, else 80.
pub fn terminal_width() -> usize {
    let variable = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let terminal = || Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    variable.filter(|&columns| columns > 0).or_else(terminal).unwrap_or(80)
}

/// Columns after the labels, in blocks that fit.
fn blocks(widths: &[usize], labels: usize, room: usize) -> Vec<Vec<usize>> {
    let start = line(&widths[..labels]);
    let mut used = usize::MAX;
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for (column, width) in widths.iter().enumerate().skip(labels) {
        used = used.saturating_add(GAP + width);
        match blocks.last_mut() {
            Some(block) if used <= room => block.push(column),
            _ => {
                blocks.push(vec![column]);
                used = start + if labels > 0 { GAP } else { 0 } + width;
            }
        }
    }
    blocks
}

/// The width of a line of columns as wide as these.
fn line(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column| rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.width()).max();
    (0..columns).map(|column| width(column).unwrap_or_default()).collect()
}

fn lines(rows: &[Vec<String>], texts: &[usize], widths: &[usize], columns: &[usize]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (place, &column) in columns.iter().enumerate() {
            let cell = row.get(column).map_or("", String::as_str);
            let space = " ".repeat(widths[column].saturating_sub(cell.width()));
            let gap = " ".repeat(if place == 0 { 0 } else { GAP });
            line += &gap;
            line +=
                &if texts.contains(&column) { format!("{cell}{space}") } else { format!("{space}{cell}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(rows: &[[&str; N]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect()
    }

    #[test]
    fn texts_stand_left_and_numbers_right() {
        let rows = rows(&[["a", "1", "x"], ["bcd", "22", "yz"]]);
        assert_eq!(aligned(&rows, &[0, 2]), "a     1  x\nbcd  22  yz\n");
        assert_eq!(folded(&rows, &[0, 2], 1, 11), aligned(&rows, &[0, 2]));
    }

    #[test]
    fn wide_characters_count_two() {
        let rows = rows(&[["漢字", "1"], ["é", "22"]]);
        assert_eq!(aligned(&rows, &[0]), "漢字   1\né     22\n");
    }

    #[test]
    fn a_narrow_terminal_folds_by_column_and_repeats_the_labels() {
        let rows = rows(&[["", "abc", "de", "f"], ["0", "1", "22", "333"], ["1", "4", "5", "6"]]);
        // 1 + 2 + 3 + 2 + 2 = 10, and 2 for the mark.
        let expected = "   abc  de \\\n0    1  22\n1    4   5\n\n     f\n0  333\n1    6\n";
        assert_eq!(folded(&rows, &[], 1, 12), expected);
        assert_eq!(folded(&rows, &[], 1, 11).matches('\\').count(), 2, "one block more");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let cells = |seed: usize| -> Vec<String> {
            (0..9).map(|column| "wörd 字 ".repeat((seed * 7 + column * 5) % 11)).collect()
        };
        let rows: Vec<Vec<String>> = (0..6).map(cells).collect();
        for width in 12..200 {
            for labels in 0..3 {
                let text = folded(&rows, &[1, 3], labels, width);
                assert!(text.lines().all(|line| line.width() <= width), "{width}, {labels}:\n{text}");
            }
        }
    }

    #[test]
    fn a_cell_that_cannot_fit_is_shortened() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("漢字漢", 4), "漢…");
    }

    #[test]
    fn markdown_escapes_bars() {
        let rows = rows(&[["a", "n"], ["x|y", "1"]]);
        assert_eq!(markdown(&rows, &[0]), "| a | n |\n| --- | ---: |\n| x\\|y | 1 |\n");
    }
}
