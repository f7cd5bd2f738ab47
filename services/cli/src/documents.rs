//! What `plimsoll advisory` and `plimsoll vex` do alike: documents are written to a server, listed and deleted.

use plimsoll_model::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::{DeleteArguments, Format, ListArguments, PushArguments};
use crate::escape::shortened;
use crate::exit::{Failure, Outcome};
use crate::files::Document;
use crate::output::{self, json};
use crate::server::{DocumentKind, Written, connect};

/// What became of a file.
#[derive(Debug, Serialize)]
struct Pushed {
    file: String,
    id: Option<String>,
    errors: Vec<String>,
}

/// Tells people that something is wrong, in one line.
pub fn tell_wrong(what: &str) {
    anstream::eprintln!("\x1b[1;31merror\x1b[0m: {}", shortened(what, 500));
}

/// Saves documents, each under the name beside it or its own id, attached to `image` where one is given, and tells what became of each.
pub async fn push(
    kind: &DocumentKind,
    arguments: &PushArguments,
    documents: Vec<(Document, Option<String>)>,
    image: Option<&Digest>,
) -> Result<Outcome, Failure> {
    let (server, _) = connect(&arguments.access).await?;
    let mut pushed = Vec::new();
    for (document, name) in documents {
        let file = document.place;
        let (id, errors) = match server.save_document(kind, &document.text, name.as_deref(), image).await? {
            Written::Done(name) => (Some(name), Vec::new()),
            Written::Refused(errors) => (None, errors),
        };
        if arguments.format == Format::Table {
            let line = match &id {
                Some(id) => format!("saved {} from {}\n", shortened(id, 100), shortened(&file, 200)),
                None => format!("refused {}: {}\n", shortened(&file, 200), shortened(&errors.join(" "), 500)),
            };
            output::print(&line)?;
        }
        pushed.push(Pushed { file, id, errors });
    }
    if arguments.format == Format::Json {
        output::print(&json(&pushed)?)?;
    }
    Ok(if pushed.iter().all(|pushed| pushed.errors.is_empty()) { Outcome::Done } else { Outcome::Shut })
}

/// Lists documents; `table` writes them for people.
pub async fn list<T: Serialize + DeserializeOwned>(
    kind: &DocumentKind,
    arguments: &ListArguments,
    table: fn(&[T]) -> String,
) -> Result<Outcome, Failure> {
    let (server, slug) = connect(&arguments.access).await?;
    let documents: Vec<T> = server.documents(kind, &slug).await?;
    match arguments.format {
        Format::Json => output::print(&json(&documents)?)?,
        Format::Table => output::print(&table(&documents))?,
    }
    Ok(Outcome::Done)
}

/// Deletes documents. One that is not there keeps no other from it.
pub async fn delete(kind: &DocumentKind, arguments: &DeleteArguments) -> Result<Outcome, Failure> {
    let (server, slug) = connect(&arguments.access).await?;
    let mut outcome = Outcome::Done;
    for name in &arguments.names {
        if server.delete_document(kind, &slug, name).await? {
            anstream::eprintln!("deleted {}", shortened(name, 100));
        } else {
            tell_wrong(&format!("there is no {} {}", kind.name, shortened(name, 100)));
            outcome = Outcome::Shut;
        }
    }
    Ok(outcome)
}
