//! One model's residuals: how far labels lie above its predictions, along the predictions.

use super::axis::Axis;
use super::regplot::RegPlot;
use super::{Drawing, Frame, Head, LEFT, LIMIT, Point, SIDE, TOP, marks, put};
use crate::scores;
use page::numbers;

/// Height of the axes.
const HEIGHT: f64 = 200.0;

/// The picture: residuals (actual - predicted) up, predictions across, and a band of one RMSE on both sides of zero.
///
/// Rows with a number that no axis can hold are left out.
///
/// # Panics
/// If there are not as many predictions as labels.
pub fn draw(plot: &RegPlot<'_>) -> Drawing {
    assert_eq!(plot.predicted.len(), plot.actual.len(), "every row has a label and a prediction");
    let pairs = plot.predicted.iter().zip(plot.actual);
    let points: Vec<Point> = pairs
        .map(|(&predicted, &actual)| Point { x: predicted, y: actual - predicted })
        .filter(|point| point.x.abs() < LIMIT && point.y.abs() < LIMIT)
        .collect();
    let rmse = scores::rmse(plot.actual, plot.predicted);
    let reach = if rmse < LIMIT { rmse } else { 0.0 };
    let frame = Frame {
        x: Axis::around(points.iter().map(|point| point.x)),
        y: Axis::around(points.iter().map(|point| point.y).chain([-reach, reach])),
        height: HEIGHT,
    };
    let number = match points.as_slice() {
        [] => "no rows".to_owned(),
        points => {
            let mean = points.iter().map(|point| point.y).sum::<f64>() / points.len() as f64;
            format!("mean {}", numbers::significant(mean, 3))
        }
    };
    let head = Head {
        class: "residuals",
        model: plot.model,
        shows: "residuals against predictions",
        number: &number,
    };
    let mut svg = String::new();
    super::open(&mut svg, &head, frame.height);
    svg.push_str(KEY);
    frame.draw(&mut svg, ["predicted", "actual \u{2212} predicted"], plot.actual.len());
    let y = |residual: f64| TOP + HEIGHT * (1.0 - frame.y.position(residual));
    let (top, zero, bottom, right) = (y(reach), y(0.0), y(-reach), LEFT + SIDE);
    put(
        &mut svg,
        format_args!(
            "<path class=\"band\" d=\"M{LEFT} {top:.1}H{right}V{bottom:.1}H{LEFT}z\" fill=\"#ea580c\" fill-opacity=\".18\"/>\n\
             <path class=\"identity\" d=\"M{LEFT} {zero:.1}H{right}\" stroke=\"#6b7280\" stroke-dasharray=\"4 3\"/>\n"
        ),
    );
    marks::points(&mut svg, &points, &frame);
    svg.push_str("</g>\n</svg>\n");
    Drawing { svg, frame }
}

/// What the marks are, and the group of all that follows.
const KEY: &str = r##"<g class="note" font-size="10" fill="#4b5563">
<path class="band" d="M12 34h16v8h-16z" fill="#ea580c" fill-opacity=".18"/>
<text x="33" y="41.5">one RMSE</text>
<path class="identity" d="M186 38h16" stroke="#6b7280" stroke-dasharray="4 3"/>
<text x="207" y="41.5">no error</text>
</g>
<g fill="none">
"##;
