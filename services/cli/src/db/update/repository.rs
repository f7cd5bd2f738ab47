//! A document that lies in a repository: found by the small files that lead to it, and fetched where it is another one than is held.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use plimsoll_advisories::feeds::{Document, Pointers, Repository};
use plimsoll_fetch::{Fetched, KnownFiles, Validators};

use super::{Known, Unhad, Update};

impl Update {
    /// Fetches the document that the repository has published, unless `known` has its edition in place of an `ETag`: then nothing was
    /// fetched but what leads to it, and not even that where it is as `known` tells. Gives what its servers say of that now.
    pub(super) async fn fetch_published(
        &self,
        document: &Document,
        repository: &Repository,
        known: &Known,
    ) -> Result<(Fetched, KnownFiles), Unhad> {
        let is_held = known.validators.etag.is_some() && known.pointers.has(&self.address(document));
        if is_held && self.fetcher.are_unchanged(&known.pointers).await {
            return Ok((Fetched::Unchanged, known.pointers.clone()));
        }
        let asking = Asking { update: self, known: Mutex::default() };
        let published = repository.published(self.base.as_deref(), &asking).await?;
        let pointers = asking.known.into_inner().unwrap_or_else(PoisonError::into_inner);
        let edition = Some(published.edition());
        if known.validators.etag == edition {
            return Ok((Fetched::Unchanged, pointers));
        }
        let (mut file, size) = self.fetch_anew(&published.document).await.map_err(Unhad::failed)?;
        published.verify(&mut file)?;
        let validators = Validators { etag: edition, last_modified: None };
        Ok((Fetched::Changed { file, size, validators }, pointers))
    }
}

/// Fetches what leads to a document, and keeps what its servers say of it.
struct Asking<'u> {
    update: &'u Update,
    known: Mutex<KnownFiles>,
}

impl Pointers for Asking<'_> {
    type Error = Unhad;

    async fn fetch_pointer(&self, pointer: &Document) -> Result<File, Unhad> {
        let fetched = self.update.fetch_told(pointer).await;
        // Without its list a mirror does not have the repository; what the list leads to has to be there.
        let fetched = if pointer.repository().is_some() { fetched } else { fetched.map_err(Unhad::failed) };
        let (file, _, validators) = fetched?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(self.update.address(pointer), validators);
        Ok(file)
    }
}
