//! The first layer of a batch by way of patterns: its weights are added up to those of patterns on the way
//! in, and on the way back the derivatives by patterns are handed down to the weights.

use super::kernel::{AddTransposed, AddUp, Block, HandDown, LANES, Scale, Strips};
use super::network::FirstLayer;
use super::patterns::{Factors, PatternRows};
use super::sparse::{Chosen, SparseRows};
use super::table::Table;

/// Factors of the records, with what passes through them.
#[derive(Clone, Debug)]
pub(super) struct FactoredRecords {
    factors: Factors,
    /// What each pattern adds to the weighted inputs, a row of blocks each.
    sums: Table,
    /// The derivatives by `sums`; zero between batches.
    derivatives: Table,
}

impl FactoredRecords {
    /// Of records that enter the layer in batches of so many rows; nothing if factors would spare too little.
    pub(super) fn find(records: &SparseRows, layer: &FirstLayer<'_>, batch_rows: usize) -> Option<Self> {
        let factors = Factors::find(records, layer.n_features(), batch_rows)?;
        let zeros = Table::zeros(factors.patterns.len() * layer.bias.len());
        Some(Self { factors, sums: zeros.clone(), derivatives: zeros })
    }

    /// The number of patterns of each row.
    pub(super) fn lengths(&self) -> Vec<usize> {
        match &self.factors.rows {
            PatternRows::Units(rows) => rows.lengths(),
            PatternRows::Entries(rows) => rows.lengths(),
        }
    }

    /// The records by their patterns, and what each pattern adds to the weighted inputs of the units in use.
    pub(super) fn add_up(&mut self, layer: &FirstLayer<'_>) -> (&PatternRows, &[Block]) {
        let Factors { rows, patterns } = &self.factors;
        let table = &mut self.sums[..patterns.len() * layer.used];
        for (of_feature, weights) in table.chunks_exact_mut(layer.used).zip(layer.features()) {
            of_feature.copy_from_slice(&weights[..layer.used]);
        }
        AddUp { rows: patterns, table, width: layer.used }.run();
        (rows, table)
    }

    /// The derivatives by the weights, added up over the rows of a batch, from those by the weighted inputs.
    pub(super) fn hand_down(
        &mut self,
        layer: &FirstLayer<'_>,
        batch: &[usize],
        deltas: &[Block],
        sums: &mut [Block],
    ) {
        let (used, patterns) = (layer.used, &self.factors.patterns);
        let table = &mut self.derivatives[..patterns.len() * used];
        match &self.factors.rows {
            PatternRows::Units(rows) => add_by_pattern(rows.choose(batch), deltas, used, table),
            PatternRows::Entries(rows) => add_by_pattern(rows.choose(batch), deltas, used, table),
        }
        HandDown { rows: patterns, table, width: used }.run();
        for (sums, derivatives) in sums.chunks_exact_mut(layer.bias.len()).zip(table.chunks_exact_mut(used)) {
            let (in_use, left_out) = sums.split_at_mut(used);
            in_use.copy_from_slice(derivatives);
            left_out.fill([0.0; LANES]);
            derivatives.fill([0.0; LANES]);
        }
    }
}

/// `sum += rowsᵀ · deltas`, both of so many blocks a row.
fn add_by_pattern<E: Scale>(rows: Chosen<'_, E>, deltas: &[Block], width: usize, sum: &mut [Block]) {
    AddTransposed { rows, table: deltas, table_width: width, sum, sum_width: width }.run();
}
