//! `plimsoll scan`.

mod coverage;
pub mod malware;
mod offline;
pub mod online;
mod own;
mod placement;
mod vex;
mod whole;

use std::io::IsTerminal as _;

use plimsoll_vex::Decisions;

use crate::arguments::{ScanArguments, ScanFormat};
use crate::exit::{Failure, Outcome};
use crate::progress::Progress;
use crate::report::{ScanReport, View};
use crate::{clock, output, report};

/// Scans, shows, decides.
pub async fn run(arguments: ScanArguments) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let documents = vex::documents(&arguments.vex.vex)?;
    let decisions = Decisions::of(&documents);
    let scanning = async {
        if arguments.offline {
            offline::scan(&arguments, &progress).await
        } else {
            online::scan(&arguments, &progress).await
        }
    };
    let report = tokio::time::timeout(arguments.timeout, scanning).await;
    progress.finish();
    let mut report = report.map_err(|_| Failure::TimedOut(arguments.timeout))??;
    vex::hide(&mut report, &decisions);
    show(&report, &arguments, &decisions)?;
    match arguments.output.fail_on {
        Some(severity) if report.has_at_least(severity) => {
            progress.note(format!(
                "there are findings or observations of severity {} or higher",
                severity.as_str().to_lowercase()
            ));
            Ok(Outcome::Shut)
        }
        _ => Ok(Outcome::Done),
    }
}

fn show(report: &ScanReport, arguments: &ScanArguments, decisions: &Decisions<'_>) -> Result<(), Failure> {
    let written = |format| report::json(&vex::document_of(report, format, decisions, &arguments.vex.vex_author));
    let arguments = &arguments.output;
    let text = match arguments.format {
        ScanFormat::OpenVex => written(plimsoll_vex::Format::OpenVex).map_err(Failure::undone)?,
        ScanFormat::CsafVex => written(plimsoll_vex::Format::Csaf).map_err(Failure::undone)?,
        ScanFormat::CycloneDxVex => written(plimsoll_vex::Format::CycloneDx).map_err(Failure::undone)?,
        ScanFormat::Json => report::json(report).map_err(Failure::undone)?,
        ScanFormat::Table => {
            let width = std::io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten();
            let view = View { severity: arguments.severity, fixable: arguments.fixable, limit: arguments.limit, width };
            report::table(report, view, clock::now())
        }
    };
    output::print(&text)
}
