//! The weighted average of the predictions of several regressors.
//!
//! Members are fitted, stored and asked for their predictions elsewhere. What is left of scikit-learn's
//! `VotingRegressor` is the average itself, so a member can be any model.

use crate::input::require;
use crate::sum::pairwise_sum;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// scikit-learn's `VotingRegressor` over members that are already fitted: their weighted average.
///
/// ```
/// use ndarray::array;
/// use regressors::Voting;
///
/// let voting = Voting::new(array![3.0, 1.0])?;
/// let (forest, boosting) = (array![100.0, 200.0], array![140.0, 160.0]);
/// assert_eq!(voting.combine([forest.view(), boosting.view()])?, array![110.0, 190.0]);
/// # Ok::<(), regressors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Voting {
    weights: Array1<f64>,
}

impl Voting {
    /// A vote with one weight per member, in the order in which predictions will come; they need not sum to
    /// 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] without members, for a weight that is negative or not finite,
    /// and for a sum that is zero or not finite.
    pub fn new(weights: Array1<f64>) -> Result<Self> {
        require(!weights.is_empty(), "members", "{}", "one model or more")?;
        for &weight in &weights {
            require(weight.is_finite() && weight >= 0.0, "weights", weight, "finite and at least 0")?;
        }
        let sum = weights.sum();
        require(sum.is_finite() && sum > 0.0, "weights", sum, "finite and above 0 in sum")?;
        Ok(Self { weights })
    }

    /// The weight of each member, `(n_members,)`.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
    }

    /// The average of the members' predictions, each `(n_samples,)`, in the order of the weights.
    ///
    /// It is `numpy.average` as scikit-learn calls it: products are summed in member order and divided by the sum of the
    /// weights. Of a single row, numpy sums eight products and more in another order; here, a row's average does not
    /// depend on the others.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are more or fewer predictions than weights, or their lengths differ.
    pub fn combine<'a>(
        &self,
        predictions: impl IntoIterator<Item = ArrayView1<'a, f64>>,
    ) -> Result<Array1<f64>> {
        let predictions: Vec<_> = predictions.into_iter().collect();
        if predictions.len() != self.weights.len() {
            let (expected, actual) = (self.weights.len(), predictions.len());
            return Err(Error::Shape { what: "members", expected, actual });
        }
        let n_samples = predictions[0].len();
        let mut average = Array1::zeros(n_samples);
        for (member, &weight) in predictions.iter().zip(&self.weights) {
            if member.len() != n_samples {
                return Err(Error::Shape { what: "predictions", expected: n_samples, actual: member.len() });
            }
            average.zip_mut_with(member, |sum, &prediction| *sum += prediction * weight);
        }
        average /= pairwise_sum(&self.weights.to_vec());
        Ok(average)
    }
}
