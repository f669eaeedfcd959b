//! `columns`: the distinct values of every column, the most frequent first; of lists their levels.

use crate::distinct::{self, Distinct};
use crate::frame::{self, CELL, Frame, Json, Labels};
use crate::value::{Value, decimals, json_text, printable};
use crate::{Output, Table};
use artifacts::columns::{Column, Values};
use stage::Result;
use std::mem;
use tables::{aligned, shortened};

/// Values of a column that people see unless they ask for more.
const LIMIT: usize = 20;

/// The values of one column.
struct Levels {
    name: String,
    missing: usize,
    /// Of lists: how many different sets their levels form.
    sets: Option<usize>,
    distinct: Distinct,
}

impl Levels {
    fn of(column: Column, limit: usize) -> Self {
        let missing = column.values.len() - column.values.count();
        let (mut distinct, sets) = match &column.values {
            Values::Lists(lists) => {
                (distinct::items(lists, limit), Some(distinct::values(&column.values, 0).total))
            }
            values => (distinct::values(values, limit), None),
        };
        for (value, _) in &mut distinct.top {
            *value = mem::replace(value, Value::Missing).spelled(&column);
        }
        Self { name: column.name, missing, sets, distinct }
    }

    /// A headline, a line per value, and how many more there are.
    fn text(&self, width: usize) -> String {
        let total = self.distinct.total;
        let mut headline = match self.sets {
            Some(sets) => format!("{}: {total} levels in {sets} sets", printable(&self.name)),
            None => {
                format!("{}: {total} {}", printable(&self.name), if total == 1 { "value" } else { "values" })
            }
        };
        if self.missing > 0 {
            headline += &format!(", {} missing", self.missing);
        }
        let decimals = decimals(self.distinct.top.iter().map(|(value, _)| value));
        let most = self.distinct.top.first().map_or(0, |(_, count)| count.to_string().len());
        // Two spaces before and after the value.
        let room = width.saturating_sub(4 + most).clamp(1, CELL);
        let row = |(value, count): &(Value, usize)| {
            vec![format!("  {}", shortened(&value.text(decimals), room)), count.to_string()]
        };
        let rows: Vec<Vec<String>> = self.distinct.top.iter().map(row).collect();
        let texts: &[usize] =
            if self.distinct.top.iter().all(|(value, _)| value.is_text()) { &[0] } else { &[] };
        let more = match total - self.distinct.top.len() {
            0 => String::new(),
            more => format!("  … and {more} more\n"),
        };
        format!("{}\n{}{more}", shortened(&headline, width), aligned(&rows, texts))
    }

    fn json(&self) -> String {
        let pair =
            |(value, count): &(Value, usize)| format!("{{\"value\":{},\"count\":{count}}}", value.json());
        let values: Vec<String> = self.distinct.top.iter().map(pair).collect();
        let sets = self.sets.map(|sets| format!("\"sets\":{sets},")).unwrap_or_default();
        format!(
            "{}:{{\"distinct\":{},{sets}\"missing\":{},\"values\":[{}]}}",
            json_text(&self.name),
            self.distinct.total,
            self.missing,
            values.join(",")
        )
    }
}

/// All columns in the given format, with at most `limit` values each.
pub(crate) fn write(table: &Table<'_>, limit: Option<usize>, output: Output, width: usize) -> Result<String> {
    let for_people = matches!(output, Output::Text | Output::Markdown);
    let limit = limit.unwrap_or(if for_people { LIMIT } else { usize::MAX });
    let mut columns = Vec::new();
    table.read(&mut |column| columns.push(Levels::of(column, limit)))?;
    Ok(match output {
        Output::Text => columns.iter().map(|column| column.text(width)).collect::<Vec<_>>().join("\n"),
        Output::Json => frame::lines('{', columns.iter().map(Levels::json), '}'),
        Output::Csv | Output::Markdown => long(columns).write(output, width),
    })
}

/// A row per value of every column.
fn long(columns: Vec<Levels>) -> Frame {
    let (mut names, mut values, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for column in columns {
        let more = column.distinct.total - column.distinct.top.len();
        for (value, count) in column.distinct.top {
            names.push(Value::Text(column.name.clone()));
            values.push(value);
            counts.push(count.into());
        }
        if more > 0 {
            names.push(Value::Text(column.name));
            values.push(Value::Text(format!("… and {more} more")));
            counts.push(Value::Missing);
        }
    }
    let columns = vec![("value".to_owned(), values), ("count".to_owned(), counts)];
    let labels = Labels { name: "column".to_owned(), values: names, said: true };
    Frame { title: None, labels, columns, json: Json::Row }
}
