//! `plimsoll advisory`: an organization's own advisories, kept as files or at an address, and written to a server.

use plimsoll_advisories::own::{self, MAX_DOCUMENT};

use crate::arguments::AdvisoryCommand;
use crate::documents::{self, tell_wrong};
use crate::escape::shortened;
use crate::exit::{Failure, Outcome};
use crate::files::{self, Document};
use crate::report::columns;
use crate::server::{ADVISORIES, OwnAdvisory};

/// Does what is asked of own advisories.
pub async fn run(command: AdvisoryCommand) -> Result<Outcome, Failure> {
    match command {
        AdvisoryCommand::Push(arguments) => {
            let documents = files::read(&arguments.sources, MAX_DOCUMENT).await?;
            if are_wrong(&documents) {
                return Ok(Outcome::Shut);
            }
            let unnamed = documents.into_iter().map(|document| (document, None)).collect();
            documents::push(&ADVISORIES, &arguments, unnamed, None).await
        }
        AdvisoryCommand::List(arguments) => documents::list(&ADVISORIES, &arguments, table).await,
        AdvisoryCommand::Delete(arguments) => documents::delete(&ADVISORIES, &arguments).await,
    }
}

/// Tells all that is wrong with the documents; whether something is: nothing is then sent.
fn are_wrong(documents: &[Document]) -> bool {
    let mut are_wrong = false;
    for document in documents {
        for wrong in own::read(&document.text).err().into_iter().flatten() {
            tell_wrong(&format!("{}: {wrong}", document.place));
            are_wrong = true;
        }
    }
    are_wrong
}

fn table(advisories: &[OwnAdvisory]) -> String {
    let mut table = columns::table(&["ADVISORY", "SEVERITY", "FINDINGS", "STATE", "ALIASES", "TITLE"], None);
    for advisory in advisories {
        table.add_row([
            shortened(&advisory.name, 60),
            advisory.severity.to_lowercase(),
            advisory.open_findings.to_string(),
            if advisory.withdrawn.is_some() { "withdrawn".into() } else { "stands".into() },
            shortened(&advisory.aliases.join(", "), 40),
            shortened(&advisory.title, 60),
        ]);
    }
    columns::lines(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_advisory_is_a_row_and_nothing_of_it_moves_the_cursor() {
        let advisory = OwnAdvisory {
            name: "ACME-1".into(),
            aliases: vec!["CVE-2026-1".into()],
            title: "A \u{1b}[2Jflaw".into(),
            severity: "HIGH".into(),
            open_findings: 3,
            withdrawn: None,
        };
        let text = table(&[advisory]);
        let row: Vec<&str> = text.lines().nth(1).unwrap_or_default().split_whitespace().collect();
        assert_eq!(row[..5], ["ACME-1", "high", "3", "stands", "CVE-2026-1"]);
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
    }
}
