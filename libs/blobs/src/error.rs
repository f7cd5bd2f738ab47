//! What can go wrong with stored objects.

use std::error::Error;

use plimsoll_model::Digest;

/// A failed operation on the object store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The address of the object store cannot be used.
    #[error("object store {url}: {reason}")]
    Address {
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such object.
    #[error("{key}: not found")]
    NotFound {
        /// The object's key.
        key: String,
    },
    /// The object store failed: worth another try later.
    #[error("{doing} {key}: {source}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// To which object.
        key: String,
        /// The store's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// What was to be stored ended with an error, such as a client that left. Nothing was kept.
    #[error("upload of {key} broke off: {source}")]
    Interrupted {
        /// Where it would have stood.
        key: String,
        /// The stream's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// More bytes than allowed. Nothing was kept.
    #[error("{key}: more than {limit} bytes")]
    TooLarge {
        /// Where it would have stood, or stands.
        key: String,
        /// The most bytes allowed.
        limit: u64,
    },
    /// The content has another digest than was claimed. Nothing was kept under the claimed one.
    #[error("the content has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// The digest that was claimed.
        expected: Digest,
        /// The digest that it has.
        actual: Digest,
    },
    /// The range begins after the end, or is empty or backwards.
    #[error("{key}: no such range in {size} bytes")]
    Range {
        /// The object's key.
        key: String,
        /// How large the object is.
        size: u64,
    },
    /// A document's key that cannot be one.
    #[error("'{key}' is not a document's key: {reason}")]
    Key {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl BlobError {
    /// Puts what was being done to an error of the object store.
    pub(crate) fn of_store(doing: &'static str, key: &object_store::path::Path, source: object_store::Error) -> Self {
        match source {
            object_store::Error::NotFound { .. } => Self::NotFound { key: key.to_string() },
            source => Self::Store { doing, key: key.to_string(), source: source.into() },
        }
    }
}
