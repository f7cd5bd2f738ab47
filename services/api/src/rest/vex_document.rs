//! `PUT /v1/vex/{name}`: saves a VEX document as it is. Vendors' are longer than what GraphQL takes as an argument.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use plimsoll_identity::Permission;
use plimsoll_runtime::Problem;
use plimsoll_store::StoreError;
use plimsoll_vex::Limits;
use serde::{Deserialize, Serialize};

use super::body::{self, ProblemDocument};
use crate::authentication::Credentials;
use crate::server::State;
use crate::vex_documents::{self, Unsaved};

/// Whose it is, and of what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// The slug of the organization; the one that you signed in to, or the key's, where not given.
    organization: Option<String>,
    /// The digest of the image to attach it to, or of an index of images: it then speaks of that image alone, whatever name it has for it. Where not given
    /// it is attached to none, also if it was before.
    image: Option<String>,
}

/// A VEX document that was saved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SavedVexDocument {
    /// What it is called.
    #[schema(example = "https://vendor.example/csaf/2026/vsa-1.json")]
    name: String,
    /// `openvex`, `csaf` or `cyclonedx`.
    #[schema(example = "csaf")]
    format: String,
    /// Who says it; empty where it does not tell.
    author: String,
    /// How many different statements it has.
    statements: i32,
    /// The digest of the image that it is attached to, or of an index of images; null where it speaks of every image.
    image: Option<String>,
}

/// Saves a VEX document (OpenVEX, CSAF 2 or CycloneDX, 8 MiB at most) in place of the one of its name. Findings of which the latest statement says that
/// they are not affected, or fixed, are hidden. Needs a key with the scope `advise`, or a session of an owner, admin or security.
#[utoipa::path(put, path = "/v1/vex/{name}", tag = "vex",
    params(("name" = String, Path, description = "What to call it, percent-encoded: its own id, as a rule"), Place),
    request_body(content = Value, content_type = "application/json", description = "The document"), responses(
    (status = 200, description = "It is saved, or was there already", body = SavedVexDocument),
    (status = 400, description = "The body broke off, or not the query expected", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 401, description = "No credentials, or nobody's", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "Credentials that may not write VEX documents, or a cookie that came with another site's page", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "You belong to no such organization, or it has no such image", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "The organization has as many documents, statements or bytes of them as it may", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "The document is too long", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "Not sent as JSON", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "Not a VEX document, one that says nothing, or not a name for one", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[tracing::instrument(skip_all)]
pub async fn put_vex_document(
    request: HttpRequest,
    state: Data<State>,
    name: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let credentials = Credentials::of(&request, &state.public_url)?.ok_or_else(Problem::unauthorized)?;
    let viewer = credentials.viewer(&state).await?;
    let place = Query::<Place>::from_query(request.query_string())
        .map_err(|error| Problem::bad_request("query_invalid", format!("The query of the address: {error}")))?;
    let is_meant = |slug: &str| place.organization.as_deref().is_none_or(|wanted| wanted == slug);
    let access = viewer.accesses.iter().find(|access| is_meant(&access.slug)).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such organization that you belong to.")
    })?;
    if !access.allows(Permission::ManageAdvisories) {
        let detail = "You may not write VEX documents in this organization: a key needs the scope `advise`, a member a role that allows it.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let source = body::json(&request, payload, Limits::MOST_UPLOADED).await?;
    // All that one says may take some hundred MiB: it is read in its turn, and not while its sender may still dawdle.
    let turn = state.documents.acquire().await.map_err(|error| Problem::internal(&error))?;
    let reading = tokio::task::spawn_blocking(move || {
        let source = String::from_utf8(source.into()).map_err(|_| unsaved(invalid("The document is not UTF-8.")))?;
        let limits = Limits::uploaded(source.len());
        let image = place.image.as_deref();
        let read = vex_documents::read(&source, Some(name.into_inner()), image, &limits).map_err(unsaved)?;
        Ok::<_, Problem>((source, read))
    });
    let (source, read) = reading.await.map_err(|error| Problem::internal(&error))??;
    let internal = |error: StoreError| Problem::internal(&error);
    let tx = state.store.org_tx(access.org).await.map_err(internal)?;
    let saved = vex_documents::save(tx, &read, &source).await.map_err(internal)?.map_err(unsaved)?.document;
    drop(turn);
    Ok(HttpResponse::Ok().json(SavedVexDocument {
        name: saved.name,
        format: saved.format,
        author: saved.author,
        statements: saved.statement_count,
        image: saved.image_digest,
    }))
}

fn invalid(message: &str) -> Unsaved {
    Unsaved::Invalid { field: "document", message: message.to_owned() }
}

fn unsaved(unsaved: Unsaved) -> Problem {
    match unsaved {
        Unsaved::Invalid { message, .. } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "vex_invalid", message),
        Unsaved::TooMany(message) => Problem::new(StatusCode::CONFLICT, "too_many", message),
        Unsaved::NoSuchImage => {
            Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no image of this digest that you may see.")
        }
    }
}
