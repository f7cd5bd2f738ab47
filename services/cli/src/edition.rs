//! When a document is made and what it is called: the same again for a reproducible build.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::clock;
use crate::report::ScannedImage;

/// Now, or the time that a reproducible build sets (reproducible-builds.org, `SOURCE_DATE_EPOCH`).
pub fn time() -> DateTime<Utc> {
    source_date_epoch().unwrap_or_else(clock::now)
}

fn source_date_epoch() -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(std::env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()?, 0)
}

/// A UUID (version 8) of what is told and when: another one for each run, the same for a reproducible one.
pub fn id(image: &ScannedImage, at: DateTime<Utc>) -> Uuid {
    let mut sha = Sha256::new();
    for part in [&image.name, image.digest.as_deref().unwrap_or_default(), &at.to_rfc3339()] {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(sha.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
