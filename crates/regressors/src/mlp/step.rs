//! A step of training: a batch goes through the layers and back, and moves the parameters.

use super::factored::FactoredRecords;
use super::kernel::{AddTransposed, LANES, Strips, add_scaled, blocks, dot};
use super::network::{Input, LayerPass, Network, Pass};
use super::optimizer::{Gradient, Optimizer};
use super::patterns::PatternRows;
use super::samples::Samples;
use super::table::Table;
use crate::vectors::vectorized;

/// What is kept from step to step of a fit.
#[derive(Clone, Debug)]
pub(super) struct Workspace {
    /// The records of the fit, if they are better multiplied in two steps.
    factored: Option<FactoredRecords>,
    pass: Pass,
    /// Sums over rows of the derivatives by the parameters.
    sums: Table,
}

impl Workspace {
    /// For batches of so many rows.
    pub(super) fn new(network: &Network, samples: &Samples, batch_rows: usize) -> Self {
        Self {
            factored: FactoredRecords::find(&samples.records, &network.first_layer(), batch_rows),
            pass: network.pass(),
            sums: Table::zeros(network.parameters.len()),
        }
    }
}

impl Network {
    /// Takes a step along the gradient of the loss on a batch, which is some rows; returns the loss before
    /// it: half the weighted mean squared error plus the L2 penalty.
    pub(super) fn train(
        &mut self,
        (samples, batch): (&Samples, &[usize]),
        alpha: f64,
        optimizer: &mut Optimizer,
        workspace: &mut Workspace,
    ) -> f64 {
        let Workspace { factored, pass, .. } = workspace;
        match factored {
            None => self.carry(samples.records.choose(batch), pass),
            Some(records) => {
                let first = self.first_layer();
                let table_width = first.used;
                match records.add_up(&first) {
                    (PatternRows::Units(rows), table) => {
                        self.forward(Input { rows: rows.choose(batch), table, table_width }, pass);
                    }
                    (PatternRows::Entries(rows), table) => {
                        self.forward(Input { rows: rows.choose(batch), table, table_width }, pass);
                    }
                }
            }
        }

        let (mut squares, mut total) = (0.0, 0.0);
        for (output, &row) in pass.outputs.iter_mut().zip(batch) {
            let weight = samples.weights[row];
            total += weight;
            let residual = *output - samples.targets[row];
            squares += weight * (residual * residual);
            *output = weight * residual;
        }
        let n_weights = self.output.weights.end;
        let weights = &self.parameters[..n_weights];
        let penalty = vectorized!(dot(weights, weights));
        let loss = 0.5 * (squares / total) + 0.5 * alpha * penalty / total;

        self.deltas_of_last(pass);
        for l in (1..self.hidden.len()).rev() {
            self.deltas_before(l, pass);
        }
        self.add_up((samples, batch), workspace);
        let gradient = Gradient { sums: &workspace.sums, n_weights, alpha, share: 1.0 / total };
        optimizer.step(&mut self.parameters, gradient);
        loss
    }

    /// The deltas of the last hidden layer.
    fn deltas_of_last(&self, pass: &mut Pass) {
        let weights = self.output_weights();
        let LayerPass { activations, deltas, .. } = &mut pass.layers[self.hidden.len() - 1];
        deltas.resize(activations.len());
        let rows = activations.chunks_exact(weights.len()).zip(deltas.chunks_exact_mut(weights.len()));
        vectorized!({
            for ((activations, deltas), &output) in rows.zip(&pass.outputs) {
                let upstream = weights.as_flattened().iter().map(|weight| output * weight);
                self.activation.deltas(activations.as_flattened(), upstream, deltas.as_flattened_mut());
            }
        });
    }

    /// The deltas of the layer before hidden layer `l`, from those of `l`.
    fn deltas_before(&self, l: usize, pass: &mut Pass) {
        let (layer, used_before) = (&self.hidden[l], self.hidden[l - 1].used);
        let width = blocks(layer.units);
        let weights = &self.parameters[layer.weights.clone()];
        let [before, here] = &mut pass.layers[l - 1..=l] else { return };
        before.deltas.resize(before.activations.len());
        before.deltas.fill([0.0; LANES]);
        vectorized!({
            let activations = before.activations.chunks_exact(used_before);
            let rows = activations.zip(before.deltas.chunks_exact_mut(used_before));
            for ((activations, deltas_before), deltas) in rows.zip(here.deltas.chunks_exact(layer.used)) {
                // One row of weights per unit of the layer before: padding gets none and stays zero.
                let upstream = weights.chunks_exact(width).map(|weights| dot(deltas, weights));
                self.activation.deltas(
                    activations.as_flattened(),
                    upstream,
                    deltas_before.as_flattened_mut(),
                );
            }
        });
    }

    /// Adds up over rows the derivatives of the loss by all parameters.
    fn add_up(&self, (samples, batch): (&Samples, &[usize]), workspace: &mut Workspace) {
        let Workspace { factored, pass, sums, .. } = workspace;
        // Those by the first layer's weights are most of all, and set where they are known.
        sums[self.hidden[0].weights.end..].fill([0.0; LANES]);
        sums[self.output.bias.start][0] = pass.outputs.iter().sum();
        let of_output = &mut sums[self.output.weights.clone()];
        let last = self.hidden.len() - 1;
        let rows = pass.layers[last].activations.chunks_exact(self.hidden[last].used);
        vectorized!(rows.zip(&pass.outputs).for_each(|(row, output)| add_scaled(of_output, *output, row)));
        for (l, (layer, here)) in self.hidden.iter().zip(&pass.layers).enumerate() {
            let (used, deltas) = (layer.used, &here.deltas[..]);
            let of_biases = &mut sums[layer.bias.clone()];
            vectorized!(deltas.chunks_exact(used).for_each(|row| add_scaled(of_biases, 1.0, row)));
            let (sum, sum_width) = (&mut sums[layer.weights.clone()], blocks(layer.units));
            let rows = match (l, &mut *factored) {
                (0, Some(records)) => {
                    records.hand_down(&self.first_layer(), batch, deltas, sum);
                    continue;
                }
                (0, None) => {
                    sum.fill([0.0; LANES]);
                    samples.records.choose(batch)
                }
                _ => pass.layers[l - 1].sparse.all(),
            };
            AddTransposed { rows, table: deltas, table_width: used, sum, sum_width }.run();
        }
    }
}
