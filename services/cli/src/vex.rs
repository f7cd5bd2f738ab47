//! `plimsoll vex`: an organization's VEX documents, kept as files or at an address, and written to a server.

use plimsoll_vex::{Limits, read};

use crate::arguments::VexCommand;
use crate::documents::{self, tell_wrong};
use crate::escape::shortened;
use crate::exit::{Failure, Outcome};
use crate::files::{self, Document};
use crate::report::columns;
use crate::server::{VEX_DOCUMENTS, VexDocument};

/// Does what is asked of VEX documents.
pub async fn run(command: VexCommand) -> Result<Outcome, Failure> {
    match command {
        VexCommand::Push(arguments) => {
            let documents = files::read(&arguments.sources, Limits::MOST_UPLOADED).await?;
            let Some(named) = named(documents) else { return Ok(Outcome::Shut) };
            documents::push(&VEX_DOCUMENTS, &arguments, named).await
        }
        VexCommand::List(arguments) => documents::list(&VEX_DOCUMENTS, &arguments, table).await,
        VexCommand::Delete(arguments) => documents::delete(&VEX_DOCUMENTS, &arguments).await,
    }
}

/// The documents, each with its own id as name, or its file's where it has none. Where something is wrong with one, all of that is told, and nothing is sent.
fn named(documents: Vec<Document>) -> Option<Vec<(Document, Option<String>)>> {
    let mut named = Vec::new();
    let mut is_wrong = false;
    for document in documents {
        match read(document.text.as_bytes(), &Limits::uploaded(document.text.len())) {
            Ok(said) => {
                let last = document.place.rsplit('/').next().unwrap_or_default().to_owned();
                let name = if said.id.is_empty() { last } else { said.id };
                named.push((document, Some(name)));
            }
            Err(wrong) => {
                tell_wrong(&format!("{}: {wrong}", document.place));
                is_wrong = true;
            }
        }
    }
    (!is_wrong).then_some(named)
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
