//! The time that an experiment may take: what still fits into it, what is left out, and the bar that shows it.

use indicatif::{ProgressBar, ProgressStyle};
use page::numbers;
use std::time::{Duration, Instant};

/// What is going on at the end of the budget may take this many budgets in all.
const OVERRUN: f64 = 1.05;

/// A budget of seconds that runs from its making.
#[derive(Debug)]
pub(crate) struct Budget {
    start: Instant,
    seconds: f64,
    /// Whether what does not fit is measured nevertheless.
    full: bool,
    /// Work, rows and seconds, as measured one after the other.
    pace: Vec<(&'static str, usize, f64)>,
    left_out: Vec<String>,
    bar: ProgressBar,
}

impl Budget {
    pub(crate) fn new(seconds: f64, full: bool) -> Self {
        let style = ProgressStyle::with_template("  {bar:40} {elapsed} of {len} s  {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(seconds as u64).with_style(style);
        Self { start: Instant::now(), seconds, full, pace: Vec::new(), left_out: Vec::new(), bar }
    }

    /// Seconds that were given.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Whether what does not fit is measured nevertheless.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Seconds since the start.
    pub(crate) fn spent(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The moment when this share of the budget is used up.
    pub(crate) fn moment(&self, share: f64) -> Instant {
        self.start + Duration::from_secs_f64(share * self.seconds)
    }

    /// The moment at which nothing may be going on any more.
    pub(crate) fn deadline(&self) -> Instant {
        if self.full { self.start + Duration::from_secs(24 * 3600) } else { self.moment(OVERRUN) }
    }

    /// Shows what is being done.
    pub(crate) fn say(&self, rows: usize, what: &str) {
        self.bar.set_message(format!("{} rows: {what}", numbers::count(rows)));
        self.tick();
    }

    /// Moves the bar.
    pub(crate) fn tick(&self) {
        self.bar.set_position((self.spent() as u64).min(self.seconds as u64));
    }

    /// Notes how long work took.
    pub(crate) fn learn(&mut self, work: &'static str, rows: usize, seconds: f64) {
        self.pace.push((work, rows, seconds));
    }

    /// Notes how long work took; all other work is expected to differ likewise from what it took before.
    pub(crate) fn correct(&mut self, work: &'static str, rows: usize, seconds: f64) {
        let expected = self.expected(work, rows);
        if expected > 0.0 {
            self.pace.iter_mut().for_each(|(.., other)| *other *= seconds / expected);
        }
        self.learn(work, rows, seconds);
    }

    /// Seconds that work would take, as it last took with as many rows, else with others; 0 if it was never done.
    pub(crate) fn expected(&self, work: &str, rows: usize) -> f64 {
        let known = || self.pace.iter().rev().filter(|(other, ..)| *other == work);
        let pace = known().find(|(_, other, _)| *other == rows).or_else(|| known().next());
        pace.map_or(0.0, |(_, other, seconds)| seconds * rows as f64 / *other as f64)
    }

    /// Whether `seconds` fit before `until`; if not, `what` is noted as left out.
    pub(crate) fn fits(&mut self, seconds: f64, until: Instant, what: &str) -> bool {
        let left = until.saturating_duration_since(Instant::now()).as_secs_f64();
        let fits = self.full || seconds < left;
        if !fits {
            self.leave_out(what, seconds, until);
        }
        fits
    }

    /// Notes that `what` is left out, since it takes `seconds` and has to be done before `until`.
    pub(crate) fn leave_out(&mut self, what: &str, seconds: f64, until: Instant) {
        let left = until.saturating_duration_since(Instant::now()).as_secs_f64();
        self.left_out.push(format!("{what}: it would take about {seconds:.0} s, and {left:.0} s are left"));
    }

    /// Ends it; returns what was left out.
    pub(crate) fn finish(self) -> Vec<String> {
        self.bar.finish_and_clear();
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_noted() {
        let mut budget = Budget::new(10.0, false);
        assert!(budget.expected("work", 1000) == 0.0);
        budget.learn("work", 1000, 2.0);
        assert_eq!(budget.expected("work", 10_000), 20.0);
        budget.learn("work", 10_000, 30.0);
        assert_eq!([1000, 10_000, 20_000].map(|rows| budget.expected("work", rows)), [2.0, 30.0, 60.0]);
        budget.correct("other work", 10, 1.0);
        assert_eq!(budget.expected("work", 10_000), 30.0, "nothing was known of the other work");
        budget.correct("work", 10_000, 15.0);
        assert_eq!(
            [("work", 1000), ("other work", 10)].map(|(work, rows)| budget.expected(work, rows)),
            [1.0, 0.5]
        );
        assert!(budget.fits(5.0, budget.moment(1.0), "small"));
        assert!(!budget.fits(20.0, budget.moment(1.0), "large"));
        assert_eq!(budget.finish(), ["large: it would take about 20 s, and 10 s are left"]);
    }

    #[test]
    fn a_full_budget_leaves_nothing_out() {
        let mut budget = Budget::new(0.0, true);
        assert!(budget.fits(1e6, budget.moment(1.0), "large"));
        assert!(budget.finish().is_empty());
    }
}
