//! The cells of rows as people wrote them, for whoever points at a row of the report.

use artifacts::{Cell, Observations};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The listings of some rows.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    /// Names of the raw columns.
    pub columns: Vec<String>,
    /// By row, by column: the cell as text.
    pub cells: Vec<Vec<String>>,
}

impl Listings {
    /// Those of the rows at `places` of the observations.
    pub(crate) fn new(observations: &Observations, places: &[usize]) -> Self {
        let cells = |&place: &usize| {
            observations
                .columns
                .iter()
                .map(|column| column.cells.get(place).map_or_else(String::new, text))
                .collect()
        };
        Self {
            columns: observations.columns.iter().map(|column| column.name.clone()).collect(),
            cells: places.par_iter().map(cells).collect(),
        }
    }

    /// The given rows as JSON: every text once, and by column which of them each row has.
    pub(crate) fn to_json(&self, rows: &[usize]) -> Value {
        let mut texts: Vec<&str> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in 0..self.columns.len() {
            let mut cells = Vec::with_capacity(rows.len());
            for &row in rows {
                let text = self.cells[row][column].as_str();
                cells.push(*known.entry(text).or_insert_with(|| {
                    texts.push(text);
                    texts.len() - 1
                }));
            }
            columns.push(cells);
        }
        json!({ "columns": self.columns, "texts": texts, "cells": columns })
    }
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.to_owned(),
        Cell::List(items) => items.join(", "),
    }
}
