//! From a blob's bytes to its tar, by what its first bytes say it is. The media type is not asked: it lies too often.

use std::io::{self, BufRead, Cursor, Read};

use plimsoll_model::ProblemCode;

use super::Pass;
use super::chunks::{ChunkReader, ChunkWriter};
use super::gzip::{self, Gzip};
use super::zstd_frame::first_frame;
use crate::limits::SMALL_WINDOW;
use crate::reservoir::Use;

/// How inflating ended.
#[derive(Debug, Default)]
pub(crate) struct Inflated {
    /// Bytes of tar handed over.
    pub(crate) size: u64,
    /// Why the end was not reached.
    pub(crate) problem: Option<(ProblemCode, String)>,
    /// Whether it was left before its end, as it took too long.
    is_left: bool,
}

impl Inflated {
    /// Whether all of the tar was handed over.
    pub(crate) fn is_whole(&self) -> bool {
        self.problem.is_none() && !self.is_left
    }
}

/// Inflates `blob` into `tar`, up to the limit.
pub(crate) fn inflate(mut blob: ChunkReader, tar: &ChunkWriter, pass: &Pass<'_>) -> Inflated {
    // Chunks come filled, so that the first one shows the whole magic.
    let first = blob.fill_buf().unwrap_or_default();
    if first.is_empty() {
        return unreadable("the blob is empty");
    }
    match Format::of(first) {
        Format::Gzip => pump(Gzip::new(blob), tar, pass),
        Format::Plain => pump(blob, tar, pass),
        Format::Unsupported(name) => unreadable(&format!("the blob is compressed with {name}, which layers are not")),
        Format::Zstd => inflate_zstd(blob, tar, pass),
    }
}

/// The first frame says what window all of the stream may have: one that comes later and wants more ends it. Whoever compresses a layer in several
/// frames does so with one setting.
fn inflate_zstd(mut blob: ChunkReader, tar: &ChunkWriter, pass: &Pass<'_>) -> Inflated {
    let unreadable = |error: io::Error| unreadable(&format!("zstd cannot be read: {error}"));
    let frame = match first_frame(&mut blob) {
        Ok(frame) => frame,
        Err(error) => return unreadable(error),
    };
    let most = pass.engine.limits().zstd_window_log;
    let least = SMALL_WINDOW.ilog2().min(most);
    // Of a header that says nothing the decoder says what is wrong.
    let window = frame.window.unwrap_or_default();
    if window > 1 << most {
        let (window, most) = (window >> 20, (1_u64 << most) >> 20);
        let detail = format!("layer not read: its zstd window of {window} MiB is larger than the limit of {most} MiB");
        return Inflated { problem: Some((ProblemCode::LayerTooLarge, detail)), ..Inflated::default() };
    }
    let log = window.max(1).next_power_of_two().ilog2().max(least);
    let room = (log > least).then(|| {
        let memory = pass.engine.memory();
        let bytes = (1 << log).min(memory.most(Use::Window, 0));
        pass.has_window(bytes);
        memory.take(Use::Window, bytes)
    });
    let stream = Cursor::new(frame.read).chain(blob);
    let decoder = zstd::stream::read::Decoder::with_buffer(stream).and_then(|mut decoder| {
        decoder.window_log_max(log)?;
        Ok(decoder)
    });
    let inflated = match decoder {
        Ok(decoder) => pump(decoder, tar, pass),
        Err(error) => unreadable(error),
    };
    drop(room);
    inflated
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

fn pump(mut source: impl Read, tar: &ChunkWriter, pass: &Pass<'_>) -> Inflated {
    let limits = pass.engine.limits();
    let mut size = 0;
    loop {
        // One byte past the limit tells a stream that ends there from one that does not.
        let mut within = source.by_ref().take((limits.uncompressed_bytes - size).saturating_add(1));
        let (count, failure) = tar.fill(&mut within, |_| {});
        size += count as u64;
        pass.pace.inflated(count);
        if size > limits.uncompressed_bytes {
            let detail = format!("the layer inflates to more than {} bytes", limits.uncompressed_bytes);
            return Inflated { size, problem: Some((ProblemCode::LayerTooLarge, detail)), is_left: false };
        }
        if let Some(error) = failure {
            return Inflated { size, problem: Some(problem(&error, size)), is_left: false };
        }
        let is_left = pass.pace.is_over();
        if count == 0 || is_left {
            return Inflated { size, problem: None, is_left };
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
    Inflated { problem: Some((ProblemCode::LayerUnreadable, why.to_owned())), ..Inflated::default() }
}
