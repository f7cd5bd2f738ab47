//! `GET /v1/server`: what a client must know before it has any credentials.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;

use crate::server::State;

/// What this server is and where its parts are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ServerFacts {
    /// The platform's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Where images are pushed to.
    #[schema(example = "https://registry.example.org/")]
    registry: String,
    /// The path of the GraphQL endpoint on this server.
    #[schema(example = "/graphql")]
    graphql: &'static str,
}

/// What this server is and where its parts are. Needs no credentials.
#[utoipa::path(get, path = "/v1/server", tag = "server",
    responses((status = 200, description = "The facts", body = ServerFacts)))]
pub async fn server_facts(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(ServerFacts {
        version: env!("CARGO_PKG_VERSION"),
        registry: state.ingest_url.to_string(),
        graphql: "/graphql",
    })
}
