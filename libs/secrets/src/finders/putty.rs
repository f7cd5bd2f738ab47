//! PuTTY's private key files. Source: PuTTY, appendix C, "PPK file format".

use std::ops::Range;

use crate::decode::{base64, find};

/// The largest files are a few kilobytes.
const MAX_FILE: usize = 16 << 10;
const PRIVATE: &[u8] = b"Private-Lines:";
const HEADER: &[u8] = b"PuTTY-User-Key-File-";

/// The private lines of the key file that begins at `start`.
pub(super) fn key_at(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let file = bytes.get(start + HEADER.len()..bytes.len().min(start + MAX_FILE))?;
    // As far as the next file's header: many headers in a row are each looked at once.
    let file = find(file, HEADER).and_then(|end| file.get(..end)).unwrap_or(file);
    let lines_at = find(file, PRIVATE)? + PRIVATE.len();
    let after = file.get(lines_at..)?;
    let end_of_count = after.iter().position(|&byte| byte == b'\n')?;
    let count: usize = str::from_utf8(after.get(..end_of_count)?).ok()?.trim().parse().ok()?;
    let body = after.get(end_of_count + 1..)?;
    let length: usize = body.split_inclusive(|&byte| byte == b'\n').take(count.min(256)).map(<[u8]>::len).sum();
    let text: Vec<u8> = body.get(..length)?.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decodes = count > 0 && base64(&text).is_some_and(|decoded| decoded.len() >= 24);
    let begin = start + HEADER.len() + lines_at + end_of_count + 1;
    decodes.then_some(begin..begin + body.get(..length)?.trim_ascii_end().len())
}
