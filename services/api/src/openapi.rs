//! The OpenAPI document of the REST routes.

use utoipa::OpenApi;

use crate::graphql::endpoint;
use crate::rest::{image_vex, server_facts, sign_in, vex_document};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Plimsoll API",
        description = "Signing in and out, and documents for other programs; everything else is GraphQL at /graphql."
    ),
    paths(
        server_facts::server_facts,
        sign_in::sign_in,
        sign_in::sign_out,
        image_vex::image_vex,
        vex_document::put_vex_document,
        endpoint::graphql
    )
)]
struct Document;

/// The document, as JSON.
///
/// # Errors
/// When it does not become JSON, which it does.
pub fn json() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json()
}
