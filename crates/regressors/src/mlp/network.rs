//! The layers of a network, forwards and backwards.

use super::activation::Activation;
use super::kernel::{AddTransposed, Block, LANES, Multiply, add_scaled, blocks, dot};
use super::model::MlpParts;
use super::samples::Samples;
use super::sparse::{Chosen, SparseRows};
use super::table::Table;
use crate::random::RandomState;
use crate::vectors::vectorized;
use crate::{Error, Result};
use ndarray::{Array1, Array2};
use std::ops::Range;

/// Where the parameters of a layer lie in the vector of all.
///
/// A hidden layer has `fan_in` rows of `width` blocks of weights, and `width` blocks of biases. The output
/// layer has its one column of weights as one padded row, and a block of which the first lane is its bias.
#[derive(Clone, Debug)]
struct Layer {
    fan_in: usize,
    units: usize,
    /// Blocks of units that take part in passes, the others being zero.
    used: usize,
    /// Distance of the weights of one input to those of the next, in numbers.
    stride: usize,
    weights: Range<usize>,
    bias: Range<usize>,
}

impl Layer {
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
    hidden: Vec<Layer>,
    output: Layer,
    activation: Activation,
    parameters: Table,
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

/// What the rows of a batch leave behind on their way through a network; buffers are kept from batch to
/// batch.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    layers: Vec<LayerPass>,
    /// The output of each row, later the derivative of the loss by it.
    outputs: Vec<f64>,
}

/// What one hidden layer holds during a pass.
#[derive(Clone, Debug, Default)]
struct LayerPass {
    /// A padded row per row of the batch.
    activations: Table,
    /// The activations again, as the next hidden layer sees them.
    sparse: SparseRows,
    /// Derivatives of the loss by the weighted inputs, in the shape of the activations.
    deltas: Table,
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

    /// All parameters, padding included.
    pub(super) fn parameters(&self) -> &[Block] {
        &self.parameters
    }

    /// All parameters, padding included, which has to stay zero.
    pub(super) fn parameters_mut(&mut self) -> &mut [Block] {
        &mut self.parameters
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
        self.forward(records.all(), &mut pass);
        pass.outputs
    }

    /// Carries records through all layers.
    fn forward(&self, records: Chosen<'_>, pass: &mut Pass) {
        let last = self.hidden.len() - 1;
        for (l, layer) in self.hidden.iter().enumerate() {
            let (before, after) = pass.layers.split_at_mut(l);
            let (rows, here) = (before.last().map_or(records, |layer| layer.sparse.all()), &mut after[0]);
            let (width, used) = (blocks(layer.units), layer.used);
            let units = layer.units.min(used * LANES);
            here.activations.resize(records.len() * used);
            Multiply {
                rows,
                table: &self.parameters[layer.weights.clone()],
                table_width: width,
                start: &self.parameters[layer.bias.clone()][..used],
                product: &mut here.activations,
            }
            .run();
            vectorized!({
                for row in here.activations.chunks_exact_mut(used) {
                    // Padding is left out: its logistic activation would be 0.5.
                    self.activation.apply(&mut row.as_flattened_mut()[..units]);
                }
            });
            if l < last {
                here.sparse.compress(&here.activations, units);
            }
        }
        let weights = self.output_weights();
        let bias = self.parameters[self.output.bias.start][0];
        let rows = pass.layers[last].activations.chunks_exact(weights.len());
        pass.outputs.resize(records.len(), 0.0);
        vectorized!({
            for (output, row) in pass.outputs.iter_mut().zip(rows) {
                *output = dot(row, weights) + bias;
            }
        });
    }

    /// The output weights of the units that take part in passes.
    fn output_weights(&self) -> &[Block] {
        &self.parameters[self.output.weights.clone()][..self.hidden[self.hidden.len() - 1].used]
    }

    /// Half the weighted mean squared error of a batch, which is some rows, plus the L2 penalty, and its
    /// gradient in the shape of [`Self::parameters`].
    pub(super) fn loss_and_gradient(
        &self,
        (samples, batch): (&Samples, &[usize]),
        pass: &mut Pass,
        alpha: f64,
        gradient: &mut [Block],
    ) -> f64 {
        let records = samples.records.choose(batch);
        self.forward(records, pass);
        let mut squares = 0.0;
        let mut total = 0.0;
        for (output, &row) in pass.outputs.iter_mut().zip(batch) {
            let weight = samples.weights[row];
            total += weight;
            let residual = *output - samples.targets[row];
            squares += weight * (residual * residual);
            *output = weight * residual;
        }
        let weights = &self.parameters[..self.output.weights.end];
        let penalty = vectorized!(dot(weights, weights));
        let loss = 0.5 * (squares / total) + 0.5 * alpha * penalty / total;

        gradient.fill([0.0; LANES]);
        self.backward_output(pass, gradient);
        for l in (0..self.hidden.len()).rev() {
            self.backward_hidden(l, records, pass, gradient);
        }
        vectorized!({
            let share = 1.0 / total;
            let (of_weights, of_biases) = gradient.as_flattened_mut().split_at_mut(weights.len() * LANES);
            for (value, weight) in of_weights.iter_mut().zip(weights.as_flattened()) {
                *value = (*value + alpha * weight) * share;
            }
            of_biases.iter_mut().for_each(|value| *value *= share);
        });
        loss
    }

    /// From the derivatives of the loss by the outputs: the sums over rows that make the gradient of the
    /// output layer, and the deltas of the last hidden layer.
    fn backward_output(&self, pass: &mut Pass, gradient: &mut [Block]) {
        let weights = self.output_weights();
        let LayerPass { activations, deltas, .. } = &mut pass.layers[self.hidden.len() - 1];
        gradient[self.output.bias.start][0] = pass.outputs.iter().sum();
        let gradient = &mut gradient[self.output.weights.clone()][..weights.len()];
        deltas.resize(activations.len());
        let rows = activations.chunks_exact(weights.len()).zip(deltas.chunks_exact_mut(weights.len()));
        vectorized!({
            for ((activations, deltas), &output) in rows.zip(&pass.outputs) {
                add_scaled(gradient, output, activations);
                for (delta, weight) in deltas.as_flattened_mut().iter_mut().zip(weights.as_flattened()) {
                    *delta = output * weight;
                }
                self.activation.apply_derivative(activations.as_flattened(), deltas.as_flattened_mut());
            }
        });
    }

    /// From the deltas of hidden layer `l`: the sums over rows that make its gradient, and the deltas of
    /// the layer before it.
    fn backward_hidden(&self, l: usize, records: Chosen<'_>, pass: &mut Pass, gradient: &mut [Block]) {
        let layer = &self.hidden[l];
        let (width, used) = (blocks(layer.units), layer.used);
        let (before, after) = pass.layers.split_at_mut(l);
        let deltas = &after[0].deltas;
        let before = before.last_mut();

        let input = before.as_ref().map_or(records, |before| before.sparse.all());
        let (weights, biases) = gradient.split_at_mut(layer.bias.start);
        let bias = &mut biases[..used];
        AddTransposed {
            rows: input,
            table: deltas,
            table_width: used,
            sum: &mut weights[layer.weights.clone()],
            sum_width: width,
        }
        .run();
        vectorized!(deltas.chunks_exact(used).for_each(|row| add_scaled(bias, 1.0, row)));

        if let Some(LayerPass { activations, deltas: deltas_before, .. }) = before {
            let used_before = self.hidden[l - 1].used;
            let weights = &self.parameters[layer.weights.clone()];
            deltas_before.resize(activations.len());
            deltas_before.fill([0.0; LANES]);
            vectorized!({
                let rows = deltas_before.chunks_exact_mut(used_before).zip(deltas.chunks_exact(used));
                for (deltas_before, deltas) in rows {
                    // One row of weights per unit of the layer before: padding gets none and stays zero.
                    let units = deltas_before.as_flattened_mut().iter_mut().zip(weights.chunks_exact(width));
                    units.for_each(|(delta, weights)| *delta = dot(deltas, weights));
                }
                self.activation
                    .apply_derivative(activations.as_flattened(), deltas_before.as_flattened_mut());
            });
        }
    }
}
