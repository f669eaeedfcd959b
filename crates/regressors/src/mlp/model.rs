//! The trained network.

use super::activation::Activation;
use super::dead::likely_alive_first;
use super::fit;
use super::kernel::blocks;
use super::network::Network;
use super::params::{MlpParams, MlpValidParams};
use super::samples::Samples;
use super::sparse::SparseRows;
use crate::input::{check_finite, check_fit, real_weights};
use crate::lazy::Lazy;
use crate::parallel::for_each_part_of;
use crate::{Error, Result};
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2, ArrayBase, Data, Ix2};

/// Products with weights that take as long as other work on one value: vectors do several at once, and most inputs
/// are zero.
const PRODUCTS_PER_VALUE: usize = 64;

/// A trained multi-layer perceptron with one output: scikit-learn's `MLPRegressor`.
///
/// It is fitted on records `(n_samples, n_features)` and targets `(n_samples,)`. Records should be scaled to
/// about `[-1, 1]`, for which there is [`MaxAbsScaler`](crate::MaxAbsScaler).
///
/// ```
/// use linfa::Dataset;
/// use linfa::traits::{Fit, Predict};
/// use ndarray::{Array, Axis};
/// use regressors::Mlp;
///
/// let x = Array::linspace(-1.0, 1.0, 50);
/// let train = Dataset::new(x.clone().insert_axis(Axis(1)), x.mapv(f64::abs));
/// let model = Mlp::params().hidden_layer_sizes([16]).learning_rate_init(0.05).random_state(42).fit(&train)?;
/// let predicted = model.predict(&train);
/// assert!((predicted - x.mapv(f64::abs)).iter().all(|error| error.abs() < 0.1));
/// # Ok::<(), regressors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    parts: MlpParts,
    /// The parts once more, for predictions.
    network: Lazy<Network>,
}

/// What a trained network is made of, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpParts {
    /// The activation of the hidden units.
    pub activation: Activation,
    /// The weights of each layer, `(fan_in, fan_out)`, the last with one column.
    pub coefs: Vec<Array2<f64>>,
    /// The biases of each layer, `(fan_out,)`.
    pub intercepts: Vec<Array1<f64>>,
    /// The loss of each epoch.
    pub loss_curve: Vec<f64>,
    /// With early stopping, R² of the rows held out after each epoch; else empty.
    pub validation_scores: Vec<f64>,
}

impl Mlp {
    /// scikit-learn's defaults: one hidden layer of 100, relu, Adam, `alpha` 1e-4, `batch_size` auto,
    /// `learning_rate` constant, `learning_rate_init` 0.001, `power_t` 0.5, `max_iter` 200, `shuffle` true,
    /// `tol` 1e-4, `momentum` 0.9, `nesterovs_momentum` true, `early_stopping` false, `validation_fraction`
    /// 0.1, `beta_1` 0.9, `beta_2` 0.999, `epsilon` 1e-8, `n_iter_no_change` 10. Its `random_state` is
    /// `None`; here it is 0.
    pub fn params() -> MlpParams {
        MlpParams::default()
    }

    /// A model from stored parts.
    ///
    /// # Errors
    /// [`Error::Model`] if layers do not fit each other, a weight is not finite, or there is no epoch.
    ///
    /// ```
    /// use linfa::traits::Predict;
    /// use ndarray::array;
    /// use regressors::Mlp;
    /// use regressors::mlp::{Activation, MlpParts};
    ///
    /// // |x| as max(x, 0) + max(-x, 0).
    /// let model = Mlp::from_parts(MlpParts {
    ///     activation: Activation::Relu,
    ///     coefs: vec![array![[1.0, -1.0]], array![[1.0], [1.0]]],
    ///     intercepts: vec![array![0.0, 0.0], array![0.0]],
    ///     loss_curve: vec![0.0],
    ///     validation_scores: vec![],
    /// })?;
    /// assert_eq!(model.predict(&array![[-3.0], [2.0]]), array![3.0, 2.0]);
    /// # Ok::<(), regressors::Error>(())
    /// ```
    pub fn from_parts(parts: MlpParts) -> Result<Self> {
        let refuse = |reason: String| Err(Error::Model(reason));
        let MlpParts { coefs, intercepts, loss_curve, .. } = &parts;
        if coefs.len() < 2 || coefs.len() != intercepts.len() {
            return refuse(format!("{} layers of weights and {} of biases", coefs.len(), intercepts.len()));
        }
        for (layer, (weights, bias)) in coefs.iter().zip(intercepts).enumerate() {
            let fan_out = coefs.get(layer + 1).map_or(1, Array2::nrows);
            if weights.is_empty() || weights.ncols() != fan_out || bias.len() != fan_out {
                let (shape, biases) = (weights.shape(), bias.len());
                return refuse(format!("layer {layer}: weights {shape:?}, {biases} biases, {fan_out} units"));
            }
            if weights.iter().chain(bias).any(|w| !w.is_finite()) {
                return refuse(format!("layer {layer}: a weight is not finite"));
            }
        }
        if loss_curve.is_empty() {
            return refuse("a network that was trained for no epoch".to_owned());
        }
        Ok(Self { parts, network: Lazy::default() })
    }

    /// The parts to store; [`Self::from_parts`] reads them back.
    pub fn parts(&self) -> &MlpParts {
        &self.parts
    }

    /// The activation of the hidden units.
    pub fn activation(&self) -> Activation {
        self.parts.activation
    }

    /// The weights of each layer, `(fan_in, fan_out)`.
    pub fn coefs(&self) -> &[Array2<f64>] {
        &self.parts.coefs
    }

    /// The biases of each layer, `(fan_out,)`.
    pub fn intercepts(&self) -> &[Array1<f64>] {
        &self.parts.intercepts
    }

    /// Epochs of the fit.
    pub fn n_iter(&self) -> usize {
        self.parts.loss_curve.len()
    }

    /// The loss of the last epoch: half the mean squared error plus the penalty, averaged over batches as the
    /// weights changed.
    pub fn loss(&self) -> f64 {
        self.parts.loss_curve[self.n_iter() - 1]
    }

    /// The loss of each epoch.
    pub fn loss_curve(&self) -> &[f64] {
        &self.parts.loss_curve
    }

    /// R² of the rows held out after each epoch; empty without early stopping.
    pub fn validation_scores(&self) -> &[f64] {
        &self.parts.validation_scores
    }
}

impl<D, T> Fit<ArrayBase<D, Ix2>, T, Error> for MlpValidParams
where
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = Mlp;

    /// Trains on records `(n_samples, n_features)` and targets `(n_samples,)`.
    ///
    /// Sample weights, if the dataset has any, weigh the squared errors within each batch. An epoch takes
    /// time proportional to the non-zero values of the records times the units of the first layer, plus the
    /// products of the sizes of adjacent layers times the rows.
    ///
    /// # Errors
    /// On empty data, lengths that differ, values that are not finite, and weights that are negative or all
    /// zero; [`Error::Diverged`] if weights leave the floating-point numbers, or a batch has no weight at
    /// all; [`Error::Parameter`] if `validation_fraction` holds out fewer than two rows, or all, or if the
    /// network has too many weights for its features.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Mlp> {
        let (records, targets) = (dataset.records().view(), dataset.as_single_targets());
        check_fit(&records, &targets)?;
        check_finite(&records)?;
        self.check_weights(records.ncols())?;
        let samples = Samples {
            records: SparseRows::from_dense(&records),
            targets: targets.to_vec(),
            weights: real_weights(&dataset.weights, records.nrows())?,
        };
        Ok(Mlp { parts: fit::fit(self, samples, records.ncols())?, network: Lazy::default() })
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for Mlp {
    /// Predicts records `(n_samples, n_features)`; each row on its own, to the bit.
    ///
    /// # Panics
    /// If the number of features is not the fitted one, or `y` is not one value per row.
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.ncols(), self.coefs()[0].nrows(), "the model was fitted on another number of features");
        assert_eq!(x.nrows(), y.len(), "one prediction per row");
        let network = self.network.get(|| {
            let mut network = Network::from_parts(&self.parts);
            let order = likely_alive_first(&network);
            network.rearrange_units(&order, blocks(order.len()));
            network
        });
        let (x, n_features) = (x.as_standard_layout(), x.ncols());
        let x = x.as_slice().unwrap_or_default();
        let mut predictions = vec![0.0; y.len()];
        let n_products = y.len().saturating_mul(network.parameters.as_flattened().len());
        for_each_part_of(&mut predictions, n_products / PRODUCTS_PER_VALUE, |first, predictions| {
            let rows = &x[first * n_features..][..predictions.len() * n_features];
            network.predict_dense(rows, n_features, predictions);
        });
        y.iter_mut().zip(predictions).for_each(|(y, prediction)| *y = prediction);
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
