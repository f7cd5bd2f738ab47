//! DELETE of a manifest: by digest with every tag that means it, by tag only that tag.
//!
//! The image's scan results stay: that it was there once is part of the organization's history.

use actix_web::HttpResponse;
use plimsoll_oci::ManifestReference;
use plimsoll_store::{manifests, tags};

use super::super::call::{Call, Target};
use super::super::error::RegistryError;
use crate::acceptance::renamed;

/// Removes a manifest or a tag.
#[tracing::instrument(skip_all)]
pub(super) async fn remove(
    call: &Call<'_>,
    target: &Target,
    reference: &ManifestReference,
) -> Result<HttpResponse, RegistryError> {
    call.require_delete(target)?;
    let mut tx = call.tx().await?;
    let repository = target.get(&mut tx).await?;
    let named = match reference {
        ManifestReference::Digest(digest) => Some(*digest),
        ManifestReference::Tag(tag) => tags::resolve(&mut tx, repository, tag.as_str()).await?,
    };
    // Before it is gone: what an index named is not known any more then.
    renamed(&mut tx, named.as_slice()).await?;
    let was_there = match reference {
        ManifestReference::Digest(digest) => manifests::remove(&mut tx, repository, digest).await?,
        ManifestReference::Tag(tag) => tags::remove(&mut tx, repository, tag.as_str()).await?,
    };
    if !was_there {
        return Err(RegistryError::manifest_unknown("manifest unknown to this repository", reference));
    }
    tx.commit().await?;
    Ok(HttpResponse::Accepted().finish())
}
