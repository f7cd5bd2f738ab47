//! The registry's errors, as the distribution specification writes them: `{"errors":[{"code","message","detail"}]}`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_RANGE, RANGE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use plimsoll_model::{Digest, DigestError};
use plimsoll_store::StoreError;
use serde_json::{Value, json};

use crate::staging::StagingError;

/// An error that a registry client is told.
#[derive(Debug)]
pub(crate) struct RegistryError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Boxed: every answer of the registry has room for an error.
    detail: Box<Value>,
    headers: Vec<(actix_web::http::header::HeaderName, String)>,
}

impl RegistryError {
    /// `code` is one of the specification's; `message` says what to do.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), detail: Box::default(), headers: Vec::new() }
    }

    fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    fn detail(mut self, detail: Value) -> Self {
        *self.detail = detail;
        self
    }

    fn header(mut self, name: actix_web::http::header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Nothing of this name, or nothing that this key may know of.
    pub(crate) fn name_unknown() -> Self {
        Self::not_found(
            "NAME_UNKNOWN",
            "repository not known; names are ORGANIZATION/REPOSITORY, with the API key's organization",
        )
    }

    /// Not a repository name.
    pub(crate) fn name_invalid(why: &dyn fmt::Display) -> Self {
        Self::bad_request("NAME_INVALID", why.to_string())
    }

    /// Not a tag.
    pub(crate) fn tag_invalid(why: &dyn fmt::Display) -> Self {
        Self::bad_request("TAG_INVALID", why.to_string())
    }

    /// Not a digest, or not of an algorithm that we take.
    pub(crate) fn digest_invalid(why: &DigestError) -> Self {
        Self::bad_request("DIGEST_INVALID", why.to_string())
    }

    /// Bytes that do not hash to what the client says.
    pub(crate) fn digest_mismatch(expected: &Digest) -> Self {
        Self::bad_request("DIGEST_INVALID", "what was uploaded does not have this digest; upload it again")
            .detail(json!({ "digest": expected }))
    }

    /// No blob of this digest in this repository, whether or not there is one elsewhere.
    pub(crate) fn blob_unknown(digest: &Digest) -> Self {
        Self::not_found("BLOB_UNKNOWN", "blob unknown to this repository").detail(json!({ "digest": digest }))
    }

    /// No such upload, or one of another organization or repository.
    pub(crate) fn upload_unknown() -> Self {
        Self::not_found("BLOB_UPLOAD_UNKNOWN", "upload unknown: it has ended or never began; begin a new one")
    }

    /// A chunk that does not begin where the upload stands.
    pub(crate) fn range_not_next(size_bytes: u64) -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "BLOB_UPLOAD_INVALID",
            format!("the chunk is out of order; go on from byte {size_bytes}"),
        )
        .header(RANGE, super::uploads::range(size_bytes))
    }

    /// A chunk whose headers contradict themselves or the body.
    pub(crate) fn chunk_invalid(message: impl Into<String>) -> Self {
        Self::bad_request("BLOB_UPLOAD_INVALID", message)
    }

    /// More than we take.
    pub(crate) fn too_large(what: &str, limit: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "SIZE_INVALID",
            format!("the {what} is larger than {limit} bytes, which is the most that is accepted"),
        )
    }

    /// A part of a blob that does not exist.
    pub(crate) fn range_unsatisfiable(size_bytes: u64) -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", format!("the blob has {size_bytes} bytes"))
            .header(CONTENT_RANGE, format!("bytes */{size_bytes}"))
    }

    /// No such manifest here, or none that the client accepts.
    pub(crate) fn manifest_unknown(message: impl Into<String>, reference: &dyn fmt::Display) -> Self {
        Self::not_found("MANIFEST_UNKNOWN", message).detail(json!({ "reference": reference.to_string() }))
    }

    /// Not a manifest that we take.
    pub(crate) fn manifest_invalid(why: &dyn fmt::Display) -> Self {
        Self::bad_request("MANIFEST_INVALID", why.to_string())
    }

    /// A manifest that names what the repository does not have.
    pub(crate) fn manifest_blob_unknown(what: &str, missing: &[Digest]) -> Self {
        let names: Vec<String> = missing.iter().take(5).map(ToString::to_string).collect();
        let more = missing.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Self::bad_request(
            "MANIFEST_BLOB_UNKNOWN",
            format!(
                "the manifest names {what} that this repository does not have: {}{more}; push them first",
                names.join(", ")
            ),
        )
        .detail(json!({ "digests": missing.iter().take(100).collect::<Vec<_>>() }))
    }

    /// A page size or place that is none.
    pub(crate) fn page_invalid() -> Self {
        Self::bad_request("PAGINATION_NUMBER_INVALID", "n is not a number of entries (0 or more)")
    }

    /// The key may not.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// No credentials, or wrong ones: the same text whatever is wrong with them. `challenge` is the `WWW-Authenticate` header.
    pub(crate) fn unauthorized(message: impl Into<String>, challenge: String) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message).header(WWW_AUTHENTICATE, challenge)
    }

    /// Nothing that there is, or that is done.
    pub(crate) fn unsupported(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "UNSUPPORTED", message)
    }

    /// A method that the endpoint does not have.
    pub(crate) fn method_not_allowed() -> Self {
        Self::unsupported(StatusCode::METHOD_NOT_ALLOWED, "this endpoint does not have the method")
    }

    /// Too many requests of one key.
    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TOOMANYREQUESTS",
            format!("too many requests with this API key; try again in {seconds} s"),
        )
        .header(RETRY_AFTER, seconds.to_string())
    }

    /// Something of ours failed. The cause goes to the log.
    fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN",
            "the service failed; try again, and if it lasts ask the operator",
        )
    }
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "the database is away");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN", "the database is away; try again")
                .header(RETRY_AFTER, "2");
        }
        Self::internal(&error)
    }
}

impl From<StagingError> for RegistryError {
    fn from(error: StagingError) -> Self {
        Self::internal(&error)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl ResponseError for RegistryError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response.json(json!({
            "errors": [{ "code": self.code, "message": self.message, "detail": self.detail }],
        }))
    }
}
