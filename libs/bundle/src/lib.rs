//! The bundle of feeds: one signed file that holds the offline database, for machines without a network and for pipelines by the thousand.
//!
//! In: a database, a secret key. Out: a tar archive of three files that `tar`, `minisign`, `sha256sum` and `zstd` read too: what is in it
//! ([`Header`], JSON), minisign's signature of that, and the database under zstd. The header names the database's length and hash, so the
//! signature holds for all of it. Nothing of a bundle is used before a trusted key has signed for it.

mod error;
mod header;
mod keys;
mod limits;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::BundleError;
pub use header::{FORMAT, FeedContent, Header, Payload};
pub use keys::{KeyId, SigningKey, TrustedKey};
pub use limits::BUNDLE as MOST_BYTES;
pub use read::Bundle;
pub use write::write;
