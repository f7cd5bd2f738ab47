//! What the operator sets.

use std::time::Duration;

use plimsoll_runtime::config::Engines;
use serde::Deserialize;
use url::Url;

/// The service's variables, without their prefix `PLIMSOLL_`.
#[derive(Debug, Clone, Deserialize)]
pub struct Configuration {
    /// The engines and the address to listen on.
    #[serde(flatten)]
    pub engines: Engines,
    /// Where images are pushed to, for clients that ask.
    pub ingest_url: Url,
    /// Where people reach this service; cookies are `Secure` where it is https. Default: `http://` and the listening address.
    pub api_url: Option<Url>,
    /// What a GraphQL request may cost.
    #[serde(flatten)]
    pub limits: Limits,
}

/// What a GraphQL request may cost. Each refusal names its limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Whether the schema may be asked for: it is public in the repository, so hiding it protects nothing.
    pub graphql_introspection: bool,
    /// Levels of selections, fragments counted where they are spread.
    pub graphql_depth: usize,
    /// Fields that the answer may have, a list counted as often as it may have elements.
    pub graphql_complexity: usize,
    /// Fields under another name.
    pub graphql_aliases: usize,
    /// Fields, as written, with fragments counted wherever they are spread.
    pub graphql_fields: usize,
    /// Operations and fragments in one document.
    pub graphql_definitions: usize,
    /// Requests in one batch.
    pub graphql_batch: usize,
    /// Bytes of a request's body.
    pub graphql_bytes: usize,
    /// Subscriptions and other operations begun on one WebSocket.
    pub graphql_socket_operations: usize,
    /// How often it is checked that who listens still may, in seconds.
    pub graphql_recheck_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            graphql_introspection: true,
            graphql_depth: 16,
            graphql_complexity: 100_000,
            graphql_aliases: 50,
            graphql_fields: 1_000,
            graphql_definitions: 50,
            graphql_batch: 10,
            graphql_bytes: 256 * 1024,
            graphql_socket_operations: 1_000,
            graphql_recheck_seconds: 15,
        }
    }
}

impl Limits {
    /// How often it is checked that who listens still may.
    pub fn recheck(&self) -> Duration {
        Duration::from_secs(self.graphql_recheck_seconds.max(1))
    }
}
