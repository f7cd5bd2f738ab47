//! One object being written: in parts of 5 MiB, hashed on the way, visible when finished and not before, gone when dropped.

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::error::BlobError;

/// S3 takes no smaller parts, and 10,000 of them: 48 GiB an object.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Parts under way at once: with the one being filled, what an upload takes of memory.
const PARTS_AT_ONCE: usize = 3;

pub(crate) struct Upload {
    key: Path,
    /// `None` once finished or given up.
    write: Option<WriteMultipart>,
    hash: Sha256,
    size: u64,
    limit: u64,
}

impl Upload {
    /// Begins to write an object of at most `limit` bytes.
    pub(crate) async fn begin(store: &Arc<dyn ObjectStore>, key: Path, limit: u64) -> Result<Self, BlobError> {
        let upload = store.put_multipart(&key).await.map_err(|error| BlobError::of_store("writing", &key, error))?;
        let write = Some(WriteMultipart::new_with_chunk_size(upload, PART_BYTES));
        Ok(Self { key, write, hash: Sha256::new(), size: 0, limit })
    }

    /// Writes on. After an error the upload is to be dropped.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(BlobError::TooLarge { key: self.key.to_string(), limit: self.limit });
        }
        self.hash.update(&bytes);
        let Some(write) = self.write.as_mut() else { return Ok(()) };
        for piece in bytes.chunks(PART_BYTES) {
            let room = write.wait_for_capacity(PARTS_AT_ONCE).await;
            room.map_err(|error| BlobError::of_store("writing", &self.key, error))?;
            // Copied: a small piece of a large buffer would keep all of it.
            write.write(piece);
        }
        Ok(())
    }

    /// The digest of what was written so far.
    pub(crate) fn digest(&self) -> Digest {
        Digest::from_sha256(self.hash.clone().finalize().into())
    }

    /// Makes the object visible; answers its size and digest.
    pub(crate) async fn finish(mut self) -> Result<(u64, Digest), BlobError> {
        if let Some(write) = self.write.take() {
            write.finish().await.map_err(|error| BlobError::of_store("writing", &self.key, error))?;
        }
        Ok((self.size, self.digest()))
    }

    /// Gives up, and waits until what was written is gone.
    pub(crate) async fn abort(mut self) {
        if let Some(write) = self.write.take() {
            abort(&self.key, write).await;
        }
    }
}

impl Drop for Upload {
    /// An upload that its future's end takes with it (the client left) is given up all the same.
    fn drop(&mut self) {
        if let (Some(write), Ok(runtime)) = (self.write.take(), tokio::runtime::Handle::try_current()) {
            let key = self.key.clone();
            runtime.spawn(async move { abort(&key, write).await });
        }
    }
}

async fn abort(key: &Path, write: WriteMultipart) {
    if let Err(error) = write.abort().await {
        tracing::warn!(%key, %error, "an unfinished upload was left behind");
    }
}
