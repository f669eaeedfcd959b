//! The experiment: every layout, at every size, in memory and in time, within a budget of seconds.

use crate::budget::Budget;
use crate::columns::Columns;
use crate::dictionaries::Dictionaries;
use crate::layout::Layout;
use crate::listings::Listings;
use crate::measure::{self, Contestant, Limits, ROUNDS_FOR_A_VERDICT, Ratio, Timed};
use crate::memory::{self, Answer, Request};
use crate::report::{Duration, Held, Method, Phase, Report, Size, TaskFindings};
use crate::slots::Slots;
use crate::task::{Setting, Task};
use crate::{access, misspelling};
use page::numbers;
use rayon::prelude::*;
use regressors::random::RandomState;
use stage::Result;
use std::path::PathBuf;
use std::time::{self, Instant};

/// The layouts in the order of all tables; the others are compared with the first.
pub const LAYOUTS: [&str; 3] = [Dictionaries::NAME, Slots::NAME, Columns::NAME];

/// Width of an interval, as a share of its ratio, at which a task is done.
const NARROW: f64 = 0.02;

/// Rounds at which a task is done in any case.
const ROUNDS_MAX: usize = 200;

/// Share of the budget after which no more memory is counted.
const SHARE_OF_MEMORY: f64 = 0.4;

/// The work of holding the rows in all layouts.
const HOLDING: &str = "holding the rows";

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
        random: RandomState::new(plan.seed),
    };
    let sizes: Vec<Scale> = std::iter::once(Scale { rows: listings.rows(), study: true })
        .chain(plan.rows.iter().map(|&rows| Scale { rows, study: false }))
        .collect();
    let counted = sizes.iter().map(|&size| experiment.count(size)).collect::<Result<Vec<_>>>()?;
    experiment.budget.forget();
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

/// A number of rows.
#[derive(Clone, Copy, Debug)]
struct Scale {
    rows: usize,
    /// Whether they are the study's own.
    study: bool,
}

impl Scale {
    /// Rows to draw.
    fn drawn(self) -> Option<usize> {
        (!self.study).then_some(self.rows)
    }

    /// All regressors are trained at the study's size only.
    fn tasks(self) -> &'static [Task] {
        const TASKS: [Task; 4] = [Task::Exploration, Task::Access, Task::Linear, Task::Regressors];
        if self.study { &TASKS } else { &TASKS[..3] }
    }

    /// A task's part of the budget against those of other sizes: larger ones have longer rounds, but fewer.
    fn weight(self) -> f64 {
        (self.rows as f64).powf(0.75)
    }

    fn what(self, task: Task) -> String {
        format!("{}, {} rows", task.name(), numbers::count(self.rows))
    }
}

/// The same rows, in every layout.
struct Layouts {
    dictionaries: Dictionaries,
    slots: Slots,
    columns: Columns,
}

struct Experiment<'a> {
    plan: &'a Plan,
    listings: &'a Listings,
    budget: Budget,
    random: RandomState,
}

impl Experiment<'_> {
    /// Memory of every layout. Programs that count run at once, one a thread: it does not change what they count.
    fn count(&mut self, size: Scale) -> Result<Vec<Answer>> {
        self.budget.say(size.rows, "memory");
        let until = self.budget.moment(SHARE_OF_MEMORY);
        let (mut tasks, mut seconds) = (Vec::new(), self.budget.expected(HOLDING, size.rows));
        if !self.budget.fits(seconds, until, &format!("memory, {} rows", numbers::count(size.rows))) {
            return Ok(Vec::new());
        }
        for &task in size.tasks() {
            let with = seconds + self.budget.expected(task.name(), size.rows);
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
        let answers: Vec<Answer> = LAYOUTS.par_iter().with_max_len(1).map(ask).collect::<Result<_>>()?;
        for (place, &task) in tasks.iter().enumerate() {
            let seconds: f64 = answers.iter().map(|answer| answer.tasks[place].2).sum();
            self.budget.learn(task.name(), size.rows, seconds);
        }
        let seconds = answers.iter().map(|answer| answer.seconds).sum();
        self.budget.learn(HOLDING, size.rows, seconds);
        Ok(answers)
    }

    /// Durations at the first of `sizes`; the budget is shared with the others.
    fn time(&mut self, sizes: &[Scale], answers: &[Answer]) -> Result<Size> {
        let size = sizes[0];
        let held = LAYOUTS.into_iter().zip(answers);
        let held = held.map(|(layout, answer)| Held { layout, bytes: answer.held }).collect();
        let mut found = Size { rows: size.rows, study: size.study, held, tasks: Vec::new() };
        let least = self.budget.expected(HOLDING, size.rows) + self.least(size.tasks()[0], size);
        let what = format!("durations, {} rows", numbers::count(size.rows));
        if !self.budget.fits(least, self.budget.moment(1.0), &what) {
            return Ok(found);
        }
        self.budget.say(size.rows, HOLDING);
        let start = Instant::now();
        let sample = self.listings.draw(size.drawn(), self.plan.seed);
        let visits = access::visits(size.rows, self.plan.seed);
        let setting = Setting { sample, visits };
        let mut layouts = Layouts {
            dictionaries: Dictionaries::hold(self.listings, &setting.sample),
            slots: Slots::hold(self.listings, &setting.sample),
            columns: Columns::hold(self.listings, &setting.sample),
        };
        self.budget.learn(HOLDING, size.rows, start.elapsed().as_secs_f64());
        let later: f64 = sizes[1..].iter().map(|size| size.weight() * size.tasks().len() as f64).sum();
        for (place, &planned) in size.tasks().iter().enumerate() {
            let left = size.weight() * (size.tasks().len() - place) as f64;
            let Some(task) = self.choose(planned, size) else { continue };
            self.budget.say(size.rows, task.name());
            let limits = self.limits(size.weight() / (left + later));
            let timed = self.interleave(task, &mut layouts, &setting, &limits)?;
            self.learn(task, size, &timed);
            found.tasks.push(self.findings(task, &timed, answers));
        }
        Ok(found)
    }

    /// Seconds of as many rounds as a verdict needs.
    fn least(&self, task: Task, size: Scale) -> f64 {
        (ROUNDS_FOR_A_VERDICT + 1) as f64 * self.budget.expected(task.name(), size.rows)
    }

    /// The task if enough rounds fit, else what of it fits.
    fn choose(&mut self, task: Task, size: Scale) -> Option<Task> {
        let candidates = if task == Task::Linear { vec![task, Task::Matrix] } else { vec![task] };
        candidates
            .into_iter()
            .find(|&task| self.budget.fits(self.least(task, size), self.budget.moment(1.0), &size.what(task)))
    }

    fn limits(&self, share: f64) -> Limits {
        let now = Instant::now();
        let left = self.budget.moment(1.0).saturating_duration_since(now).as_secs_f64();
        Limits {
            rounds_min: ROUNDS_FOR_A_VERDICT,
            rounds_max: ROUNDS_MAX,
            narrow: NARROW,
            until: now + time::Duration::from_secs_f64(left * share),
            deadline: self.budget.deadline(),
        }
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

    fn learn(&mut self, task: Task, size: Scale, timed: &Timed) {
        self.budget.learn(task.name(), size.rows, timed.warm_up_seconds);
        if let (Task::Linear, Some((_, sides))) = (task, timed.phases.get(1)) {
            // Its share of a warm-up, whose seconds pass on the wall.
            let all: f64 = timed.phases[0].1.iter().map(|side| measure::median(side)).sum();
            let matrix = sides.iter().map(|side| measure::median(side)).sum::<f64>();
            let matrix = timed.warm_up_seconds * matrix / all;
            self.budget.learn(Task::Matrix.name(), size.rows, matrix);
        }
    }

    fn findings(&mut self, task: Task, timed: &Timed, answers: &[Answer]) -> TaskFindings {
        let phase = |(phase, sides): &(&'static str, Vec<Vec<f64>>)| {
            let durations = LAYOUTS.into_iter().zip(sides).enumerate().map(|(place, (layout, side))| {
                let ratio = (place > 0).then(|| Ratio::of(side, &sides[0], &mut self.random));
                let told = timed.rounds >= ROUNDS_FOR_A_VERDICT;
                let real = ratio.filter(|_| told).map(|ratio| ratio.is_real());
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
