//! What can go wrong between us and PostgreSQL.

/// A statement that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL or the way to it: the text says which.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration did not run.
    #[error("database migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value that is not what we write: the schema and this program disagree.
    #[error("stored {what} is not valid: {value}")]
    Corrupt {
        /// Which column.
        what: &'static str,
        /// Its beginning.
        value: String,
    },
    /// A document that does not become JSON or does not come back from it.
    #[error("stored document: {0}")]
    Json(#[from] serde_json::Error),
}

impl StoreError {
    /// Reports a stored `value` that is not a valid `what`.
    pub(crate) fn corrupt(what: &'static str, value: &str) -> Self {
        Self::Corrupt { what, value: value.chars().take(80).collect() }
    }

    /// Whether trying again may help: the connection, not the statement, was the trouble, or two transactions collided.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
            // serialization_failure, deadlock_detected, admin_shutdown, crash_shutdown, cannot_connect_now
            Self::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("40001" | "40P01" | "57P01" | "57P02" | "57P03"))
            }
            _ => false,
        }
    }
}

/// What every function here gives.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
