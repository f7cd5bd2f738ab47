//! An archive on disk: indexed once by its tar headers, its blobs then read by seeking.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

use super::SourceError;
use crate::Descriptor;
use crate::archive::{
    Advance, ArchiveContents, ArchiveError, ArchiveLimits, FileTable, Visitor, claimed_digest, resolve, walk,
};
use crate::blob_channel::CHUNK_BYTES;
use crate::compression::{Compression, decoded};

/// How an archive is opened.
#[derive(Clone, Default)]
pub struct ArchiveOptions {
    /// How much of it is read before it is refused.
    pub limits: ArchiveLimits,
    /// Where a compressed archive is inflated to; the system's temporary folder where absent.
    pub temporary_folder: Option<PathBuf>,
    /// Told before a compressed archive is inflated, with its compressed size in bytes.
    pub on_inflate: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

impl fmt::Debug for ArchiveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveOptions")
            .field("limits", &self.limits)
            .field("temporary_folder", &self.temporary_folder)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct ArchiveFile {
    /// The uncompressed tar.
    tar: Arc<Mutex<File>>,
    files: FileTable,
    contents: ArchiveContents,
}

impl ArchiveFile {
    pub(super) fn open(path: &Path, options: &ArchiveOptions) -> Result<Self, SourceError> {
        let io_error = |source| SourceError::Io { path: path.to_owned(), source };
        let archive_error = |source| SourceError::Archive { path: path.to_owned(), source };
        // Looked at before it is opened: opening a FIFO waits for its other end.
        if !std::fs::metadata(path).map_err(io_error)?.is_file() {
            return Err(archive_error(ArchiveError::NotAnArchive));
        }
        let mut file = File::open(path).map_err(io_error)?;
        let mut head = Vec::new();
        file.by_ref().take(4).read_to_end(&mut head).map_err(io_error)?;
        file.rewind().map_err(io_error)?;
        let mut tar = match Compression::sniff(&head) {
            Compression::None => file,
            _ => inflated(file, options).map_err(archive_error)?,
        };
        let reader = SeekingTar::new(tar.try_clone().map_err(io_error)?).map_err(io_error)?;
        let mut hasher = UnnamedHasher(Sha256::new());
        let files = walk(reader, &options.limits, &mut hasher).map_err(archive_error)?;
        let contents = resolve(&files).map_err(archive_error)?;
        tar.rewind().map_err(io_error)?;
        Ok(Self { tar: Arc::new(Mutex::new(tar)), files, contents })
    }

    pub(super) const fn contents(&self) -> &ArchiveContents {
        &self.contents
    }

    pub(super) fn open_blob(&self, blob: &Descriptor) -> io::Result<Box<dyn Read + Send>> {
        let absent = || io::Error::new(io::ErrorKind::NotFound, "the archive does not hold it");
        let file = self.files.by_digest(&blob.digest).ok_or_else(absent)?;
        let section = Section { tar: Arc::clone(&self.tar), position: file.offset, end: file.offset + file.size };
        Ok(Box::new(BufReader::with_capacity(CHUNK_BYTES, section)))
    }
}

/// The uncompressed tar in a file that has no name, so that it goes when this process does.
fn inflated(file: File, options: &ArchiveOptions) -> Result<File, ArchiveError> {
    if let Some(on_inflate) = &options.on_inflate {
        on_inflate(file.metadata()?.len());
    }
    let mut target = match &options.temporary_folder {
        Some(folder) => tempfile::tempfile_in(folder)?,
        None => tempfile::tempfile()?,
    };
    let (_, inner) = decoded(file)?;
    let limit = options.limits.total_bytes;
    // One byte more than the limit tells that there is more.
    let copied = io::copy(&mut inner.take(limit.saturating_add(1)), &mut target)?;
    if copied > limit {
        return Err(ArchiveError::TooLarge { limit });
    }
    target.rewind()?;
    Ok(target)
}

/// A tar file that is walked by seeking over bodies.
struct SeekingTar {
    inner: BufReader<File>,
    position: u64,
    length: u64,
}

impl SeekingTar {
    fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { inner: BufReader::new(file), position: 0, length })
    }
}

impl Read for SeekingTar {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Advance for SeekingTar {
    fn advance(&mut self, bytes: u64) -> io::Result<()> {
        let target = self.position.checked_add(bytes).filter(|target| *target <= self.length);
        let target = target.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a file"))?;
        match i64::try_from(bytes) {
            Ok(bytes) => self.inner.seek_relative(bytes)?,
            Err(_) => drop(self.inner.seek(SeekFrom::Start(target))?),
        }
        self.position = target;
        Ok(())
    }
}

/// Hashes the files whose name is not their digest; the others are checked when they are opened.
struct UnnamedHasher(Sha256);

impl Visitor for UnnamedHasher {
    fn begin(&mut self, path: &str, _: u64) -> Result<bool, ArchiveError> {
        self.0 = Sha256::new();
        Ok(claimed_digest(path).is_none())
    }

    fn chunk(&mut self, chunk: Bytes) -> Result<(), ArchiveError> {
        self.0.update(&chunk);
        Ok(())
    }

    fn end(&mut self) -> Result<Digest, ArchiveError> {
        Ok(Digest::from_sha256(std::mem::take(&mut self.0).finalize().into()))
    }
}

/// Part of a file that others read too.
struct Section {
    tar: Arc<Mutex<File>>,
    position: u64,
    end: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let mut tar = self.tar.lock().unwrap_or_else(PoisonError::into_inner);
        tar.seek(SeekFrom::Start(self.position))?;
        let read = tar.read(buffer.get_mut(..length).unwrap_or_default())?;
        self.position += read as u64;
        Ok(read)
    }
}
