//! Scaling of every feature by its largest magnitude, so that training values lie in `[-1, 1]`.
//!
//! It divides, as scikit-learn does on dense data. Multiplying by a reciprocal, as linfa-preprocessing does,
//! would change last bits.

use crate::{Error, Result};
use linfa::dataset::DatasetBase;
use linfa::traits::{Fit, Transformer};
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix2, Zip};

/// Smallest magnitude that is worth dividing by: 10 times the machine epsilon.
const TINY: f64 = 10.0 * f64::EPSILON;

/// The hyperparameters of [`MaxAbsScaler`], of which there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxAbsScalerParams;

/// scikit-learn's `MaxAbsScaler`: divides each feature by its largest magnitude in the training rows.
///
/// Zeros stay zeros, 0/1 columns stay as they are, and values of rows that were not fitted on may leave
/// `[-1, 1]`.
///
/// ```
/// use linfa::Dataset;
/// use linfa::traits::{Fit, Transformer};
/// use ndarray::array;
/// use regressors::MaxAbsScaler;
///
/// let train = Dataset::new(array![[1.0, -4.0], [0.5, 2.0]], array![1.0, 2.0]);
/// let scaler = MaxAbsScaler::params().fit(&train)?;
/// assert_eq!(scaler.scale(), array![1.0, 4.0]);
/// assert_eq!(scaler.transform(&train.records), array![[1.0, -1.0], [0.5, 0.5]]);
/// # Ok::<(), regressors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MaxAbsScaler {
    scale: Array1<f64>,
}

impl MaxAbsScaler {
    /// The hyperparameters: none.
    pub fn params() -> MaxAbsScalerParams {
        MaxAbsScalerParams
    }

    /// A scaler with stored divisors, `(n_features,)`, as [`Self::scale`] gave them.
    ///
    /// ```
    /// use linfa::traits::Transformer;
    /// use ndarray::array;
    /// use regressors::MaxAbsScaler;
    ///
    /// let scaler = MaxAbsScaler::from_scale(array![1.0, 4.0])?;
    /// assert_eq!(scaler.transform(array![[0.5, 2.0]]), array![[0.5, 0.5]]);
    /// # Ok::<(), regressors::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Model`] if there are none, or one is neither NaN nor a finite number of at least ten machine
    /// epsilons.
    pub fn from_scale(scale: Array1<f64>) -> Result<Self> {
        if scale.is_empty() {
            return Err(Error::Model("a scaler without features".to_owned()));
        }
        match scale.iter().position(|&s| !s.is_nan() && !(TINY..=f64::MAX).contains(&s)) {
            Some(feature) => Err(Error::Model(format!("feature {feature} is scaled by {}", scale[feature]))),
            None => Ok(Self { scale }),
        }
    }

    /// The divisor of each feature, `(n_features,)`.
    ///
    /// It is 1 for a column that is zero up to ten machine epsilons, and NaN for one without any value.
    pub fn scale(&self) -> &Array1<f64> {
        &self.scale
    }

    fn divide(&self, mut records: Array2<f64>) -> Array2<f64> {
        assert_eq!(records.ncols(), self.scale.len(), "the scaler was fitted on another number of features");
        for mut row in records.rows_mut() {
            row /= &self.scale;
        }
        records
    }
}

/// The largest magnitude of each column; NaN is ignored, infinity refused.
fn largest_magnitudes(records: &ArrayView2<'_, f64>) -> Result<Array1<f64>> {
    let mut largest = Array1::from_elem(records.ncols(), f64::NAN);
    for (row, values) in records.rows().into_iter().enumerate() {
        if let Some(feature) = values.iter().position(|x| x.is_infinite()) {
            return Err(Error::Feature { row, feature, value: values[feature], reason: "infinite" });
        }
        // `f64::max` returns the other operand for NaN, on both sides.
        Zip::from(&mut largest).and(values).for_each(|largest, x| *largest = largest.max(x.abs()));
    }
    Ok(largest)
}

impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, Error> for MaxAbsScalerParams {
    type Object = MaxAbsScaler;

    /// Fits on records `(n_samples, n_features)`; targets and weights do not matter. NaN is ignored.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows or features, [`Error::Feature`] for an infinite value.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<MaxAbsScaler> {
        let records = dataset.records().view();
        if records.nrows() == 0 {
            return Err(Error::Empty("rows"));
        }
        if records.ncols() == 0 {
            return Err(Error::Empty("features"));
        }
        let scale = largest_magnitudes(&records)?.mapv_into(|s| if s < TINY { 1.0 } else { s });
        Ok(MaxAbsScaler { scale })
    }
}

impl<D: Data<Elem = f64>> Transformer<&ArrayBase<D, Ix2>, Array2<f64>> for MaxAbsScaler {
    /// Records `(n_samples, n_features)` divided by [`Self::scale`].
    ///
    /// # Panics
    /// If the number of features is not the fitted one.
    fn transform(&self, records: &ArrayBase<D, Ix2>) -> Array2<f64> {
        self.divide(records.to_owned())
    }
}

impl Transformer<Array2<f64>, Array2<f64>> for MaxAbsScaler {
    /// As for a reference, in place.
    fn transform(&self, records: Array2<f64>) -> Array2<f64> {
        self.divide(records)
    }
}
