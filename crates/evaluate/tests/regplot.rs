//! The picture as a file: its bytes, its size, and what it makes of tables that are hardly tables.

use evaluate::plots::Resamples;
use evaluate::plots::regplot::{self, RegPlot};
use evaluate::plots::residuals;
use std::path::Path;

fn draw(model: &str, predicted: &[f64], actual: &[f64]) -> String {
    regplot::draw(&RegPlot { model, predicted, actual }, &Resamples::of(actual.len())).svg
}

/// Predictions and labels that look like prices, from whole-number arithmetic alone.
fn prices(rows: u32) -> (Vec<f64>, Vec<f64>) {
    let price = |i| f64::from(500 + i * 7919 % 8009);
    let guess = |i| price(i) + f64::from(i * 104_729 % 1009) - 504.0;
    ((0..rows).map(guess).collect(), (0..rows).map(price).collect())
}

/// The number of times `part` occurs.
fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn the_bytes_are_the_ones_on_record() {
    let (predicted, actual) = prices(40);
    let svg = draw("Linear", &predicted, &actual);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/regplot.svg");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(svg == golden, "the picture changed; look at it, then run this test with UPDATE_GOLDEN=1");
}

#[test]
fn every_row_is_a_dot_and_the_file_is_small() {
    let (predicted, actual) = prices(1200);
    let svg = draw("Linear", &predicted, &actual);
    assert_eq!(count(&svg, "h0"), 1200);
    assert!(svg.contains(">1,200 rows<"));
    assert!(svg.len() < 40_000, "{} bytes", svg.len());
}

#[test]
fn a_long_table_shows_some_of_its_rows() {
    let (predicted, actual) = prices(12_000);
    let svg = draw("Linear", &predicted, &actual);
    assert_eq!(count(&svg, "h0"), 5000);
    assert!(svg.contains(">5,000 of 12,000 rows<"));
    assert!(svg.len() < 100_000, "{} bytes", svg.len());
}

#[test]
fn names_are_escaped_and_shortened() {
    let svg = draw("<b>&\"quoted\"\u{1} name of a model, long", &[1.0], &[2.0]);
    assert!(svg.contains(">&lt;b&gt;&amp;&quot;quoted&quot;\u{fffd} name of a model…</text>"), "{svg}");
    assert!(svg.contains("aria-label=\"&lt;b&gt;&amp;&quot;quoted&quot;\u{fffd} name of a model, long: "));
}

#[test]
fn poor_tables_have_sensible_pictures() {
    let nine: Vec<f64> = (0..9).map(f64::from).collect();
    let cases: [(&str, &[f64], &[f64], bool); 10] = [
        ("no rows", &[], &[], false),
        ("one row", &[500.0], &[700.0], false),
        ("two rows", &[500.0, 800.0], &[700.0, 750.0], true),
        ("equal predictions", &[3.0; 9], &nine, false),
        ("equal labels", &nine, &[3.0; 9], true),
        ("all equal", &[0.1; 9], &[0.1; 9], false),
        ("all zero", &[0.0; 9], &[0.0; 9], false),
        ("not numbers", &[f64::NAN, 1.0, f64::INFINITY, 2.0], &[1.0, 2.0, 3.0, 1e300], false),
        ("huge", &[1e140, -1e140, 3e139], &[1e139, 1e140, -2e130], true),
        ("tiny", &[1e-310, 2e-310, 3e-310], &[0.0, 1e-300, 2e-305], true),
    ];
    for (name, predicted, actual, has_line) in cases {
        let svg = draw(name, predicted, actual);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
        assert_eq!(count(&svg, "class=\"line\""), 1 + usize::from(has_line), "{name}");
        assert!(count(&svg, "text-anchor=\"end\">") > 4, "{name}: no ticks");
        assert!(svg.ends_with("</svg>\n"), "{name}");
    }
}

#[test]
fn residuals_are_actual_less_predicted() {
    let (predicted, actual) = ([1000.0, 2000.0, 3000.0], [1100.0, 1900.0, 3300.0]);
    let drawing = residuals::draw(&RegPlot { model: "Linear", predicted: &predicted, actual: &actual });
    let [left, top, width, height, x0, x1, y0, y1] = drawing.frame.numbers();
    assert!(x0 < 1000.0 && x1 > 3000.0 && y0 < -191.0 && y1 > 300.0, "{:?}", drawing.frame);
    let place = |x: f64, y: f64| {
        let (x, y) = (left + width * (x - x0) / (x1 - x0), top + height * (1.0 - (y - y0) / (y1 - y0)));
        format!("M{} {}h0", (x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0)
    };
    for (predicted, actual) in predicted.iter().zip(actual) {
        assert!(drawing.svg.contains(&place(*predicted, actual - predicted)), "{}", drawing.svg);
    }
    assert!(
        drawing.svg.contains(">mean 100<") && drawing.svg.contains("Linear: residuals against predictions")
    );
}

#[test]
fn poor_tables_have_residuals_too() {
    for (predicted, actual) in [(&[][..], &[][..]), (&[1.0], &[1.0]), (&[f64::NAN, 1e300], &[1.0, 2.0])] {
        let svg = residuals::draw(&RegPlot { model: "odd", predicted, actual }).svg;
        assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.ends_with("</svg>\n"), "{svg}");
    }
}
