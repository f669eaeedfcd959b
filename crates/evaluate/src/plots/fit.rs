//! The least-squares line of actual on predicted, and the bootstrap's 95 % band around it.

use super::Point;
use regressors::random::RandomState;

/// Resamples of the bootstrap, as seaborn draws.
const RESAMPLES: usize = 1000;

/// Most rows of one resample. Of longer tables a resample draws this many, and what its line strays from
/// the line of all rows shrinks by the square root of the share drawn (the m out of n bootstrap).
const MOST_DRAWN: usize = 5000;

/// Points of the band.
const GRID: usize = 100;

/// Seed of the bootstrap.
const SEED: u32 = 0;

/// The line over the range of the predictions, and its band.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// The line.
    pub(super) line: Line,
    /// The band at equal distances from the smallest prediction to the largest.
    pub(super) band: Vec<Interval>,
}

/// `y = centre.y + slope * (x - centre.x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    centre: Point,
    slope: f64,
}

/// The band at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    /// The place on the horizontal axis.
    pub(super) x: f64,
    /// The 2.5th percentile of the resampled lines.
    pub(super) low: f64,
    /// Their 97.5th percentile.
    pub(super) high: f64,
}

/// The bootstrap's samples of so many rows, with replacement; pictures of the same rows share them.
#[derive(Clone, Debug)]
pub struct Resamples {
    rows: usize,
    /// Rows of each sample.
    drawn: usize,
    /// Sample after sample.
    places: Vec<u32>,
}

impl Resamples {
    /// Draws from `rows` rows.
    pub fn of(rows: usize) -> Self {
        let drawn = rows.min(MOST_DRAWN);
        let mut random = RandomState::new(SEED);
        // A product's upper half is uniform but for one part in 2^32 / rows, which no picture shows. It has no
        // branch to mispredict: `randint` takes twice the time.
        let place = |_| ((u64::from(random.next_u32()) * rows as u64) >> 32) as u32;
        Self { rows, drawn, places: (0..RESAMPLES * drawn).map(place).collect() }
    }

    /// The line of each sample of the points.
    fn lines(&self, points: &[Point], centre: Point) -> Vec<Line> {
        let n = self.drawn as f64;
        let line = |places: &[u32]| {
            let sample = places.iter().map(|&place| points[place as usize]);
            let sums = sample.fold(Sums::default(), |sums, point| sums.plus(point, centre));
            let mean = Point { x: centre.x + sums.x / n, y: centre.y + sums.y / n };
            Line { centre: mean, slope: sums.slope(n) }
        };
        self.places.chunks_exact(self.drawn).map(line).collect()
    }
}

impl Fit {
    /// The fit of all points; `None` if the predictions are all equal and span no line.
    pub(super) fn of(points: &[Point], resamples: &Resamples) -> Option<Self> {
        let line = Line::of(points)?;
        let predictions = || points.iter().map(|point| point.x);
        let low = predictions().fold(f64::INFINITY, f64::min);
        let high = predictions().fold(f64::NEG_INFINITY, f64::max);
        let own = (resamples.rows != points.len()).then(|| Resamples::of(points.len()));
        let resamples = own.as_ref().unwrap_or(resamples);
        let lines = resamples.lines(points, line.centre);
        let shrink = (resamples.drawn as f64 / points.len() as f64).sqrt();
        let mut strayed = vec![0.0; lines.len()];
        let band = (0..GRID).map(|i| {
            let share = i as f64 / (GRID - 1) as f64;
            let x = low * (1.0 - share) + high * share;
            let middle = line.at(x);
            strayed.iter_mut().zip(&lines).for_each(|(by, other)| *by = other.at(x) - middle);
            let mut edge = |share| middle + shrink * percentile(&mut strayed, share);
            Interval { x, low: edge(0.025), high: edge(0.975) }
        });
        Some(Self { line, band: band.collect() })
    }

    /// What the line says of the smallest and the largest prediction.
    pub(super) fn ends(&self) -> [f64; 2] {
        let ends = [self.band.first(), self.band.last()].map(|end| end.expect("the band has a grid"));
        ends.map(|end| self.line.at(end.x))
    }
}

impl Line {
    /// The least-squares line; `None` if the predictions are all equal.
    fn of(points: &[Point]) -> Option<Self> {
        let n = points.len() as f64;
        let mean = |of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / n;
        let centre = Point { x: mean(|p| p.x), y: mean(|p| p.y) };
        let sums = points.iter().fold(Sums::default(), |sums, point| sums.plus(*point, centre));
        let first = points.first()?.x;
        let flat = points.iter().all(|point| point.x == first);
        (!flat).then(|| Self { centre, slope: sums.slope(n) })
    }

    /// The line's value at a prediction.
    pub(super) fn at(&self, x: f64) -> f64 {
        self.centre.y + self.slope * (x - self.centre.x)
    }
}

/// Sums over the points of a sample, of their distances from the centre of all points.
#[derive(Clone, Copy, Default)]
struct Sums {
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl Sums {
    #[inline]
    fn plus(self, point: Point, centre: Point) -> Self {
        let (x, y) = (point.x - centre.x, point.y - centre.y);
        Self { x: self.x + x, y: self.y + y, xx: self.xx + x * x, xy: self.xy + x * y }
    }

    /// The least-squares slope; 0 for a sample whose predictions are all equal.
    fn slope(self, n: f64) -> f64 {
        let variance = self.xx - self.x * self.x / n;
        // Below this share of the sum, the difference is rounding.
        if variance > 1e-12 * self.xx { (self.xy - self.x * self.y / n) / variance } else { 0.0 }
    }
}

/// The percentile at `share`, linear between two order statistics. Reorders `values`.
fn percentile(values: &mut [f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let (_, &mut below, above) = values.select_nth_unstable_by(place as usize, f64::total_cmp);
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    if above.is_empty() { below } else { below + (next - below) * place.fract() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows around `actual = 300 + 0.9 * predicted`, noisier for large predictions.
    fn cloud(rows: usize) -> Vec<Point> {
        let mut random = RandomState::new(7);
        let point = |_| {
            let predicted = random.uniform(500.0, 9000.0);
            Point { x: predicted, y: 300.0 + predicted * (0.9 + random.uniform(-0.2, 0.2)) }
        };
        (0..rows).map(point).collect()
    }

    #[test]
    fn the_slope_is_the_closed_form() {
        let points = cloud(200);
        let n = points.len() as f64;
        let sum = |of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>();
        let (x, y) = (sum(|p| p.x), sum(|p| p.y));
        let (xx, xy) = (sum(|p| p.x * p.x), sum(|p| p.x * p.y));
        let slope = (n * xy - x * y) / (n * xx - x * x);
        let line = Line::of(&points).unwrap();
        assert!((line.slope - slope).abs() < 1e-12);
        assert!((line.at(0.0) - (y - slope * x) / n).abs() < 1e-8);
    }

    #[test]
    fn the_band_holds_the_line() {
        let fit = Fit::of(&cloud(300), &Resamples::of(300)).unwrap();
        assert_eq!(fit.band.len(), GRID);
        for at in &fit.band {
            let middle = fit.line.at(at.x);
            assert!(at.low < middle && middle < at.high, "{at:?}, line {middle}");
        }
    }

    /// The spread of the slope for independent noise is known: its standard deviation over the
    /// predictions' spread and the root of the number of rows.
    #[test]
    fn the_band_is_as_wide_as_theory_says_for_any_number_of_rows() {
        for rows in [500, 20_000] {
            let mut random = RandomState::new(3);
            let noise = |random: &mut RandomState| random.uniform(-1.0, 1.0);
            let point = |i| Point { x: f64::from(i), y: noise(&mut random) };
            let points: Vec<Point> = (0..rows).map(point).collect();
            let fit = Fit::of(&points, &Resamples::of(points.len())).unwrap();
            let variance = 1.0 / 3.0 / f64::from(rows);
            for (at, leverage) in [(0, 4.0), (GRID - 1, 4.0)] {
                let expected = 2.0 * 1.96 * f64::sqrt(variance * leverage);
                let width = fit.band[at].high - fit.band[at].low;
                assert!((width / expected - 1.0).abs() < 0.12, "{rows} rows: {width}, expected {expected}");
            }
        }
    }

    #[test]
    fn equal_predictions_span_no_line() {
        assert!(Fit::of(&[], &Resamples::of(0)).is_none());
        assert!(Fit::of(&[Point { x: 0.1, y: 2.0 }; 3], &Resamples::of(3)).is_none());
    }

    #[test]
    fn percentiles_are_numpys() {
        let mut values = [4.0, 1.0, 3.0, 2.0];
        let shares = [(0.0, 1.0), (0.5, 2.5), (0.9, 3.7), (1.0, 4.0)];
        for (share, expected) in shares {
            assert!((percentile(&mut values, share) - expected).abs() < 1e-12);
        }
    }
}
