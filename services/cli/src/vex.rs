//! `plimsoll vex`: an organization's VEX documents, kept as files or at an address, and written to a server.

use plimsoll_vex::{Limits, read};
use serde::Serialize;

use crate::arguments::{Listing, VexCommand};
use crate::escape::shortened;
use crate::exit::{Failure, Outcome};
use crate::files::{self, Document};
use crate::output::{self, json};
use crate::report::columns;
use crate::server::{Server, VexDocument, Written, connect};

/// Does what is asked of VEX documents.
pub async fn run(command: VexCommand) -> Result<Outcome, Failure> {
    match command {
        VexCommand::Push(arguments) => {
            let documents = files::read(&arguments.sources, Limits::SAVED.bytes).await?;
            let Some(named) = named(documents) else { return Ok(Outcome::Shut) };
            let (server, _) = connect(&arguments.access).await?;
            push(&server, named, arguments.format).await
        }
        VexCommand::List(arguments) => {
            let (server, slug) = connect(&arguments.access).await?;
            let documents = server.vex_documents(&slug).await?;
            match arguments.format {
                Listing::Json => output::print(&json(&documents)?)?,
                Listing::Table => output::print(&table(&documents))?,
            }
            Ok(Outcome::Done)
        }
        VexCommand::Delete(arguments) => {
            let (server, slug) = connect(&arguments.access).await?;
            let mut outcome = Outcome::Done;
            for name in &arguments.names {
                if server.delete_vex_document(&slug, name).await? {
                    anstream::eprintln!("deleted {}", shortened(name, 100));
                } else {
                    anstream::eprintln!("\x1b[1;31merror\x1b[0m: there is no VEX document {}", shortened(name, 100));
                    outcome = Outcome::Shut;
                }
            }
            Ok(outcome)
        }
    }
}

/// The documents, each with a name where it has no id of its own. Where something is wrong with one, all of that is told, and nothing is sent.
fn named(documents: Vec<Document>) -> Option<Vec<(Document, Option<String>)>> {
    let mut named = Vec::new();
    let mut is_wrong = false;
    for document in documents {
        match read(document.text.as_bytes(), &Limits::SAVED) {
            Ok(said) => {
                let last = document.place.rsplit('/').next().unwrap_or_default().to_owned();
                let name = said.id.is_empty().then_some(last);
                named.push((document, name));
            }
            Err(wrong) => {
                let line = format!("{}: {wrong}", document.place);
                anstream::eprintln!("\x1b[1;31merror\x1b[0m: {}", shortened(&line, 500));
                is_wrong = true;
            }
        }
    }
    (!is_wrong).then_some(named)
}

/// What became of a file.
#[derive(Debug, Serialize)]
struct Pushed {
    file: String,
    id: Option<String>,
    errors: Vec<String>,
}

async fn push(
    server: &Server,
    documents: Vec<(Document, Option<String>)>,
    format: Listing,
) -> Result<Outcome, Failure> {
    let mut pushed = Vec::new();
    for (document, name) in documents {
        let file = document.place;
        let (id, errors) = match server.save_vex_document(&document.text, name.as_deref()).await? {
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

fn table(documents: &[VexDocument]) -> String {
    let mut table = columns::table(&["DOCUMENT", "FORMAT", "STATEMENTS", "HIDES", "AUTHOR"], None);
    for document in documents {
        table.add_row([
            shortened(&document.name, 80),
            document.format.as_deref().unwrap_or("-").to_lowercase(),
            document.statement_count.to_string(),
            document.hidden_findings.to_string(),
            shortened(&document.author, 40),
        ]);
    }
    columns::lines(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_document_is_a_row_and_nothing_of_it_moves_the_cursor() {
        let document = VexDocument {
            name: "https://acme.example/vex/1".into(),
            format: Some("OPENVEX".into()),
            author: "Acme \u{1b}[2J".into(),
            statement_count: 4,
            hidden_findings: 3,
        };
        let text = table(&[document]);
        let row: Vec<&str> = text.lines().nth(1).unwrap_or_default().split_whitespace().collect();
        assert_eq!(row[..5], ["https://acme.example/vex/1", "openvex", "4", "3", "Acme"]);
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
    }
}
