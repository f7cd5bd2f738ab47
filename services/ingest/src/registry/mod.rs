//! The OCI Distribution protocol, version 1.1, under `/v2/`: push and pull.
//!
//! Source: the OCI distribution specification 1.1; for token sign-in, Docker's "Token authentication specification" (now at
//! distribution/distribution). A repository's name in the URL is `ORGANIZATION/REPOSITORY`; the API key decides the organization, and
//! below another's name there is nothing.

mod blobs;
mod call;
mod catalog;
mod challenge;
mod conditional;
mod error;
mod manifests;
mod page;
mod query;
mod range;
mod referrers;
mod route;
mod tags;
mod token;
mod uploads;

use actix_web::http::{Method, StatusCode};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use call::{Call, Target};
use error::RegistryError;
use route::{Resource, Route};

use crate::ingest::Ingest;

/// Registers `/v2/`.
pub(crate) fn configure(config: &mut ServiceConfig) {
    // Old clients recognise a registry by it.
    let version = || DefaultHeaders::new().add(("Docker-Distribution-Api-Version", "registry/2.0"));
    config.service(resource("/v2").wrap(version()).to(serve));
    config.service(resource("/v2/{tail:.*}").wrap(version()).to(serve));
}

/// Every request below `/v2/`. A refusal is an answer like any other: clients ask for what is not there all the time, and that is
/// no news for the log.
async fn serve(ingest: Data<Ingest>, http: HttpRequest, payload: Payload) -> HttpResponse {
    answer(ingest, http, payload).await.unwrap_or_else(|refusal| refusal.error_response())
}

async fn answer(ingest: Data<Ingest>, http: HttpRequest, payload: Payload) -> Result<HttpResponse, RegistryError> {
    let path = http.match_info().get("tail").unwrap_or_default().to_owned();
    let route = Route::parse(&path);
    if route == Route::Token {
        return token::serve(&ingest, &http, payload).await;
    }
    let call = Call::begin(&ingest, &http, &route).await?;
    match route {
        Route::Base if is_read(http.method()) => Ok(HttpResponse::Ok().json(serde_json::json!({}))),
        Route::Catalog if is_read(http.method()) => catalog::list(&call).await,
        Route::Repository(name, resource) => in_repository(&call, name, resource, payload).await,
        Route::Base | Route::Catalog => Err(RegistryError::method_not_allowed()),
        Route::Token | Route::Unknown => {
            Err(RegistryError::unsupported(StatusCode::NOT_FOUND, "there is no such endpoint in the registry protocol"))
        }
    }
}

async fn in_repository(
    call: &Call<'_>,
    name: &str,
    resource: Resource<'_>,
    payload: Payload,
) -> Result<HttpResponse, RegistryError> {
    let target = Target::of(call, name)?;
    match resource {
        Resource::Blob(digest) => blobs::serve(call, &target, digest).await,
        Resource::Uploads => uploads::begin(call, &target, payload).await,
        Resource::Upload(id) => uploads::serve(call, &target, id, payload).await,
        Resource::Manifest(reference) => manifests::serve(call, &target, reference, payload).await,
        Resource::Tags => tags::list(call, &target).await,
        Resource::Referrers(digest) => referrers::list(call, &target, digest).await,
    }
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}
