//! POST: a blob from another repository, a blob in this one request, or the beginning of an upload.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_LENGTH, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use plimsoll_identity::Action;
use plimsoll_model::Digest;
use plimsoll_runtime::clock;
use plimsoll_store::{repositories, uploads};

use super::super::call::{Call, Target};
use super::super::error::RegistryError;
use super::session::Session;
use super::{finish, progress, receive};

/// A request to `/v2/NAME/blobs/uploads/`.
#[tracing::instrument(skip_all, fields(repository = target.full_name))]
pub(crate) async fn begin(call: &Call<'_>, target: &Target, payload: Payload) -> Result<HttpResponse, RegistryError> {
    if call.http.method() != Method::POST {
        return Err(RegistryError::method_not_allowed());
    }
    call.require_push(target)?;
    // A mount that fails is an upload that begins, whatever the reason: so it tells nothing.
    if let Some(digest) = call.query.get("mount").and_then(|digest| digest.parse().ok())
        && mount(call, target, &digest).await?
    {
        return Ok(created(target, &digest));
    }
    let is_single_request = call.query.get("digest").is_some() && has_body(call);
    let digest = if is_single_request { Some(finish::digest(call)?) } else { None };
    let session = start(call, target).await?;
    match digest {
        None => Ok(progress(StatusCode::ACCEPTED, target, &session)),
        Some(digest) => {
            let session = receive::chunk(call, session, payload).await?;
            finish::finish(call, target, session, digest).await
        }
    }
}

/// The answer when the blob is in the repository.
pub(super) fn created(target: &Target, digest: &Digest) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((LOCATION, format!("/v2/{}/blobs/{digest}", target.full_name)))
        .insert_header(("Docker-Content-Digest", digest.to_string()))
        .finish()
}

async fn start(call: &Call<'_>, target: &Target) -> Result<Session, RegistryError> {
    let mut tx = call.tx().await?;
    let repository = repositories::ensure(&mut tx, &target.name, clock::new_id()).await?;
    let id = clock::new_id();
    uploads::start(&mut tx, id, repository).await?;
    tx.commit().await?;
    Ok(Session { id, repository, parts: Vec::new(), size_bytes: 0 })
}

/// Takes the blob over from the repository `from`, or from any of the organization's where the client does not say; tells whether
/// it was there and the caller may read it there.
async fn mount(call: &Call<'_>, target: &Target, digest: &Digest) -> Result<bool, RegistryError> {
    let mut tx = call.tx().await?;
    let size = match call.query.get("from").filter(|from| !from.is_empty()) {
        None => repositories::blob_size_anywhere(&mut tx, digest).await?,
        Some(from) => match Target::of(call, from) {
            Ok(source) if call.caller.may(Action::Pull, &source.full_name) => match source.find(&mut tx).await? {
                Some(source) => repositories::blob_size(&mut tx, source, digest).await?,
                None => None,
            },
            _ => None,
        },
    };
    let Some(size) = size else { return Ok(false) };
    let repository = repositories::ensure(&mut tx, &target.name, clock::new_id()).await?;
    repositories::link_blob(&mut tx, repository, digest, size).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether a body follows. Some clients give the digest already when they only begin.
fn has_body(call: &Call<'_>) -> bool {
    match call.http.headers().get(CONTENT_LENGTH) {
        Some(length) => length.to_str().is_ok_and(|length| length.trim() != "0"),
        None => call.http.headers().contains_key("transfer-encoding"),
    }
}
