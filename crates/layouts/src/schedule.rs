//! How a budget is shared: which tasks are done at a size, how many rounds each has at least, and until when.

use crate::budget::Budget;
use crate::measure::{Limits, ROUNDS_FOR_A_BOOTSTRAP};
use crate::task::Task;
use page::numbers;
use std::time::{Duration, Instant};

/// Width of an interval, as a share of its ratio, at which a task is done.
const NARROW: f64 = 0.02;

/// Rounds at which a task is done in any case.
const ROUNDS_MAX: usize = 200;

/// The least of rounds that have an interval.
const ROUNDS_MIN: usize = 2;

/// Share of the budget within which every task has as many rounds as a bootstrap needs.
const SHARE_OF_A_TASK: f64 = 0.07;

/// Seconds of a task whose part of the budget would be less.
const SECONDS_MIN: f64 = 0.75;

/// The work of holding the rows in all layouts.
pub(crate) const HOLDING: &str = "holding the rows";

/// A number of rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) rows: usize,
    /// Whether they are the study's own.
    pub(crate) study: bool,
}

impl Scale {
    /// Rows to draw.
    pub(crate) fn drawn(self) -> Option<usize> {
        (!self.study).then_some(self.rows)
    }

    /// All regressors are trained at the study's size only.
    pub(crate) fn tasks(self) -> &'static [Task] {
        const TASKS: [Task; 4] = [Task::Exploration, Task::Access, Task::Linear, Task::Regressors];
        if self.study { &TASKS } else { &TASKS[..3] }
    }

    /// The task at this size, in words.
    pub(crate) fn what(self, task: Task) -> String {
        format!("{}, {} rows", task.name(), numbers::count(self.rows))
    }
}

impl Budget {
    /// Rounds of a task: as many as a bootstrap needs, or the least that tell anything where those would take too
    /// much of the budget.
    pub(crate) fn rounds_min(&self, task: Task, size: Scale) -> usize {
        let many = (1 + ROUNDS_FOR_A_BOOTSTRAP) as f64 * self.expected(task.name(), size.rows);
        let too_much = !self.is_full() && many > SHARE_OF_A_TASK * self.seconds();
        if too_much { ROUNDS_MIN } else { ROUNDS_FOR_A_BOOTSTRAP }
    }

    /// Whether a task has a warm-up of its own. Where rounds are long and few, caches keep nothing of one, and the tasks
    /// before it at its size have touched the records and the allocator.
    fn warms_up(&self, task: Task, size: Scale) -> bool {
        task == size.tasks()[0] || self.rounds_min(task, size) >= ROUNDS_FOR_A_BOOTSTRAP
    }

    /// Seconds of the warm-up and the least of rounds.
    pub(crate) fn least(&self, task: Task, size: Scale) -> f64 {
        let rounds = usize::from(self.warms_up(task, size)) + self.rounds_min(task, size);
        rounds as f64 * self.expected(task.name(), size.rows)
    }

    /// The part of what is left for a task of the first of `sizes`, whose earlier tasks are done.
    pub(crate) fn limits(&self, place: usize, sizes: &[Scale]) -> Limits {
        let (size, later) = (sizes[0], &sizes[1..]);
        let weights =
            |size: Scale, tasks: &[Task]| tasks.iter().map(|&task| self.weight(task, size)).sum::<f64>();
        let all = weights(size, &size.tasks()[place..])
            + later.iter().map(|&size| weights(size, size.tasks())).sum::<f64>();
        let share = self.weight(size.tasks()[place], size) / all;
        let holding: f64 = later.iter().map(|size| self.expected(HOLDING, size.rows)).sum();
        let now = Instant::now();
        let left = self.moment(1.0).saturating_duration_since(now).as_secs_f64() - holding;
        Limits {
            warm_up: self.warms_up(size.tasks()[place], size),
            rounds_min: self.rounds_min(size.tasks()[place], size),
            rounds_max: ROUNDS_MAX,
            narrow: NARROW,
            until: now + Duration::from_secs_f64((share * left).max(SECONDS_MIN)),
            deadline: self.deadline(),
        }
    }

    /// A task's part against those of others: long rounds get more time, but fewer rounds.
    fn weight(&self, task: Task, size: Scale) -> f64 {
        self.expected(task.name(), size.rows).max(1e-3).powf(0.75)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [Scale; 2] = [Scale { rows: 1000, study: true }, Scale { rows: 100_000, study: false }];

    /// A round of a task takes 40 µs a row: 40 ms and 4 s.
    fn budget(seconds: f64, full: bool) -> Budget {
        let mut budget = Budget::new(seconds, full);
        for task in SIZES[0].tasks() {
            budget.learn(task.name(), 1000, 0.04);
        }
        budget
    }

    #[test]
    fn long_rounds_are_fewer_unless_all_is_measured() {
        let rounds = |full| SIZES.map(|size| budget(100.0, full).rounds_min(Task::Linear, size));
        assert_eq!(rounds(false), [5, 2]);
        assert_eq!(rounds(true), [5, 5]);
        // Two rounds of 4 s, the first task after a warm-up.
        let least = |task| budget(100.0, false).least(task, SIZES[1]);
        assert_eq!([Task::Exploration, Task::Linear].map(|task| least(task).round()), [12.0, 8.0]);
    }

    #[test]
    fn larger_sizes_get_more_of_what_is_left_and_small_ones_enough() {
        let (short, long) = (budget(10.0, false), budget(100.0, false));
        let (before, first, after) = (Instant::now(), short.limits(0, &SIZES).until, Instant::now());
        let least = Duration::from_secs_f64(SECONDS_MIN);
        assert!((before + least..=after + least).contains(&first));
        let seconds = |limits: Limits| limits.until.saturating_duration_since(Instant::now()).as_secs_f64();
        let parts = [0, 1, 2].map(|place| seconds(long.limits(place, &SIZES[1..])));
        for (part, share) in parts.into_iter().zip([1.0 / 3.0, 1.0 / 2.0, 1.0]) {
            assert!((90.0 * share..=100.0 * share).contains(&part), "{parts:?}");
        }
    }

    #[test]
    fn holding_the_rows_of_later_sizes_is_kept_back() {
        let mut budget = budget(100.0, false);
        let until = |budget: &Budget| budget.limits(3, &SIZES).until;
        let (before, now) = (until(&budget), Instant::now());
        assert!(before > now);
        budget.learn(HOLDING, 100_000, 99.0);
        assert!(
            budget.limits(0, &SIZES[1..]).until > now + Duration::from_secs(30),
            "these are held already"
        );
        assert!(until(&budget) < now + Duration::from_secs(2));
    }
}
