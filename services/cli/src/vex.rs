//! `plimsoll vex`: an organization's VEX documents, kept as files or at an address, and written to a server.

use plimsoll_model::Digest;
use plimsoll_vex::{Limits, attached_name, read};

use crate::arguments::{VexCommand, VexPushArguments};
use crate::documents::{self, tell_wrong};
use crate::escape::shortened;
use crate::exit::{Failure, Outcome};
use crate::files::{self, Document};
use crate::report::columns;
use crate::server::{VEX_DOCUMENTS, VexDocument};

/// Does what is asked of VEX documents.
pub async fn run(command: VexCommand) -> Result<Outcome, Failure> {
    match command {
        VexCommand::Push(VexPushArguments { push, image }) => {
            let documents = files::read(&push.sources, Limits::MOST_UPLOADED).await?;
            let Some(named) = named(documents, image.as_ref()) else { return Ok(Outcome::Shut) };
            documents::push(&VEX_DOCUMENTS, &push, named, image.as_ref()).await
        }
        VexCommand::List(arguments) => documents::list(&VEX_DOCUMENTS, &arguments, table).await,
        VexCommand::Delete(arguments) => documents::delete(&VEX_DOCUMENTS, &arguments).await,
    }
}

/// The documents, each with its own id as name, or its file's where it has none, and that of the image it is for. Where something is wrong with one, all of that is told, and nothing is sent.
fn named(documents: Vec<Document>, image: Option<&Digest>) -> Option<Vec<(Document, Option<String>)>> {
    let mut named = Vec::new();
    let mut is_wrong = false;
    for document in documents {
        match read(document.text.as_bytes(), &Limits::uploaded(document.text.len())) {
            Ok(said) => {
                let last = document.place.rsplit('/').next().unwrap_or_default().to_owned();
                let id = if said.id.is_empty() { last } else { said.id };
                named.push((document, Some(attached_name(&id, image))));
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
    let mut table = columns::table(&["DOCUMENT", "FORMAT", "IMAGE", "STATEMENTS", "HIDES", "AUTHOR"], None);
    for document in documents {
        // A name may end with the image's digest, and is what deletes it: it is not cut there.
        table.add_row([
            shortened(&document.name, 160),
            document.format.as_deref().unwrap_or("-").to_lowercase(),
            document.image_digest.as_deref().map_or_else(|| "all".into(), |digest| shortened(digest, 20)),
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
            image_digest: None,
            statement_count: 4,
            hidden_findings: 3,
        };
        let image = Digest::from_sha256([1; 32]);
        let attached = VexDocument {
            name: attached_name("https://acme.example/vex/1", Some(&image)),
            format: None,
            author: "Acme".into(),
            image_digest: Some(image.to_string()),
            ..document
        };
        let text = table(&[document, attached]);
        let row = |number| text.lines().nth(number).unwrap_or_default().split_whitespace().collect::<Vec<&str>>();
        assert_eq!(row(1)[..6], ["https://acme.example/vex/1", "openvex", "all", "4", "3", "Acme"]);
        let name = format!("https://acme.example/vex/1@{image}");
        assert_eq!(row(2)[..6], [name.as_str(), "-", "sha256:010101010101…", "4", "3", "Acme"]);
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
    }
}
