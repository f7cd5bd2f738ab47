//! What the service is told by its environment.

use anyhow::Context as _;
use plimsoll_identity::RegistryTokenKey;
use plimsoll_runtime::config::Engines;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

/// The service's configuration, from `PLIMSOLL_*` variables.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The engines, and where to listen.
    #[serde(flatten)]
    pub engines: Engines,
    /// The address that clients reach the service by; `http://` and the listening address where it is not set.
    #[serde(default)]
    pub public_url: Option<Url>,
    /// 64 hexadecimal digits: the key that signs registry tokens, the same in every ingest process.
    pub token_key: SecretString,
    /// The largest blob that is taken, in bytes.
    #[serde(default = "default_max_blob_bytes")]
    pub max_blob_bytes: u64,
    /// The largest image archive that is taken, in bytes of its uncompressed tar.
    #[serde(default = "default_max_archive_bytes")]
    pub max_archive_bytes: u64,
    /// How many requests an API key may make a minute, and at once after a pause.
    #[serde(default = "default_requests_per_minute")]
    pub requests_per_minute: u32,
}

const fn default_max_blob_bytes() -> u64 {
    20 << 30
}

const fn default_max_archive_bytes() -> u64 {
    64 << 30
}

/// A push of a hundred layers makes some five hundred requests.
const fn default_requests_per_minute() -> u32 {
    6_000
}

/// What `--help` lists.
pub const VARIABLES: &str = "\
Variables:
  PLIMSOLL_DATABASE_URL         PostgreSQL, as the role plimsoll_ingest
  PLIMSOLL_AMQP_URL             RabbitMQ
  PLIMSOLL_REDIS_URL            Redis
  PLIMSOLL_REDIS_PREFIX         put before every key in Redis [default: plimsoll]
  PLIMSOLL_BLOBS                object store, file:///folder or s3://bucket/prefix
  PLIMSOLL_LISTEN               address to listen on, as 127.0.0.1:8081
  PLIMSOLL_PUBLIC_URL           address that clients reach this service by [default: http://LISTEN]
  PLIMSOLL_TOKEN_KEY            64 hexadecimal digits, secret, the same in every ingest process: signs registry tokens
  PLIMSOLL_MAX_BLOB_BYTES       largest blob [default: 20 GiB]
  PLIMSOLL_MAX_ARCHIVE_BYTES    largest image archive, uncompressed [default: 64 GiB]
  PLIMSOLL_REQUESTS_PER_MINUTE  per API key [default: 6000]
  PLIMSOLL_LOG                  log filter [default: info]
  OTEL_EXPORTER_OTLP_ENDPOINT   where traces go; without it nowhere";

impl Config {
    /// The key that signs registry tokens.
    pub(crate) fn registry_token_key(&self) -> anyhow::Result<RegistryTokenKey> {
        let mut secret = [0u8; 32];
        // The cause would quote a part of the secret.
        hex::decode_to_slice(self.token_key.expose_secret(), &mut secret)
            .ok()
            .context("PLIMSOLL_TOKEN_KEY: expected 64 hexadecimal digits, as from `openssl rand -hex 32`")?;
        Ok(RegistryTokenKey::new(&secret))
    }
}
