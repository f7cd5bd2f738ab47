//! Private keys in PEM: a header is none, a body must decode to one.
//! Source: RFC 7468, RFC 1421, RFC 5958 (PKCS #8), OpenSSH's PROTOCOL.key, RFC 4880 (armour, packet tags).

use std::ops::Range;

use crate::decode::{base64, contains, find};
use crate::entropy::entropy;

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
/// An RSA key of 16,384 bits takes 13 KB in PEM.
const MAX_BODY: usize = 16 << 10;

/// A private key and where its body is.
pub(super) struct Key {
    pub(super) body: Range<usize>,
    pub(super) is_encrypted: bool,
}

/// The private key whose header begins at `start`. The text may be a string literal, a JSON string or indented YAML.
pub(super) fn key_at(bytes: &[u8], start: usize) -> Option<Key> {
    let (label, body) = block_at(bytes, start)?;
    if !label.ends_with(b"PRIVATE KEY") {
        return None;
    }
    let text = bytes.get(body.clone())?;
    let is_legacy_encrypted = contains(text, b"ENCRYPTED");
    let decoded = decoded(text)?;
    let is_encrypted = if is_legacy_encrypted && decoded.len() >= 64 && decoded.len().is_multiple_of(8) {
        true
    } else {
        is_encrypted_key(&decoded)?
    };
    // Behind the escapes of a literal the body begins with them.
    let shown = text.iter().position(|&byte| byte == b'M' || byte.is_ascii_alphanumeric()).unwrap_or(0);
    let skipped = if text.starts_with(b"\\n") || text.starts_with(b"\\r") { literal_lead(text) } else { shown };
    (entropy(&decoded) >= 4.0).then_some(Key { body: body.start + skipped..body.end, is_encrypted })
}

/// Bytes of `\n`, `\r` before the body.
fn literal_lead(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some(stripped) = rest.strip_prefix(b"\\n").or(rest.strip_prefix(b"\\r")) {
        rest = stripped;
    }
    text.len() - rest.len()
}

/// Whether there is a private key in `bytes`, open or not.
pub(crate) fn has_private_key(bytes: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| find(rest, BEGIN)) {
        if key_at(bytes, from + at).is_some() {
            return true;
        }
        from += at + BEGIN.len();
    }
    false
}

/// The body of the OpenPGP secret key whose header begins at `start`.
pub(super) fn pgp_key_at(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let (label, body) = block_at(bytes, start)?;
    let decoded = decoded(bytes.get(body.clone())?)?;
    let first = *decoded.first()?;
    let tag = if first & 0xc0 == 0xc0 { first & 0x3f } else { (first >> 2) & 0x0f };
    (label == b"PGP PRIVATE KEY BLOCK"
        && first & 0x80 != 0
        && tag == 5
        && decoded.len() >= 64
        && entropy(&decoded) >= 4.0)
        .then_some(body)
}

/// The label and the body of the block that begins at `start` and ends at the next dashes.
fn block_at(bytes: &[u8], start: usize) -> Option<(&[u8], Range<usize>)> {
    let label_start = start + BEGIN.len();
    let near = bytes.get(label_start..bytes.len().min(label_start + 48))?;
    let label = near.get(..find(near, DASHES)?)?;
    let body_start = label_start + label.len() + DASHES.len();
    let rest = bytes.get(body_start..bytes.len().min(body_start + MAX_BODY))?;
    let length = find(rest, DASHES)?;
    rest.get(length..)?.starts_with(b"-----END ").then_some((label, body_start..body_start + length))
}

/// What the body says, without the headers, quotes, escapes and indentation around its lines.
fn decoded(body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(body.len());
    for line in body.split(|&byte| matches!(byte, b'\n' | b'\r')) {
        for part in LiteralLines(line) {
            let part = bare(part);
            if part == b"+" || part.contains(&b':') || (part.first() == Some(&b'=') && part.len() == 5) {
                continue;
            }
            text.extend_from_slice(part);
        }
    }
    base64(&text)
}

/// A line of a source may hold several of the text's, parted by `\n` or `\r\n` in writing.
struct LiteralLines<'a>(&'a [u8]);

impl<'a> Iterator for LiteralLines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.windows(2).position(|pair| matches!(pair, [b'\\', b'n' | b'r']));
        let line = self.0.get(..end.unwrap_or(self.0.len()))?;
        self.0 = end.map_or(&[], |end| self.0.get(end + 2..).unwrap_or_default());
        Some(line)
    }
}

/// The line without what source code and prose put around it.
fn bare(line: &[u8]) -> &[u8] {
    let is_around = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`,;\\.|>#*()".contains(byte);
    let trim = |mut line: &[u8]| -> Range<usize> {
        let start = line.iter().take_while(|byte| is_around(byte)).count();
        line = line.get(start..).unwrap_or_default();
        let end = line.iter().rev().take_while(|byte| is_around(byte)).count();
        start..start + line.len() - end
    };
    let mut rest = line.get(trim(line)).unwrap_or_default();
    // A plus between two literals, which base64 has too: it is one only where a quote stands before or after it.
    if let Some(joined) = rest
        .strip_suffix(b"+")
        .filter(|joined| joined.trim_ascii_end().ends_with(b"\"") || joined.trim_ascii_end().ends_with(b"'"))
    {
        rest = joined.get(trim(joined)).unwrap_or_default();
    }
    if let Some(joined) = rest
        .strip_prefix(b"+")
        .filter(|joined| joined.trim_ascii_start().starts_with(b"\"") || joined.trim_ascii_start().starts_with(b"'"))
    {
        rest = joined.get(trim(joined)).unwrap_or_default();
    }
    rest
}

/// Whether the key that `decoded` is needs a passphrase; `None` if it is none.
fn is_encrypted_key(decoded: &[u8]) -> Option<bool> {
    if let Some(rest) = decoded.strip_prefix(b"openssh-key-v1\0") {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let cipher = rest.get(4..)?.get(..length)?;
        return (decoded.len() >= 100).then_some(cipher != b"none");
    }
    let content = der_sequence(decoded)?;
    match content {
        // A version number: PKCS #1, SEC 1, PKCS #8.
        [0x02, 0x01, 0..=3, ..] => Some(false),
        // An algorithm: EncryptedPrivateKeyInfo.
        [0x30, _, 0x06, ..] | [0x30, 0x81 | 0x82, ..] => Some(true),
        _ => None,
    }
}

/// The content of a DER sequence that is all there.
fn der_sequence(der: &[u8]) -> Option<&[u8]> {
    let [0x30, first, rest @ ..] = der else { return None };
    let (length, content) = match first {
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), rest.get(2..)?),
        short if *short < 0x80 => (usize::from(*short), rest),
        _ => return None,
    };
    content.get(..length).filter(|content| content.len() >= 32)
}
