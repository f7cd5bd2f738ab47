//! From a blob's bytes to its tar, by what its first bytes say it is. The media type is not asked: it lies too often.

use std::io::{self, BufRead, Read};

use plimsoll_model::ProblemCode;

use super::chunks::{ChunkReader, ChunkWriter};
use super::gzip::{self, Gzip};
use crate::Limits;

/// How inflating ended.
#[derive(Debug, Default)]
pub(crate) struct Inflated {
    /// Bytes of tar handed over.
    pub(crate) size: u64,
    /// Why the end was not reached.
    pub(crate) problem: Option<(ProblemCode, String)>,
}

/// Inflates `blob` into `tar`, up to the limit.
pub(crate) fn inflate(mut blob: ChunkReader, tar: &ChunkWriter, limits: &Limits) -> Inflated {
    // Chunks come filled, so that the first one shows the whole magic.
    let first = blob.fill_buf().unwrap_or_default();
    if first.is_empty() {
        return unreadable("the blob is empty");
    }
    match Format::of(first) {
        Format::Gzip => pump(Gzip::new(blob), tar, limits),
        Format::Plain => pump(blob, tar, limits),
        Format::Unsupported(name) => unreadable(&format!("the blob is compressed with {name}, which layers are not")),
        Format::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(blob).and_then(|mut decoder| {
                decoder.window_log_max(limits.zstd_window_log)?;
                Ok(decoder)
            });
            match decoder {
                Ok(decoder) => pump(decoder, tar, limits),
                Err(error) => unreadable(&format!("zstd cannot be read: {error}")),
            }
        }
    }
}

enum Format {
    Gzip,
    Zstd,
    Plain,
    Unsupported(&'static str),
}

impl Format {
    fn of(first: &[u8]) -> Self {
        match first {
            [a, b, ..] if [*a, *b] == gzip::MAGIC => Self::Gzip,
            // The second is a skippable frame, with which zstd:chunked layers may begin.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Self::Unsupported("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Unsupported("xz"),
            _ => Self::Plain,
        }
    }
}

fn pump(mut source: impl Read, tar: &ChunkWriter, limits: &Limits) -> Inflated {
    let mut size = 0;
    loop {
        // One byte past the limit tells a stream that ends there from one that does not.
        let mut within = source.by_ref().take((limits.uncompressed_bytes - size).saturating_add(1));
        let (count, failure) = tar.fill(&mut within, |_| {});
        size += count as u64;
        if size > limits.uncompressed_bytes {
            let detail = format!("the layer inflates to more than {} bytes", limits.uncompressed_bytes);
            return Inflated { size, problem: Some((ProblemCode::LayerTooLarge, detail)) };
        }
        if let Some(error) = failure {
            return Inflated { size, problem: Some(problem(&error, size)) };
        }
        if count == 0 {
            return Inflated { size, problem: None };
        }
    }
}

fn problem(error: &io::Error, size: u64) -> (ProblemCode, String) {
    let code = match error.kind() {
        io::ErrorKind::UnexpectedEof => ProblemCode::LayerTruncated,
        _ if error.to_string().contains("too much memory") => ProblemCode::LayerTooLarge,
        _ => ProblemCode::LayerCorrupt,
    };
    (code, format!("after {size} bytes of tar: {error}"))
}

fn unreadable(why: &str) -> Inflated {
    Inflated { size: 0, problem: Some((ProblemCode::LayerUnreadable, why.to_owned())) }
}
