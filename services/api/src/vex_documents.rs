//! Saving an organization's VEX documents, by whichever door they come.

use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::VexChangedV1;
use plimsoll_model::Digest;
use plimsoll_runtime::{clock, trace};
use plimsoll_store::vex_documents::{self, Changed, Holding, NewVexDocument};
use plimsoll_store::{OrgTx, StoreError, outbox};
use plimsoll_vex::{Document, Limits, attached_name};

/// What an organization may hold: some hundred times what one maintains by hand, and little to decide at the end of a scan.
const MOST: Holding = Holding { documents: 5_000, statements: 50_000, bytes: 32 << 20 };
/// The longest name of a document, in bytes.
const MAX_NAME: usize = 500;

/// Why a document is not saved: what to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsaved {
    /// It, or its name, is not right.
    Invalid {
        /// `document` or `name`.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The organization has as much as it may.
    TooMany(String),
    /// It has no such image to attach it to.
    NoSuchImage,
}

/// A document that was read.
#[derive(Debug)]
pub struct Read {
    /// What to call it.
    pub name: String,
    /// What it says.
    pub document: Document,
    /// The image that it is to be attached to.
    pub image: Option<Digest>,
}

/// Reads a document. It is called `name`, else by its own id and the image, if there is one.
///
/// # Errors
/// What is wrong with it, with its name, or with the image's digest.
pub fn read(source: &str, name: Option<String>, image: Option<&str>, limits: &Limits) -> Result<Read, Unsaved> {
    let image = image.map(str::parse::<Digest>).transpose().map_err(|_| Unsaved::NoSuchImage)?;
    let wrong = |field, message: String| Unsaved::Invalid { field, message };
    let document =
        plimsoll_vex::read(source.as_bytes(), limits).map_err(|error| wrong("document", error.to_string()))?;
    if document.statements.is_empty() {
        return Err(wrong("document", "It says nothing of any vulnerability.".into()));
    }
    let name = name.map_or_else(|| attached_name(&document.id, image.as_ref()), |name| name.trim().to_owned());
    if name.is_empty() || name.len() > MAX_NAME {
        let message = format!("The document has no id of 1 to {MAX_NAME} bytes: give it a name of such a length.");
        return Err(wrong("name", message));
    }
    Ok(Read { name, document, image })
}

/// Saves a document, written as `source`, with the messages that have it decided, and commits.
///
/// # Errors
/// When the database fails.
pub async fn save(mut tx: OrgTx, read: &Read, source: &str) -> Result<Result<Changed, Unsaved>, StoreError> {
    let Read { name, document, image } = read;
    let new = NewVexDocument { name, document, source, image: *image };
    let beside = vex_documents::holding_beside(&mut tx, name).await?;
    if let Some(message) = past_limit(&beside, &new) {
        return Ok(Err(Unsaved::TooMany(message)));
    }
    if let Some(image) = image
        && !vex_documents::has_image(&mut tx, image).await?
    {
        return Ok(Err(Unsaved::NoSuchImage));
    }
    let changed = vex_documents::save(&mut tx, clock::new_id(), &new).await?;
    commit(tx, &changed).await?;
    Ok(Ok(changed))
}

/// Commits a change with the messages that have it decided.
///
/// # Errors
/// When the database fails.
pub async fn commit(mut tx: OrgTx, changed: &Changed) -> Result<(), StoreError> {
    let org = tx.org();
    let messages: Vec<VexChangedV1> = changed
        .vulnerabilities
        .chunks(VexChangedV1::MOST_VULNERABILITIES)
        .map(|vulnerabilities| VexChangedV1 { org, vulnerabilities: vulnerabilities.to_vec(), images: Vec::new() })
        .collect();
    outbox::write_all(&mut tx, VexChangedV1::TOPIC.name(), &messages, &trace::current()).await?;
    tx.commit().await
}

/// Why an organization may not hold this one too.
fn past_limit(beside: &Holding, new: &NewVexDocument<'_>) -> Option<String> {
    let count = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    [
        (beside.documents + 1, MOST.documents, "VEX documents"),
        (
            beside.statements + count(new.document.statements.len()),
            MOST.statements,
            "statements in all its VEX documents together",
        ),
        (beside.bytes + count(new.source.len()), MOST.bytes, "bytes of VEX documents"),
    ]
    .into_iter()
    .find(|(wanted, most, _)| wanted > most)
    .map(|(_, most, of)| format!("An organization has at most {most} {of}: delete what is no longer needed."))
}
