//! What every request works with.

use plimsoll_identity::RegistryTokenKey;
use plimsoll_store::Store;
use plimsoll_volatile::{Limit, Volatile};
use url::Url;

use crate::staging::Staging;

/// What every request works with.
#[derive(Debug)]
pub(crate) struct Ingest {
    pub(crate) store: Store,
    pub(crate) staging: Staging,
    pub(crate) volatile: Volatile,
    pub(crate) token_key: RegistryTokenKey,
    pub(crate) public_url: Url,
    pub(crate) max_blob_bytes: u64,
    pub(crate) max_archive_bytes: u64,
    pub(crate) rate: Limit,
}
