//! A document that lies in a repository: found by the small files that lead to it, and fetched where it is another one than we hold.

use std::fs::File;

use plimsoll_advisories::feeds::{Document, Pointers, Repository};
use plimsoll_fetch::{Fetched, Validators};
use plimsoll_store::feeds::RunCounts;
use url::Url;

use crate::sync::{SyncError, Syncer};

impl Syncer {
    /// Fetches the document that the repository has published, unless `known` has its edition in place of an `ETag`: then nothing was
    /// fetched but what leads to it.
    pub(crate) async fn fetch_published(
        &self,
        repository: &Repository,
        known: Option<&Validators>,
    ) -> Result<Fetched, SyncError> {
        let published = repository.published(self.base.as_ref().map(Url::as_str), self).await?;
        let edition = Some(published.edition());
        if known.is_some_and(|known| known.etag == edition) {
            return Ok(Fetched::Unchanged);
        }
        let mut counts = RunCounts::default();
        let mut file = self.fetch_file(&published.document, &mut counts).await?;
        let verifying = tokio::task::spawn_blocking(move || published.verify(&mut file).map(|()| file));
        let file = verifying.await.map_err(|_| SyncError::Interrupted)??;
        let validators = Validators { etag: edition, last_modified: None };
        Ok(Fetched::Changed { file, size: counts.size_bytes, validators })
    }
}

impl Pointers for Syncer {
    type Error = SyncError;

    async fn fetch_pointer(&self, pointer: &Document) -> Result<File, SyncError> {
        self.fetch_file(pointer, &mut RunCounts::default()).await
    }
}
