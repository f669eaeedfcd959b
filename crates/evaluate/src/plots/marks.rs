//! What stands for the data: points, the line, its band, and the identity.

use super::fit::Fit;
use super::{Frame, LEFT, Point, SIDE, TOP, put};

/// Most points that a picture shows; of more rows, every so many-th.
pub(super) const MOST_POINTS: usize = 5000;

/// Diameter of a point.
const DOT: f64 = 4.4;

/// Points on top of each other that still darken the picture.
const LAYERS: usize = 12;

/// A place in the picture, in tenths of its unit.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    x: i32,
    y: i32,
}

/// Where a pair of numbers lies.
fn place(frame: &Frame, x: f64, y: f64) -> Place {
    let tenths = |unit: f64| (unit * 10.0).round() as i32;
    Place {
        x: tenths(LEFT + SIDE * frame.x.position(x)),
        y: tenths(TOP + frame.height * (1.0 - frame.y.position(y))),
    }
}

/// The diagonal on which predictions are right.
pub(super) fn identity(svg: &mut String) {
    let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
    put(
        svg,
        format_args!(
            "<path class=\"identity\" d=\"M{LEFT} {bottom}L{right} {TOP}\" stroke=\"#6b7280\" \
             stroke-dasharray=\"4 3\"/>\n"
        ),
    );
}

/// One translucent dot per row: strokes of no length with round caps.
///
/// A path is painted as one shape, in which dots that overlap do not darken each other. So dots that
/// would overlap go to different paths.
pub(super) fn points(svg: &mut String, points: &[Point], frame: &Frame) {
    let places = super::shown(points.len()).map(|row| place(frame, points[row].x, points[row].y));
    put(
        svg,
        format_args!(
            "<g class=\"points\" stroke=\"#2563eb\" stroke-width=\"{DOT}\" stroke-linecap=\"round\" \
             stroke-opacity=\".4\">\n"
        ),
    );
    for layer in layers(places) {
        svg.push_str("<path d=\"");
        for place in layer {
            svg.push('M');
            coordinates(svg, place);
            svg.push_str("h0");
        }
        svg.push_str("\"/>\n");
    }
    svg.push_str("</g>\n");
}

/// Places by the first layer in which they touch no other; the last layer takes what is left.
fn layers(places: impl Iterator<Item = Place>) -> Vec<Vec<Place>> {
    let mut layers: Vec<Vec<Place>> = Vec::new();
    for place in places {
        let free = layers.iter().position(|layer| layer.iter().all(|&other| apart(place, other)));
        match free {
            Some(layer) => layers[layer].push(place),
            None if layers.len() < LAYERS => layers.push(vec![place]),
            None => layers[LAYERS - 1].push(place),
        }
    }
    layers
}

fn apart(a: Place, b: Place) -> bool {
    let (x, y) = (f64::from(a.x - b.x), f64::from(a.y - b.y));
    x * x + y * y > 100.0 * DOT * DOT
}

/// The least-squares line over the range of the predictions.
pub(super) fn line(svg: &mut String, fit: &Fit, frame: &Frame) {
    let ends = [fit.band.first(), fit.band.last()].into_iter().flatten();
    let places = ends.map(|end| place(frame, end.x, fit.line.at(end.x)));
    svg.push_str("<path class=\"line\" d=\"");
    polyline(svg, places);
    svg.push_str("\" stroke=\"#c2410c\" stroke-width=\"2\" stroke-linecap=\"round\"/>\n");
}

/// The band, cut off where it leaves the axes (few rows can have a wide one).
pub(super) fn band(svg: &mut String, fit: &Fit, frame: &Frame) {
    let upper = fit.band.iter().map(|at| place(frame, at.x, frame.y.clamp(at.high)));
    let lower = fit.band.iter().rev().map(|at| place(frame, at.x, frame.y.clamp(at.low)));
    svg.push_str("<path class=\"band\" d=\"");
    polyline(svg, upper.chain(lower));
    svg.push_str("z\" fill=\"#ea580c\" fill-opacity=\".25\"/>\n");
}

fn polyline(svg: &mut String, places: impl Iterator<Item = Place>) {
    for (i, place) in places.enumerate() {
        svg.push(if i == 0 { 'M' } else { 'L' });
        coordinates(svg, place);
    }
}

fn coordinates(svg: &mut String, place: Place) {
    put(svg, format_args!("{} {}", f64::from(place.x) / 10.0, f64::from(place.y) / 10.0));
}
