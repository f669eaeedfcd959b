//! One model's picture in the manner of seaborn's `regplot`: predicted against actual, the least-squares
//! line and its bootstrap band.
//!
//! The bytes are an artifact: coordinates have one decimal, the bootstrap has its own seed, and nothing
//! depends on the time, the place or the number of threads. Presentation attributes make the file stand
//! alone on white; a page that holds it may repaint it through the classes.

mod axis;
mod fit;
mod marks;

use crate::scores;
use axis::Axis;
use fit::Fit;
use page::numbers;
use std::fmt::Write;

/// What is drawn: one model's predictions and the labels of the same rows.
#[derive(Clone, Copy, Debug)]
pub struct RegPlot<'a> {
    /// Name of the model.
    pub model: &'a str,
    /// What the model predicts, on the horizontal axis.
    pub predicted: &'a [f64],
    /// The labels, on the vertical axis.
    pub actual: &'a [f64],
}

/// A point in units of the label.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    predicted: f64,
    actual: f64,
}

/// Where the square of both axes lies in the picture.
const LEFT: f64 = 68.0;
const TOP: f64 = 54.0;
const SIDE: f64 = 308.0;
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 404.0;

/// Where text at the right ends; half a number of the horizontal axis fits beside the square.
const EDGE: f64 = WIDTH - 12.0;

/// Characters of a model's name that fit beside its RMSE.
const NAME_LIMIT: usize = 30;

/// The picture as a whole SVG file.
///
/// Rows with a number that no axis can hold (NaN, infinite, beyond 1e150) are left out.
///
/// # Panics
/// If there are not as many predictions as labels.
pub fn svg(plot: &RegPlot<'_>) -> String {
    assert_eq!(plot.predicted.len(), plot.actual.len(), "every row has a label and a prediction");
    let pairs = plot.predicted.iter().zip(plot.actual);
    let points: Vec<Point> = pairs
        .filter(|(predicted, actual)| predicted.abs() < 1e150 && actual.abs() < 1e150)
        .map(|(&predicted, &actual)| Point { predicted, actual })
        .collect();
    let fit = Fit::of(&points);
    let ends = fit.iter().flat_map(Fit::ends);
    let axis = Axis::around(points.iter().flat_map(|point| [point.predicted, point.actual]).chain(ends));
    let mut svg = String::new();
    open(&mut svg, plot);
    draw_axes(&mut svg, &axis, plot.actual.len());
    marks::identity(&mut svg);
    marks::points(&mut svg, &points, &axis);
    if let Some(fit) = &fit {
        marks::band(&mut svg, fit, &axis);
        marks::line(&mut svg, fit, &axis);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The canvas and the two header lines: the model, its RMSE, and what the marks are.
fn open(svg: &mut String, plot: &RegPlot<'_>) {
    let rmse = match plot.actual {
        [] => "no rows".to_owned(),
        actual => format!("RMSE {}", numbers::significant(scores::rmse(actual, plot.predicted), 5)),
    };
    let (name, short) = (escape(plot.model), escape(&shorten(plot.model)));
    put(
        svg,
        format_args!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" class="regplot" viewBox="0 0 {WIDTH} {HEIGHT}" width="600" height="606" role="img" aria-label="{name}: actual against predicted, {rmse}" font-family="system-ui,sans-serif" font-size="11">
<rect class="canvas" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>
<text class="name" x="12" y="22" font-size="14" font-weight="600" fill="#111827">{short}</text>
<text class="name" x="{EDGE}" y="22" font-size="13" text-anchor="end" fill="#111827">{rmse}</text>
<g class="note" font-size="10" fill="#4b5563">
<path class="band" d="M12 34h16v8h-16z" fill="#ea580c" fill-opacity=".25"/>
<path class="line" d="M12 38h16" stroke="#c2410c" stroke-width="2"/>
<text x="33" y="41.5">least squares, 95 % band</text>
<path class="identity" d="M186 38h16" stroke="#6b7280" stroke-dasharray="4 3"/>
<text x="207" y="41.5">actual = predicted</text>
</g>
<g fill="none">
"##
        ),
    );
}

/// The grid, its numbers and the names of the axes. Both axes are the same.
fn draw_axes(svg: &mut String, axis: &Axis, rows: usize) {
    let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
    let mut grid = String::new();
    let mut labels = String::new();
    for tick in axis.ticks() {
        let (x, y) = (LEFT + SIDE * tick.position, bottom - SIDE * tick.position);
        put(&mut grid, format_args!("M{x:.1} {TOP}V{bottom}M{LEFT} {y:.1}H{right}"));
        let label = tick.label;
        put(
            &mut labels,
            format_args!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
                bottom + 16.0,
                LEFT - 6.0,
                y + 4.0,
            ),
        );
    }
    let rows = match rows {
        1 => "1 row".to_owned(),
        rows if rows <= marks::MOST_POINTS => format!("{} rows", numbers::count(rows)),
        rows => format!("{} of {} rows", numbers::count(marks::MOST_POINTS), numbers::count(rows)),
    };
    let (centre, middle, foot) = (LEFT + SIDE / 2.0, TOP + SIDE / 2.0, bottom + 34.0);
    put(
        svg,
        format_args!(
            r##"<path class="grid" d="{grid}" stroke="#e5e7eb"/>
<g class="note" fill="#4b5563">
{labels}<text x="{centre}" y="{foot}" text-anchor="middle" font-size="12">predicted</text>
<text transform="translate(14 {middle})rotate(-90)" text-anchor="middle" font-size="12">actual</text>
<text x="{EDGE}" y="{foot}" text-anchor="end" font-size="10">{rows}</text>
</g>
"##
        ),
    );
}

/// Writing to a string cannot fail.
fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("a string takes any text");
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= NAME_LIMIT {
        return name.to_owned();
    }
    name.chars().take(NAME_LIMIT - 1).chain(['…']).collect()
}

/// Text for XML. Control characters have no place there, escaped or not.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
