//! The stage `split`: train, val and test rows, and a report on whether they look alike.

mod adversarial;
mod report;

pub use adversarial::auc as adversarial_auc;

use artifacts::roles::{self, Assignable, Role, SplitConfig};
use artifacts::{Features, Observations, Split};
use rayon::prelude::*;
use stage::log::{self, Level};
use stage::{Arguments, Key, Result, Summary};

/// Reads features and observations, writes the rows of each role and the report.
///
/// # Errors
/// If an input or the configuration is refused, or the disk refuses an output.
pub fn run(arguments: &Arguments) -> Result<Summary> {
    let whole = arguments.config()?;
    let config: SplitConfig = whole.section("split")?;
    let [ingest, selection] = ["ingest", "feature-selection"].map(|stage| arguments.folder(stage));
    let features = Features::read(&selection)?;
    let mut observations = Observations::read(&ingest)?;
    // Numbers would take as much memory as the features.
    observations.columns.retain(report::has_levels);
    let fields = [("rows", features.row_id.len().into()), ("features", features.names.len().into())];
    log::event(Level::Info, "input", &fields);
    if observations.row_id != features.row_id {
        let place = selection.file(artifacts::features::FILE);
        return Err(stage::Error::data(format!(
            "{}: made from other observations; run the stage 'feature-selection' again",
            place.display()
        )));
    }

    let assignable =
        Assignable { row_id: &features.row_id, origin: &features.origin, group: &features.group };
    let roles = roles::assign(assignable, &config)?;
    if let Some(row) =
        (0..roles.len()).find(|&row| roles[row] == Role::Train && features.label[row].is_none())
    {
        let reason = format!("makes row_id {} a train row, but it has no label", features.row_id[row]);
        return Err(whole.error("split.by", format!("{reason}; set it to \"origin\", or label every row")));
    }
    let rows = Role::ALL.map(|role| (role, rows_of(role, &roles)));
    let folder = arguments.folder("split");
    let prepare = |(role, rows): &(Role, Vec<usize>)| take(&features, rows).prepare(*role, &folder);
    let (report, files) = rayon::join(
        || report::report(&features, &observations, &rows),
        || rows.par_iter().map(prepare).collect::<Vec<_>>(),
    );

    let key = Key::new(&whole, &["split"])?.read(&ingest).read(&selection);
    let mut publication = folder.publish(key)?;
    let mut counts = Vec::new();
    for ((role, rows), file) in rows.iter().zip(files) {
        counts.push(format!("{} {}", rows.len(), role.name()));
        publication.prepared(file?)?;
    }
    report.write(&mut publication)?;
    let text = format!("{}, adversarial AUC of test {}", counts.join(", "), auc_text(&report));
    Ok(Summary { text, written: publication.commit()? })
}

fn rows_of(role: Role, roles: &[Role]) -> Vec<usize> {
    (0..roles.len()).filter(|&row| roles[row] == role).collect()
}

fn take(features: &Features, rows: &[usize]) -> Split {
    Split {
        row_id: rows.iter().map(|&row| features.row_id[row]).collect(),
        origin: rows.iter().map(|&row| features.origin[row]).collect(),
        names: features.names.clone(),
        values: artifacts::take_rows(&features.values, rows),
        label_name: features.label_name.clone(),
        label: rows.iter().map(|&row| features.label[row]).collect(),
    }
}

fn auc_text(report: &artifacts::split_report::SplitReport) -> String {
    let auc = report.roles.get(Role::Test.name()).and_then(|role| role.adversarial_auc);
    auc.map_or_else(|| "unknown".to_owned(), |auc| format!("{auc:.2}"))
}
