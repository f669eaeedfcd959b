//! The vote against scikit-learn's.

use crate::golden::{self, GOLDEN};
use ndarray::{Array1, array};
use proptest::prelude::*;
use regressors::{Error, Voting};

/// Panics unless the average is scikit-learn's to the bit.
pub(crate) fn check(case: &golden::Voting) {
    let golden::Voting { constants, weights, prediction } = case;
    let voting = Voting::new(Array1::from(weights.clone())).unwrap();
    let members: Vec<_> = constants.iter().map(|&constant| array![constant]).collect();
    let average = voting.combine(members.iter().map(Array1::view)).unwrap();
    assert_eq!(average, array![*prediction], "{constants:?} with {weights:?}");
}

#[test]
fn averages_are_scikit_learns_to_the_bit() {
    GOLDEN.voting.iter().for_each(check);
}

#[test]
fn the_sum_of_many_weights_rounds_as_numpys() {
    // numpy.sum of these is 1.0; added up one by one they give 0.99...9.
    let voting = Voting::new(Array1::from_elem(10, 0.1)).unwrap();
    let members = vec![array![1.0, 3.0]; 10];
    let by_one: f64 = (0..10).fold(0.0, |sum, _| sum + 0.1);
    let average = voting.combine(members.iter().map(Array1::view)).unwrap();
    assert_eq!(average[0], by_one / 1.0);
}

#[test]
fn impossible_weights_are_refused() {
    assert!(matches!(Voting::new(array![]), Err(Error::Parameter { name: "members", .. })));
    for weights in [array![1.0, -0.5], array![f64::NAN], array![0.0, 0.0], array![f64::MAX, f64::MAX]] {
        assert!(matches!(Voting::new(weights), Err(Error::Parameter { name: "weights", .. })));
    }
}

#[test]
fn members_have_to_match() {
    let voting = Voting::new(array![1.0, 2.0]).unwrap();
    let (two, three) = (array![1.0, 2.0], array![1.0, 2.0, 3.0]);
    let error = voting.combine([two.view()]).unwrap_err();
    assert!(matches!(error, Error::Shape { what: "members", expected: 2, actual: 1 }));
    let error = voting.combine([two.view(), three.view()]).unwrap_err();
    assert!(matches!(error, Error::Shape { what: "predictions", expected: 2, actual: 3 }));
    let none = Array1::zeros(0);
    assert_eq!(voting.combine([none.view(), none.view()]).unwrap(), none);
}

proptest! {
    #[test]
    fn averages_lie_between_the_members(
        members in prop::collection::vec((-1e6..1e6, 0.01..1e3), 1..9)
    ) {
        let (predictions, weights): (Vec<f64>, Vec<f64>) = members.into_iter().unzip();
        let voting = Voting::new(weights.into()).unwrap();
        let rows: Vec<_> = predictions.iter().map(|&prediction| array![prediction]).collect();
        let average = voting.combine(rows.iter().map(Array1::view)).unwrap()[0];
        let lowest = predictions.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = predictions.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rounding = 1e-14 * lowest.abs().max(highest.abs());
        prop_assert!((lowest - rounding..=highest + rounding).contains(&average));
    }
}
