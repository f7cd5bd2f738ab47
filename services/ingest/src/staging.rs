//! Bytes on their way to be a blob: staged in the object store as they arrive, kept once their digest is known to be right.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::time::Duration;

use actix_web::error::PayloadError;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use plimsoll_blobs::{BlobError, Blobs, Staged};
use plimsoll_model::Digest;
use plimsoll_runtime::clock;
use plimsoll_store::uploads::Part;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

/// A sender that says nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// Uploads go on for at most a day between two requests: what is this old belongs to none.
const ORPHANED_AFTER: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Chunks in flight to the object store.
const CHUNKS: usize = 4;

/// What failed between us and the object store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StagingError {
    /// The object store.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// Bytes that were staged are not there any more, or not the same.
    #[error("the staged bytes of {0} are gone or changed")]
    Lost(Digest),
    /// The task that writes ended before its time: the service is shutting down.
    #[error("staging was interrupted")]
    Interrupted,
}

/// How a request's body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should, after so many bytes.
    Complete(u64),
    /// The connection broke, or nothing came for a minute.
    Broken,
    /// There was more than there is room for. Nothing of it is kept.
    TooLarge,
}

/// Where bytes are staged.
#[derive(Debug, Clone)]
pub(crate) struct Staging {
    blobs: Blobs,
}

impl Staging {
    /// Opens the object store that an address names.
    pub(crate) fn open(url: &Url) -> Result<Self, StagingError> {
        Ok(Self { blobs: Blobs::open(url)? })
    }

    /// Asks the object store to answer at all.
    pub(crate) async fn ping(&self) -> Result<(), StagingError> {
        self.blobs.exists(&Digest::from_sha256([0; 32])).await?;
        Ok(())
    }

    /// Stages a request's body, at most `room` bytes. What arrived before it broke off is staged, too.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn receive(
        &self,
        body: impl Stream<Item = Result<Bytes, PayloadError>>,
        room: u64,
    ) -> Result<(Option<Part>, End), StagingError> {
        let is_broken = Cell::new(false);
        let received = patient(body)
            .take_while(|chunk| {
                is_broken.set(chunk.is_err());
                future::ready(chunk.is_ok())
            })
            .filter_map(|chunk| future::ready(chunk.ok()));
        let mut received = std::pin::pin!(received);
        // Nothing is written for a body that is empty, as that of most closing requests.
        let Some(first) = received.next().await else {
            return Ok((None, if is_broken.get() { End::Broken } else { End::Complete(0) }));
        };
        let whole = stream::once(async { first }).chain(received).map(Ok::<_, PayloadError>);
        // A name of its own: two requests that bring the same part at once must not write over each other.
        let part = match self.blobs.stage(clock::new_id(), 0, whole, room).await {
            Ok(staged) => part(staged),
            Err(BlobError::TooLarge { .. }) => return Ok((None, End::TooLarge)),
            Err(error) => return Err(error.into()),
        };
        let end = if is_broken.get() { End::Broken } else { End::Complete(part.size) };
        Ok((Some(part), end))
    }

    /// Begins to stage a file that comes in pieces.
    pub(crate) fn writer(&self, max_bytes: u64) -> Writer {
        let (chunks, mut receiver) = mpsc::channel::<Option<Bytes>>(CHUNKS);
        let blobs = self.blobs.clone();
        let staging = tokio::spawn(async move {
            let pieces = stream::poll_fn(move |context| {
                receiver.poll_recv(context).map(|piece| match piece {
                    Some(Some(bytes)) => Some(Ok(bytes)),
                    Some(None) => None,
                    None => Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof))),
                })
            });
            blobs.stage(clock::new_id(), 0, pieces, max_bytes).await
        });
        Writer { chunks, staging }
    }

    /// Makes the parts, one after the other, the blob of this digest; `false` if they have another. The parts stay staged.
    #[tracing::instrument(skip_all, fields(%digest))]
    pub(crate) async fn keep(&self, parts: &[Part], digest: &Digest) -> Result<bool, StagingError> {
        let parts: Vec<Staged> = parts.iter().map(staged).collect::<Result<_, _>>()?;
        match self.blobs.commit(&parts, digest).await {
            Ok(_) => Ok(true),
            Err(BlobError::DigestMismatch { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Drops parts. What cannot be dropped now is swept later.
    pub(crate) async fn discard(&self, parts: &[Part]) {
        let parts: Result<Vec<Staged>, _> = parts.iter().map(staged).collect();
        let dropped = match parts {
            Ok(parts) => self.blobs.discard(&parts).await,
            Err(error) => Err(error),
        };
        if let Err(error) = dropped {
            tracing::warn!(%error, "staged parts are left behind");
        }
    }

    /// Drops what no upload can still want.
    pub(crate) async fn sweep(&self, now: DateTime<Utc>) -> Result<u64, StagingError> {
        Ok(self.blobs.sweep_staged(ORPHANED_AFTER, now).await?)
    }

    /// The bytes of a blob of `size` bytes that are in `range`.
    pub(crate) async fn read(
        &self,
        digest: &Digest,
        range: Range<u64>,
        size: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, StagingError> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let range = (range != (0..size)).then_some(range);
        Ok(self.blobs.open_blob(digest, range).await?.stream)
    }
}

/// A file that is being staged. Dropped before its end, nothing of it stays.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Pieces, and `None` at the end.
    chunks: mpsc::Sender<Option<Bytes>>,
    staging: JoinHandle<Result<Staged, BlobError>>,
}

impl Writer {
    /// The next bytes.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<(), StagingError> {
        if self.chunks.send(Some(chunk)).await.is_ok() {
            return Ok(());
        }
        // The task has ended: its result says why.
        match (&mut self.staging).await {
            Ok(Err(error)) => Err(error.into()),
            _ => Err(StagingError::Interrupted),
        }
    }

    /// The end: what was staged, and its digest.
    pub(crate) async fn finish(self) -> Result<(Digest, Part), StagingError> {
        // If the task is gone already, its result says why.
        let _ = self.chunks.send(None).await;
        let staged = self.staging.await.map_err(|_| StagingError::Interrupted)??;
        Ok((staged.sha256, part(staged)))
    }
}

/// A body that breaks off when nothing comes for a minute.
pub(crate) fn patient(
    body: impl Stream<Item = Result<Bytes, PayloadError>>,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    stream::unfold(Box::pin(body), |mut body| async move {
        let chunk = match tokio::time::timeout(PATIENCE, body.next()).await {
            Ok(chunk) => chunk?,
            Err(_) => Err(PayloadError::Incomplete(Some(io::Error::from(io::ErrorKind::TimedOut)))),
        };
        Some((chunk, body))
    })
}

fn part(staged: Staged) -> Part {
    Part { key: staged.key, size: staged.size, sha256: staged.sha256.hex() }
}

fn staged(part: &Part) -> Result<Staged, BlobError> {
    let digest = format!("sha256:{}", part.sha256).parse();
    let sha256 = digest.map_err(|_| BlobError::NotFound { key: part.key.clone() })?;
    Ok(Staged { key: part.key.clone(), size: part.size, sha256 })
}
