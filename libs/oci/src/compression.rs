//! What a stream is compressed with, by its first bytes, and its decoding.

use std::io::{self, BufReader, Read};

/// The largest zstd window that is decoded, as a power of two: 32 MiB, which is allocated for whoever says so. Levels up to 19 use 8 MiB at most
/// (RFC 8878 asks for that much); only `--ultra -21` and `--long` use more.
const ZSTD_WINDOW_LOG: u32 = 25;

/// A compression format that image archives and layers come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// By the magic number (RFC 1952, RFC 8878). Four bytes are enough.
    pub(crate) fn sniff(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A reader of the uncompressed bytes, whatever `reader` is compressed with.
pub(crate) fn decoded<R: Read + Send + 'static>(mut reader: R) -> io::Result<(Compression, Box<dyn Read + Send>)> {
    let mut head = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut head)?;
    let compression = Compression::sniff(&head);
    let whole = BufReader::with_capacity(crate::blob_channel::CHUNK_BYTES, io::Cursor::new(head).chain(reader));
    let decoded: Box<dyn Read + Send> = match compression {
        Compression::None => Box::new(whole),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(whole)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
    };
    Ok((compression, decoded))
}
