//! Fair timing: contestants take turns in random order, after a warm-up, until the ratio of their medians is
//! known narrowly or the time is up.

use crate::task::Run;
use regressors::random::RandomState;
use serde::Serialize;
use stage::{Error, Result};
use std::time::{Duration, Instant};

/// Rounds below which a bootstrap has too little to draw from. Of five rounds the interval spans all values, which hold
/// the median in 15 cases of 16.
pub const ROUNDS_FOR_A_BOOTSTRAP: usize = 5;

/// Student's quantile at 97.5 % of 2, 3, … rounds, which have a degree of freedom less.
const STUDENT: [f64; ROUNDS_FOR_A_BOOTSTRAP - 2] = [12.706, 4.303, 3.182];

/// Resamples of a bootstrap interval.
const RESAMPLES: usize = 2_000;

/// One side of a comparison.
pub struct Contestant<'a> {
    /// What it is called in errors.
    pub name: &'static str,
    /// Does the task once.
    pub run: Box<dyn FnMut() -> Result<Run> + 'a>,
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Whether a round comes first that does not count.
    pub warm_up: bool,
    /// Rounds that are done in any case, if they are done before the deadline; two at least.
    pub rounds_min: usize,
    /// Rounds after which it is no longer asked.
    pub rounds_max: usize,
    /// Width of the interval, as a share of the ratio, that is narrow enough.
    pub narrow: f64,
    /// No further round is to end after this.
    pub until: Instant,
    /// If after a warm-up the least of rounds would end after this, there are none.
    pub deadline: Instant,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Timed {
    /// Number of rounds after the warm-up.
    pub rounds: usize,
    /// What the last round took, or the warm-up.
    pub round: Duration,
    /// By phase, in order: the seconds of each contestant in each round. The first phase is the whole task.
    pub phases: Vec<(&'static str, Vec<Vec<f64>>)>,
    /// Errors of models, which all contestants found.
    pub rmse: Vec<(&'static str, f64)>,
}

/// The first phase: all others together.
pub const WHOLE: &str = "whole";

/// Lets the contestants take turns. Ratios are taken against the first of them.
///
/// # Errors
/// If a run fails, or outcomes differ: layouts that disagree are not worth a comparison.
pub fn interleave(
    contestants: &mut [Contestant<'_>],
    random: &mut RandomState,
    limits: &Limits,
) -> Result<Timed> {
    let mut expected: Option<(&'static str, String)> = None;
    let mut rmse = Vec::new();
    let mut run = |contestant: &mut Contestant<'_>| {
        let Run { phases, outcome, rmse: errors } = (contestant.run)()?;
        rmse = errors;
        match &expected {
            None => expected = Some((contestant.name, outcome)),
            Some((_, same)) if *same == outcome => {}
            Some((name, other)) => return Err(disagree((name, other), (contestant.name, &outcome))),
        }
        Ok(phases)
    };
    let mut timed = Timed::default();
    if limits.warm_up {
        // Caches, pages and the processor's clock are paid for here, and by nobody.
        let start = Instant::now();
        for contestant in contestants.iter_mut() {
            run(contestant)?;
        }
        timed.round = start.elapsed();
        if limits.are_too_late(Instant::now(), timed.round) {
            return Ok(timed);
        }
    }
    let mut order: Vec<usize> = (0..contestants.len()).collect();
    while !timed.is_enough(Instant::now(), limits, random) {
        let start = Instant::now();
        random.shuffle(&mut order);
        for &place in &order {
            let phases = run(&mut contestants[place])?;
            timed.push(place, contestants.len(), &phases);
        }
        timed.rounds += 1;
        timed.round = start.elapsed();
    }
    timed.rmse = rmse;
    Ok(timed)
}

impl Limits {
    /// Whether the least of rounds would not be done before the deadline.
    fn are_too_late(&self, now: Instant, round: Duration) -> bool {
        let rounds = u32::try_from(self.rounds_min).unwrap_or(u32::MAX);
        now + round.saturating_mul(rounds) > self.deadline
    }
}

fn disagree(one: (&str, &str), other: (&str, &str)) -> Error {
    let at = one.1.bytes().zip(other.1.bytes()).position(|(a, b)| a != b).unwrap_or_default();
    let around = |text: &str| text.chars().skip(at.saturating_sub(20)).take(60).collect::<String>();
    Error::internal(format!(
        "{} and {} disagree: '{}' and '{}'",
        one.0,
        other.0,
        around(one.1),
        around(other.1)
    ))
}

impl Timed {
    fn push(&mut self, place: usize, contestants: usize, phases: &[(&'static str, f64)]) {
        if self.phases.is_empty() {
            let names = std::iter::once(WHOLE).chain(phases.iter().map(|(name, _)| *name));
            self.phases = names.map(|name| (name, vec![Vec::new(); contestants])).collect();
        }
        let whole = phases.iter().map(|(_, seconds)| seconds).sum();
        let seconds = std::iter::once(whole).chain(phases.iter().map(|(_, seconds)| *seconds));
        for ((_, samples), seconds) in self.phases.iter_mut().zip(seconds) {
            samples[place].push(seconds);
        }
    }

    fn is_enough(&self, now: Instant, limits: &Limits, random: &mut RandomState) -> bool {
        if self.rounds < limits.rounds_min {
            return false;
        }
        // The interval costs time as well: it is asked every fifth round.
        self.rounds >= limits.rounds_max
            || now + self.round > limits.until
            || (self.rounds.is_multiple_of(5) && self.is_narrow(limits.narrow, random))
    }

    fn is_narrow(&self, narrow: f64, random: &mut RandomState) -> bool {
        let Some((_, samples)) = self.phases.first() else { return false };
        samples[1..].iter().all(|side| {
            let ratio = Ratio::of(side, &samples[0], random);
            ratio.high - ratio.low <= narrow * ratio.ratio
        })
    }
}

/// The ratio of two sides' seconds, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Below 1 if the one is faster.
    pub ratio: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Ratio {
    /// Compares rounds of `one` with the same rounds of `other`: what disturbs a round disturbs both sides.
    ///
    /// # Panics
    /// If there are fewer than two rounds, or not as many on both sides.
    pub fn of(one: &[f64], other: &[f64], random: &mut RandomState) -> Self {
        assert_eq!(one.len(), other.len(), "sides have the same rounds");
        if one.len() < ROUNDS_FOR_A_BOOTSTRAP {
            Self::of_few(one, other)
        } else {
            Self::of_many(one, other, random)
        }
    }

    /// The geometric mean of the rounds' ratios, with Student's interval of their logarithms.
    fn of_few(one: &[f64], other: &[f64]) -> Self {
        let rounds = one.len() as f64;
        let logs = || one.iter().zip(other).map(|(one, other)| (one / other).ln());
        let mean = logs().sum::<f64>() / rounds;
        let variance = logs().map(|log| (log - mean).powi(2)).sum::<f64>() / (rounds - 1.0);
        let half = STUDENT[one.len() - 2] * (variance / rounds).sqrt();
        Self { ratio: mean.exp(), low: (mean - half).exp(), high: (mean + half).exp() }
    }

    /// The ratio of medians, with its bootstrap interval (Efron & Tibshirani 1993, percentile interval).
    fn of_many(one: &[f64], other: &[f64], random: &mut RandomState) -> Self {
        let high = u32::try_from(one.len()).unwrap_or(u32::MAX);
        let mut sides = (Vec::new(), Vec::new());
        let mut ratios: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                sides.0.clear();
                sides.1.clear();
                for _ in 0..one.len() {
                    let round = random.randint(high) as usize;
                    sides.0.push(one[round]);
                    sides.1.push(other[round]);
                }
                middle(&mut sides.0) / middle(&mut sides.1)
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| ratios[(share * (RESAMPLES - 1) as f64).round() as usize];
        Self { ratio: median(one) / median(other), low: at(0.025), high: at(0.975) }
    }

    /// Whether the interval excludes 1.
    pub fn is_real(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

/// The median.
///
/// # Panics
/// If there are no values.
pub fn median(values: &[f64]) -> f64 {
    middle(&mut values.to_vec())
}

fn middle(values: &mut [f64]) -> f64 {
    let half = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if odd { *upper } else { (lower + *upper) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn limits(rounds_min: usize, rounds_max: usize) -> Limits {
        let far = Instant::now() + Duration::from_secs(3600);
        Limits { warm_up: true, rounds_min, rounds_max, narrow: 0.02, until: far, deadline: far }
    }

    /// Normal, by Box and Muller.
    fn normal(random: &mut RandomState) -> f64 {
        let (one, other) = (random.uniform(0.0, 1.0), random.uniform(0.0, 1.0));
        (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * other).cos()
    }

    fn contestant<'a>(name: &'static str, run: impl FnMut() -> Run + 'a) -> Contestant<'a> {
        let mut run = run;
        Contestant { name, run: Box::new(move || Ok(run())) }
    }

    fn run(seconds: f64, outcome: &str) -> Run {
        Run { phases: vec![("a", seconds), ("b", seconds)], outcome: outcome.to_owned(), rmse: Vec::new() }
    }

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
    }

    #[test]
    fn the_interval_covers_what_is_known() {
        // Both sides uniform around their means, 1.5 to 1: the true ratio of medians is 1.5. Of 200 intervals
        // 95 % should hold it; a binomial count stays above 180 in all but 1 of 400 cases.
        let mut random = RandomState::new(7);
        let mut held = 0;
        for _ in 0..200 {
            let mut side =
                |mean: f64| -> Vec<f64> { (0..30).map(|_| mean * random.uniform(0.8, 1.2)).collect() };
            let (one, other) = (side(1.5), side(1.0));
            let ratio = Ratio::of(&one, &other, &mut random);
            assert!(ratio.low <= ratio.ratio && ratio.ratio <= ratio.high);
            held += usize::from(ratio.low <= 1.5 && 1.5 <= ratio.high);
        }
        assert!((181..=200).contains(&held), "{held} of 200");
    }

    #[test]
    fn the_interval_of_few_rounds_covers_what_is_known() {
        // Disturbances of 5 % on each side around a ratio of 1.5: exact for logarithms that are normal.
        let mut random = RandomState::new(11);
        for rounds in 2..ROUNDS_FOR_A_BOOTSTRAP {
            let mut held = 0;
            for _ in 0..400 {
                let mut side = |mean: f64| -> Vec<f64> {
                    (0..rounds).map(|_| mean * (0.05 * normal(&mut random)).exp()).collect()
                };
                let (one, other) = (side(1.5), side(1.0));
                let ratio = Ratio::of(&one, &other, &mut RandomState::new(1));
                assert!(ratio.low <= ratio.ratio && ratio.ratio <= ratio.high);
                held += usize::from(ratio.low <= 1.5 && 1.5 <= ratio.high);
            }
            // A binomial count of 400 at 95 % stays within in all but 1 of 400 cases.
            assert!((367..=393).contains(&held), "{held} of 400, {rounds} rounds");
        }
    }

    #[test]
    fn a_round_that_would_end_too_late_does_not_start() {
        let now = Instant::now();
        let at = |milliseconds| now + Duration::from_millis(milliseconds);
        let round = Duration::from_millis(20);
        let mut random = RandomState::new(3);
        let mut is_enough = |rounds, until| {
            let timed = Timed { rounds, round, ..Timed::default() };
            timed.is_enough(now, &Limits { until: at(until), ..limits(2, 50) }, &mut random)
        };
        assert_eq!([is_enough(2, 20), is_enough(2, 19), is_enough(1, 0)], [false, true, false]);
        let are_too_late =
            |deadline| Limits { deadline: at(deadline), ..limits(2, 50) }.are_too_late(now, round);
        assert_eq!([are_too_late(40), are_too_late(39)], [false, true], "two rounds at least");
    }

    #[test]
    fn after_its_time_there_are_the_least_of_rounds_and_after_the_deadline_none() {
        let rounds = |limits: Limits| {
            let quick = || run(1.0, "same");
            interleave(&mut [contestant("x", quick)], &mut RandomState::new(3), &limits).unwrap().rounds
        };
        let now = Instant::now();
        assert_eq!(rounds(Limits { until: now, ..limits(2, 50) }), 2);
        assert_eq!(rounds(Limits { deadline: now, ..limits(2, 50) }), 0);
    }

    #[test]
    fn a_difference_is_real_only_if_the_interval_excludes_1() {
        let mut random = RandomState::new(1);
        let noisy: Vec<f64> = (0..40).map(|i| 1.0 + 0.1 * f64::from(i % 5)).collect();
        let rotated: Vec<f64> = noisy.iter().cycle().skip(2).take(40).copied().collect();
        assert!(!Ratio::of(&noisy, &rotated, &mut random).is_real());
        let slower: Vec<f64> = noisy.iter().map(|x| 2.0 * x).collect();
        let ratio = Ratio::of(&slower, &noisy, &mut random);
        assert_eq!((ratio.low, ratio.ratio, ratio.high), (2.0, 2.0, 2.0));
        assert!(ratio.is_real());
    }

    #[test]
    fn turns_are_shuffled_and_the_warm_up_does_not_count() {
        let turns = RefCell::new(Vec::new());
        let mut contestants: Vec<Contestant<'_>> = ["x", "y", "z"]
            .into_iter()
            .map(|name| {
                let turns = &turns;
                contestant(name, move || {
                    turns.borrow_mut().push(name);
                    run(1.0, "same")
                })
            })
            .collect();
        let timed = interleave(&mut contestants, &mut RandomState::new(3), &limits(50, 50)).unwrap();
        drop(contestants);
        assert_eq!(timed.rounds, 50);
        assert_eq!(timed.phases.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [WHOLE, "a", "b"]);
        assert!(timed.phases.iter().all(|(_, sides)| sides.iter().all(|side| side.len() == 50)));
        assert_eq!(timed.phases[0].1[2][0], 2.0);
        let turns = turns.into_inner();
        assert_eq!(turns.len(), 3 + 150);
        let firsts = |name| turns[3..].chunks(3).filter(|round| round[0] == name).count();
        assert!(["x", "y", "z"].into_iter().all(|name| (6..30).contains(&firsts(name))));
        assert!(turns.chunks(3).all(|round| ["x", "y", "z"].iter().all(|name| round.contains(name))));
    }

    #[test]
    fn without_a_warm_up_every_run_counts() {
        let runs = RefCell::new(0);
        let count = || {
            *runs.borrow_mut() += 1;
            run(1.0, "same")
        };
        let limits = Limits { warm_up: false, ..limits(3, 3) };
        let timed = interleave(&mut [contestant("x", count)], &mut RandomState::new(3), &limits).unwrap();
        assert_eq!((timed.rounds, *runs.borrow()), (3, 3));
    }

    #[test]
    fn rounds_end_when_the_interval_is_narrow() {
        let mut contestants = [contestant("x", || run(1.0, "same")), contestant("y", || run(2.0, "same"))];
        let timed = interleave(&mut contestants, &mut RandomState::new(3), &limits(7, 50)).unwrap();
        assert_eq!(timed.rounds, 10);
    }

    #[test]
    fn layouts_that_disagree_are_an_error() {
        let mut contestants =
            [contestant("x", || run(1.0, "rmse 1.5")), contestant("y", || run(1.0, "rmse 1.6"))];
        let error = interleave(&mut contestants, &mut RandomState::new(3), &limits(5, 5)).unwrap_err();
        assert_eq!(error.to_string(), "x and y disagree: 'rmse 1.5' and 'rmse 1.6'");
    }
}
