//! The embedded advisory database of the offline scan: one SQLite file.
//!
//! In: the documents of the feeds, record by record ([`Builder`]). Out: a file that [`AdvisoryDb`] reads, an
//! [`AdvisorySource`](plimsoll_advisories::AdvisorySource) like the services' PostgreSQL. Documents are kept apart, so that an update
//! replaces those that changed; a reader sees the old file or the new one, never half of one.

mod aside;
mod builder;
mod changes;
mod codec;
mod db;
mod derive;
mod document;
mod error;
mod known_files;
mod left_out;
mod origin;
mod records;
mod schema;
mod staged;

pub use builder::{Builder, Previous};
pub use db::AdvisoryDb;
pub use document::{Counts, StoredDocument};
pub use error::DbError;
pub use origin::{Origin, install};
pub use records::ReadError;
pub use schema::{FORMAT, OLDEST_FORMAT};
pub use staged::StagedDocument;
