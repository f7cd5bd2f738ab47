//! The end of an upload: the parts become the blob, if they have its digest.

use actix_web::HttpResponse;
use plimsoll_model::Digest;
use plimsoll_store::{repositories, uploads};

use super::super::call::{Call, Target};
use super::super::error::RegistryError;
use super::begin::created;
use super::session::Session;

/// The digest that the client says the blob has.
pub(super) fn digest(call: &Call<'_>) -> Result<Digest, RegistryError> {
    call.query.get("digest").unwrap_or_default().parse().map_err(|error| RegistryError::digest_invalid(&error))
}

/// Makes the upload a blob of the repository. Where the digest is another one, nothing is kept.
#[tracing::instrument(skip_all, fields(%digest, size = session.size_bytes))]
pub(super) async fn finish(
    call: &Call<'_>,
    target: &Target,
    session: Session,
    digest: Digest,
) -> Result<HttpResponse, RegistryError> {
    if !call.ingest.staging.keep(&session.parts, &digest).await? {
        session.end(call).await?;
        return Err(RegistryError::digest_mismatch(&digest));
    }
    let mut tx = call.tx().await?;
    repositories::link_blob(&mut tx, session.repository, &digest, session.size_bytes).await?;
    uploads::remove(&mut tx, session.id).await?;
    tx.commit().await?;
    call.ingest.staging.discard(&session.parts).await;
    Ok(created(target, &digest))
}
