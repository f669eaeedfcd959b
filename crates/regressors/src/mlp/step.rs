//! A step of training: a batch goes through the layers and back, and moves the parameters.

use super::factored::FactoredRecords;
use super::kernel::{AddTransposed, Block, LANES, LastDeltas, Strips, add, blocks, dot};
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

    /// How many products each row of the fit takes part in.
    pub(super) fn lengths(&self, samples: &Samples) -> Vec<usize> {
        match &self.factored {
            None => samples.records.lengths(),
            Some(records) => records.lengths(),
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
        let Workspace { factored, pass, sums } = workspace;
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

        // Those by the first layer's weights are most of all, and set where they are known.
        sums[self.hidden[0].weights.end..].fill([0.0; LANES]);
        self.deltas_of_last(pass, sums);
        for l in (1..self.hidden.len()).rev() {
            self.deltas_before(l, pass, sums);
        }
        self.add_up((samples, batch), workspace);
        let gradient = Gradient { sums: &workspace.sums, n_weights, alpha, share: 1.0 / total };
        optimizer.step(&mut self.parameters, gradient);
        loss
    }

    /// The deltas of the last hidden layer, and the sums over rows of the derivatives by its biases and by the
    /// output weights.
    fn deltas_of_last(&self, pass: &mut Pass, sums: &mut [Block]) {
        let last = self.hidden.len() - 1;
        let LayerPass { activations, deltas, .. } = &mut pass.layers[last];
        deltas.resize(activations.len());
        let (weights, used) = (self.output_weights(), self.hidden[last].used);
        let (of_weights, of_biases) = sums.split_at_mut(self.hidden[last].bias.start);
        LastDeltas {
            activation: self.activation,
            outputs: &pass.outputs,
            weights,
            activations,
            deltas,
            of_weights: &mut of_weights[self.output.weights.start..][..used],
            of_biases: &mut of_biases[..used],
        }
        .run();
    }

    /// The deltas of the layer before hidden layer `l`, from those of `l`, and the sums over rows of the derivatives by
    /// its biases.
    fn deltas_before(&self, l: usize, pass: &mut Pass, sums: &mut [Block]) {
        let (layer, used_before) = (&self.hidden[l], self.hidden[l - 1].used);
        let of_biases = &mut sums[self.hidden[l - 1].bias.clone()];
        let width = blocks(layer.units);
        let weights = &self.parameters[layer.weights.clone()];
        let [before, here] = &mut pass.layers[l - 1..=l] else { return };
        before.deltas.resize(before.activations.len());
        before.deltas.fill([0.0; LANES]);
        vectorized!({
            let activations = before.activations.chunks_exact(used_before);
            let rows = activations.zip(before.deltas.chunks_exact_mut(used_before));
            for ((activations, deltas_before), deltas) in rows.zip(here.deltas.chunks_exact(layer.used)) {
                let units = activations.as_flattened().iter().zip(deltas_before.as_flattened_mut());
                // One row of weights per unit of the layer before: padding gets none and stays zero.
                for ((activation, delta), weights) in units.zip(weights.chunks_exact(width)) {
                    *delta = self.activation.delta(pulp::Scalar, *activation, dot(deltas, weights));
                }
                add(of_biases, deltas_before);
            }
        });
    }

    /// Adds up over rows the derivatives of the loss by all other parameters.
    fn add_up(&self, (samples, batch): (&Samples, &[usize]), workspace: &mut Workspace) {
        let Workspace { factored, pass, sums } = workspace;
        sums[self.output.bias.start][0] = pass.outputs.iter().sum();
        for (l, (layer, here)) in self.hidden.iter().zip(&pass.layers).enumerate() {
            let (used, deltas) = (layer.used, &here.deltas[..]);
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
