//! An organization's VEX documents. Whenever one changes, it is decided again which findings that hides.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use plimsoll_identity::Permission;
use plimsoll_store::vex_documents::{self as stored, Changed};
use plimsoll_vex::Limits;

use super::{UserError, not_found, tenant_named, wrong_kind};
use crate::graphql::complaint::of_store;
use crate::graphql::global_id::GlobalId;
use crate::graphql::tenant::{Asking, Tenant};
use crate::graphql::types::VexDocument;
use crate::vex_documents::{self, Unsaved};

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
    fn done(tenant: &Arc<Tenant>, changed: Changed) -> Self {
        let vex_document = Some(VexDocument { tenant: Arc::clone(tenant), row: changed.document });
        Self { vex_document, user_errors: Vec::new() }
    }

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
    /// fixed, are hidden: shown apart, and not counted. One that is attached to an image speaks of that image alone. Needs the role of an owner, admin or security, or a key with the scope `ADVISE`.
    async fn save_vex_document(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "The document: OpenVEX, CSAF 2 or CycloneDX as JSON, 128 KiB at most; `PUT /v1/vex/{name}` takes longer ones."
        )]
        document: String,
        #[graphql(
            desc = "What to call it; where not given its own id, followed by `@` and the image's digest where it is attached to one."
        )]
        name: Option<String>,
        #[graphql(
            desc = "The digest of the image to attach it to, or of an index of images: it then speaks of that image alone, whatever name it has for it. \
                    Where not given it is attached to none, also if it was before."
        )]
        image: Option<String>,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<VexDocumentPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(VexDocumentPayload::refused(not_found("organization")));
        };
        tenant.require(Permission::ManageAdvisories, WHAT)?;
        let read = match vex_documents::read(&document, name, image.as_deref(), &Limits::SAVED) {
            Ok(read) => read,
            Err(unsaved) => return Ok(VexDocumentPayload::refused(user_error(unsaved))),
        };
        Ok(match vex_documents::save(tenant.tx().await?, &read, &document).await.map_err(of_store)? {
            Ok(changed) => VexDocumentPayload::done(tenant, changed),
            Err(unsaved) => VexDocumentPayload::refused(user_error(unsaved)),
        })
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
            if let Some(changed) = stored::delete(&mut tx, id).await.map_err(of_store)? {
                vex_documents::commit(tx, &changed).await.map_err(of_store)?;
                return Ok(VexDocumentPayload::done(tenant, changed));
            }
        }
        Ok(VexDocumentPayload::refused(not_found("id")))
    }
}

fn user_error(unsaved: Unsaved) -> UserError {
    match unsaved {
        Unsaved::Invalid { field, message } => UserError { code: "VEX_INVALID", field, message },
        Unsaved::TooMany(message) => UserError { code: "TOO_MANY", field: "document", message },
        Unsaved::NoSuchImage => not_found("image"),
    }
}
