//! Configuration from `PLIMSOLL_*` variables.

use figment::Figment;
use figment::providers::Env;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

/// Reads a service's configuration: the field `database_url` from `PLIMSOLL_DATABASE_URL`, and so on.
///
/// # Errors
/// Names the variable that is missing or not of its kind.
pub fn from_env<T: DeserializeOwned>() -> Result<T, ConfigError> {
    Figment::new().merge(Env::prefixed("PLIMSOLL_")).extract().map_err(|error| {
        let problems = error.into_iter().map(|problem| {
            let variable = match &problem.kind {
                figment::error::Kind::MissingField(field) => Some(field.to_string()),
                _ => problem.path.last().cloned(),
            };
            match variable {
                Some(field) => format!("PLIMSOLL_{}: {}", field.to_uppercase(), problem.kind),
                None => problem.to_string(),
            }
        });
        ConfigError(problems.collect::<Vec<_>>().join("; "))
    })
}

/// Variables that are missing or not of their kind.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0} (each service's README lists its variables)")]
pub struct ConfigError(String);

/// The engines that every service of the platform is told of.
#[derive(Debug, Clone, Deserialize)]
pub struct Engines {
    /// PostgreSQL, with the service's own role.
    pub database_url: SecretString,
    /// RabbitMQ.
    pub amqp_url: SecretString,
    /// Redis.
    pub redis_url: SecretString,
    /// Put before every key in Redis.
    #[serde(default = "default_redis_prefix")]
    pub redis_prefix: String,
    /// The object store, `file:///...` or `s3://bucket/prefix`.
    pub blobs: Url,
    /// Where the service listens, `127.0.0.1:8080`.
    pub listen: String,
}

fn default_redis_prefix() -> String {
    "plimsoll".into()
}
