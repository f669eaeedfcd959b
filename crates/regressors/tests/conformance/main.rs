//! What every learner promises, tested once for all of them.
//!
//! A learner joins by implementing [`learner::Learner`] and taking a line below.
#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in tests only, not in their helpers")]

/// The promises, each a function over any learner.
mod checks;
/// Records and targets to fit.
mod data;
/// What the checks have to know of a learner, and all learners.
mod learner;

/// A module of tests per learner, with a test per check.
macro_rules! conformance {
    ($($learner:ident => $module:ident),* $(,)?) => {
        $(mod $module {
            use crate::checks;
            use crate::learner::*;

            conformance!(@tests $learner:
                fits_alike_twice,
                fits_alike_on_any_number_of_threads,
                predicts_a_row_alike_among_any_others,
                predicts_equal_rows_alike_whatever_it_was_fitted_on,
                takes_weights_of_one_for_none,
                fits_a_single_row,
                fits_a_single_feature,
                fits_a_constant_target,
                fits_constant_features,
                fits_more_features_than_rows,
                fits_duplicated_rows,
                refuses_infinite_features,
                refuses_missing_features_or_takes_them,
                refuses_features_beyond_f32_or_takes_them,
                refuses_targets_that_are_not_finite,
                refuses_impossible_weights,
                refuses_shapes_that_do_not_match,
                panics_where_predictions_do_not_match,
                reads_back_from_what_it_stores,
                refuses_hostile_parts,
            );
        })*
    };
    (@tests $learner:ident: $($check:ident),* $(,)?) => {
        $(#[test]
        fn $check() {
            checks::$check::<$learner>();
        })*
    };
}

conformance! {
    LinearRegression => linear,
    Mlp => mlp,
    DecisionTree => decision_tree,
    ExtraTree => extra_tree,
    RandomForest => random_forest,
    ExtraTrees => extra_trees,
    GradientBoosting => gradient_boosting,
    Vote => voting,
}

#[test]
fn a_random_forest_is_the_sum_of_its_shards() {
    checks::is_the_sum_of_its_shards::<learner::RandomForest>();
}

#[test]
fn extra_trees_are_the_sum_of_their_shards() {
    checks::is_the_sum_of_its_shards::<learner::ExtraTrees>();
}
