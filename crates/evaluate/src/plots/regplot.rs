//! One model's picture in the manner of seaborn's `regplot`: predicted against actual, the least-squares
//! line and its bootstrap band. Its bytes are an artifact.

use super::axis::Axis;
use super::fit::{Fit, Resamples};
use super::{Drawing, Frame, Head, LIMIT, Point, SIDE, marks};
use crate::scores;
use page::numbers;

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

/// The picture. Both axes are the same.
///
/// Rows with a number that no axis can hold (NaN, infinite, beyond 1e150) are left out. The band is of `resamples`, if
/// they are of as many rows as are left.
///
/// # Panics
/// If there are not as many predictions as labels.
pub fn draw(plot: &RegPlot<'_>, resamples: &Resamples) -> Drawing {
    assert_eq!(plot.predicted.len(), plot.actual.len(), "every row has a label and a prediction");
    let pairs = plot.predicted.iter().zip(plot.actual);
    let points: Vec<Point> = pairs
        .filter(|(predicted, actual)| predicted.abs() < LIMIT && actual.abs() < LIMIT)
        .map(|(&predicted, &actual)| Point { x: predicted, y: actual })
        .collect();
    let fit = Fit::of(&points, resamples);
    let ends = fit.iter().flat_map(Fit::ends);
    let axis = Axis::around(points.iter().flat_map(|point| [point.x, point.y]).chain(ends));
    let frame = Frame { x: axis, y: axis, height: SIDE };
    let number = match plot.actual {
        [] => "no rows".to_owned(),
        actual => format!("RMSE {}", numbers::significant(scores::rmse(actual, plot.predicted), 5)),
    };
    let head =
        Head { class: "regplot", model: plot.model, shows: "actual against predicted", number: &number };
    let mut svg = String::new();
    super::open(&mut svg, &head, frame.height);
    svg.push_str(KEY);
    frame.draw(&mut svg, ["predicted", "actual"], plot.actual.len());
    marks::identity(&mut svg);
    marks::points(&mut svg, &points, &frame);
    if let Some(fit) = &fit {
        marks::band(&mut svg, fit, &frame);
        marks::line(&mut svg, fit, &frame);
    }
    svg.push_str("</g>\n</svg>\n");
    Drawing { svg, frame }
}

/// What the marks are, and the group of all that follows.
const KEY: &str = r##"<g class="note" font-size="10" fill="#4b5563">
<path class="band" d="M12 34h16v8h-16z" fill="#ea580c" fill-opacity=".25"/>
<path class="line" d="M12 38h16" stroke="#c2410c" stroke-width="2"/>
<text x="33" y="41.5">least squares, 95 % band</text>
<path class="identity" d="M186 38h16" stroke="#6b7280" stroke-dasharray="4 3"/>
<text x="207" y="41.5">actual = predicted</text>
</g>
<g fill="none">
"##;
