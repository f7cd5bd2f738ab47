//! Feeds that are kept as they are: YARA rules and hashes of malware. Scanners compile them.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use plimsoll_store::Store;
use plimsoll_store::feeds::{self, RunCounts};
use plimsoll_store::malware_bundles::{self, BundleKind};

use crate::read::Applying;
use crate::sync::{SyncError, refuse_if_too_many};

/// The largest bundle that is kept: a million hashes are 65 MB of text, the largest set of rules is 3 MB.
const MAX_BYTES: u64 = 128 << 20;

/// Keeps a document that was read to its end and is what its feed serves.
///
/// # Errors
/// When the database fails, or much of what we hold is gone from it.
pub async fn keep(
    store: &Store,
    applying: &Applying<'_>,
    kind: BundleKind,
    content: Vec<u8>,
    counts: &mut RunCounts,
) -> Result<(), SyncError> {
    let Applying { document, most_withdrawn, state, .. } = *applying;
    let (feed, path) = (document.feed.name, document.path.as_str());
    let mut tx = store.catalog_tx().await?;
    let held = malware_bundles::records(&mut tx, feed, path).await?.map_or(0, |held| u64::from(held.unsigned_abs()));
    let gone = held.saturating_sub(counts.records);
    refuse_if_too_many(document, gone, held, most_withdrawn)?;
    let records = i32::try_from(counts.records).unwrap_or(i32::MAX);
    // How many of a bundle's rules changed is not known: it is kept whole.
    if malware_bundles::put(&mut tx, feed, path, kind, &content, records).await? {
        counts.added = counts.records.saturating_sub(held);
        counts.withdrawn = gone;
    } else {
        counts.unchanged = counts.records;
    }
    feeds::document_checked(&mut tx, feed, path, state, true).await?;
    tx.commit().await?;
    Ok(())
}

/// The bytes of a fetched document.
///
/// # Errors
/// When it is too large, or cannot be read.
pub async fn content(whole: File) -> Result<Vec<u8>, SyncError> {
    tokio::task::spawn_blocking(move || read(whole)).await.map_err(|_| SyncError::Interrupted)?
}

fn read(mut file: File) -> Result<Vec<u8>, SyncError> {
    let kept = |source| SyncError::Kept { source };
    file.seek(SeekFrom::Start(0)).map_err(kept)?;
    let mut content = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(kept)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(kept(std::io::Error::other(format!("it is larger than {MAX_BYTES} bytes"))));
    }
    Ok(content)
}
