//! PUT of a manifest.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use plimsoll_model::{Digest, RepositoryId};
use plimsoll_oci::limits::MANIFEST_BYTES;
use plimsoll_oci::{Manifest, ManifestError, ManifestReference, RawManifest};
use plimsoll_store::images::Source;
use plimsoll_store::{OrgTx, manifests, repositories, tags};

use super::super::call::{Call, Target};
use super::super::error::RegistryError;
use crate::acceptance::{accept, children, renamed};

/// Of a manifest that is too large, this much more is read and dropped, so that the client is still there for the answer.
const DRAINED_BYTES: u64 = 64 << 20;

/// Takes a manifest in: everything about it in one transaction.
#[tracing::instrument(skip_all, fields(repository = target.full_name, %reference))]
pub(super) async fn put(
    call: &Call<'_>,
    target: &Target,
    reference: &ManifestReference,
    payload: Payload,
) -> Result<HttpResponse, RegistryError> {
    call.require_push(target)?;
    let bytes = read(payload).await?;
    let content_type = call.http.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (raw, manifest) = RawManifest::new(bytes, content_type).map_err(|error| match error {
        ManifestError::TooLarge { limit, .. } => RegistryError::too_large("manifest", limit),
        other => RegistryError::manifest_invalid(&other),
    })?;
    if let ManifestReference::Digest(digest) = reference
        && *digest != raw.digest
    {
        return Err(RegistryError::digest_mismatch(digest));
    }
    let mut tx = call.tx().await?;
    // Who has pushed no blob may still push an index without entries.
    let repository = repositories::ensure(&mut tx, &target.name, plimsoll_runtime::clock::new_id()).await?;
    check_children(&mut tx, repository, &manifest).await?;
    let accepted = accept(&mut tx, call.ingest, repository, &raw, &manifest, Source::Push).await?;
    let moved = match reference {
        ManifestReference::Tag(tag) => tags::set(&mut tx, repository, tag.as_str(), &raw.digest).await?,
        ManifestReference::Digest(_) => tags::Moved::default(),
    };
    let known = (accepted.is_new || moved.is_moved).then_some(raw.digest);
    renamed(&mut tx, &known.into_iter().chain(moved.from).collect::<Vec<_>>()).await?;
    tx.commit().await?;
    tracing::info!(digest = %raw.digest, new = accepted.is_new, queued = accepted.queued, "a manifest was taken in");
    let mut response = HttpResponse::Created();
    response
        .insert_header((LOCATION, format!("/v2/{}/manifests/{}", target.full_name, raw.digest)))
        .insert_header(("Docker-Content-Digest", raw.digest.to_string()));
    if let Some(subject) = manifest.subject() {
        response.insert_header(("OCI-Subject", subject.digest.to_string()));
    }
    Ok(response.finish())
}

/// The body, whole: manifests are small, or refused.
async fn read(mut payload: Payload) -> Result<Bytes, RegistryError> {
    let mut bytes = BytesMut::new();
    let mut length = 0u64;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| RegistryError::manifest_invalid(&"the manifest broke off"))?;
        length += chunk.len() as u64;
        if length <= MANIFEST_BYTES {
            bytes.extend_from_slice(&chunk);
        } else if length > DRAINED_BYTES {
            break;
        }
    }
    if length > MANIFEST_BYTES {
        return Err(RegistryError::too_large("manifest", MANIFEST_BYTES));
    }
    Ok(bytes.freeze())
}

/// Refuses a manifest that names what the repository does not have, or has in another size.
async fn check_children(tx: &mut OrgTx, repository: RepositoryId, manifest: &Manifest) -> Result<(), RegistryError> {
    match manifest {
        Manifest::Image(image) => {
            let required: BTreeMap<Digest, u64> = image.required_blobs().map(|blob| (blob.digest, blob.size)).collect();
            let digests: Vec<Digest> = required.keys().copied().collect();
            let present = repositories::blob_sizes(tx, repository, &digests).await?;
            let missing: Vec<Digest> = digests.into_iter().filter(|digest| !present.contains_key(digest)).collect();
            if !missing.is_empty() {
                return Err(RegistryError::manifest_blob_unknown("blobs", &missing));
            }
            let wrong = required.iter().find(|(digest, size)| present.get(digest) != Some(size));
            if let Some((digest, size)) = wrong {
                let actual = present.get(digest).copied().unwrap_or_default();
                let why = format!("the manifest says that {digest} has {size} bytes, but it has {actual}");
                return Err(RegistryError::manifest_invalid(&why));
            }
        }
        Manifest::Index(_) => {
            // Build caches are indexes of blobs, so an entry may be either.
            let missing = manifests::missing(tx, repository, &children(manifest)).await?;
            let missing = repositories::missing_blobs(tx, repository, &missing).await?;
            if !missing.is_empty() {
                return Err(RegistryError::manifest_blob_unknown("manifests", &missing));
            }
        }
    }
    Ok(())
}
