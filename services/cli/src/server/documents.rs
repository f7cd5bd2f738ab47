//! What an organization keeps at a server as documents: its own advisories, its VEX documents.

use chrono::{DateTime, Utc};
use plimsoll_model::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answers::Page;
use super::client::Server;
use super::queries;
use crate::exit::Failure;

/// A kind of documents, and how a server is asked of it.
#[derive(Debug)]
pub struct DocumentKind {
    /// What one is called.
    pub name: &'static str,
    save: Save,
    list: &'static str,
    find: &'static str,
    delete: &'static str,
}

/// How one is saved.
#[derive(Debug)]
enum Save {
    /// As an argument of this mutation.
    By(&'static str),
    /// As it is, under its name below this path: it may be long.
    Below(&'static str),
}

/// An organization's own advisories.
pub const ADVISORIES: DocumentKind = DocumentKind {
    name: "advisory",
    save: Save::By(queries::SAVE_ADVISORY),
    list: queries::ADVISORIES,
    find: queries::ADVISORY,
    delete: queries::DELETE_ADVISORY,
};

/// Its VEX documents.
pub const VEX_DOCUMENTS: DocumentKind = DocumentKind {
    name: "VEX document",
    save: Save::Below("v1/vex"),
    list: queries::VEX_DOCUMENTS,
    find: queries::VEX_DOCUMENT,
    delete: queries::DELETE_VEX_DOCUMENT,
};

/// An own advisory.
#[derive(Debug, Serialize, Deserialize)]
pub struct OwnAdvisory {
    /// Its id.
    pub name: String,
    /// Other ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// `HIGH` and the like.
    pub severity: String,
    /// How many open findings it has a part in.
    #[serde(rename(deserialize = "openFindings"))]
    pub open_findings: i64,
    /// When it was withdrawn.
    pub withdrawn: Option<DateTime<Utc>>,
}

/// A VEX document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct VexDocument {
    /// Its name.
    pub name: String,
    /// `OPENVEX` and the like.
    pub format: Option<String>,
    /// Who says it; may be empty.
    pub author: String,
    /// The digest of the image that it is attached to, or of an index of images; none where it speaks of every image.
    pub image_digest: Option<String>,
    /// How many statements it has.
    pub statement_count: i64,
    /// How many open findings it hides.
    pub hidden_findings: i64,
}

/// What became of a document.
#[derive(Debug)]
pub enum Written {
    /// It is saved, under this name.
    Done(String),
    /// The server says what to mend.
    Refused(Vec<String>),
}

#[derive(Deserialize)]
struct WrittenData {
    written: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    document: Option<Named>,
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct UserError {
    message: String,
}

#[derive(Deserialize)]
struct OrganizationData<T> {
    organization: Option<T>,
}

#[derive(Deserialize)]
struct Documents<T> {
    documents: Page<T>,
}

#[derive(Deserialize)]
struct Found {
    document: Option<Identified>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

impl Server {
    /// Saves a document under this name, or under its own id where a mutation saves it and none is given, in place of the one of its name. What is put may
    /// be attached to an image.
    pub async fn save_document(
        &self,
        kind: &DocumentKind,
        document: &str,
        name: Option<&str>,
        image: Option<&Digest>,
    ) -> Result<Written, Failure> {
        let save = match kind.save {
            Save::By(mutation) => mutation,
            Save::Below(path) => {
                let name = encoded(name.unwrap_or_default());
                let query = image.map(|digest| format!("?image={digest}")).unwrap_or_default();
                let written: Result<Named, String> = self.put(&format!("{path}/{name}{query}"), document).await?;
                return Ok(match written {
                    Ok(saved) => Written::Done(saved.name),
                    Err(why) => Written::Refused(vec![why]),
                });
            }
        };
        let variables = match name {
            Some(name) => json!({ "document": document, "name": name }),
            None => json!({ "document": document }),
        };
        let data: WrittenData = self.ask(save, &variables).await?;
        let Payload { document, user_errors } = data.written;
        Ok(match document {
            Some(saved) => Written::Done(saved.name),
            None => Written::Refused(user_errors.into_iter().map(|error| error.message).collect()),
        })
    }

    /// All documents of a kind, by name.
    pub async fn documents<T: DeserializeOwned>(&self, kind: &DocumentKind, slug: &str) -> Result<Vec<T>, Failure> {
        let mut documents = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let variables = json!({ "slug": slug, "after": after });
            let data: OrganizationData<Documents<T>> = self.ask(kind.list, &variables).await?;
            let Some(Documents { documents: Page { nodes, page_info } }) = data.organization else {
                return Ok(documents);
            };
            documents.extend(nodes);
            after = page_info.end_cursor.filter(|_| page_info.has_next_page);
            if after.is_none() {
                return Ok(documents);
            }
        }
    }

    /// Deletes the document of this name; whether there was one.
    pub async fn delete_document(&self, kind: &DocumentKind, slug: &str, name: &str) -> Result<bool, Failure> {
        let variables = json!({ "slug": slug, "name": name });
        let data: OrganizationData<Found> = self.ask(kind.find, &variables).await?;
        let Some(found) = data.organization.and_then(|organization| organization.document) else {
            return Ok(false);
        };
        let data: WrittenData = self.ask(kind.delete, &json!({ "id": found.id })).await?;
        // Where the first answer was lost, the second says that there is none: it is gone all the same.
        Ok(data.written.document.is_some() || !data.written.user_errors.is_empty())
    }
}

/// A name as one part of a path: all but the unreserved characters of RFC 3986 percent-encoded.
fn encoded(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().fold(String::with_capacity(name.len()), |mut text, byte| {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}
