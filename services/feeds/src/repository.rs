//! A document that lies in a repository: found by the small files that lead to it, and fetched where it is another one than we hold.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use plimsoll_advisories::feeds::{Document, Pointers, Repository};
use plimsoll_fetch::{Fetched, KnownFiles, Validators};
use plimsoll_store::feeds::RunCounts;
use url::Url;

use crate::sync::{SyncError, Syncer};

impl Syncer {
    /// Fetches the document that the repository has published, unless `known` has its edition in place of an `ETag`: then nothing was
    /// fetched but what leads to it, and not even that where it is as `pointers` tell. Gives what its servers say of that now.
    pub(crate) async fn fetch_published(
        &self,
        repository: &Repository,
        known: Option<&Validators>,
        pointers: KnownFiles,
    ) -> Result<(Fetched, KnownFiles), SyncError> {
        let is_held = known.is_some_and(|known| known.etag.is_some());
        if is_held && self.fetcher.are_unchanged(&pointers).await {
            return Ok((Fetched::Unchanged, pointers));
        }
        let asking = Asking { syncer: self, known: Mutex::default() };
        let published = repository.published(self.base.as_ref().map(Url::as_str), &asking).await?;
        let pointers = asking.known.into_inner().unwrap_or_else(PoisonError::into_inner);
        let edition = Some(published.edition());
        if known.is_some_and(|known| known.etag == edition) {
            return Ok((Fetched::Unchanged, pointers));
        }
        let mut counts = RunCounts::default();
        let mut file = self.fetch_file(&published.document, &mut counts).await?;
        let verifying = tokio::task::spawn_blocking(move || published.verify(&mut file).map(|()| file));
        let file = verifying.await.map_err(|_| SyncError::Interrupted)??;
        let validators = Validators { etag: edition, last_modified: None };
        Ok((Fetched::Changed { file, size: counts.size_bytes, validators }, pointers))
    }
}

/// Fetches what leads to a document, and keeps what its servers say of it.
struct Asking<'s> {
    syncer: &'s Syncer,
    known: Mutex<KnownFiles>,
}

impl Pointers for Asking<'_> {
    type Error = SyncError;

    async fn fetch_pointer(&self, pointer: &Document) -> Result<File, SyncError> {
        let (file, _, validators) = self.syncer.fetch_anew(pointer).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(self.syncer.address(pointer), validators);
        Ok(file)
    }
}
