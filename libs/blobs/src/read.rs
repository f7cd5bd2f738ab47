//! Reading blobs: as a stream for clients, as `Read` for the scanner's threads.

use std::io::{self, Read};
use std::ops::Range;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore as _, ObjectStoreExt as _};
use plimsoll_model::Digest;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};

use crate::error::BlobError;
use crate::open::{Blobs, blob_key};

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// A blob, or a range of it, being read.
pub struct OpenBlob {
    /// The bytes of the range, as they come.
    pub stream: BoxStream<'static, Result<Bytes, BlobError>>,
    /// The range that is read: what was asked for, ended at the blob's end.
    pub range: Range<u64>,
    /// The size of the whole blob in bytes.
    pub size: u64,
}

impl std::fmt::Debug for OpenBlob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenBlob").field("range", &self.range).field("size", &self.size).finish_non_exhaustive()
    }
}

/// A blob as [`Read`], for a thread that may block. To read it on an async task panics, as tokio's bridge does.
pub struct BlobReader(Source);

enum Source {
    File(io::BufReader<std::fs::File>),
    Stream(SyncIoBridge<StreamReader<BoxStream<'static, io::Result<Bytes>>, Bytes>>),
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::File(file) => file.read(buffer),
            Source::Stream(stream) => stream.read(buffer),
        }
    }
}

impl Blobs {
    /// Opens a blob, or the bytes of a range of it.
    ///
    /// # Errors
    /// [`BlobError::NotFound`]; [`BlobError::Range`] when the range begins after the end or holds nothing.
    pub async fn open_blob(&self, digest: &Digest, range: Option<Range<u64>>) -> Result<OpenBlob, BlobError> {
        self.read(&blob_key(digest), range).await
    }

    /// Opens a blob for a thread that may block; the thread needs no runtime, but this one must live on.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], or the store's failure.
    pub async fn reader(&self, digest: &Digest) -> Result<BlobReader, BlobError> {
        let key = blob_key(digest);
        let result = self.get(&key, None).await?;
        Ok(BlobReader(match result.payload {
            // No need to go through the runtime and back.
            GetResultPayload::File(file, _) => Source::File(io::BufReader::with_capacity(CHUNK_BYTES, file)),
            GetResultPayload::Stream(stream) => {
                Source::Stream(SyncIoBridge::new(StreamReader::new(stream.map_err(io::Error::other).boxed())))
            }
        }))
    }

    async fn get(&self, key: &Path, range: Option<Range<u64>>) -> Result<GetResult, BlobError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        self.store.get_opts(key, options).await.map_err(|error| BlobError::of_store("reading", key, error))
    }

    pub(crate) async fn read(&self, key: &Path, range: Option<Range<u64>>) -> Result<OpenBlob, BlobError> {
        if let Some(range) = &range {
            // Stores differ in what they say of a range beyond the end.
            let meta = self.store.head(key).await.map_err(|error| BlobError::of_store("reading", key, error))?;
            if range.start >= range.end || range.start >= meta.size {
                return Err(BlobError::Range { key: key.to_string(), size: meta.size });
            }
        }
        let result = self.get(key, range).await?;
        let (size, range, key) = (result.meta.size, result.range.clone(), key.clone());
        let stream = match result.payload {
            GetResultPayload::Stream(stream) => {
                stream.map_err(move |error| BlobError::of_store("reading", &key, error)).boxed()
            }
            GetResultPayload::File(file, _) => {
                let failed = move |error: io::Error| BlobError::Store {
                    doing: "reading",
                    key: key.to_string(),
                    source: error.into(),
                };
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start)).await.map_err(&failed)?;
                let file = file.take(range.end.saturating_sub(range.start));
                ReaderStream::with_capacity(file, CHUNK_BYTES).map_err(failed).boxed()
            }
        };
        Ok(OpenBlob { stream, range, size })
    }
}
