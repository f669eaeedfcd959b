//! The experiment: every layout, at every size, in memory and in time, within a budget of seconds.

use crate::budget::Budget;
use crate::columns::Columns;
use crate::dictionaries::Dictionaries;
use crate::layout::Layout;
use crate::listings::{Listings, Sample};
use crate::measure::{self, Contestant, Limits, Ratio, Timed};
use crate::memory::{self, Answer, Request};
use crate::report::{Duration, Held, Method, Phase, Report, Size, TaskFindings};
use crate::schedule::{HOLDING, Scale};
use crate::slots::Slots;
use crate::task::{Setting, Task};
use crate::{access, misspelling};
use page::numbers;
use rayon::prelude::*;
use regressors::random::RandomState;
use stage::Result;
use std::mem;
use std::path::PathBuf;
use std::time::Instant;

/// The layouts in the order of all tables; the others are compared with the first.
pub const LAYOUTS: [&str; 3] = [Dictionaries::NAME, Slots::NAME, Columns::NAME];

/// Share of the budget after which no more memory is counted.
const SHARE_OF_MEMORY: f64 = 0.4;

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Folder of the study's raw files.
    pub data: PathBuf,
    /// Numbers of rows besides the study's own, ascending.
    pub rows: Vec<usize>,
    /// Seed of draws, orders and bootstraps.
    pub seed: u32,
    /// How long it may take.
    pub seconds: f64,
    /// Whether to measure also what will take longer than that.
    pub full: bool,
    /// The program `layouts-memory`.
    pub counter: PathBuf,
}

/// Runs the experiment, with a bar on a terminal.
///
/// # Errors
/// If the raw files are refused, `layouts-memory` fails, or layouts disagree.
pub fn run(plan: &Plan) -> Result<Report> {
    let listings = Listings::read(&plan.data)?;
    let mut experiment = Experiment {
        plan,
        listings: &listings,
        budget: Budget::new(plan.seconds, plan.full),
        wall: 1.0,
        random: RandomState::new(plan.seed),
    };
    let sizes: Vec<Scale> = std::iter::once(Scale { rows: listings.rows(), study: true })
        .chain(plan.rows.iter().map(|&rows| Scale { rows, study: false }))
        .collect();
    let counted = sizes.iter().map(|&size| experiment.count(size)).collect::<Result<Vec<_>>>()?;
    let mut found = Vec::new();
    for (place, answers) in counted.iter().enumerate() {
        found.push(experiment.time(&sizes[place..], answers)?);
    }
    Ok(Report {
        method: Method {
            data: plan.data.display().to_string(),
            complete_rows: listings.rows(),
            seed: plan.seed,
            threads: rayon::current_num_threads(),
            budget_seconds: plan.seconds,
            seconds: experiment.budget.spent(),
        },
        sizes: found,
        left_out: experiment.budget.finish(),
        misspellings: misspelling::evidence(&listings)?,
    })
}

/// The same rows, in every layout.
struct Layouts {
    dictionaries: Dictionaries,
    slots: Slots,
    columns: Columns,
}

impl Layouts {
    /// Held one a thread: that takes no longer than dictionaries alone.
    fn hold(listings: &Listings, sample: &Sample) -> Self {
        let (dictionaries, (slots, columns)) = rayon::join(
            || Dictionaries::hold(listings, sample),
            || (Slots::hold(listings, sample), Columns::hold(listings, sample)),
        );
        Self { dictionaries, slots, columns }
    }
}

struct Experiment<'a> {
    plan: &'a Plan,
    listings: &'a Listings,
    budget: Budget,
    /// Seconds on the wall for a second of the programs that count memory, which run at once.
    wall: f64,
    random: RandomState,
}

impl Experiment<'_> {
    /// Memory of every layout. Programs that count run at once, one a thread: it does not change what they count.
    fn count(&mut self, size: Scale) -> Result<Vec<Answer>> {
        self.budget.say(size.rows, "memory");
        let until = self.budget.moment(SHARE_OF_MEMORY);
        let (mut tasks, mut seconds) = (Vec::new(), self.wall * self.budget.expected(HOLDING, size.rows));
        if !self.budget.fits(seconds, until, &format!("memory, {} rows", numbers::count(size.rows))) {
            return Ok(Vec::new());
        }
        for &task in size.tasks() {
            let with = seconds + self.wall * self.budget.expected(task.name(), size.rows);
            if self.budget.fits(with, until, &format!("memory of {}", size.what(task))) {
                tasks.push(task);
                seconds = with;
            }
        }
        let ask = |layout: &&str| {
            let (data, seed) = (self.plan.data.clone(), self.plan.seed);
            let request = Request {
                layout: (*layout).to_owned(),
                data,
                rows: size.drawn(),
                seed,
                tasks: tasks.clone(),
            };
            memory::ask(&self.plan.counter, &request)
        };
        let start = Instant::now();
        let answers: Vec<Answer> = LAYOUTS.par_iter().with_max_len(1).map(ask).collect::<Result<_>>()?;
        let wall = start.elapsed().as_secs_f64();
        // They are held at once when they are timed, too.
        let held = answers.iter().map(|answer| answer.seconds).fold(0.0, f64::max);
        self.budget.learn(HOLDING, size.rows, held);
        let mut all = held;
        for (place, &task) in tasks.iter().enumerate() {
            let seconds: f64 = answers.iter().map(|answer| answer.tasks[place].2).sum();
            self.budget.learn(task.name(), size.rows, seconds);
            all += seconds;
        }
        self.wall = wall / all;
        Ok(answers)
    }

    /// Durations at the first of `sizes`; the budget is shared with the others.
    fn time(&mut self, sizes: &[Scale], answers: &[Answer]) -> Result<Size> {
        let size = sizes[0];
        let held = LAYOUTS.into_iter().zip(answers);
        let held = held.map(|(layout, answer)| Held { layout, bytes: answer.held }).collect();
        let mut found = Size { rows: size.rows, study: size.study, held, tasks: Vec::new() };
        let least = self.budget.expected(HOLDING, size.rows) + self.budget.least(size.tasks()[0], size);
        let what = format!("durations, {} rows", numbers::count(size.rows));
        if !self.budget.fits(least, self.budget.moment(1.0), &what) {
            return Ok(found);
        }
        self.budget.say(size.rows, HOLDING);
        let start = Instant::now();
        let sample = self.listings.draw(size.drawn(), self.plan.seed);
        let visits = access::visits(size.rows, self.plan.seed);
        let setting = Setting { sample, visits };
        let mut layouts = Layouts::hold(self.listings, &setting.sample);
        self.budget.correct(HOLDING, size.rows, start.elapsed().as_secs_f64());
        for (place, &task) in size.tasks().iter().enumerate() {
            self.budget.say(size.rows, task.name());
            let limits = self.budget.limits(place, sizes);
            let timed =
                if self.budget.fits(self.budget.least(task, size), self.budget.moment(1.0), &size.what(task))
                {
                    self.interleave(task, &mut layouts, &setting, &limits)?
                } else {
                    Timed::default()
                };
            self.learn(task, size, &timed);
            found.tasks.push(self.findings(task, &timed, answers));
        }
        if sizes.len() == 1 {
            // The program ends soon: to give back millions of texts one by one would take seconds.
            mem::forget(layouts);
        }
        Ok(found)
    }

    fn interleave(
        &mut self,
        task: Task,
        layouts: &mut Layouts,
        setting: &Setting,
        limits: &Limits,
    ) -> Result<Timed> {
        let Layouts { dictionaries, slots, columns } = layouts;
        let budget = &self.budget;
        let mut contestants = [
            contestant(dictionaries, task, setting, budget),
            contestant(slots, task, setting, budget),
            contestant(columns, task, setting, budget),
        ];
        measure::interleave(&mut contestants, &mut self.random, limits)
    }

    /// Notes how long a round took; what has no rounds, though it was begun, is left out.
    fn learn(&mut self, task: Task, size: Scale, timed: &Timed) {
        let round = timed.round.as_secs_f64();
        if timed.rounds > 0 {
            self.budget.correct(task.name(), size.rows, round);
        } else if round > 0.0 {
            let seconds = round * self.budget.rounds_min(task, size) as f64;
            self.budget.leave_out(&size.what(task), seconds, self.budget.deadline());
        }
    }

    fn findings(&mut self, task: Task, timed: &Timed, answers: &[Answer]) -> TaskFindings {
        let phase = |(phase, sides): &(&'static str, Vec<Vec<f64>>)| {
            let durations = LAYOUTS.into_iter().zip(sides).enumerate().map(|(place, (layout, side))| {
                let ratio = (place > 0).then(|| Ratio::of(side, &sides[0], &mut self.random));
                let real = ratio.map(|ratio| ratio.is_real());
                Duration { layout, seconds: measure::median(side), against_dictionaries: ratio, real }
            });
            Phase { phase, durations: durations.collect() }
        };
        let memory = LAYOUTS.into_iter().zip(answers).filter_map(|(layout, answer)| {
            let (_, bytes, _) = answer.tasks.iter().find(|(other, ..)| *other == task)?;
            Some(Held { layout, bytes: *bytes })
        });
        TaskFindings {
            task: task.name(),
            rounds: timed.rounds,
            phases: timed.phases.iter().map(phase).collect(),
            memory: memory.collect(),
            rmse: timed.rmse.clone(),
        }
    }
}

fn contestant<'a, L: Layout>(
    layout: &'a mut L,
    task: Task,
    setting: &'a Setting,
    budget: &'a Budget,
) -> Contestant<'a> {
    let run = move || {
        let run = task.run(layout, setting);
        budget.tick();
        run
    };
    Contestant { name: L::NAME, run: Box::new(run) }
}
