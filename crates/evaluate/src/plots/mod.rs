//! Pictures of a model's predictions, as SVG of ours: small, the same bytes everywhere, repainted by the page that holds
//! them.
//!
//! Coordinates have one decimal, the bootstrap has its own seed, and nothing depends on the time, the place or
//! the number of threads. Presentation attributes make a file stand alone on white; a page may repaint it
//! through the classes.

pub mod regplot;
pub mod residuals;

mod axis;
mod fit;
mod marks;

pub use fit::Resamples;

use axis::Axis;
use page::numbers;
use std::fmt::Write;

/// A pair of numbers to draw: across and up.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

/// Numbers from here on have no place on an axis.
const LIMIT: f64 = 1e150;

/// Where the axes lie in the picture.
const LEFT: f64 = 68.0;
const TOP: f64 = 54.0;
const SIDE: f64 = 308.0;
const WIDTH: f64 = 400.0;

/// What the axes leave below them.
const FOOT: f64 = 42.0;

/// Where text at the right ends; half a number of the horizontal axis fits beside the axes.
const EDGE: f64 = WIDTH - 12.0;

/// Characters of a model's name that fit beside a number.
const NAME_LIMIT: usize = 30;

/// A picture, and where its numbers lie in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The picture as a whole SVG file.
    pub svg: String,
    /// Its axes.
    pub frame: Frame,
}

/// The axes of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    x: Axis,
    y: Axis,
    height: f64,
}

impl Frame {
    /// What a script needs to find a point: left, top, width and height of the axes in the picture, then the numbers
    /// at the left, right, lower and upper end.
    pub fn numbers(&self) -> [f64; 8] {
        let ([left, right], [low, high]) = (self.x.ends(), self.y.ends());
        [LEFT, TOP, SIDE, self.height, left, right, low, high]
    }

    /// The grid, its numbers and the names of the axes.
    fn draw(&self, svg: &mut String, names: [&str; 2], rows: usize) {
        let (right, bottom) = (LEFT + SIDE, TOP + self.height);
        let mut grid = String::new();
        let mut labels = String::new();
        let (across, up) = (self.x.ticks(SIDE), self.y.ticks(self.height));
        let names = [across.name(names[0]), up.name(names[1])];
        let across = across.ticks.into_iter().map(Some).chain(std::iter::repeat(None));
        let up = up.ticks.into_iter().map(Some).chain(std::iter::repeat(None));
        for pair in across.zip(up).take_while(|(x, y)| x.is_some() || y.is_some()) {
            if let Some(tick) = &pair.0 {
                let x = LEFT + SIDE * tick.position;
                put(&mut grid, format_args!("M{x:.1} {TOP}V{bottom}"));
                let (foot, label) = (bottom + 16.0, &tick.label);
                put(
                    &mut labels,
                    format_args!("<text x=\"{x:.1}\" y=\"{foot:.1}\" text-anchor=\"middle\">{label}</text>"),
                );
            }
            if let Some(tick) = &pair.1 {
                let y = bottom - self.height * tick.position;
                put(&mut grid, format_args!("M{LEFT} {y:.1}H{right}"));
                let (end, base, label) = (LEFT - 6.0, y + 4.0, &tick.label);
                put(
                    &mut labels,
                    format_args!("<text x=\"{end:.1}\" y=\"{base:.1}\" text-anchor=\"end\">{label}</text>"),
                );
            }
            labels.push('\n');
        }
        let (centre, middle, foot) = (LEFT + SIDE / 2.0, TOP + self.height / 2.0, bottom + 34.0);
        let ([across, up], rows) = (names, counted(rows));
        put(
            svg,
            format_args!(
                r##"<path class="grid" d="{grid}" stroke="#e5e7eb"/>
<g class="note" fill="#4b5563">
{labels}<text x="{centre}" y="{foot}" text-anchor="middle" font-size="12">{across}</text>
<text transform="translate(14 {middle})rotate(-90)" text-anchor="middle" font-size="12">{up}</text>
<text x="{EDGE}" y="{foot}" text-anchor="end" font-size="10">{rows}</text>
</g>
"##
            ),
        );
    }
}

/// What stands above the axes.
struct Head<'a> {
    class: &'a str,
    model: &'a str,
    /// What the picture shows, for those who cannot see it.
    shows: &'a str,
    /// The number at the right, as in "RMSE 12.3".
    number: &'a str,
}

/// The canvas, the model's name and its number.
fn open(svg: &mut String, head: &Head<'_>, height: f64) {
    let (name, short) = (escape(head.model), escape(&shorten(head.model)));
    let (Head { class, shows, number, .. }, height) = (head, TOP + height + FOOT);
    let tall = 1.5 * height;
    put(
        svg,
        format_args!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" class="{class}" viewBox="0 0 {WIDTH} {height}" width="600" height="{tall}" role="img" aria-label="{name}: {shows}, {number}" font-family="system-ui,sans-serif" font-size="11">
<rect class="canvas" width="{WIDTH}" height="{height}" fill="#fff"/>
<text class="name" x="12" y="22" font-size="14" font-weight="600" fill="#111827">{short}</text>
<text class="name" x="{EDGE}" y="22" font-size="13" text-anchor="end" fill="#111827">{number}</text>
"##
        ),
    );
}

/// The number of rows, and of those that are shown.
fn counted(rows: usize) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows if rows <= marks::MOST_POINTS => format!("{} rows", numbers::count(rows)),
        rows => format!("{} of {} rows", numbers::count(marks::MOST_POINTS), numbers::count(rows)),
    }
}

/// The rows that a picture shows of `rows`: all, or every so many-th.
pub fn shown(rows: usize) -> impl Iterator<Item = usize> {
    let shown = rows.min(marks::MOST_POINTS);
    (0..shown).map(move |i| i * rows / shown)
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
