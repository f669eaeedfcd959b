//! Whether train, val and test look alike.

use super::Report;
use artifacts::split_report::RoleReport;
use maud::{Markup, html};
use page::numbers;
use page::table::{self, number};

/// The roles that have rows, train first.
pub(super) fn roles(report: &Report) -> Vec<(&str, &RoleReport)> {
    let place = |role: &str| ["train", "val", "test"].iter().position(|&name| name == role).unwrap_or(3);
    let all = report.split.roles.iter().map(|(name, role)| (name.as_str(), role));
    let mut roles: Vec<_> = all.filter(|(_, role)| role.rows > 0).collect();
    roles.sort_by_key(|(name, _)| place(name));
    roles
}

/// Rows, twins and levels per role, and the distribution of the label.
pub(super) fn section(report: &Report) -> Markup {
    let roles = roles(report);
    let intro = html! {
        "Twins are rows whose cells occur among the train rows too. The AUC says how well a tree tells "
        "the rows from train rows: 0.5 is not at all, 1 is perfectly."
    };
    let body = html! {
        (rows(&roles))
        (quantiles(report, &roles))
        (unseen(&roles))
    };
    page::section("split", "Split", intro, body)
}

fn rows(roles: &[(&str, &RoleReport)]) -> Markup {
    let unlabelled = roles.iter().any(|(_, role)| role.unlabelled > 0);
    let table = html! {
        table {
            caption { "Rows" }
            thead {
                tr {
                    th scope="col" { "Split" }
                    th.number scope="col" { "Rows" }
                    @if unlabelled { th.number scope="col" { "Without label" } }
                    th.number scope="col" { "Twins with train" }
                    th.number scope="col" { "Unseen levels" }
                    th.number scope="col" { "AUC" }
                }
            }
            tbody {
                @for (name, role) in roles {
                    @let other = *name != "train";
                    tr {
                        th scope="row" { (name) }
                        td.number { (numbers::count(role.rows)) }
                        @if unlabelled { td.number { (numbers::count(role.unlabelled)) } }
                        td.number { @if other { (twins(role)) } @else { "–" } }
                        td.number { @if other { (numbers::count(unseen_levels(role).count())) } @else { "–" } }
                        (number(role.adversarial_auc, 3))
                    }
                }
            }
        }
    };
    table::scrolling("Rows of the split", table)
}

fn twins(role: &RoleReport) -> Markup {
    let share = 100.0 * role.twins_with_train as f64 / role.rows as f64;
    html! {
        (numbers::count(role.twins_with_train))
        span.detail { "(" (numbers::grouped(share, 0)) " %)" }
    }
}

/// The quantiles' keys, `q00` to `q100`, in the order of their percentages.
fn percentages(roles: &[(&str, &RoleReport)]) -> Vec<(u32, String)> {
    let keys = roles.iter().flat_map(|(_, role)| role.label_quantiles.keys());
    let mut percentages: Vec<_> =
        keys.filter_map(|key| Some((key.strip_prefix('q')?.parse().ok()?, key.clone()))).collect();
    percentages.sort();
    percentages.dedup();
    percentages
}

fn quantiles(report: &Report, roles: &[(&str, &RoleReport)]) -> Markup {
    let percentages = percentages(roles);
    if percentages.is_empty() {
        return html! {};
    }
    let values = roles.iter().flat_map(|(_, role)| role.label_quantiles.values().copied());
    let decimals = table::decimals_of_label(values);
    let scale = Scale::of(roles);
    let table = html! {
        table {
            caption { "Distribution of " span.label { (report.run.label) } }
            thead {
                tr {
                    th scope="col" { "Split" }
                    @for (percentage, _) in &percentages {
                        th.number scope="col" { (quantile_name(*percentage)) }
                    }
                    @if scale.is_some() { th scope="col" { "5 % to 95 %" } }
                }
            }
            tbody {
                @for (name, role) in roles {
                    tr {
                        th scope="row" { (name) }
                        @for (_, key) in &percentages {
                            (number(role.label_quantiles.get(key).copied(), decimals))
                        }
                        @if let Some(scale) = &scale { td { (scale.strip(name, role)) } }
                    }
                }
            }
        }
    };
    table::scrolling("Distribution of the label", table)
}

fn quantile_name(percentage: u32) -> String {
    match percentage {
        0 => "min".into(),
        50 => "median".into(),
        100 => "max".into(),
        percentage => format!("{percentage} %"),
    }
}

/// The common scale of the roles' strips.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    const WIDTH: f64 = 180.0;

    /// From the lowest 5 % to the highest 95 %; `None` if no role has both, or they are one number.
    fn of(roles: &[(&str, &RoleReport)]) -> Option<Self> {
        let of = |key: &'static str| {
            roles.iter().filter_map(move |(_, role)| role.label_quantiles.get(key).copied())
        };
        let (low, high) = (of("q05").min_by(f64::total_cmp)?, of("q95").max_by(f64::total_cmp)?);
        (low < high).then_some(Self { low, high })
    }

    /// A whisker over 90 % of the rows, a box over the middle half, a line at the median.
    fn strip(&self, name: &str, role: &RoleReport) -> Markup {
        let x = |key: &str| {
            let value = role.label_quantiles.get(key)?;
            Some(4.0 + (Self::WIDTH - 8.0) * (value - self.low) / (self.high - self.low))
        };
        let places = [x("q05"), x("q25"), x("q50"), x("q75"), x("q95")];
        let [Some(q05), Some(q25), Some(q50), Some(q75), Some(q95)] = places else { return html! {} };
        html! {
            svg.strip viewBox={ "0 0 " (Self::WIDTH) " 20" } role="img"
                aria-label={ "Distribution of the label in " (name) } {
                path.whisker d={ (format_args!("M{q05:.1} 10H{q95:.1}M{q05:.1} 6v8M{q95:.1} 6v8")) } {}
                path.box d={ (format_args!("M{q25:.1} 3H{q75:.1}V17H{q25:.1}z")) } {}
                path.median d={ (format_args!("M{q50:.1} 3V17")) } {}
            }
        }
    }
}

/// Columns and those of their levels that no train row has.
fn unseen_levels(role: &RoleReport) -> impl Iterator<Item = (&str, &str)> {
    role.unseen_levels
        .iter()
        .flat_map(|(column, levels)| levels.iter().map(|level| (column.as_str(), level.as_str())))
}

/// The names of the levels that no train row has.
fn unseen(roles: &[(&str, &RoleReport)]) -> Markup {
    html! {
        @for (name, role) in roles {
            @if unseen_levels(role).next().is_some() {
                h3 { "In " (name) ", but in no train row" }
                ul.levels {
                    @for (column, level) in unseen_levels(role) { li { (column) span.level { (level) } } }
                }
            }
        }
    }
}
