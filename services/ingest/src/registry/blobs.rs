//! `/v2/NAME/blobs/DIGEST`. Whether a blob exists is answered for each repository: that another one, or another organization, has it
//! is never told.

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, RANGE};
use actix_web::http::{Method, StatusCode};
use bytes::Bytes;
use futures::stream;
use plimsoll_model::Digest;
use plimsoll_store::repositories::{self, Unlink};

use super::call::{Call, Target};
use super::conditional::{etag, has_already};
use super::error::RegistryError;
use super::range::{self, Asked};

/// A request about one blob.
pub(super) async fn serve(call: &Call<'_>, target: &Target, digest: &str) -> Result<HttpResponse, RegistryError> {
    let parse = || digest.parse().map_err(|error| RegistryError::digest_invalid(&error));
    match *call.http.method() {
        Method::GET | Method::HEAD => {
            call.require_pull(target)?;
            read(call, target, &parse()?).await
        }
        Method::DELETE => {
            call.require_delete(target)?;
            remove(call, target, &parse()?).await
        }
        _ => Err(RegistryError::method_not_allowed()),
    }
}

#[tracing::instrument(level = "debug", skip_all, fields(%digest))]
async fn read(call: &Call<'_>, target: &Target, digest: &Digest) -> Result<HttpResponse, RegistryError> {
    let mut tx = call.tx().await?;
    let repository = target.get(&mut tx).await?;
    let size = repositories::blob_size(&mut tx, repository, digest).await?;
    tx.commit().await?;
    let size = size.ok_or_else(|| RegistryError::blob_unknown(digest))?;
    let digest_header = ("Docker-Content-Digest", digest.to_string());
    if has_already(call.http, digest) {
        return Ok(HttpResponse::NotModified()
            .insert_header((ETAG, etag(digest)))
            .insert_header(digest_header)
            .finish());
    }
    let mut response = HttpResponse::Ok();
    response
        .content_type("application/octet-stream")
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((ETAG, etag(digest)))
        .insert_header(digest_header);
    if call.http.method() == Method::HEAD {
        return Ok(response.body(SizedStream::new(size, stream::empty::<Result<Bytes, actix_web::Error>>())));
    }
    let header = call.http.headers().get(RANGE).and_then(|value| value.to_str().ok());
    let part = match range::asked(header, size) {
        Asked::Whole => 0..size,
        Asked::Part(part) => {
            response
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header((CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1))));
            part
        }
        Asked::Unsatisfiable => return Err(RegistryError::range_unsatisfiable(size)),
    };
    let length = part.end.saturating_sub(part.start);
    let bytes = call.ingest.staging.read(digest, part, size).await?;
    Ok(response.body(SizedStream::new(length, bytes)))
}

/// The bytes themselves stay in the object store: other repositories and organizations may have them too.
#[tracing::instrument(skip_all, fields(%digest))]
async fn remove(call: &Call<'_>, target: &Target, digest: &Digest) -> Result<HttpResponse, RegistryError> {
    let mut tx = call.tx().await?;
    let repository = target.get(&mut tx).await?;
    match repositories::unlink_blob(&mut tx, repository, digest).await? {
        Unlink::Done => {
            tx.commit().await?;
            Ok(HttpResponse::Accepted().finish())
        }
        Unlink::StillNamed => Err(RegistryError::unsupported(
            StatusCode::CONFLICT,
            "a manifest of this repository names the blob; delete the manifest first",
        )),
        Unlink::Unknown => Err(RegistryError::blob_unknown(digest)),
    }
}
