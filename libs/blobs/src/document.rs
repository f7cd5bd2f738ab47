//! Analysis documents: small enough for memory, named by whoever writes them, replaced as a whole.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};

use crate::error::BlobError;
use crate::open::Blobs;

/// The most bytes of a document.
pub const MAX_DOCUMENT_BYTES: u64 = 64 * 1024 * 1024;

impl Blobs {
    /// Stores a document; one of that key from before is replaced. `key` is made of names joined by `/`.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] beyond [`MAX_DOCUMENT_BYTES`], [`BlobError::Key`], or the store's failure.
    pub async fn put_document(&self, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        let key = document_key(key)?;
        check_size(&key, bytes.len() as u64)?;
        let put = self.store.put(&key, PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(|error| BlobError::of_store("writing", &key, error))
    }

    /// The document with this key.
    ///
    /// # Errors
    /// [`BlobError::NotFound`]; [`BlobError::TooLarge`] for what was not stored by us.
    pub async fn get_document(&self, key: &str) -> Result<Bytes, BlobError> {
        let key = document_key(key)?;
        let found = self.store.get(&key).await.map_err(|error| BlobError::of_store("reading", &key, error))?;
        check_size(&key, found.meta.size)?;
        found.bytes().await.map_err(|error| BlobError::of_store("reading", &key, error))
    }

    /// Removes a document; one that is not there is none to remove.
    ///
    /// # Errors
    /// [`BlobError::Key`], or the store's failure.
    pub async fn remove_document(&self, key: &str) -> Result<(), BlobError> {
        let key = document_key(key)?;
        match self.store.delete(&key).await.map_err(|error| BlobError::of_store("removing", &key, error)) {
            Ok(()) | Err(BlobError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn document_key(key: &str) -> Result<Path, BlobError> {
    let bad = |reason: String| BlobError::Key { key: key.chars().take(200).collect(), reason };
    if key.is_empty() || key.len() > 500 {
        return Err(bad("it must have 1 to 500 bytes".to_owned()));
    }
    if key.starts_with('/') || key.ends_with('/') {
        return Err(bad("it begins or ends with a slash".to_owned()));
    }
    Path::parse(format!("documents/{key}")).map_err(|error| bad(error.to_string()))
}

fn check_size(key: &Path, size: u64) -> Result<(), BlobError> {
    if size > MAX_DOCUMENT_BYTES {
        return Err(BlobError::TooLarge { key: key.to_string(), limit: MAX_DOCUMENT_BYTES });
    }
    Ok(())
}
