//! Measurements as Markdown, and their place in a file.

use stage::Error;
use std::fmt::Write;

const BEGIN: &str = "<!-- bench -->";
const END: &str = "<!-- /bench -->";

/// What a line compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantity {
    /// Seconds; the goal is how many times less ours are at least.
    Seconds,
    /// Bytes; the goal is the largest share of the peer's that ours may be.
    Bytes,
}

/// The other side of a line.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) rmse: Option<f64>,
    pub(crate) goal: Option<f64>,
}

/// A line of a table: a model on a data set, ours and one peer's.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) data: String,
    pub(crate) what: String,
    pub(crate) quantity: Quantity,
    pub(crate) ours: f64,
    pub(crate) rmse: Option<f64>,
    pub(crate) peer: Option<Peer>,
}

/// The middle of the values, or the mean of the two in the middle; NaN without any.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => sorted[n / 2 - 1].midpoint(sorted[n / 2]),
    }
}

/// A heading and a Markdown table; nothing without lines.
pub(crate) fn table(heading: &str, lines: &[Line]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("**{heading}**\n\n");
    let compared = lines.iter().any(|line| line.peer.is_some());
    let header = if compared {
        "| data | model | this project | peer | its own | ratio | goal | RMSE | its own |\n|---|---|---|---|---|---|---|---|---|\n"
    } else {
        "| data | model | this project | RMSE |\n|---|---|---|---|\n"
    };
    text.push_str(header);
    for line in lines {
        let Line { data, what, quantity, ours, rmse, peer } = line;
        let _ = write!(text, "| {data} | {what} | {} |", quantity.show(*ours));
        if let Some(peer) = peer {
            let ratio = quantity.ratio(*ours, peer.value);
            let goal = peer.goal.map_or_else(String::new, |goal| quantity.goal(ratio, goal));
            let own = quantity.show(peer.value);
            let _ = write!(text, " {} | {own} | {} | {goal} |", peer.name, times(ratio));
        } else if compared {
            text.push_str(" | | | |");
        }
        let _ = write!(text, " {} |", score(*rmse));
        if compared {
            let _ = write!(text, " {} |", score(peer.as_ref().and_then(|peer| peer.rmse)));
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

impl Quantity {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 1e-3 => format!("{:.0} µs", value * 1e6),
            Self::Seconds if value < 0.1 => format!("{:.1} ms", value * 1e3),
            Self::Seconds if value < 1.0 => format!("{:.0} ms", value * 1e3),
            Self::Seconds => format!("{value:.2} s"),
            Self::Bytes => format!("{:.1} MB", value / 1e6),
        }
    }

    /// How many times faster ours is; of memory, ours as a share of the peer's.
    fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::Seconds => theirs / ours,
            Self::Bytes => ours / theirs,
        }
    }

    /// The goal, in bold where it is missed.
    fn goal(self, ratio: f64, goal: f64) -> String {
        let (text, met) = match self {
            Self::Seconds => (format!("≥ {goal}x"), ratio >= goal),
            Self::Bytes => (format!("≤ {goal}x"), ratio <= goal),
        };
        if met { text } else { format!("**{text}**") }
    }
}

/// With three digits, which tell what just misses a goal from what meets it.
fn times(ratio: f64) -> String {
    let decimals = match ratio {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{ratio:.decimals$}x")
}

fn score(rmse: Option<f64>) -> String {
    rmse.map_or_else(String::new, |rmse| format!("{rmse:.4}"))
}

/// `document` with `text` between its markers.
///
/// # Errors
/// If it does not have both markers, in order.
pub(crate) fn replace(document: &str, text: &str) -> Result<String, Error> {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(Error::data(format!(
            "it lacks the lines '{BEGIN}' and '{END}', between which the table goes"
        )));
    };
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ours: f64, theirs: f64, goal: f64, quantity: Quantity) -> Line {
        let peer = Peer { name: "scikit-learn".into(), value: theirs, rmse: Some(2.5), goal: Some(goal) };
        let (data, what) = ("A".to_owned(), "RandomForest".to_owned());
        Line { data, what, quantity, ours, rmse: Some(2.0), peer: Some(peer) }
    }

    #[test]
    fn medians_are_of_sorted_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_missed_goal_is_bold() {
        let text = table(
            "Fit",
            &[line(0.05, 1.0, 15.0, Quantity::Seconds), line(0.1, 1.0, 15.0, Quantity::Seconds)],
        );
        assert_eq!(
            text.lines().skip(4).take(2).collect::<Vec<_>>(),
            [
                "| A | RandomForest | 50.0 ms | scikit-learn | 1.00 s | 20.0x | ≥ 15x | 2.0000 | 2.5000 |",
                "| A | RandomForest | 100 ms | scikit-learn | 1.00 s | 10.0x | **≥ 15x** | 2.0000 | 2.5000 |",
            ]
        );
        let text = table("Memory", &[line(3e7, 1e8, 0.3, Quantity::Bytes)]);
        assert!(text.contains("| 30.0 MB | scikit-learn | 100.0 MB | 0.30x | ≤ 0.3x |"), "{text}");
    }

    #[test]
    fn factors_have_three_digits() {
        let shown = [0.16, 9.951, 9.996, 14.62, 99.96, 177.4].map(times);
        assert_eq!(shown, ["0.16x", "9.95x", "10.0x", "14.6x", "100x", "177x"]);
    }

    #[test]
    fn without_peers_there_are_no_columns_for_them() {
        let line = Line { peer: None, ..line(1e-4, 1.0, 1.0, Quantity::Seconds) };
        let text = table("Fit", &[line]);
        assert!(text.ends_with("| data | model | this project | RMSE |\n|---|---|---|---|\n| A | RandomForest | 100 µs | 2.0000 |\n\n"));
        assert_eq!(table("Fit", &[]), "");
    }

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let document = "# Title\n<!-- bench -->\nold\n<!-- /bench -->\nend\n";
        let once = replace(document, "new\n\n").unwrap();
        assert_eq!(once, "# Title\n<!-- bench -->\nnew\n<!-- /bench -->\nend\n");
        assert_eq!(replace(&once, "new").unwrap(), once);
        assert!(replace("# Title\n<!-- /bench -->\n<!-- bench -->", "new").is_err());
    }
}
