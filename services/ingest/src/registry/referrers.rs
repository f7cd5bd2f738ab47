//! `GET /v2/NAME/referrers/DIGEST`: what refers to a manifest by its `subject` (signatures, SBOMs), as an index.
//!
//! There need be no such manifest, nor such a repository yet: for a valid digest the answer is an index, if an empty one.

use actix_web::HttpResponse;
use plimsoll_model::Digest;
use plimsoll_oci::media_type::OCI_INDEX;
use plimsoll_store::manifests::{self, Referrer};
use serde_json::{Value, json};

use super::call::{Call, Target};
use super::error::RegistryError;
use super::page::Page;

/// The manifests whose subject is `subject`, in order of digest.
pub(super) async fn list(call: &Call<'_>, target: &Target, subject: &str) -> Result<HttpResponse, RegistryError> {
    if !super::is_read(call.http.method()) {
        return Err(RegistryError::method_not_allowed());
    }
    call.require_pull(target)?;
    let subject: Digest = subject.parse().map_err(|error| RegistryError::digest_invalid(&error))?;
    let page = Page::of(&call.query)?;
    let artifact_type = call.query.get("artifactType").filter(|text| !text.is_empty());
    let mut tx = call.tx().await?;
    let referrers = match target.find(&mut tx).await? {
        Some(repository) => {
            manifests::referrers(&mut tx, repository, &subject, artifact_type, &page.last, page.limit()).await?
        }
        None => Vec::new(),
    };
    let mut response = HttpResponse::Ok();
    if artifact_type.is_some() {
        response.insert_header(("OCI-Filters-Applied", "artifactType"));
    }
    let path = format!("/v2/{}/referrers/{subject}", target.full_name);
    let filter = artifact_type.map(|artifact_type| ("artifactType", artifact_type));
    let referrers = page.cut(referrers, &mut response, &path, filter, |referrer| referrer.digest.to_string());
    let index = json!({
        "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": referrers.iter().map(descriptor).collect::<Vec<_>>(),
    });
    Ok(response.content_type(OCI_INDEX).body(index.to_string()))
}

fn descriptor(referrer: &Referrer) -> Value {
    let mut descriptor = json!({
        "mediaType": referrer.media_type, "digest": referrer.digest, "size": referrer.size_bytes,
    });
    if let Some(fields) = descriptor.as_object_mut() {
        if let Some(artifact_type) = &referrer.artifact_type {
            fields.insert("artifactType".into(), json!(artifact_type));
        }
        if !referrer.annotations.is_empty() {
            fields.insert("annotations".into(), json!(referrer.annotations));
        }
    }
    descriptor
}
