//! The layers of a network, forwards and backwards.

use super::activation::Activation;
use super::kernel::{Block, LANES, add_scaled, blocks, dot, multiply};
use super::model::MlpParts;
use super::samples::Samples;
use super::sparse::SparseRows;
use crate::random::RandomState;
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
                Self { fan_in, units, stride, weights: take(length), bias: 0..0 }
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
    parameters: Vec<Block>,
}

/// What the rows of a batch leave behind on their way through a network; buffers are kept from batch to
/// batch.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    layers: Vec<LayerPass>,
    /// The output of each row, later the derivative of the loss by it.
    outputs: Vec<f64>,
    /// The columns of one layer's input.
    columns: SparseRows,
}

/// What one hidden layer holds during a pass.
#[derive(Clone, Debug, Default)]
struct LayerPass {
    /// A padded row per row of the batch.
    activations: Vec<Block>,
    /// The activations again, as the next hidden layer sees them.
    sparse: SparseRows,
    /// Derivatives of the loss by the weighted inputs, in the shape of the activations.
    deltas: Vec<Block>,
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
        let mut parameters = vec![[0.0; LANES]; output.bias.end];
        for layer in hidden.iter().chain([&output]) {
            let weights = parameters[layer.weights.clone()].as_flattened_mut();
            for row in weights.chunks_mut(layer.stride).take(layer.fan_in) {
                row[..layer.units].fill_with(|| value(layer));
            }
            let bias = parameters[layer.bias.clone()].as_flattened_mut();
            bias[..layer.units].fill_with(|| value(layer));
        }
        Self { hidden, output, activation, parameters }
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

    /// The weights of each layer, `(fan_in, fan_out)`.
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
        Pass { layers, outputs: Vec::new(), columns: SparseRows::default() }
    }

    /// The outputs for some rows; each depends on its own row only.
    pub(super) fn predict(&self, records: &SparseRows) -> Vec<f64> {
        let mut pass = self.pass();
        self.forward(records, &mut pass);
        pass.outputs
    }

    /// Carries records through all layers.
    fn forward(&self, records: &SparseRows, pass: &mut Pass) {
        let last = self.hidden.len() - 1;
        for (l, layer) in self.hidden.iter().enumerate() {
            let (before, after) = pass.layers.split_at_mut(l);
            let (input, here) = (before.last().map_or(records, |layer| &layer.sparse), &mut after[0]);
            let width = blocks(layer.units);
            here.activations.resize(records.len() * width, [0.0; LANES]);
            multiply(input, &self.parameters[layer.weights.clone()], width, &mut here.activations);
            for row in here.activations.chunks_exact_mut(width) {
                add_scaled(row, 1.0, &self.parameters[layer.bias.clone()]);
                // Padding is left out: its logistic activation would be 0.5.
                self.activation.apply(&mut row.as_flattened_mut()[..layer.units]);
            }
            if l < last {
                here.sparse.compress(&here.activations, layer.units);
            }
        }
        let weights = &self.parameters[self.output.weights.clone()];
        let bias = self.parameters[self.output.bias.start][0];
        let rows = pass.layers[last].activations.chunks_exact(weights.len());
        pass.outputs.clear();
        pass.outputs.extend(rows.map(|row| dot(row, weights) + bias));
    }

    /// Half the weighted mean squared error of a batch plus the L2 penalty, and its gradient in the shape of
    /// [`Self::parameters`].
    pub(super) fn loss_and_gradient(
        &self,
        batch: &Samples,
        pass: &mut Pass,
        alpha: f64,
        gradient: &mut [Block],
    ) -> f64 {
        self.forward(&batch.records, pass);
        let mut squares = 0.0;
        for ((output, target), weight) in pass.outputs.iter_mut().zip(&batch.targets).zip(&batch.weights) {
            let residual = *output - target;
            squares += weight * (residual * residual);
            *output = weight * residual;
        }
        let total: f64 = batch.weights.iter().sum();
        let weights = &self.parameters[..self.output.weights.end];
        let loss = 0.5 * (squares / total) + 0.5 * alpha * dot(weights, weights) / total;

        self.backward_output(pass, gradient);
        for l in (0..self.hidden.len()).rev() {
            self.backward_hidden(l, &batch.records, pass, gradient);
        }
        add_scaled(&mut gradient[..weights.len()], alpha, weights);
        for value in gradient.as_flattened_mut() {
            *value /= total;
        }
        loss
    }

    /// From the derivatives of the loss by the outputs: the sums over rows that make the gradient of the
    /// output layer, and the deltas of the last hidden layer.
    fn backward_output(&self, pass: &mut Pass, gradient: &mut [Block]) {
        let weights = &self.parameters[self.output.weights.clone()];
        let LayerPass { activations, deltas, .. } = &mut pass.layers[self.hidden.len() - 1];
        gradient[self.output.bias.start][0] = pass.outputs.iter().sum();
        let gradient = &mut gradient[self.output.weights.clone()];
        gradient.fill([0.0; LANES]);
        deltas.clear();
        deltas.resize(activations.len(), [0.0; LANES]);
        let rows = activations.chunks_exact(weights.len()).zip(deltas.chunks_exact_mut(weights.len()));
        for ((activations, deltas), &output) in rows.zip(&pass.outputs) {
            add_scaled(gradient, output, activations);
            add_scaled(deltas, output, weights);
        }
        self.activation.apply_derivative(activations.as_flattened(), deltas.as_flattened_mut());
    }

    /// From the deltas of hidden layer `l`: the sums over rows that make its gradient, and the deltas of
    /// the layer before it.
    fn backward_hidden(&self, l: usize, records: &SparseRows, pass: &mut Pass, gradient: &mut [Block]) {
        let layer = &self.hidden[l];
        let width = blocks(layer.units);
        let (before, after) = pass.layers.split_at_mut(l);
        let deltas = &after[0].deltas;
        let before = before.last_mut();

        let input = before.as_ref().map_or(records, |before| &before.sparse);
        pass.columns.transpose(input, layer.fan_in);
        multiply(&pass.columns, deltas, width, &mut gradient[layer.weights.clone()]);
        let bias = &mut gradient[layer.bias.clone()];
        bias.fill([0.0; LANES]);
        for row in deltas.chunks_exact(width) {
            add_scaled(bias, 1.0, row);
        }

        if let Some(LayerPass { activations, deltas: deltas_before, .. }) = before {
            let weights = &self.parameters[layer.weights.clone()];
            deltas_before.clear();
            deltas_before.resize(activations.len(), [0.0; LANES]);
            let rows = deltas_before.chunks_exact_mut(blocks(layer.fan_in)).zip(deltas.chunks_exact(width));
            for (deltas_before, deltas) in rows {
                // One row of weights per unit of the layer before: padding gets none and stays zero.
                let units = deltas_before.as_flattened_mut().iter_mut().zip(weights.chunks_exact(width));
                units.for_each(|(delta, weights)| *delta = dot(deltas, weights));
            }
            self.activation.apply_derivative(activations.as_flattened(), deltas_before.as_flattened_mut());
        }
    }
}
