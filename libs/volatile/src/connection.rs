//! The connection: one for commands, which mends itself, and one for what is published, in [`crate::hub`].

use std::fmt;
use std::future::Future;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::error::VolatileError;
use crate::hub::Hub;

/// How long a call waits at most, whatever the state of the connection: requests of people hang on it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Redis, under one prefix. Clones share the connections.
#[derive(Clone)]
pub struct Volatile {
    connection: ConnectionManager,
    prefix: String,
    pub(crate) hub: Hub,
}

impl fmt::Debug for Volatile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Volatile").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Volatile {
    /// Connects. `url` is `redis://` or `rediss://` and may hold a password; `prefix` keeps installations (and tests) apart.
    ///
    /// Call it within a tokio runtime, which afterwards runs the connection's tasks.
    ///
    /// # Errors
    /// When the address is not one, or Redis does not answer.
    pub async fn connect(url: &str, prefix: &str) -> Result<Self, VolatileError> {
        let doing = "connecting to Redis";
        let client = redis::Client::open(url).map_err(|source| VolatileError::Redis { doing, source })?;
        // Few and quick retries: a call would rather fail than hang, and the next call tries again.
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(Duration::from_secs(2)))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(500));
        let connection = in_time(doing, ConnectionManager::new_with_config(client.clone(), config)).await?;
        Ok(Self { connection, prefix: prefix.to_owned(), hub: Hub::start(client) })
    }

    /// Asks Redis whether it is there.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> Result<(), VolatileError> {
        let mut connection = self.connection.clone();
        in_time("asking Redis for a sign of life", redis::cmd("PING").query_async(&mut connection)).await
    }

    /// The name of a key or channel: the prefix and the parts, joined by colons.
    pub(crate) fn key(&self, parts: &[&str]) -> String {
        std::iter::once(self.prefix.as_str()).chain(parts.iter().copied()).collect::<Vec<_>>().join(":")
    }

    /// Runs a command.
    pub(crate) async fn run<T: redis::FromRedisValue>(
        &self,
        doing: &'static str,
        command: &redis::Cmd,
    ) -> Result<T, VolatileError> {
        let mut connection = self.connection.clone();
        in_time(doing, command.query_async(&mut connection)).await
    }

    /// Runs a script, which is atomic.
    pub(crate) async fn invoke<T: redis::FromRedisValue>(
        &self,
        doing: &'static str,
        script: &redis::ScriptInvocation<'_>,
    ) -> Result<T, VolatileError> {
        let mut connection = self.connection.clone();
        in_time(doing, script.invoke_async(&mut connection)).await
    }
}

/// Waits for an answer of Redis, not longer than [`PATIENCE`].
pub(crate) async fn in_time<T>(
    doing: &'static str,
    answer: impl Future<Output = redis::RedisResult<T>>,
) -> Result<T, VolatileError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(VolatileError::Redis { doing, source }),
        Err(_) => Err(VolatileError::TimedOut { doing }),
    }
}
