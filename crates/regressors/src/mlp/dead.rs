//! Hidden units that are off for every row of a fit, and take no arithmetic.
//!
//! A relu unit whose weighted input is negative for every row is 0 for every row. Nothing that comes after
//! depends on it, and the only gradient of its weights is that of the penalty. A high learning rate leaves
//! many units like that: half of a hundred on the laptop data at a rate of 0.6.
//!
//! That a unit is dead is proven from the ranges of the features, not observed on rows: its weighted input
//! `b + Σ w_c x_c` is at most `b + Σ max(w_c low_c, w_c high_c)`. If this bound is negative by more than
//! rounding can add up to, every sum over rows that the unit takes part in gets exactly zero from it, so
//! leaving it out changes nothing. The bound is looked at after every step, so that a unit which the
//! momentum brings back to life takes part in the next one.
//!
//! Dead units move behind the others, and whole blocks of them are left out. Only the first hidden layer is
//! treated so: it holds most of the work on wide records.

use super::activation::Activation;
use super::kernel::{LANES, blocks};
use super::network::{FirstLayer, Network};
use super::optimizer::Optimizer;
use crate::vectors::vectorized;

/// Proves units of the first hidden layer dead, and keeps them behind the live ones.
pub(super) struct DeadUnits {
    /// The range of each feature over all rows that the network sees, 0 included.
    ranges: Vec<(f64, f64)>,
    /// More than what rounding adds to a weighted input and to its bound, relative to the magnitudes summed.
    rounding: f64,
}

impl DeadUnits {
    /// For a network that sees only records with these ranges of features; nothing if its units cannot be dead.
    pub(super) fn new(ranges: impl FnOnce() -> Vec<(f64, f64)>, activation: Activation) -> Option<Self> {
        if activation != Activation::Relu {
            return None;
        }
        let ranges = ranges();
        // Sums of n products and a bias are off by n + 1 half epsilons of the magnitudes summed; twice that
        // for either sum.
        let rounding = 2.0 * (ranges.len() + 2) as f64 * f64::EPSILON;
        Some(Self { ranges, rounding })
    }

    /// Puts units back that were left out and are no longer dead. To be called after every step.
    pub(super) fn revive(&self, network: &mut Network, optimizer: &mut Optimizer) {
        let first = network.first_layer();
        if self.excess(&first, first.used).into_iter().any(alive) {
            self.leave_out(network, optimizer);
        }
    }

    /// Leaves out as many blocks of dead units as possible, and no unit that is not dead.
    pub(super) fn leave_out(&self, network: &mut Network, optimizer: &mut Optimizer) {
        let first = network.first_layer();
        let excess = self.excess(&first, 0);
        let (mut order, dead): (Vec<_>, Vec<_>) = (0..first.units).partition(|&unit| alive(excess[unit]));
        // One block at least, so that every row has activations.
        let used = blocks(order.len()).max(1);
        let all_in = order.last().is_none_or(|&unit| unit < used * LANES);
        if used != first.used || !all_in {
            order.extend(dead);
            optimizer.each_moment(|moment| network.rearrange(moment, &order));
            network.rearrange_units(&order, used);
        }
    }

    /// Blocks of units that are not dead, and of any before these; one at least.
    pub(super) fn live_blocks(&self, network: &Network) -> usize {
        let excess = self.excess(&network.first_layer(), 0);
        blocks(excess.iter().rposition(|&excess| alive(excess)).map_or(1, |last| last + 1))
    }

    /// The upper bound of the weighted input, plus what rounding may add, of each unit from a block on.
    fn excess(&self, first: &FirstLayer<'_>, block: usize) -> Vec<f64> {
        let biases = &first.bias.as_flattened()[..first.units];
        let mut excess = biases.get(block * LANES..).unwrap_or_default().to_vec();
        // Products too small for full precision are off by less than the smallest normal number.
        excess.iter_mut().for_each(|bias| *bias += self.rounding * bias.abs() + f64::MIN_POSITIVE);
        vectorized!({
            for (row, &(low, high)) in first.features().zip(&self.ranges) {
                for (excess, &weight) in excess.iter_mut().zip(row[block..].as_flattened()) {
                    let (a, b) = (weight * low, weight * high);
                    // Unlike `f64::max`, the comparison keeps NaN.
                    let most = if a > b { a } else { b };
                    *excess += most + self.rounding * (b - a).abs();
                }
            }
        });
        excess
    }
}

/// Units of the first hidden layer, those that features between 0 and 1 can switch on before the others.
///
/// The order depends on nothing but the network: sums over units are the same for all rows that it predicts.
pub(super) fn likely_alive_first(network: &Network) -> Vec<usize> {
    let first = network.first_layer();
    let between = DeadUnits { ranges: vec![(0.0, 1.0); first.n_features()], rounding: 0.0 };
    let excess = between.excess(&first, 0);
    let (mut order, dead): (Vec<_>, Vec<_>) = (0..first.units).partition(|&unit| alive(excess[unit]));
    order.extend(dead);
    order
}

/// Whether a unit with this excess may be other than zero for some row; also if the excess is NaN.
fn alive(excess: f64) -> bool {
    excess.is_nan() || excess >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlp::MlpParts;
    use crate::mlp::dense::ranges;
    use crate::mlp::params::MlpValidParams;
    use crate::mlp::samples::Samples;
    use crate::mlp::sparse::SparseRows;
    use crate::mlp::step::Workspace;
    use ndarray::{Array1, Array2};

    const UNITS: usize = 21;

    /// A network of small whole numbers, whose sums are exact in any order. Two of three units are dead on
    /// [`samples`].
    fn network(layers: usize) -> Network {
        let sizes = [3, UNITS, 5, 1];
        let shapes = sizes[..layers].iter().zip(sizes[1..layers].iter().chain([&1]));
        let (mut coefs, mut intercepts) = (Vec::new(), Vec::new());
        for (&fan_in, &units) in shapes {
            let bias = |unit| if coefs.is_empty() && unit % 3 > 0 { -40.0 } else { 2.0 };
            intercepts.push(Array1::from_shape_fn(units, bias));
            coefs.push(Array2::from_shape_fn((fan_in, units), |(i, j)| ((5 * i + 3 * j) % 7) as f64 - 3.0));
        }
        let activation = Activation::Relu;
        Network::from_parts(&MlpParts {
            activation,
            coefs,
            intercepts,
            loss_curve: Vec::new(),
            validation_scores: Vec::new(),
        })
    }

    fn samples() -> Samples {
        let records = Array2::from_shape_fn((6, 3), |(i, j)| ((i * i + 2 * j) % 4) as f64 - 1.0);
        Samples {
            records: SparseRows::from_dense(&records.view()),
            targets: vec![1.0; 6],
            weights: vec![1.0; 6],
        }
    }

    fn dead_units() -> DeadUnits {
        DeadUnits::new(|| samples().records.ranges(3), Activation::Relu).unwrap()
    }

    fn optimizer(network: &Network) -> Optimizer {
        Optimizer::new(&MlpValidParams::default(), network)
    }

    fn step(network: &mut Network, optimizer: &mut Optimizer) -> f64 {
        let samples = samples();
        let mut workspace = Workspace::new(network, &samples, samples.len());
        network.train((&samples, &[0, 1, 2, 3, 4, 5]), 1.0, optimizer, &mut workspace)
    }

    #[test]
    fn leaving_dead_units_out_changes_no_bit() {
        for layers in [2, 3] {
            let (mut whole, mut part) = (network(layers), network(layers));
            let (mut whole_optimizer, mut part_optimizer) = (optimizer(&whole), optimizer(&part));
            // A step before, so that there are moments to move along.
            step(&mut whole, &mut whole_optimizer);
            step(&mut part, &mut part_optimizer);
            dead_units().leave_out(&mut part, &mut part_optimizer);
            assert_eq!((whole.first_layer().used, part.first_layer().used), (3, 1));
            let losses = (step(&mut whole, &mut whole_optimizer), step(&mut part, &mut part_optimizer));
            assert_eq!(losses.0, losses.1);
            part.restore_order();
            assert_eq!(part.first_layer().used, 3);
            assert_eq!((part.coefs(), part.intercepts()), (whole.coefs(), whole.intercepts()));
        }
    }

    #[test]
    fn a_unit_that_comes_to_life_is_put_back() {
        let (mut network, dead) = (network(2), dead_units());
        let mut optimizer = optimizer(&network);
        dead.leave_out(&mut network, &mut optimizer);
        dead.revive(&mut network, &mut optimizer);
        assert_eq!(network.first_layer().used, 1);
        // Far from being dead, wherever the units stand.
        for weight in network.parameters.as_flattened_mut() {
            *weight += 50.0;
        }
        dead.revive(&mut network, &mut optimizer);
        assert_eq!(network.first_layer().used, 3);
    }

    #[test]
    fn only_what_is_proven_dead_is_left_out() {
        let mut network = network(2);
        let mut optimizer = optimizer(&network);
        let wide = DeadUnits::new(|| ranges(&[1e9, 0.0, 0.0], 3), Activation::Relu).unwrap();
        wide.leave_out(&mut network, &mut optimizer);
        let alive = (0..UNITS).filter(|unit| unit % 3 == 0 || (3 * unit) % 7 > 3).count();
        assert_eq!(network.first_layer().used, blocks(alive));
        assert!([0.0, f64::NAN, f64::INFINITY].into_iter().all(super::alive));
        assert!(DeadUnits::new(|| samples().records.ranges(3), Activation::Tanh).is_none());
    }
}
