//! A document that lies in a repository: found by the small files that lead to it, and fetched where it is another one than is held.

use std::fs::File;

use plimsoll_advisories::feeds::{Document, Pointers, Repository};
use plimsoll_fetch::{Fetched, Validators};

use super::{Unhad, Update};

impl Update {
    /// Fetches the document that the repository has published, unless `known` has its edition in place of an `ETag`: then nothing was
    /// fetched but what leads to it.
    pub(super) async fn fetch_published(&self, repository: &Repository, known: &Validators) -> Result<Fetched, Unhad> {
        let published = repository.published(self.base.as_deref(), self).await?;
        let edition = Some(published.edition());
        if known.etag == edition {
            return Ok(Fetched::Unchanged);
        }
        let (mut file, size) = self.fetch_anew(&published.document).await.map_err(Unhad::failed)?;
        published.verify(&mut file)?;
        Ok(Fetched::Changed { file, size, validators: Validators { etag: edition, last_modified: None } })
    }
}

impl Pointers for Update {
    type Error = Unhad;

    async fn fetch_pointer(&self, pointer: &Document) -> Result<File, Unhad> {
        let fetched = self.fetch_anew(pointer).await.map(|(file, _)| file);
        // Without its list a mirror does not have the repository; what the list leads to has to be there.
        if pointer.repository().is_some() { fetched } else { fetched.map_err(Unhad::failed) }
    }
}
