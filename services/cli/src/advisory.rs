//! `plimsoll advisory`: an organization's own advisories, kept as files or at an address, and written to a server.

use plimsoll_advisories::own::MAX_DOCUMENT;
use serde::Serialize;

use crate::arguments::{AdvisoryCommand, Listing};
use crate::escape::shortened;
use crate::exit::{Failure, Outcome};
use crate::files::{self, Document};
use crate::output::{self, json};
use crate::report::columns;
use crate::server::{OwnAdvisory, Server, Written, connect};

/// Does what is asked of own advisories.
pub async fn run(command: AdvisoryCommand) -> Result<Outcome, Failure> {
    match command {
        AdvisoryCommand::Push(arguments) => {
            let documents = files::read(&arguments.sources, MAX_DOCUMENT).await?;
            if let Some(outcome) = told_wrong(&documents) {
                return Ok(outcome);
            }
            let (server, _) = connect(&arguments.access).await?;
            push(&server, documents, arguments.format).await
        }
        AdvisoryCommand::List(arguments) => {
            let (server, slug) = connect(&arguments.access).await?;
            let advisories = server.own_advisories(&slug).await?;
            match arguments.format {
                Listing::Json => output::print(&json(&advisories)?)?,
                Listing::Table => output::print(&table(&advisories))?,
            }
            Ok(Outcome::Done)
        }
        AdvisoryCommand::Delete(arguments) => {
            let (server, slug) = connect(&arguments.access).await?;
            let mut outcome = Outcome::Done;
            for name in &arguments.ids {
                if server.delete_own_advisory(&slug, name).await? {
                    anstream::eprintln!("deleted {}", shortened(name, 100));
                } else {
                    anstream::eprintln!("\x1b[1;31merror\x1b[0m: there is no advisory {}", shortened(name, 100));
                    outcome = Outcome::Shut;
                }
            }
            Ok(outcome)
        }
    }
}

/// Tells all that is wrong with the files, where something is: nothing is then sent.
fn told_wrong(documents: &[Document]) -> Option<Outcome> {
    let wrong: Vec<String> = documents
        .iter()
        .filter_map(|document| Some((document, plimsoll_advisories::own::read(&document.text).err()?)))
        .flat_map(|(document, wrong)| wrong.into_iter().map(|wrong| format!("{}: {wrong}", document.place)))
        .collect();
    for line in &wrong {
        anstream::eprintln!("\x1b[1;31merror\x1b[0m: {}", shortened(line, 500));
    }
    (!wrong.is_empty()).then_some(Outcome::Shut)
}

/// What became of a file.
#[derive(Debug, Serialize)]
struct Pushed {
    file: String,
    id: Option<String>,
    errors: Vec<String>,
}

async fn push(server: &Server, documents: Vec<Document>, format: Listing) -> Result<Outcome, Failure> {
    let mut pushed = Vec::new();
    for document in documents {
        let file = document.place;
        let (id, errors) = match server.save_own_advisory(&document.text).await? {
            Written::Done(name) => (Some(name), Vec::new()),
            Written::Refused(errors) => (None, errors),
        };
        if format == Listing::Table {
            let line = match &id {
                Some(id) => format!("saved {} from {}\n", shortened(id, 100), shortened(&file, 200)),
                None => format!("refused {}: {}\n", shortened(&file, 200), shortened(&errors.join(" "), 500)),
            };
            output::print(&line)?;
        }
        pushed.push(Pushed { file, id, errors });
    }
    if format == Listing::Json {
        output::print(&json(&pushed)?)?;
    }
    Ok(if pushed.iter().all(|pushed| pushed.errors.is_empty()) { Outcome::Done } else { Outcome::Shut })
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
