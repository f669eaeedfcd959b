//! A bar per model on a terminal, unless lines or quiet were asked for; nothing otherwise.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use regressors::Progress;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the bars catch up with the counters.
const REFRESH: Duration = Duration::from_millis(100);

/// The bars of all models, moved by a thread that reads the learners' counters.
pub(crate) struct Bars {
    bars: Vec<(ProgressBar, Progress)>,
    done: Arc<AtomicBool>,
    mover: Option<JoinHandle<()>>,
}

impl Bars {
    /// A bar for each model: its name and the number of steps it will count (0: unknown).
    pub(crate) fn new<'a>(models: impl Iterator<Item = (&'a str, u64)>) -> Self {
        let target =
            if stage::log::bars() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let bars: Vec<(ProgressBar, Progress)> = models
            .map(|(name, steps)| {
                let bar =
                    all.add(ProgressBar::new(steps).with_style(style(steps)).with_prefix(name.to_owned()));
                (bar, Progress::default())
            })
            .collect();
        let done = Arc::new(AtomicBool::new(false));
        let mover = (!all.is_hidden()).then(|| {
            let (bars, done) = (bars.clone(), Arc::clone(&done));
            thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    for (bar, progress) in bars.iter().filter(|(bar, _)| !bar.is_finished()) {
                        bar.set_position(progress.done());
                    }
                    thread::park_timeout(REFRESH);
                }
            })
        });
        Self { bars, done, mover }
    }

    /// The counter of the model at `place`.
    pub(crate) fn progress(&self, place: usize) -> Progress {
        self.bars[place].1.clone()
    }

    /// The model at `place` is fitted.
    pub(crate) fn finish(&self, place: usize) {
        let (bar, progress) = &self.bars[place];
        bar.set_position(progress.done());
        bar.abandon();
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(mover) = self.mover.take() {
            mover.thread().unpark();
            // A mover that panicked has only spoilt its bars.
            let _ = mover.join();
        }
        for (bar, _) in &self.bars {
            bar.finish_and_clear();
        }
    }
}

fn style(steps: u64) -> ProgressStyle {
    let template = match steps {
        0 => "  {prefix:<18} {spinner} {elapsed}",
        _ => "  {prefix:<18} {bar:40} {pos}/{len} {elapsed}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
