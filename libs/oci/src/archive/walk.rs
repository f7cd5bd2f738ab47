//! One pass over an archive: every regular file to a visitor, what may be JSON also into memory.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use plimsoll_model::Digest;

use super::files::{FileTable, StoredFile, claimed_digest, link_target, normalized};
use super::tar_reader::{EntryKind, TarReader};
use super::{ArchiveError, ArchiveLimits};
use crate::blob_channel::read_chunk;
use crate::compression::Compression;
use crate::limits;
use crate::manifest::digest_of;

/// A reader that can pass over bytes; by seeking, where it can.
pub(crate) trait Advance: Read {
    fn advance(&mut self, bytes: u64) -> io::Result<()>
    where
        Self: Sized,
    {
        if io::copy(&mut self.by_ref().take(bytes), &mut io::sink())? == bytes {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a file"))
        }
    }
}

/// Reads up to `left` bytes; what comes after is an error that [`walk`] knows.
pub(crate) struct Limited<R> {
    pub(crate) inner: R,
    pub(crate) left: u64,
}

/// The error of a [`Limited`] reader.
#[derive(Debug, thiserror::Error)]
#[error("too large")]
struct PastLimit;

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(PastLimit))?;
        Ok(read)
    }
}

impl<R: Read> Advance for Limited<R> {}

/// Takes the files of a walk.
pub(crate) trait Visitor {
    /// A file starts. Whether its bytes are wanted; if not, `chunk` and `end` are not called for it.
    fn begin(&mut self, path: &str, size: u64) -> Result<bool, ArchiveError>;
    fn chunk(&mut self, chunk: Bytes) -> Result<(), ArchiveError>;
    /// The digest of what was given.
    fn end(&mut self) -> Result<Digest, ArchiveError>;
}

/// Reads an uncompressed tar to its end.
pub(crate) fn walk<R: Advance>(
    reader: R,
    archive_limits: &ArchiveLimits,
    visitor: &mut dyn Visitor,
) -> Result<FileTable, ArchiveError> {
    let walked = walk_entries(reader, archive_limits, visitor);
    walked.map_err(|error| match error {
        ArchiveError::Read(source) if source.get_ref().is_some_and(|inner| inner.is::<PastLimit>()) => {
            ArchiveError::TooLarge { limit: archive_limits.total_bytes }
        }
        other => other,
    })
}

fn walk_entries<R: Advance>(
    reader: R,
    archive_limits: &ArchiveLimits,
    visitor: &mut dyn Visitor,
) -> Result<FileTable, ArchiveError> {
    let mut files = FileTable::new(archive_limits.document_bytes);
    let mut tar = TarReader::new(reader, archive_limits.entries);
    while let Some(entry) = tar.next_entry()? {
        // Told before a byte of it is read; the limit itself holds whatever the header says.
        if entry.offset.saturating_add(entry.size) > archive_limits.total_bytes {
            return Err(ArchiveError::TooLarge { limit: archive_limits.total_bytes });
        }
        match entry.kind {
            EntryKind::File => {
                let path = normalized(&entry.path)?;
                let (file, document) = take_file(&mut tar, &path, entry.size, entry.offset, visitor)?;
                files.add_file(path, file, document);
            }
            EntryKind::Symlink(text) => {
                let path = normalized(&entry.path)?;
                if let Some(target) = link_target(&path, &text) {
                    files.add_link(path, target);
                }
            }
            EntryKind::HardLink(target) => files.add_link(normalized(&entry.path)?, normalized(&target)?),
            EntryKind::Other => {}
        }
    }
    tar.drain()?;
    Ok(files)
}

fn take_file<R: Advance>(
    tar: &mut TarReader<R>,
    path: &str,
    size: u64,
    offset: u64,
    visitor: &mut dyn Visitor,
) -> Result<(StoredFile, Option<Bytes>), ArchiveError> {
    let is_wanted = visitor.begin(path, size)?;
    let mut chunk = read_chunk(tar)?;
    let compression = Compression::sniff(&chunk);
    // Configs and manifests are JSON objects, manifest.json an array; `<id>/json` is schema 1's and has no use.
    let is_document =
        size <= limits::CONFIG_BYTES && matches!(chunk.first(), Some(b'{' | b'[')) && !path.ends_with("/json");
    let mut document = is_document.then(BytesMut::new);
    if is_wanted || is_document {
        while !chunk.is_empty() {
            if let Some(document) = &mut document {
                document.extend_from_slice(&chunk);
            }
            if is_wanted {
                visitor.chunk(chunk)?;
            }
            chunk = read_chunk(tar)?;
        }
    }
    let document = document.map(BytesMut::freeze);
    let claimed = claimed_digest(path);
    let computed = match (&document, is_wanted) {
        (_, true) => Some(visitor.end()?),
        (Some(document), false) => Some(digest_of(document)),
        (None, false) => None,
    };
    let digest = match (claimed, computed) {
        (Some(claimed), Some(computed)) if claimed != computed => {
            return Err(ArchiveError::DigestMismatch { path: path.to_owned(), computed });
        }
        (_, Some(digest)) | (Some(digest), None) => digest,
        (None, None) => return Err(ArchiveError::Document { path: path.to_owned(), why: "it was not read".into() }),
    };
    Ok((StoredFile { digest, size, offset, compression }, document))
}
