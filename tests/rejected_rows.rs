//! What ingest leaves out of Allegro's files, and why.

use crate::workspace::{Pipeline, real_data};
use artifacts::rejected::{Reason, Rejected};
use artifacts::{Cell, Observations, Origin};

#[test]
fn rows_of_allegros_files_are_rejected_for_missing_cells_only() {
    let Some(data) = real_data("rejected rows") else { return };
    let pipeline = Pipeline::laptops(&data);
    let summary = pipeline.stage("ingest").unwrap();
    assert_eq!(summary.text, "6109 rows kept (3694 train, 1215 val, 1200 test), 1744 rejected");
    let count = |origins: &[Origin]| {
        [Origin::Train, Origin::Val, Origin::Test]
            .map(|origin| origins.iter().filter(|other| **other == origin).count())
    };
    let kept = Observations::read(&pipeline.folder("ingest")).unwrap();
    assert_eq!(count(&kept.origin), [3694, 1215, 1200]);
    assert_eq!(kept.row_id[..3], [7233, 5845, 5897]);
    let rejected = Rejected::read(&pipeline.folder("ingest")).unwrap();
    assert_eq!(count(&rejected.origin), [1017, 356, 371]);
    assert!(rejected.reason.iter().all(|reason| *reason == Reason::Missing));
    let all_13 =
        |row: &usize| matches!(rejected.culprits.get(*row), Some(Cell::List(names)) if names.len() == 13);
    assert_eq!((0..rejected.culprits.len()).filter(all_13).count(), 255);
}
