//! From staged parts to a blob: verified first, visible second.

use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use plimsoll_model::Digest;

use crate::error::BlobError;
use crate::open::{Blobs, blob_key};
use crate::stage::{Staged, staged_key};
use crate::upload::Upload;

/// S3 copies no larger object in one request.
const MAX_COPY_BYTES: u64 = 5 * 1024 * 1024 * 1024;

impl Blobs {
    /// Makes the parts, one after the other, the blob of the expected digest; answers its size. A blob that is there already
    /// is kept. Two commits at once both succeed. The parts stay: [`discard`](Blobs::discard) them when the blob is recorded.
    ///
    /// One part is copied within the store (a hard link in a folder); several are read and written again.
    ///
    /// # Errors
    /// [`BlobError::DigestMismatch`] when the content is another: then nothing stands under the expected digest that was not
    /// there before. [`BlobError::NotFound`] when a part is gone.
    pub async fn commit(&self, parts: &[Staged], expected: &Digest) -> Result<u64, BlobError> {
        // Claimed content counts for a blob that exists only after the parts were found to be it.
        match parts {
            [part] if part.sha256 != *expected => {
                Err(BlobError::DigestMismatch { expected: *expected, actual: part.sha256 })
            }
            [part] if part.size <= MAX_COPY_BYTES => self.copy(part, expected).await,
            parts => self.join(parts, expected).await,
        }
    }

    async fn copy(&self, part: &Staged, expected: &Digest) -> Result<u64, BlobError> {
        let (from, to) = (staged_key(part)?, blob_key(expected));
        if self.exists(expected).await? {
            return Ok(part.size);
        }
        let copied = if self.folder.is_some() {
            // A link over itself would leave its temporary name behind, so not over an existing one.
            self.store.copy_if_not_exists(&from, &to).await
        } else {
            // S3 replaces it by the same bytes.
            self.store.copy(&from, &to).await
        };
        match copied {
            Ok(()) | Err(object_store::Error::AlreadyExists { .. }) => Ok(part.size),
            Err(error) => Err(BlobError::of_store("copying", &from, error)),
        }
    }

    async fn join(&self, parts: &[Staged], expected: &Digest) -> Result<u64, BlobError> {
        let limit = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.size));
        let mut writing = Upload::begin(&self.store, blob_key(expected), limit).await?;
        for part in parts {
            if let Err(error) = self.append(&staged_key(part)?, &mut writing).await {
                writing.abort().await;
                return Err(error);
            }
        }
        let actual = writing.digest();
        if actual != *expected {
            writing.abort().await;
            return Err(BlobError::DigestMismatch { expected: *expected, actual });
        }
        Ok(writing.finish().await?.0)
    }

    async fn append(&self, key: &Path, writing: &mut Upload) -> Result<(), BlobError> {
        let mut stream = self.read(key, None).await?.stream;
        while let Some(bytes) = stream.try_next().await? {
            writing.write(bytes).await?;
        }
        Ok(())
    }
}
