//! What can go wrong: Redis is away, slow, or holds what we did not put there.

/// A call on Redis that did not succeed. Whether it took effect is not known.
#[derive(Debug, thiserror::Error)]
pub enum VolatileError {
    /// Redis refused, or the connection was lost.
    #[error("{doing}: {source}")]
    Redis {
        /// What was being done.
        doing: &'static str,
        /// Redis' or the connection's error.
        source: redis::RedisError,
    },
    /// No answer in time.
    #[error("{doing}: no answer from Redis in time")]
    TimedOut {
        /// What was being done.
        doing: &'static str,
    },
    /// A value could not be written as JSON or read back.
    #[error("{doing}: {source}")]
    Json {
        /// What was being done.
        doing: &'static str,
        /// Where the JSON is wrong.
        source: serde_json::Error,
    },
}
