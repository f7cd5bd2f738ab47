//! An archive's files into staging, one after the other.

use std::collections::BTreeMap;

use bytes::Bytes;
use plimsoll_model::Digest;
use plimsoll_oci::archive::BlobSink;
use plimsoll_store::uploads::Part;

use crate::staging::{Staging, StagingError, Writer};

/// Why a file of an archive is not staged.
#[derive(Debug, thiserror::Error)]
pub(super) enum SinkError {
    #[error("{size} bytes are more than the {limit} that are accepted of one file")]
    TooLarge { size: u64, limit: u64 },
    #[error(transparent)]
    Staging(#[from] StagingError),
    #[error("a file was written to before it began")]
    NotBegun,
}

/// Stages files and remembers them by their digest.
pub(super) struct StagingSink<'a> {
    staging: &'a Staging,
    max_file_bytes: u64,
    current: Option<Writer>,
    staged: BTreeMap<Digest, Part>,
    /// The same bytes again.
    spare: Vec<Part>,
}

impl<'a> StagingSink<'a> {
    pub(super) const fn new(staging: &'a Staging, max_file_bytes: u64) -> Self {
        Self { staging, max_file_bytes, current: None, staged: BTreeMap::new(), spare: Vec::new() }
    }

    /// The staged file of this digest.
    pub(super) fn part(&self, digest: &Digest) -> Option<&Part> {
        self.staged.get(digest)
    }

    /// Drops everything that was staged; what was kept as a blob stays.
    pub(super) async fn discard(self) {
        let parts: Vec<Part> = self.staged.into_values().chain(self.spare).collect();
        self.staging.discard(&parts).await;
    }
}

impl BlobSink for StagingSink<'_> {
    type Error = SinkError;

    async fn begin(&mut self, size: u64) -> Result<(), SinkError> {
        if size > self.max_file_bytes {
            return Err(SinkError::TooLarge { size, limit: self.max_file_bytes });
        }
        self.current = Some(self.staging.writer(size));
        Ok(())
    }

    async fn write(&mut self, chunk: Bytes) -> Result<(), SinkError> {
        let writer = self.current.as_mut().ok_or(SinkError::NotBegun)?;
        Ok(writer.write(chunk).await?)
    }

    async fn finish(&mut self) -> Result<(Digest, u64), SinkError> {
        let writer = self.current.take().ok_or(SinkError::NotBegun)?;
        let (digest, part) = writer.finish().await?;
        let size = part.size;
        if let Some(same) = self.staged.insert(digest, part) {
            self.spare.push(same);
        }
        Ok((digest, size))
    }
}
