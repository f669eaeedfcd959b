//! What the run was made from, and what its stages took.

use super::Report;
use maud::{Markup, html};
use page::{numbers, table};
use stage::RunRecord;

/// Stages, and names by which the run can be found and made again.
pub(super) fn section(report: &Report) -> Markup {
    let run = &report.run;
    let intro = html! {
        "This run is recorded in "
        a href={ "../runs/" (run.id) ".json" } { "runs/" (run.id) ".json" }
        "; a later one is compared with it by " code { "--baseline" } " or " code { "cargo xtask metrics diff" } "."
    };
    let body = html! {
        @if !run.stages.is_empty() { (stages(&run.stages)) }
        dl.parameters.facts {
            (fact("Recorded", &run.created))
            (fact("Version", &run.program))
            (fact("Configuration, hash", &run.configuration))
            @for (stage, hash) in &run.inputs { (fact(&format!("Artifacts of {stage}, hash"), hash)) }
        }
    };
    page::section("run", "Run", intro, body)
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn stages(stages: &[RunRecord]) -> Markup {
    let table = html! {
        table {
            caption { "Stages" span.detail { "as each last ran; evaluate up to the writing of this page" } }
            thead {
                tr {
                    th scope="col" { "Stage" }
                    th.number scope="col" { "Time" }
                    th.number scope="col" { "Peak memory" }
                    th.number scope="col" { "Threads" }
                    th scope="col" { "What" }
                }
            }
            tbody {
                @for stage in stages {
                    tr {
                        th scope="row" { (stage.context.stage) }
                        td.number { (numbers::time(stage.seconds)) }
                        td.number { (stage.peak_memory_bytes.map_or_else(|| "–".to_owned(), numbers::bytes)) }
                        td.number { (stage.threads) }
                        td { (stage.text) }
                    }
                }
            }
        }
    };
    table::scrolling("Stages", table)
}
