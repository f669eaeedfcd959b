//! How the work is divided: units that a task does whole, and which task does which.
//!
//! Units depend on the configuration only, so that parts which any number of tasks made fit together.

use crate::config::Planned;
use crate::learner::Learner;
use stage::Task;
use std::ops::Range;

/// The most ranges that a forest falls into.
const RANGES: usize = 32;
/// The fewest trees of a range.
const TREES: usize = 4;

/// A model, or a range of a forest's trees.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) planned: &'a Planned<Learner>,
    /// `None` for a whole model.
    pub(crate) trees: Option<Range<usize>>,
    /// A rough guess: milliseconds of one thread on the study's 3,694 rows of 68 features.
    pub(crate) cost: u64,
}

impl Unit<'_> {
    /// The model's name, with the range of trees if there is one: `RandomForest.8-12`.
    pub(crate) fn name(&self) -> String {
        match &self.trees {
            None => self.planned.name.clone(),
            Some(trees) => format!("{}.{}-{}", self.planned.name, trees.start, trees.end),
        }
    }

    /// Whether `next` grows the trees that follow.
    pub(crate) fn is_followed_by(&self, next: &Self) -> bool {
        let joint = self.trees.as_ref().zip(next.trees.as_ref());
        self.planned.name == next.planned.name && joint.is_some_and(|(a, b)| a.end == b.start)
    }
}

/// All units, in the order of the configuration.
pub(crate) fn units<'a>(models: &'a [Planned<Learner>]) -> Vec<Unit<'a>> {
    let of_model = |planned: &'a Planned<Learner>| {
        let unit = move |trees: Option<Range<usize>>| Unit {
            planned,
            cost: planned.recipe.cost(trees.as_ref()),
            trees,
        };
        ranges(planned).into_iter().map(unit)
    };
    models.iter().flat_map(of_model).collect()
}

fn ranges(planned: &Planned<Learner>) -> Vec<Option<Range<usize>>> {
    let Some(trees) = planned.recipe.forest() else { return vec![None] };
    let length = trees.div_ceil(RANGES).max(TREES);
    (0..trees).step_by(length).map(|start| Some(start..(start + length).min(trees))).collect()
}

/// Which of `count` tasks does each unit.
///
/// With a task for every unit, each task does one. With fewer, neighbours share a task, so that a forest is encoded
/// once, and the costs are even: a unit goes where the middle of it falls among equal shares of the cost.
pub(crate) fn tasks(units: &[Unit], count: u32) -> Vec<u32> {
    if units.len() <= count as usize {
        return (0..count).take(units.len()).collect();
    }
    let total: u64 = units.iter().map(|unit| unit.cost).sum();
    let mut before = 0;
    let task_of = |unit: &Unit| {
        let middle = 2 * before + unit.cost;
        before += unit.cost;
        let task = u128::from(middle) * u128::from(count) / (2 * u128::from(total));
        u32::try_from(task).unwrap_or(u32::MAX).min(count - 1)
    };
    units.iter().map(task_of).collect()
}

/// The units of one task.
pub(crate) fn of_task<'a>(units: &[Unit<'a>], task: Task) -> Vec<Unit<'a>> {
    let tasks = tasks(units, task.count);
    units.iter().zip(tasks).filter(|(_, other)| *other == task.index).map(|(unit, _)| unit.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use regressors::{LinearRegression, RandomForest};
    use serde_json::Map;

    fn models(trees: usize) -> Vec<Planned<Learner>> {
        let forest = Learner::RandomForest { params: RandomForest::params(), n_estimators: trees };
        let planned = |name: &str, recipe| Planned { name: name.to_owned(), recipe, parameters: Map::new() };
        vec![planned("Linear", Learner::Linear(LinearRegression::params())), planned("Forest", forest)]
    }

    fn names(trees: usize) -> Vec<String> {
        units(&models(trees)).iter().map(Unit::name).collect()
    }

    #[test]
    fn a_forest_falls_into_ranges_that_cover_it() {
        assert_eq!(names(3), ["Linear", "Forest.0-3"]);
        assert_eq!(names(10), ["Linear", "Forest.0-4", "Forest.4-8", "Forest.8-10"]);
        assert_eq!(names(100).len(), 26);
        assert_eq!(names(1000).len(), 33);
        assert_eq!(names(1000).last().unwrap(), "Forest.992-1000");
    }

    #[test]
    fn every_unit_has_one_task_and_neighbours_stay_together() {
        let models = models(100);
        let units = units(&models);
        for count in [1, 2, 3, 7, 25, 26, 64] {
            let tasks = tasks(&units, count);
            assert!(tasks.is_sorted() && tasks.iter().all(|task| *task < count), "{count}: {tasks:?}");
            let shares = (0..count).map(|index| of_task(&units, Task { index, count }).len());
            assert_eq!(shares.sum::<usize>(), units.len(), "{count}");
        }
        assert_eq!(tasks(&units, 64), (0..26).collect::<Vec<_>>());
    }

    #[test]
    fn costs_are_even() {
        let models = models(100);
        let units = units(&models);
        let costs: Vec<u64> = (0..5)
            .map(|index| of_task(&units, Task { index, count: 5 }).iter().map(|unit| unit.cost).sum())
            .collect();
        let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
        assert!(most - least <= units[1].cost, "{costs:?}");
    }
}
