//! Bytes between a task and a thread, through a bounded channel: the reader's pace holds the writer back.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures::Stream;
use tokio::sync::mpsc;

/// How many bytes a thread hands over at once.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;
/// Chunks in flight between two stages.
pub(crate) const CHUNKS: usize = 4;

/// The channel's end as a blocking reader. To be read outside the runtime's own threads (`spawn_blocking`), or it panics.
pub(crate) struct ChannelReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl ChannelReader {
    pub(crate) fn new(chunks: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self { chunks, current: Bytes::new() }
    }
}

impl Read for ChannelReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let length = self.current.len().min(buffer.len());
        self.current.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

/// Reads `open()` to its end on a blocking thread; the stream yields what it reads.
pub(crate) fn stream_of<F, R>(open: F) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    F: FnOnce() -> io::Result<R> + Send + 'static,
    R: Read,
{
    let (sender, receiver) = mpsc::channel(CHUNKS);
    tokio::task::spawn_blocking(move || {
        let mut reader = match open() {
            Ok(reader) => reader,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        loop {
            match read_chunk(&mut reader) {
                Ok(chunk) if chunk.is_empty() => return,
                Ok(chunk) => {
                    if sender.blocking_send(Ok(chunk)).is_err() {
                        return;
                    }
                }
                Err(error) => return drop(sender.blocking_send(Err(error))),
            }
        }
    });
    futures::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
}

/// The next bytes of a reader; empty at its end.
pub(crate) fn read_chunk(reader: &mut impl Read) -> io::Result<Bytes> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer.into());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
