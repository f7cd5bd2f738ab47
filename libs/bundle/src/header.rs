//! What a bundle says of itself.

use chrono::{DateTime, Utc};
use plimsoll_model::Digest;
use serde::{Deserialize, Serialize};

/// The format of bundles. Raised when a program that reads this one could no longer read them; what is only added does not raise it.
pub const FORMAT: u32 = 1;

/// What is in a bundle. Signed; names what is not signed itself by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The bundle's format.
    pub format: u32,
    /// When its database was built: of two bundles, the one with the later date is the newer.
    pub built_at: DateTime<Utc>,
    /// The program that made it.
    pub made_by: String,
    /// The database.
    pub database: Payload,
    /// What is in it, by feed.
    pub feeds: Vec<FeedContent>,
}

/// A file in the bundle, under zstd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The file's name in the archive.
    pub name: String,
    /// The format of the database, `plimsoll_advisory_db::FORMAT` of the release that built it.
    pub format: i64,
    /// Bytes as it lies in the bundle.
    pub size: u64,
    /// The hash of those.
    pub digest: Digest,
    /// Bytes once unpacked.
    pub unpacked_size: u64,
}

/// What there is of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedContent {
    /// Its name.
    pub feed: String,
    /// Documents.
    pub documents: u64,
    /// Records in them.
    pub records: u64,
    /// When the oldest of the documents was last known to be up to date.
    pub checked_at: DateTime<Utc>,
}
