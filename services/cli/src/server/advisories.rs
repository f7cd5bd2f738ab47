//! An organization's own advisories at a server.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::Server;
use super::queries;
use crate::exit::Failure;

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

/// What became of a document.
#[derive(Debug)]
pub enum Written {
    /// It is saved, under this id.
    Done(String),
    /// The server says what to mend.
    Refused(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    own_advisory: Option<Named>,
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What the server says is to mend.
#[derive(Deserialize)]
pub(super) struct UserError {
    pub(super) message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaveData {
    save_advisory: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeleteData {
    delete_advisory: Payload,
}

/// An answer about an organization.
#[derive(Deserialize)]
pub(super) struct OrganizationData<T> {
    pub(super) organization: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advisories {
    own_advisories: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    nodes: Vec<OwnAdvisory>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advisory {
    own_advisory: Option<Identified>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

impl Server {
    /// Saves an OSV document, in place of the one with its id.
    pub async fn save_own_advisory(&self, document: &str) -> Result<Written, Failure> {
        let data: SaveData = self.ask(queries::SAVE_ADVISORY, &json!({ "document": document })).await?;
        let Payload { own_advisory, user_errors } = data.save_advisory;
        Ok(match own_advisory {
            Some(saved) => Written::Done(saved.name),
            None => Written::Refused(user_errors.into_iter().map(|error| error.message).collect()),
        })
    }

    /// All own advisories, by id.
    pub async fn own_advisories(&self, slug: &str) -> Result<Vec<OwnAdvisory>, Failure> {
        let mut advisories = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let variables = json!({ "slug": slug, "after": after });
            let data: OrganizationData<Advisories> = self.ask(queries::ADVISORIES, &variables).await?;
            let Some(Advisories { own_advisories: Page { nodes, page_info } }) = data.organization else {
                return Ok(advisories);
            };
            advisories.extend(nodes);
            after = page_info.end_cursor.filter(|_| page_info.has_next_page);
            if after.is_none() {
                return Ok(advisories);
            }
        }
    }

    /// Deletes the own advisory with this id; whether there was one.
    pub async fn delete_own_advisory(&self, slug: &str, name: &str) -> Result<bool, Failure> {
        let variables = json!({ "slug": slug, "name": name });
        let data: OrganizationData<Advisory> = self.ask(queries::ADVISORY, &variables).await?;
        let Some(found) = data.organization.and_then(|organization| organization.own_advisory) else {
            return Ok(false);
        };
        let data: DeleteData = self.ask(queries::DELETE_ADVISORY, &json!({ "id": found.id })).await?;
        // Where the first answer was lost, the second says that there is none: it is gone all the same.
        Ok(data.delete_advisory.own_advisory.is_some() || !data.delete_advisory.user_errors.is_empty())
    }
}
