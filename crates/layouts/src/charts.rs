//! Charts as inline SVG: bars of memory, and ratios with their intervals. They follow the page's theme.

use crate::experiment::LAYOUTS;
use crate::measure::Ratio;
use crate::report::{Report, Size};
use crate::words;
use maud::{Markup, html};
use page::numbers;

/// Width of all charts in their own units; the page scales them.
const WIDTH: f64 = 420.0;

/// Bytes a record as bars, by layout; nothing where no memory was counted.
pub(crate) fn memory(size: &Size) -> Markup {
    let bytes = LAYOUTS.map(|layout| size.per_record(layout).unwrap_or_default());
    let most = bytes.iter().copied().fold(0.0, f64::max);
    if most == 0.0 {
        return html! {};
    }
    let label = LAYOUTS.iter().zip(bytes).map(|(layout, value)| format!("{layout} {}", words::bytes(value)));
    let label = format!("Bytes a record: {}", label.collect::<Vec<_>>().join(", "));
    html! {
        svg viewBox={ "0 0 " (WIDTH) " 112" } role="img" aria-label=(label) {
            @for (place, (layout, value)) in LAYOUTS.iter().zip(bytes).enumerate() {
                @let y = 8 + 36 * place;
                text x="0" y=(y + 17) { (layout) }
                rect class=(layout) x="92" y=(y) width=(coordinate(240.0 * value / most)) height="24" rx="3" {}
                text.strong x=(coordinate(100.0 + 240.0 * value / most)) y=(y + 17) { (words::bytes(value)) }
            }
        }
    }
}

/// One line of the chart of ratios.
struct Line<'a> {
    name: String,
    /// Slots, then columns.
    ratios: Vec<(&'a str, &'a Ratio)>,
}

/// Durations against those of dictionaries, of every whole task at every size, with their intervals.
pub(crate) fn ratios(report: &Report) -> Markup {
    let mut tasks: Vec<&str> = Vec::new();
    for task in report.sizes.iter().flat_map(|size| &size.tasks) {
        if !tasks.contains(&task.task) && !task.phases.is_empty() {
            tasks.push(task.task);
        }
    }
    let groups: Vec<(&str, Vec<Line<'_>>)> =
        tasks.into_iter().map(|task| (task, lines(report, task))).collect();
    let ratios = groups.iter().flat_map(|(_, lines)| lines).flat_map(|line| &line.ratios);
    let Some(scale) = Scale::of(ratios.map(|(_, ratio)| *ratio)) else { return html! {} };
    let mut tops = vec![0];
    for (_, lines) in &groups {
        tops.push(tops[tops.len() - 1] + 30 + 22 * lines.len());
    }
    let height = tops[tops.len() - 1] + 30;
    let label = "Durations as multiples of those of dictionaries, with 95 % intervals; the tables below have the numbers";
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label=(label) {
            @for tick in scale.ticks() {
                @let x = coordinate(scale.x(tick));
                line class=(if tick == 1.0 { "one" } else { "grid" }) x1=(x) x2=(x) y1="6" y2=(height - 24) {}
                text.tick x=(x) y=(height - 8) { (tick) "×" }
            }
            @for ((task, lines), top) in groups.iter().zip(tops) {
                text.strong x="0" y=(top + 22) { (task) }
                @for (place, line) in lines.iter().enumerate() {
                    (drawn(line, top + 30 + 22 * place, &scale))
                }
            }
        }
    }
}

fn lines<'a>(report: &'a Report, task: &str) -> Vec<Line<'a>> {
    let line = |size: &'a Size| {
        let whole = size.task(task)?.whole()?;
        let ratios = whole.compared().map(|(duration, ratio)| (duration.layout, ratio)).collect();
        Some(Line { name: numbers::count(size.rows), ratios })
    };
    report.sizes.iter().filter_map(line).collect()
}

fn drawn(line: &Line<'_>, top: usize, scale: &Scale) -> Markup {
    html! {
        text.rows x="84" y=(top + 14) { (line.name) }
        @for (place, (layout, ratio)) in line.ratios.iter().enumerate() {
            @let y = top + 6 + 8 * place;
            @let [low, middle, high] = [ratio.low, ratio.ratio, ratio.high].map(|r| coordinate(scale.x(r)));
            g class=(layout) {
                title { (layout) ", " (line.name) " rows: " (words::faster(ratio.ratio)) " (" (words::interval(ratio)) ")" }
                line.whisker x1=(low) x2=(high) y1=(y) y2=(y) {}
                circle cx=(middle) cy=(y) r="4" {}
            }
        }
    }
}

/// A logarithmic axis of ratios.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// From the smallest to the largest end of an interval, with 1 in it; none without ratios.
    fn of<'a>(ratios: impl Iterator<Item = &'a Ratio>) -> Option<Self> {
        let ends = ratios.map(|ratio| (ratio.low, ratio.high));
        let (low, high) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        Some(Self { low: 0.9 * low.min(0.9), high: 1.1 * high.max(1.1) })
    }

    fn x(&self, ratio: f64) -> f64 {
        100.0 + (WIDTH - 110.0) * (ratio / self.low).ln() / (self.high / self.low).ln()
    }

    /// Round ratios on the axis; no more than fit.
    fn ticks(&self) -> Vec<f64> {
        let fine = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
        fine.into_iter().filter(|tick| (self.low..=self.high).contains(tick)).collect()
    }
}

/// A coordinate with a tenth of a unit, which is finer than a screen.
fn coordinate(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_all_intervals_and_1() {
        let ratios = [Ratio { ratio: 0.1, low: 0.09, high: 0.12 }, Ratio { ratio: 0.5, low: 0.4, high: 0.6 }];
        let scale = Scale::of(ratios.iter()).unwrap();
        for ratio in [0.09, 0.6, 1.0] {
            assert!((100.0..=WIDTH - 10.0).contains(&scale.x(ratio)), "{ratio}");
        }
        assert_eq!(scale.ticks(), [0.1, 0.2, 0.5, 1.0]);
        assert!(Scale::of([].iter()).is_none());
    }
}
