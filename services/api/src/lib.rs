//! Sign-in and the GraphQL API.
//!
//! Everything is read in a transaction of the organization that who asks belongs to, so that row-level security holds whatever a
//! resolver asks for; see `README.md`.

pub mod authentication;
pub mod configuration;
pub mod graphql;
mod openapi;
pub mod rest;
pub mod server;
pub mod vex_documents;
pub mod viewer;

pub use configuration::{Configuration, Limits};
pub use openapi::json as openapi_json;
pub use server::{StartError, State, start};

/// The GraphQL schema in the schema definition language: `api-schema/schema.graphql`.
pub fn schema_sdl() -> String {
    graphql::sdl()
}
