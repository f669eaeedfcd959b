//! What a command shows, in every output format.

use crate::Output;
use crate::value::{Value, decimals, json_text, printable};
use std::iter;
use tables::{folded, markdown, shortened};

/// The widest cell of a text, as in pandas.
pub(crate) const CELL: usize = 50;

/// Columns of cells, and labels of their rows.
#[derive(Debug)]
pub(crate) struct Frame {
    /// A line above the text.
    pub(crate) title: Option<String>,
    pub(crate) labels: Labels,
    pub(crate) columns: Vec<(String, Vec<Value>)>,
    pub(crate) json: Json,
}

/// The labels of the rows.
#[derive(Debug)]
pub(crate) struct Labels {
    /// Their name.
    pub(crate) name: String,
    pub(crate) values: Vec<Value>,
    /// Whether machines get them: not mere row numbers.
    pub(crate) said: bool,
}

/// What a JSON object stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Column,
    Row,
}

impl Frame {
    /// The frame in the given format; text in lines of at most `width`.
    pub(crate) fn write(&self, output: Output, width: usize) -> String {
        match output {
            Output::Text => {
                let title = self.title.as_ref().map(|title| shortened(&printable(title), width) + "\n");
                let (rows, texts) = self.rows(|cell| shortened(&cell, CELL));
                title.unwrap_or_default() + &folded(&rows, &texts, 1, width)
            }
            Output::Markdown => {
                let (rows, texts) = self.rows(|cell| cell);
                markdown(&rows, &texts)
            }
            Output::Csv => self.csv(),
            Output::Json => match self.json {
                Json::Column => self.json_columns(),
                Json::Row => self.json_rows(),
            },
        }
    }

    /// Header and rows for people, and which columns stand left.
    fn rows(&self, cell: impl Fn(String) -> String) -> (Vec<Vec<String>>, Vec<usize>) {
        let name = if self.labels.said { self.labels.name.as_str() } else { "" };
        let all = iter::once((name, &self.labels.values));
        let all = all.chain(self.columns.iter().map(|(name, values)| (name.as_str(), values)));
        let mut rows = vec![Vec::new(); self.labels.values.len() + 1];
        // Labels stand left, numbers too.
        let mut texts = vec![0];
        for (place, (name, values)) in all.enumerate() {
            let decimals = decimals(values);
            rows[0].push(cell(printable(name)));
            for (row, value) in rows[1..].iter_mut().zip(values) {
                row.push(cell(value.text(decimals)));
            }
            let mut there = values.iter().filter(|value| **value != Value::Missing).peekable();
            if place > 0 && there.peek().is_some() && there.all(Value::is_text) {
                texts.push(place);
            }
        }
        (rows, texts)
    }

    fn csv(&self) -> String {
        let labels = self.labels.said.then_some((&self.labels.name, &self.labels.values));
        let columns: Vec<(&String, &Vec<Value>)> =
            labels.into_iter().chain(self.columns.iter().map(|(name, values)| (name, values))).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory does not fail.
        let _ = writer.write_record(columns.iter().map(|(name, _)| name.as_str()));
        for row in 0..self.labels.values.len() {
            let _ = writer.write_record(columns.iter().map(|(_, values)| values[row].csv()));
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn json_columns(&self) -> String {
        let labels: Vec<String> = self.labels.values.iter().map(|label| json_text(&label.csv())).collect();
        let object = |values: &[Value]| -> String {
            let pairs = labels.iter().zip(values).map(|(label, value)| format!("{label}:{}", value.json()));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        };
        let columns = self.columns.iter();
        lines('{', columns.map(|(name, values)| format!("{}:{}", json_text(name), object(values))), '}')
    }

    fn json_rows(&self) -> String {
        let labels = self.labels.said.then_some((self.labels.name.as_str(), &self.labels.values));
        let columns = self.columns.iter().map(|(name, values)| (name.as_str(), values));
        let columns: Vec<(String, &Vec<Value>)> =
            labels.into_iter().chain(columns).map(|(name, values)| (json_text(name), values)).collect();
        let object = |row: usize| {
            let pairs = columns.iter().map(|(name, values)| format!("{name}:{}", values[row].json()));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        };
        lines('[', (0..self.labels.values.len()).map(object), ']')
    }
}

/// A JSON array or object of `items`, one a line.
pub(crate) fn lines(open: char, items: impl Iterator<Item = String>, close: char) -> String {
    let items: Vec<String> = items.collect();
    format!("{open}\n{}\n{close}\n", items.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(json: Json) -> Frame {
        Frame {
            title: Some("two rows".into()),
            labels: Labels { name: "id".into(), values: vec![7_usize.into(), 12_usize.into()], said: true },
            columns: vec![
                ("a \"b\"".into(), vec![Value::Number(0.5), Value::Missing]),
                ("t".into(), vec![Value::Text("x, y".into()), Value::List(vec!["u|v".into()])]),
            ],
            json,
        }
    }

    #[test]
    fn every_format_says_the_same() {
        let frame_of = |output| frame(Json::Row).write(output, 80);
        assert_eq!(frame_of(Output::Text), "two rows\nid  a \"b\"  t\n7     0.5  x, y\n12    NaN  [u|v]\n");
        assert_eq!(
            frame_of(Output::Markdown),
            "| id | a \"b\" | t |\n| --- | ---: | --- |\n| 7 | 0.5 | x, y |\n| 12 | NaN | [u\\|v] |\n"
        );
        assert_eq!(frame_of(Output::Csv), "id,\"a \"\"b\"\"\",t\n7,0.5,\"x, y\"\n12,,\"[\"\"u|v\"\"]\"\n");
        assert_eq!(
            frame_of(Output::Json),
            "[\n{\"id\":7,\"a \\\"b\\\"\":0.5,\"t\":\"x, y\"},\n{\"id\":12,\"a \\\"b\\\"\":null,\"t\":[\"u|v\"]}\n]\n"
        );
        assert_eq!(
            frame(Json::Column).write(Output::Json, 80),
            "{\n\"a \\\"b\\\"\":{\"7\":0.5,\"12\":null},\n\"t\":{\"7\":\"x, y\",\"12\":[\"u|v\"]}\n}\n"
        );
    }
}
