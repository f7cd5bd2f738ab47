//! Takes images in: the registry endpoints that `docker`, `podman` and `skopeo` push to, and uploads of image archives.
//!
//! In: HTTP with an API key, or a token that one was exchanged for. Out: bytes in the object store, rows of the key's organization in
//! PostgreSQL and, in the same transaction as a new image, a message that it waits for its scan.

mod acceptance;
mod archive;
mod caller;
mod config;
mod credentials;
mod ingest;
mod openapi;
mod pace;
mod registry;
mod server;
mod staging;
mod sweep;

pub use config::{Config, VARIABLES};
pub use openapi::openapi;
pub use server::{Running, start};
