//! Content codings that were not asked for.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};

use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use url::Url;

use crate::FetchError;

/// How the document's bytes were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Identity,
    /// As gzip, to be undone.
    Gzip,
}

/// The coding of an answer; only `identity` was asked for, yet some servers send stored files as they lie.
///
/// A document whose own name ends in `.gz` *is* gzip: servers that tell so in `Content-Encoding` send it as it is.
pub fn coding(headers: &HeaderMap, url: &Url) -> Result<Coding, FetchError> {
    let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Coding::Identity) };
    let encoding = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => Ok(Coding::Identity),
        "gzip" | "x-gzip" if url.path().ends_with(".gz") => Ok(Coding::Identity),
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        _ => Err(FetchError::Encoding {
            address: crate::request::shown(url),
            encoding: encoding.chars().flat_map(char::escape_default).take(100).collect(),
        }),
    }
}

/// Undoes gzip, into `decoded`; at most `limit` bytes.
pub fn decode(mut coded: File, mut decoded: File, limit: u64, address: &str) -> Result<(File, u64), FetchError> {
    coded.rewind().map_err(FetchError::Temporary)?;
    let reader = BufReader::with_capacity(64 << 10, coded);
    let mut reader = flate2::bufread::MultiGzDecoder::new(reader).take(limit.saturating_add(1));
    let mut buffer = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(source) => return Err(FetchError::Decoding { address: address.to_owned(), source }),
        };
        size += count as u64;
        if size > limit {
            return Err(FetchError::TooLarge { address: address.to_owned(), limit });
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        io::Write::write_all(&mut decoded, bytes).map_err(FetchError::Temporary)?;
    }
    decoded.rewind().map_err(FetchError::Temporary)?;
    Ok((decoded, size))
}
