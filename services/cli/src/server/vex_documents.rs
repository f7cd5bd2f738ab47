//! An organization's VEX documents at a server.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::advisories::{OrganizationData, UserError, Written};
use super::answers::Page;
use super::client::Server;
use super::queries;
use crate::exit::Failure;

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
    /// How many statements it has.
    pub statement_count: i64,
    /// How many open findings it hides.
    pub hidden_findings: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    vex_document: Option<Named>,
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaveData {
    save_vex_document: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeleteData {
    delete_vex_document: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Documents {
    vex_documents: Page<VexDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    vex_document: Option<Identified>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

impl Server {
    /// Saves a VEX document, in place of the one of its name: its own id where no name is given.
    pub async fn save_vex_document(&self, document: &str, name: Option<&str>) -> Result<Written, Failure> {
        let variables = json!({ "document": document, "name": name });
        let data: SaveData = self.ask(queries::SAVE_VEX_DOCUMENT, &variables).await?;
        let Payload { vex_document, user_errors } = data.save_vex_document;
        Ok(match vex_document {
            Some(saved) => Written::Done(saved.name),
            None => Written::Refused(user_errors.into_iter().map(|error| error.message).collect()),
        })
    }

    /// All VEX documents, by name.
    pub async fn vex_documents(&self, slug: &str) -> Result<Vec<VexDocument>, Failure> {
        let mut documents = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let variables = json!({ "slug": slug, "after": after });
            let data: OrganizationData<Documents> = self.ask(queries::VEX_DOCUMENTS, &variables).await?;
            let Some(Documents { vex_documents: Page { nodes, page_info } }) = data.organization else {
                return Ok(documents);
            };
            documents.extend(nodes);
            after = page_info.end_cursor.filter(|_| page_info.has_next_page);
            if after.is_none() {
                return Ok(documents);
            }
        }
    }

    /// Deletes the VEX document of this name; whether there was one.
    pub async fn delete_vex_document(&self, slug: &str, name: &str) -> Result<bool, Failure> {
        let variables = json!({ "slug": slug, "name": name });
        let data: OrganizationData<Document> = self.ask(queries::VEX_DOCUMENT, &variables).await?;
        let Some(found) = data.organization.and_then(|organization| organization.vex_document) else {
            return Ok(false);
        };
        let data: DeleteData = self.ask(queries::DELETE_VEX_DOCUMENT, &json!({ "id": found.id })).await?;
        // Where the first answer was lost, the second says that there is none: it is gone all the same.
        Ok(data.delete_vex_document.vex_document.is_some() || !data.delete_vex_document.user_errors.is_empty())
    }
}
