//! `plimsoll scan`.

mod coverage;
mod malware;
mod offline;
mod online;
mod placement;
mod whole;

use std::io::IsTerminal as _;

use crate::arguments::{Format, OutputArguments, ScanArguments};
use crate::exit::{Failure, Outcome};
use crate::progress::Progress;
use crate::report::{ScanReport, View};
use crate::{clock, output, report};

/// Scans, shows, decides.
pub async fn run(arguments: ScanArguments) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let scanning = async {
        if arguments.offline {
            offline::scan(&arguments, &progress).await
        } else {
            online::scan(&arguments, &progress).await
        }
    };
    let report = tokio::time::timeout(arguments.timeout, scanning).await;
    progress.finish();
    let report = report.map_err(|_| Failure::TimedOut(arguments.timeout))??;
    show(&report, &arguments.output)?;
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

fn show(report: &ScanReport, arguments: &OutputArguments) -> Result<(), Failure> {
    let text = match arguments.format {
        Format::Json => report::json(report).map_err(Failure::undone)?,
        Format::Table => {
            let width = std::io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten();
            let view = View { severity: arguments.severity, fixable: arguments.fixable, limit: arguments.limit, width };
            report::table(report, view, clock::now())
        }
    };
    output::print(&text)
}
