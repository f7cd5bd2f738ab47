//! Reading an archive as it arrives: a blocking thread walks the tar, this task feeds it and carries its files to the sink.
//!
//! Both ways go through bounded channels, so that a slow sink slows the sender down; when this future is dropped, the channels
//! close and the thread ends.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use plimsoll_model::Digest;
use tokio::sync::{mpsc, oneshot};

use super::{ArchiveContents, ArchiveError, ArchiveLimits, BlobSink, Limited, Visitor, resolve, walk};
use crate::blob_channel::{CHUNKS, ChannelReader};
use crate::compression::decoded;

/// From the walking thread to the task.
enum Event {
    Begin { path: String, size: u64 },
    Chunk(Bytes),
    End(oneshot::Sender<Digest>),
}

/// Reads an archive from `input`, handing its files to `sink`; returns the images it holds, all of whose blobs went to the sink.
///
/// Memory: a few chunks of 64 KiB, the chunks of `input`, and [`ArchiveLimits::document_bytes`].
///
/// # Errors
/// See [`ArchiveError`]. What went to the sink before is the caller's to drop.
pub async fn read_archive<I, E, S>(
    input: I,
    sink: &mut S,
    limits: ArchiveLimits,
) -> Result<ArchiveContents, ArchiveError>
where
    I: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
    S: BlobSink,
{
    let (input_sender, input_receiver) = mpsc::channel(CHUNKS);
    let (event_sender, event_receiver) = mpsc::channel(CHUNKS);
    let walking = tokio::task::spawn_blocking(move || {
        let (_, inner) = decoded(ChannelReader::new(input_receiver))?;
        let reader = Limited { inner, left: limits.total_bytes };
        walk(reader, &limits, &mut EventVisitor { events: event_sender })
    });
    let feeding = async {
        feed(input, input_sender).await;
        std::future::pending::<()>().await;
    };
    let storing = async {
        store(event_receiver, sink).await?;
        walking.await.map_err(|_| ArchiveError::Interrupted)?
    };
    tokio::select! {
        files = storing => resolve(&files?),
        () = feeding => Err(ArchiveError::Interrupted),
    }
}

/// Passes the input on until it ends or the thread has heard enough.
async fn feed<I, E>(input: I, chunks: mpsc::Sender<io::Result<Bytes>>)
where
    I: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut input = std::pin::pin!(input);
    while let Some(chunk) = input.next().await {
        let is_error = chunk.is_err();
        if chunks.send(chunk.map_err(io::Error::other)).await.is_err() || is_error {
            return;
        }
    }
}

/// Carries files to the sink until the thread has no more.
async fn store<S: BlobSink>(mut events: mpsc::Receiver<Event>, sink: &mut S) -> Result<(), ArchiveError> {
    let mut current = String::new();
    while let Some(event) = events.recv().await {
        let stored = match event {
            Event::Begin { path, size } => {
                current = path;
                sink.begin(size).await
            }
            Event::Chunk(chunk) => sink.write(chunk).await,
            Event::End(reply) => sink.finish().await.map(|(digest, _)| {
                // If the thread is gone, its own result says why.
                let _ = reply.send(digest);
            }),
        };
        stored.map_err(|source| ArchiveError::Sink { path: current.clone(), source: Box::new(source) })?;
    }
    Ok(())
}

/// The thread's end of the events.
struct EventVisitor {
    events: mpsc::Sender<Event>,
}

impl EventVisitor {
    fn send(&self, event: Event) -> Result<(), ArchiveError> {
        self.events.blocking_send(event).map_err(|_| ArchiveError::Interrupted)
    }
}

impl Visitor for EventVisitor {
    fn begin(&mut self, path: &str, size: u64) -> Result<bool, ArchiveError> {
        self.send(Event::Begin { path: path.to_owned(), size })?;
        Ok(true)
    }

    fn chunk(&mut self, chunk: Bytes) -> Result<(), ArchiveError> {
        self.send(Event::Chunk(chunk))
    }

    fn end(&mut self) -> Result<Digest, ArchiveError> {
        let (reply, digest) = oneshot::channel();
        self.send(Event::End(reply))?;
        digest.blocking_recv().map_err(|_| ArchiveError::Interrupted)
    }
}
