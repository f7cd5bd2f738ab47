//! An organization's VEX documents. Whenever one changes, it is decided again which findings that hides.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::VexChangedV1;
use plimsoll_identity::Permission;
use plimsoll_runtime::{clock, trace};
use plimsoll_store::vex_documents::{self, Changed, Holding, NewVexDocument};
use plimsoll_store::{OrgTx, outbox};
use plimsoll_vex::{Document, Limits};

use super::{UserError, not_found, tenant_named, wrong_kind};
use crate::graphql::complaint::of_store;
use crate::graphql::global_id::GlobalId;
use crate::graphql::tenant::{Asking, Tenant};
use crate::graphql::types::VexDocument;

/// What an organization may hold: some hundred times what one maintains by hand, and little to decide at the end of a scan.
const MOST: Holding = Holding { documents: 5_000, statements: 50_000, bytes: 32 << 20 };
/// The longest name of a document, in bytes.
const MAX_NAME: usize = 500;
const WHAT: &str = "write VEX documents";

/// What became of writing a VEX document.
#[derive(SimpleObject, Default)]
pub struct VexDocumentPayload {
    /// The document as it is now, or as it was before it was deleted; null where nothing was done.
    vex_document: Option<VexDocument>,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

impl VexDocumentPayload {
    fn refused(error: UserError) -> Self {
        Self { vex_document: None, user_errors: vec![error] }
    }
}

/// VEX documents.
#[derive(Default)]
pub struct VexDocumentMutation;

/// VEX documents.
#[Object]
impl VexDocumentMutation {
    /// Saves a VEX document, in place of the one of its name. Findings of which the latest statement says that they are not affected, or
    /// fixed, are hidden: shown apart, and not counted. Needs the role of an owner, admin or security, or a key with the scope `ADVISE`.
    async fn save_vex_document(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The document: OpenVEX, CSAF 2 or CycloneDX as JSON, 128 KiB at most.")] document: String,
        #[graphql(desc = "What to call it; its own id where not given.")] name: Option<String>,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<VexDocumentPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(VexDocumentPayload::refused(not_found("organization")));
        };
        tenant.require(Permission::ManageAdvisories, WHAT)?;
        let read = match read(&document, name) {
            Ok(read) => read,
            Err(error) => return Ok(VexDocumentPayload::refused(error)),
        };
        let new = NewVexDocument { name: &read.0, document: &read.1, source: &document };
        let mut tx = tenant.tx().await?;
        let beside = vex_documents::holding_beside(&mut tx, new.name).await.map_err(of_store)?;
        if let Some(message) = past_limit(&beside, &new) {
            return Ok(VexDocumentPayload::refused(UserError { code: "TOO_MANY", field: "document", message }));
        }
        let changed = vex_documents::save(&mut tx, clock::new_id(), &new).await.map_err(of_store)?;
        finish(tenant, tx, changed).await
    }

    /// Deletes a VEX document. What it hid is shown again, unless another hides it. Needs the role of an owner, admin or security, or a key with
    /// the scope `ADVISE`.
    async fn delete_vex_document(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The document's id.")] id: ID,
    ) -> Result<VexDocumentPayload> {
        let asking = Asking::of(context)?;
        let GlobalId::VexDocument(id) = GlobalId::decode(&id)? else { return Err(wrong_kind("a VEX document")) };
        asking.current()?.require(Permission::ManageAdvisories, WHAT)?;
        let may = |tenant: &&Arc<Tenant>| tenant.access.allows(Permission::ManageAdvisories);
        for tenant in asking.tenants.iter().filter(may) {
            let mut tx = tenant.tx().await?;
            if let Some(changed) = vex_documents::delete(&mut tx, id).await.map_err(of_store)? {
                return finish(tenant, tx, changed).await;
            }
        }
        Ok(VexDocumentPayload::refused(not_found("id")))
    }
}

/// The document and what to call it.
fn read(source: &str, name: Option<String>) -> Result<(String, Document), UserError> {
    let wrong = |field, message: String| UserError { code: "VEX_INVALID", field, message };
    let document =
        plimsoll_vex::read(source.as_bytes(), &Limits::SAVED).map_err(|error| wrong("document", error.to_string()))?;
    if document.statements.is_empty() {
        return Err(wrong("document", "It says nothing of any vulnerability.".into()));
    }
    let name = name.map_or_else(|| document.id.clone(), |name| name.trim().to_owned());
    if name.is_empty() || name.len() > MAX_NAME {
        let message = format!("The document has no id of 1 to {MAX_NAME} bytes: give it a name of such a length.");
        return Err(wrong("name", message));
    }
    Ok((name, document))
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

/// Commits a change with the messages that have it decided.
async fn finish(tenant: &Arc<Tenant>, mut tx: OrgTx, changed: Changed) -> Result<VexDocumentPayload> {
    let org = tx.org();
    let messages: Vec<VexChangedV1> = changed
        .vulnerabilities
        .chunks(VexChangedV1::MOST_VULNERABILITIES)
        .map(|vulnerabilities| VexChangedV1 { org, vulnerabilities: vulnerabilities.to_vec(), images: Vec::new() })
        .collect();
    outbox::write_all(&mut tx, VexChangedV1::TOPIC.name(), &messages, &trace::current()).await.map_err(of_store)?;
    tx.commit().await.map_err(of_store)?;
    let vex_document = Some(VexDocument { tenant: Arc::clone(tenant), row: changed.document });
    Ok(VexDocumentPayload { vex_document, user_errors: Vec::new() })
}
