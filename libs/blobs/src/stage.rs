//! Staged parts: bytes that came in and whose digest nobody has claimed yet.

use std::error::Error;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, pin_mut};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use plimsoll_model::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::BlobError;
use crate::open::Blobs;
use crate::upload::Upload;

/// A part of an upload that is stored. Whoever takes the upload on keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// Where it stands.
    pub key: String,
    /// How many bytes.
    pub size: u64,
    /// Their digest.
    pub sha256: Digest,
}

impl Blobs {
    /// Stores a stream as a part of an upload, with at most `limit` bytes; a part of that number from before is replaced.
    ///
    /// Takes up to 20 MiB of memory, whatever comes. When the stream fails, grows too large, or this future is dropped, nothing is kept.
    ///
    /// # Errors
    /// [`BlobError::Interrupted`] for the stream's error, [`BlobError::TooLarge`], or the store's failure.
    pub async fn stage<S, E>(&self, upload: Uuid, part: u32, stream: S, limit: u64) -> Result<Staged, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let key = Path::from_iter(["staged".to_owned(), upload.to_string(), format!("{part:010}")]);
        let mut writing = Upload::begin(&self.store, key.clone(), limit).await?;
        pin_mut!(stream);
        while let Some(bytes) = stream.next().await {
            let written = match bytes {
                Ok(bytes) => writing.write(bytes).await,
                Err(error) => Err(BlobError::Interrupted { key: key.to_string(), source: error.into() }),
            };
            if let Err(error) = written {
                writing.abort().await;
                return Err(error);
            }
        }
        let (size, sha256) = writing.finish().await?;
        Ok(Staged { key: key.into(), size, sha256 })
    }

    /// Removes staged parts, after they were committed or given up. Parts that are gone already are well.
    ///
    /// # Errors
    /// When the store fails; the parts are then swept later.
    pub async fn discard(&self, parts: &[Staged]) -> Result<(), BlobError> {
        for part in parts {
            let key = staged_key(part)?;
            match self.store.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(BlobError::of_store("removing", &key, error)),
            }
        }
        Ok(())
    }
}

/// The key of a staged part. What was kept elsewhere meanwhile must still name one, not a blob.
pub(crate) fn staged_key(part: &Staged) -> Result<Path, BlobError> {
    let key =
        Path::parse(&part.key).ok().filter(|key| key.parts().next().is_some_and(|first| first.as_ref() == "staged"));
    key.ok_or_else(|| BlobError::NotFound { key: part.key.chars().take(200).collect() })
}
