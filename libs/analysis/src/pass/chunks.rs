//! Chunks of bytes handed from one stage to the next, and handed back to be filled again.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes in a chunk: large enough that handing over costs nothing, small enough to stay in the processor's cache.
const CHUNK: usize = 256 << 10;
/// Chunks under way between two stages.
const IN_FLIGHT: usize = 4;

struct Chunk {
    bytes: Box<[u8]>,
    length: usize,
}

/// The end that fills chunks.
pub(crate) struct ChunkWriter {
    filled: SyncSender<Chunk>,
    empty: Receiver<Box<[u8]>>,
}

/// The end that reads them. At its end, the writer is gone.
pub(crate) struct ChunkReader {
    filled: Receiver<Chunk>,
    empty: SyncSender<Box<[u8]>>,
    current: Option<Chunk>,
    position: usize,
}

/// A pipe between two threads.
pub(crate) fn pipe() -> (ChunkWriter, ChunkReader) {
    let (filled_in, filled_out) = sync_channel(IN_FLIGHT);
    let (empty_in, empty_out) = sync_channel(IN_FLIGHT + 2);
    (
        ChunkWriter { filled: filled_in, empty: empty_out },
        ChunkReader { filled: filled_out, empty: empty_in, current: None, position: 0 },
    )
}

impl ChunkWriter {
    /// Fills one chunk from `source` and hands it over. Gives how many bytes were read (0 at the source's end), the bytes
    /// having been shown to `look`, and the error that cut the chunk short, if any: what came before it is handed over.
    ///
    /// A reader that is gone is no error: the bytes are read and shown all the same.
    pub(crate) fn fill(&self, source: &mut impl Read, look: impl FnOnce(&[u8])) -> (usize, Option<io::Error>) {
        let mut bytes = self.empty.try_recv().unwrap_or_else(|_| vec![0; CHUNK].into_boxed_slice());
        let mut length = 0;
        let mut failure = None;
        while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match source.read(rest) {
                Ok(0) => break,
                // More than the buffer holds is a broken reader's claim.
                Ok(count) => length = (length + count).min(CHUNK),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        look(bytes.get(..length).unwrap_or_default());
        if length > 0 {
            let _ = self.filled.send(Chunk { bytes, length });
        }
        (length, failure)
    }
}

impl ChunkReader {
    /// The next chunk, shown to `look` when it comes; what is left of the one before it is dropped.
    pub(crate) fn next_chunk(&mut self, look: impl FnOnce(&[u8])) -> bool {
        if let Some(chunk) = self.current.take() {
            let _ = self.empty.try_send(chunk.bytes);
        }
        self.position = 0;
        self.current = self.filled.recv().ok();
        if let Some(chunk) = &self.current {
            look(chunk.bytes.get(..chunk.length).unwrap_or_default());
        }
        self.current.is_some()
    }

    /// What is left of the current chunk.
    pub(crate) fn rest(&self) -> &[u8] {
        self.current.as_ref().and_then(|chunk| chunk.bytes.get(self.position..chunk.length)).unwrap_or_default()
    }

    /// Passes over `count` bytes of [`ChunkReader::rest`].
    pub(crate) fn pass(&mut self, count: usize) {
        self.position += count;
    }
}

impl Read for ChunkReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for ChunkReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.rest().is_empty() {
            if !self.next_chunk(|_| {}) {
                break;
            }
        }
        Ok(self.rest())
    }

    fn consume(&mut self, count: usize) {
        self.pass(count);
    }
}
