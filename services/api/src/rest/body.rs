//! Bodies of requests: of one kind, and bounded.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures::StreamExt as _;
use plimsoll_runtime::Problem;
use serde::Deserialize;

/// An error as every route here answers it (RFC 9457).
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the code says which problem it is.
    pub r#type: String,
    /// The HTTP status.
    pub status: u16,
    /// The HTTP status in words.
    pub title: String,
    /// For programs.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// Reads a JSON body of at most `limit` bytes.
///
/// # Errors
/// 415 for another media type: a form of another site can send no JSON without asking the browser first. 413 for one that is
/// longer.
pub async fn json(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    if !essence.trim().eq_ignore_ascii_case("application/json")
        || (charset.starts_with("charset=") && charset.trim_start_matches("charset=").trim_matches('"') != "utf-8")
    {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send JSON in UTF-8: Content-Type: application/json",
        ));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("body_incomplete", "The body of the request broke off."))?;
        if body.len() + chunk.len() > limit {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("The body is longer than the limit of {limit} bytes."),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
