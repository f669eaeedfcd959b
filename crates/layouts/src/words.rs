//! Findings in words: durations, bytes, per cents, and the sentence that says whether a difference is real.

use crate::measure::{ROUNDS_FOR_A_BOOTSTRAP, Ratio, WHOLE};
use crate::report::{Phase, Report, Size, TaskFindings};
use page::numbers;

/// Bytes in the unit that a person would use, as in "24.1 MB".
pub fn bytes(bytes: f64) -> String {
    let (value, unit) = match bytes {
        small if small < 1e3 => return format!("{} B", numbers::grouped(bytes, 0)),
        thousands if thousands < 1e6 => (bytes / 1e3, "kB"),
        millions if millions < 1e9 => (bytes / 1e6, "MB"),
        _ => (bytes / 1e9, "GB"),
    };
    format!("{} {unit}", numbers::significant(value, 3))
}

/// Seconds in the unit that a person would use, as in "4.10 ms".
pub fn duration(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{} µs", numbers::significant(1e6 * seconds, 3))
    } else {
        numbers::time(seconds)
    }
}

/// A share of what dictionaries need, as the study says it: "41.2 % faster".
pub fn faster(ratio: f64) -> String {
    per_cent(ratio, "faster", "slower")
}

/// Likewise of bytes: "48.0 % smaller", or "the same".
pub fn smaller(ratio: f64) -> String {
    if ratio == 1.0 {
        return "the same".to_owned();
    }
    per_cent(ratio, "smaller", "larger")
}

fn per_cent(ratio: f64, less: &str, more: &str) -> String {
    if ratio > 1.0 {
        format!("{} % {more}", numbers::grouped(100.0 * (ratio - 1.0), 1))
    } else {
        format!("{} % {less}", numbers::grouped(100.0 * (1.0 - ratio), 1))
    }
}

/// The interval of the same per cent, as in "39.9 to 42.6".
pub fn interval(ratio: &Ratio) -> String {
    let per_cent =
        |end: f64| numbers::grouped(100.0 * if ratio.ratio > 1.0 { end - 1.0 } else { 1.0 - end }, 1);
    let (one, other) = if ratio.ratio > 1.0 { (ratio.low, ratio.high) } else { (ratio.high, ratio.low) };
    format!("{} to {}", per_cent(one), per_cent(other))
}

/// Whether whole tasks of a size differ, a sentence each.
pub fn verdicts(size: &Size) -> Vec<String> {
    size.tasks
        .iter()
        .flat_map(|task| task.whole().into_iter().flat_map(|whole| of_task(task, whole)))
        .collect()
}

fn of_task(task: &TaskFindings, whole: &Phase) -> Vec<String> {
    let sentence = |(duration, ratio): (&crate::report::Duration, &Ratio)| {
        let (layout, name) = (capital(duration.layout), task.task);
        let few = if task.rounds < ROUNDS_FOR_A_BOOTSTRAP { "only " } else { "" };
        let verdict =
            if ratio.is_real() { "a real difference" } else { "no difference that these rounds can tell" };
        format!(
            "{layout} are {} than dictionaries in {name} (95 % interval {} %, {few}{} rounds): {verdict}.",
            faster(ratio.ratio),
            interval(ratio),
            task.rounds
        )
    };
    whole.compared().map(sentence).collect()
}

/// The title question, answered at the largest size: memory, and the whole tasks.
pub fn answer(report: &Report) -> Vec<String> {
    let Some(size) = report.sizes.last() else { return Vec::new() };
    let rows = numbers::count(size.rows);
    let mut lines = Vec::new();
    for held in size.held.iter().skip(1) {
        let Some(dictionaries) = size.held.first() else { continue };
        let ratio = held.bytes.retained as f64 / dictionaries.bytes.retained as f64;
        let each = bytes(held.bytes.retained as f64 / size.rows as f64);
        lines.push(format!(
            "{rows} records held as {} take {each} each, {} than as dictionaries.",
            held.layout,
            smaller(ratio)
        ));
    }
    lines.extend(verdicts(size));
    lines
}

/// What a size is called.
pub fn title(size: &Size) -> String {
    let note = if size.study { ", the study's own" } else { ", drawn from the study's" };
    format!("{} rows{note}", numbers::count(size.rows))
}

/// A phase's name in a table, set in under its task.
pub fn phase(task: &TaskFindings, phase: &Phase) -> String {
    if phase.phase == WHOLE {
        format!("{} ({} rounds)", task.task, task.rounds)
    } else {
        format!("  {}", phase.phase)
    }
}

/// How all this was measured.
pub fn method(report: &Report) -> String {
    let method = &report.method;
    format!(
        "Rows: {} complete ones of {}, and draws from them (seed {}). Duration: processor time, median of the rounds; in each round \
         every layout runs once, in random order, after a warm-up, which for tasks of few rounds is the task before. Per cent: of what dictionaries need; in brackets the 95 % \
         bootstrap interval of the ratio of medians; of fewer than {ROUNDS_FOR_A_BOOTSTRAP} rounds, Student's interval of \
         the mean ratio. Memory: bytes asked of the allocator in a process of its own, one \
         thread; of a task the peak above what is held. All layouts gave the same results in every round. {} threads, \
         {:.0} s of {:.0} s.",
        numbers::count(method.complete_rows),
        method.data,
        method.seed,
        method.threads,
        method.seconds,
        method.budget_seconds
    )
}

/// With a capital first letter.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_said_as_the_study_does() {
        assert_eq!(faster(0.5355), "46.5 % faster");
        assert_eq!(faster(1.25), "25.0 % slower");
        assert_eq!([0.25, 1.0].map(smaller), ["75.0 % smaller", "the same"]);
        assert_eq!(interval(&Ratio { ratio: 0.9, low: 0.88, high: 1.02 }), "−2.0 to 12.0");
        assert_eq!(interval(&Ratio { ratio: 1.1, low: 0.98, high: 1.3 }), "−2.0 to 30.0");
    }

    #[test]
    fn bytes_and_durations_have_fitting_units() {
        for (value, text) in
            [(999.0, "999 B"), (24_100.0, "24.1 kB"), (3.5e6, "3.50 MB"), (2.25e9, "2.25 GB")]
        {
            assert_eq!(bytes(value), text);
        }
        for (value, text) in [(2.5e-5, "25.0 µs"), (0.0123, "12.3 ms"), (2.0, "2.00 s")] {
            assert_eq!(duration(value), text);
        }
    }
}
