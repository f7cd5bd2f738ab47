//! GET and HEAD of a manifest.

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::Method;
use actix_web::http::header::ETAG;
use bytes::Bytes;
use futures::stream;
use plimsoll_oci::ManifestReference;
use plimsoll_store::manifests::StoredManifest;
use plimsoll_store::{manifests, tags};

use super::super::call::{Call, Target};
use super::super::conditional::{accepts, etag, has_already};
use super::super::error::RegistryError;

/// The manifest's bytes as they were pushed, under the media type that they were pushed with. A client that does not accept that is told
/// that there is none: another document would have another digest.
pub(super) async fn read(
    call: &Call<'_>,
    target: &Target,
    reference: &ManifestReference,
) -> Result<HttpResponse, RegistryError> {
    call.require_pull(target)?;
    let StoredManifest { digest, media_type, content } = find(call, target, reference).await?;
    if !accepts(call.http, &media_type) {
        let message = format!("the manifest is of the type {media_type}, which the request does not accept");
        return Err(RegistryError::manifest_unknown(message, reference));
    }
    let digest_header = ("Docker-Content-Digest", digest.to_string());
    if has_already(call.http, &digest) {
        return Ok(HttpResponse::NotModified()
            .insert_header((ETAG, etag(&digest)))
            .insert_header(digest_header)
            .finish());
    }
    let mut response = HttpResponse::Ok();
    response.content_type(media_type).insert_header((ETAG, etag(&digest))).insert_header(digest_header);
    if call.http.method() == Method::HEAD {
        let nothing = stream::empty::<Result<Bytes, actix_web::Error>>();
        return Ok(response.body(SizedStream::new(content.len() as u64, nothing)));
    }
    Ok(response.body(content))
}

#[tracing::instrument(skip_all)]
async fn find(
    call: &Call<'_>,
    target: &Target,
    reference: &ManifestReference,
) -> Result<StoredManifest, RegistryError> {
    let mut tx = call.tx().await?;
    let repository = target.get(&mut tx).await?;
    let digest = match reference {
        ManifestReference::Digest(digest) => Some(*digest),
        ManifestReference::Tag(tag) => tags::resolve(&mut tx, repository, tag.as_str()).await?,
    };
    let unknown = || RegistryError::manifest_unknown("manifest unknown to this repository", reference);
    let digest = digest.ok_or_else(unknown)?;
    manifests::get(&mut tx, repository, &digest).await?.ok_or_else(unknown)
}
