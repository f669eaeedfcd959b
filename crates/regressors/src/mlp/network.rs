//! The layers of a network, and how records go through them.

use super::activation::Activation;
use super::dead::DeadUnits;
use super::dense::{NonZeros, ranges};
use super::kernel::{Block, LANES, Multiply, Rows, Strips, blocks, dot};
use super::model::MlpParts;
use super::sparse::SparseRows;
use super::table::Table;
use crate::random::RandomState;
use crate::vectors::vectorized;
use crate::{Error, Result};
use ndarray::{Array1, Array2};
use std::ops::Range;

/// Rows predicted at once: enough to share the weights, few enough to stay in cache.
const ROWS_AT_ONCE: usize = 256;

/// Where the parameters of a layer lie in the vector of all.
///
/// A hidden layer has `fan_in` rows of `width` blocks of weights, and `width` blocks of biases. The output
/// layer has its one column of weights as one padded row, and a block of which the first lane is its bias.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) fan_in: usize,
    pub(super) units: usize,
    /// Blocks of units that take part in passes, the others being zero.
    pub(super) used: usize,
    /// Distance of the weights of one input to those of the next, in numbers.
    pub(super) stride: usize,
    pub(super) weights: Range<usize>,
    pub(super) bias: Range<usize>,
}

impl Layer {
    /// Units that take part in passes.
    fn used_units(&self) -> usize {
        self.units.min(self.used * LANES)
    }

    /// Lays out the layers of the given sizes (inputs, hidden layers, one output): all weights first, as
    /// scikit-learn orders them.
    fn layout(sizes: &[usize]) -> Vec<Self> {
        let last = sizes.len() - 2;
        let mut end = 0;
        let mut take = |length| {
            end += length;
            end - length..end
        };
        let mut layers: Vec<_> = (0..=last)
            .map(|l| {
                let (fan_in, units) = (sizes[l], sizes[l + 1]);
                let (stride, length) = if l == last {
                    (1, blocks(fan_in))
                } else {
                    (blocks(units) * LANES, fan_in * blocks(units))
                };
                Self { fan_in, units, used: blocks(units), stride, weights: take(length), bias: 0..0 }
            })
            .collect();
        for layer in &mut layers {
            layer.bias = take(blocks(layer.units));
        }
        layers
    }
}

/// A network with one output. Units are padded to whole blocks; what belongs to padding is zero for ever,
/// since no activation and no delta reaches it.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) hidden: Vec<Layer>,
    pub(super) output: Layer,
    pub(super) activation: Activation,
    /// All parameters, padding included, which has to stay zero.
    pub(super) parameters: Table,
    /// Which of scikit-learn's units stands at each place of the first hidden layer.
    order: Vec<usize>,
}

/// What decides about the units of the first hidden layer.
pub(super) struct FirstLayer<'a> {
    pub(super) units: usize,
    /// Blocks of units that take part in passes.
    pub(super) used: usize,
    /// A row of blocks per feature.
    pub(super) weights: &'a [Block],
    pub(super) bias: &'a [Block],
}

impl<'a> FirstLayer<'a> {
    pub(super) fn n_features(&self) -> usize {
        self.weights.len() / self.bias.len()
    }

    /// The weights of each feature.
    pub(super) fn features(&self) -> impl Iterator<Item = &'a [Block]> {
        self.weights.chunks_exact(self.bias.len())
    }
}

/// What enters the first hidden layer: `rows · table` are its weighted inputs, but for the biases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a, R> {
    pub(super) rows: R,
    pub(super) table: &'a [Block],
    /// Blocks of a row of the table.
    pub(super) table_width: usize,
}

/// What the rows of a batch leave behind on their way through a network; buffers are kept from batch to
/// batch.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub(super) layers: Vec<LayerPass>,
    /// The output of each row, in training later the derivative of the loss by it.
    pub(super) outputs: Vec<f64>,
}

/// What one hidden layer holds during a pass.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerPass {
    /// A padded row per row of the batch.
    pub(super) activations: Table,
    /// The activations again, as the next hidden layer sees them.
    pub(super) sparse: SparseRows,
    /// Derivatives of the loss by the weighted inputs, in the shape of the activations.
    pub(super) deltas: Table,
}

impl Network {
    /// A network with the weights that scikit-learn draws (Glorot & Bengio 2010): for each layer its
    /// weights row by row, then its biases. `sizes` are those of the inputs, the hidden layers and the
    /// output.
    pub(super) fn random(sizes: &[usize], activation: Activation, random: &mut RandomState) -> Self {
        let factor = if activation == Activation::Logistic { 2.0 } else { 6.0 };
        Self::filled(sizes, activation, |layer| {
            let bound = (factor / (layer.fan_in + layer.units) as f64).sqrt();
            random.uniform(-bound, bound)
        })
    }

    /// The network of a stored model.
    pub(super) fn from_parts(parts: &MlpParts) -> Self {
        let sizes: Vec<_> = parts.coefs.iter().map(Array2::nrows).chain([1]).collect();
        let mut values = parts.coefs.iter().zip(&parts.intercepts).flat_map(|(w, b)| w.iter().chain(b));
        Self::filled(&sizes, parts.activation, |_| {
            *values.next().expect("invariant: layers are as large as their weights")
        })
    }

    /// A network whose parameters come one by one: for each layer its weights row by row, then its biases.
    fn filled(sizes: &[usize], activation: Activation, mut value: impl FnMut(&Layer) -> f64) -> Self {
        let mut hidden = Layer::layout(sizes);
        let output = hidden.pop().expect("invariant: a network has an output layer");
        let mut parameters = Table::zeros(output.bias.end);
        for layer in hidden.iter().chain([&output]) {
            let weights = parameters[layer.weights.clone()].as_flattened_mut();
            for row in weights.chunks_mut(layer.stride).take(layer.fan_in) {
                row[..layer.units].fill_with(|| value(layer));
            }
            let bias = parameters[layer.bias.clone()].as_flattened_mut();
            bias[..layer.units].fill_with(|| value(layer));
        }
        let order = (0..hidden[0].units).collect();
        Self { hidden, output, activation, parameters, order }
    }

    /// Refuses weights that are not finite.
    pub(super) fn check_finite(&self) -> Result<()> {
        if self.parameters.as_flattened().iter().all(|weight| weight.is_finite()) {
            Ok(())
        } else {
            Err(Error::Diverged("weights are not finite"))
        }
    }

    /// The first hidden layer.
    pub(super) fn first_layer(&self) -> FirstLayer<'_> {
        let Layer { units, used, weights, bias, .. } = self.hidden[0].clone();
        FirstLayer { units, used, weights: &self.parameters[weights], bias: &self.parameters[bias] }
    }

    /// Gives the units of the first hidden layer new places, `from[place]` being the old one, and leaves all
    /// but `used` blocks of them out of passes: they have to be zero for every row.
    pub(super) fn rearrange_units(&mut self, from: &[usize], used: usize) {
        let mut parameters = std::mem::take(&mut self.parameters);
        self.rearrange(&mut parameters, from);
        self.parameters = parameters;
        self.order = from.iter().map(|&place| self.order[place]).collect();
        self.hidden[0].used = used;
    }

    /// Leaves all but `used` blocks of the first hidden layer out of passes: they have to be zero for every row.
    pub(super) fn use_blocks(&mut self, used: usize) {
        self.hidden[0].used = used;
    }

    /// Moves numbers in the shape of the parameters to the places that [`Self::rearrange_units`] gives.
    pub(super) fn rearrange(&self, values: &mut [Block], from: &[usize]) {
        let (layer, next) = (&self.hidden[0], self.hidden.get(1).unwrap_or(&self.output));
        let old = values.to_vec();
        let (old, new) = (old.as_flattened(), values.as_flattened_mut());
        let inputs = (0..layer.fan_in).map(|input| layer.weights.start * LANES + input * layer.stride);
        for row in inputs.chain([layer.bias.start * LANES]) {
            for (place, &from) in from.iter().enumerate() {
                new[row + place] = old[row + from];
            }
        }
        let outputs = |unit| next.weights.start * LANES + unit * next.stride;
        for (place, &from) in from.iter().enumerate() {
            new[outputs(place)..][..next.units].copy_from_slice(&old[outputs(from)..][..next.units]);
        }
    }

    /// Puts the units of the first hidden layer back in scikit-learn's order.
    pub(super) fn restore_order(&mut self) {
        let mut from = vec![0; self.order.len()];
        for (place, &unit) in self.order.iter().enumerate() {
            from[unit] = place;
        }
        self.rearrange_units(&from, blocks(from.len()));
    }

    /// The weights of each layer, `(fan_in, fan_out)`, with units in the order of [`Self::restore_order`].
    pub(super) fn coefs(&self) -> Vec<Array2<f64>> {
        let weights = |layer: &Layer| {
            let values = self.parameters[layer.weights.clone()].as_flattened();
            Array2::from_shape_fn((layer.fan_in, layer.units), |(i, j)| values[i * layer.stride + j])
        };
        self.hidden.iter().chain([&self.output]).map(weights).collect()
    }

    /// The biases of each layer, `(fan_out,)`.
    pub(super) fn intercepts(&self) -> Vec<Array1<f64>> {
        let bias = |layer: &Layer| {
            Array1::from(self.parameters[layer.bias.clone()].as_flattened()[..layer.units].to_vec())
        };
        self.hidden.iter().chain([&self.output]).map(bias).collect()
    }

    /// Empty buffers for batches.
    pub(super) fn pass(&self) -> Pass {
        let layers = vec![LayerPass::default(); self.hidden.len()];
        Pass { layers, outputs: Vec::new() }
    }

    /// The outputs for some rows; each depends on its own row only.
    pub(super) fn predict(&self, records: &SparseRows) -> Vec<f64> {
        let mut pass = self.pass();
        self.carry(records.all(), &mut pass);
        pass.outputs
    }

    /// Fills in the outputs for rows of so many features, to the bit those of [`Self::predict`].
    pub(super) fn predict_dense(&self, rows: &[f64], n_features: usize, outputs: &mut [f64]) {
        let mut network = self.clone();
        if let Some(dead) = DeadUnits::new(|| ranges(rows, n_features), self.activation) {
            network.use_blocks(dead.live_blocks(&network));
        }
        let (mut non_zeros, mut pass) = (NonZeros::default(), network.pass());
        let chunks = rows.chunks(ROWS_AT_ONCE * n_features);
        for (rows, outputs) in chunks.zip(outputs.chunks_mut(ROWS_AT_ONCE)) {
            network.carry(non_zeros.of(rows, n_features), &mut pass);
            outputs.copy_from_slice(&pass.outputs);
        }
    }

    /// Carries rows of records through all layers.
    pub(super) fn carry<R: Rows>(&self, rows: R, pass: &mut Pass) {
        let FirstLayer { weights, bias, .. } = self.first_layer();
        self.forward(Input { rows, table: weights, table_width: bias.len() }, pass);
    }

    /// Carries rows through all layers.
    pub(super) fn forward<R: Rows>(&self, input: Input<'_, R>, pass: &mut Pass) {
        self.activate(0, input, &mut pass.layers[0].activations);
        for (l, layer) in self.hidden.iter().enumerate().skip(1) {
            let [before, here] = &mut pass.layers[l - 1..=l] else { return };
            before.sparse.compress(&before.activations, self.hidden[l - 1].used_units());
            let (rows, table) = (before.sparse.all(), &self.parameters[layer.weights.clone()]);
            let table_width = blocks(layer.units);
            self.activate(l, Input { rows, table, table_width }, &mut here.activations);
        }
        let weights = self.output_weights();
        let bias = self.parameters[self.output.bias.start][0];
        let rows = pass.layers[self.hidden.len() - 1].activations.chunks_exact(weights.len());
        pass.outputs.resize(input.rows.len(), 0.0);
        vectorized!({
            for (output, row) in pass.outputs.iter_mut().zip(rows) {
                *output = dot(row, weights) + bias;
            }
        });
    }

    /// The activations of hidden layer `l`.
    fn activate<R: Rows>(&self, l: usize, input: Input<'_, R>, activations: &mut Table) {
        let layer = &self.hidden[l];
        let Input { rows, table, table_width } = input;
        activations.resize(rows.len() * layer.used);
        let start = &self.parameters[layer.bias.clone()][..layer.used];
        let clip = self.activation == Activation::Relu;
        Multiply { rows, start, table, table_width, clip, product: activations }.run();
        vectorized!({
            for row in activations.chunks_exact_mut(layer.used) {
                // Padding is left out: its logistic activation would be 0.5.
                self.activation.apply(&mut row.as_flattened_mut()[..layer.used_units()]);
            }
        });
    }

    /// The output weights of the units that take part in passes.
    pub(super) fn output_weights(&self) -> &[Block] {
        &self.parameters[self.output.weights.clone()][..self.hidden[self.hidden.len() - 1].used]
    }
}
