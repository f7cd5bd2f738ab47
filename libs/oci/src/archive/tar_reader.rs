//! Tar headers, one at a time, with every length bounded before anything is allocated for it.
//!
//! In: the uncompressed bytes. Out: [`Entry`]s; the body of the last one is read from the [`TarReader`] itself.
//! Source: POSIX.1-2017 `pax` (ustar and pax interchange formats), GNU tar manual "Basic Tar Format". A PAX size goes before the header's
//! (what CVE-2025-62518 was about). The `tar` crate reads PAX and long-name records whole, whatever their size.

use std::io::{self, Read};

use super::ArchiveError;
use super::walk::Advance;

const BLOCK: usize = 512;
/// Docker and skopeo write a few hundred bytes of PAX records.
const PAX_BYTES: u64 = 1 << 20;
const LONG_NAME_BYTES: u64 = 64 << 10;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    /// The link's text, relative to its folder.
    Symlink(String),
    /// Another entry's name.
    HardLink(String),
    /// A folder, device, sparse file: nothing that an image archive has a use for.
    Other,
}

/// An entry's header, extensions applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name as written, invalid UTF-8 replaced.
    pub(crate) path: String,
    pub(crate) kind: EntryKind,
    /// Bytes that follow.
    pub(crate) size: u64,
    /// Where they start in the tar.
    pub(crate) offset: u64,
}

/// What extension headers said about the entry that comes next.
#[derive(Default)]
struct Extensions {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    is_sparse: bool,
}

pub(crate) struct TarReader<R> {
    inner: R,
    position: u64,
    body: u64,
    padding: u64,
    headers: u64,
    max_headers: u64,
}

impl<R: Advance> TarReader<R> {
    pub(crate) fn new(inner: R, max_headers: u64) -> Self {
        Self { inner, position: 0, body: 0, padding: 0, headers: 0, max_headers }
    }

    /// The next entry that is not an extension header; `None` at the end of the archive. Skips what is left of the last one's body.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, ArchiveError> {
        let mut extensions = Extensions::default();
        loop {
            self.skip_body()?;
            let header_at = self.position;
            let Some(header) = self.read_header()? else { return Ok(None) };
            let size = number(field(&header, 124, 12)).ok_or(corrupt(header_at, "the size is no number"))?;
            let kind = header.get(156).copied().unwrap_or_default();
            match kind {
                b'x' => {
                    let records = self.extension(header_at, size, PAX_BYTES)?;
                    extensions.apply_pax(&records).ok_or(corrupt(header_at, "a PAX record is malformed"))?;
                }
                // A global header's records are about archives, not files (git writes a commit id); bounded and passed over.
                b'g' => drop(self.extension(header_at, size, PAX_BYTES)?),
                b'L' => extensions.path = Some(text(&self.extension(header_at, size, LONG_NAME_BYTES)?)),
                b'K' => extensions.link = Some(text(&self.extension(header_at, size, LONG_NAME_BYTES)?)),
                _ => return self.entry(&header, kind, size, extensions).map(Some),
            }
        }
    }

    /// Passes over everything after the end marker, so that a compressed stream's checksum is checked.
    pub(crate) fn drain(mut self) -> Result<(), ArchiveError> {
        io::copy(&mut self.inner, &mut io::sink())?;
        Ok(())
    }

    /// Passes over what is left of the body.
    pub(crate) fn skip_body(&mut self) -> Result<(), ArchiveError> {
        let left = self.body.saturating_add(self.padding);
        self.inner.advance(left)?;
        self.position = self.position.saturating_add(left);
        (self.body, self.padding) = (0, 0);
        Ok(())
    }

    fn entry(&mut self, header: &[u8], kind: u8, size: u64, extensions: Extensions) -> Result<Entry, ArchiveError> {
        let size = match kind {
            // Links and folders have no body, whatever the size says.
            b'1'..=b'6' => 0,
            _ => extensions.size.unwrap_or(size),
        };
        self.set_body(size)?;
        let path = extensions.path.unwrap_or_else(|| ustar_path(header));
        let link = extensions.link.unwrap_or_else(|| text(field(header, 157, 100)));
        let kind = match kind {
            _ if extensions.is_sparse => EntryKind::Other,
            b'0' | b'\0' | b'7' if path.ends_with('/') => EntryKind::Other,
            b'0' | b'\0' | b'7' => EntryKind::File,
            b'1' => EntryKind::HardLink(link),
            b'2' => EntryKind::Symlink(link),
            _ => EntryKind::Other,
        };
        Ok(Entry { path, kind, size, offset: self.position })
    }

    fn read_header(&mut self) -> Result<Option<[u8; BLOCK]>, ArchiveError> {
        let mut header = [0u8; BLOCK];
        let mut filled = 0;
        while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.inner.read(rest) {
                Ok(0) if filled == 0 && self.position > 0 => return Ok(None),
                Ok(0) if self.position == 0 => return Err(ArchiveError::NotAnArchive),
                Ok(0) => return Err(corrupt(self.position, "it ends within a header")),
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        if header.iter().all(|byte| *byte == 0) {
            return if self.position == 0 { Err(ArchiveError::NotAnArchive) } else { Ok(None) };
        }
        let sum: u64 =
            header.iter().zip(0u16..).map(|(b, i)| u64::from(if (148..156).contains(&i) { b' ' } else { *b })).sum();
        if number(field(&header, 148, 8)) != Some(sum) {
            return Err(match self.position {
                0 => ArchiveError::NotAnArchive,
                offset => corrupt(offset, "a header's checksum is wrong"),
            });
        }
        self.headers += 1;
        if self.headers > self.max_headers {
            return Err(ArchiveError::TooManyEntries { limit: self.max_headers });
        }
        self.position += BLOCK as u64;
        Ok(Some(header))
    }

    fn set_body(&mut self, size: u64) -> Result<(), ArchiveError> {
        let end = self.position.checked_add(size).filter(|end| *end < u64::MAX - BLOCK as u64);
        if end.is_none() {
            return Err(corrupt(self.position, "a size is absurd"));
        }
        self.body = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        Ok(())
    }

    /// The body of an extension header.
    fn extension(&mut self, offset: u64, size: u64, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        if size > limit {
            return Err(ArchiveError::HeaderTooLarge { offset, size, limit });
        }
        self.set_body(size)?;
        let mut body = Vec::new();
        self.read_to_end(&mut body)?;
        Ok(body)
    }
}

/// The body of the entry last returned.
impl<R: Advance> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.body == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let length = usize::try_from(self.body).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..length).unwrap_or_default())?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a file"));
        }
        self.body -= read as u64;
        self.position += read as u64;
        Ok(read)
    }
}

impl Extensions {
    /// `LENGTH KEY=VALUE\n`, where the length counts itself. `None` where that does not hold.
    fn apply_pax(&mut self, mut records: &[u8]) -> Option<()> {
        while !records.is_empty() {
            let space = records.iter().take(20).position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(records.get(..space)?).ok()?.parse().ok()?;
            let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let value = record.get(equals + 1..)?;
            match record.get(..equals)? {
                b"path" => self.path = Some(text(value)),
                b"linkpath" => self.link = Some(text(value)),
                b"size" => self.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
                key if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
            records = records.get(length..)?;
        }
        Some(())
    }
}

fn corrupt(offset: u64, why: &'static str) -> ArchiveError {
    ArchiveError::Corrupt { offset, why }
}

fn field(header: &[u8], start: usize, length: usize) -> &[u8] {
    header.get(start..start + length).unwrap_or_default()
}

/// Up to the first NUL.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

fn ustar_path(header: &[u8]) -> String {
    let name = text(field(header, 0, 100));
    let prefix = text(field(header, 345, 155));
    // GNU's own format ("ustar  ") keeps times where POSIX has the prefix.
    if field(header, 257, 6) == b"ustar\0" && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// Octal digits between spaces and NULs, or base 256 where the first bit is set. `None` if negative, or past 2^63.
fn number(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => rest.iter().try_fold(0u64, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte))),
        (first, _) if first & 0x80 != 0 => None,
        _ => {
            let is_blank = |byte: &u8| *byte == b' ' || *byte == 0;
            let digits = field.iter().skip_while(|byte| is_blank(byte)).take_while(|byte| !is_blank(byte));
            digits.into_iter().try_fold(0u64, |value, digit| match digit {
                b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
                _ => None,
            })
        }
    }
    .filter(|value| *value < 1 << 63)
}
