//! A folder with an OCI image layout: blobs are files named by their digest.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use plimsoll_model::Digest;

use super::SourceError;
use crate::archive::{ArchiveContents, ArchiveError, Content, images_of_layout};
use crate::blob_channel::CHUNK_BYTES;
use crate::verified::VerifiedReader;
use crate::{Descriptor, limits};

#[derive(Debug)]
pub(super) struct LayoutFolder {
    blobs: Blobs,
    contents: ArchiveContents,
}

#[derive(Debug)]
struct Blobs(PathBuf);

impl LayoutFolder {
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let archive_error = |source| SourceError::Archive { path: path.to_owned(), source };
        let index_path = path.join("index.json");
        let mut index = Vec::new();
        let file = open_regular(&index_path).map_err(|source| SourceError::Io { path: index_path.clone(), source })?;
        file.take(limits::MANIFEST_BYTES + 1)
            .read_to_end(&mut index)
            .map_err(|source| SourceError::Io { path: index_path, source })?;
        let blobs = Blobs(path.join("blobs/sha256"));
        let contents = images_of_layout(&index, &blobs).map_err(archive_error)?;
        Ok(Self { blobs, contents })
    }

    pub(super) const fn contents(&self) -> &ArchiveContents {
        &self.contents
    }

    pub(super) fn open_blob(&self, blob: &Descriptor) -> io::Result<Box<dyn Read + Send>> {
        let file = open_regular(&self.blobs.path(&blob.digest))?;
        Ok(Box::new(BufReader::with_capacity(CHUNK_BYTES, file)))
    }
}

impl Blobs {
    fn path(&self, digest: &Digest) -> PathBuf {
        self.0.join(digest.hex())
    }
}

impl Content for Blobs {
    fn document(&self, digest: &Digest) -> Result<Option<Bytes>, ArchiveError> {
        let file = match open_regular(&self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if file.metadata()?.len() > limits::CONFIG_BYTES {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        VerifiedReader::new(file.take(limits::CONFIG_BYTES + 1), *digest).read_to_end(&mut bytes)?;
        Ok(Some(bytes.into()))
    }

    fn size(&self, digest: &Digest) -> Option<u64> {
        let metadata = std::fs::metadata(self.path(digest)).ok()?;
        metadata.is_file().then_some(metadata.len())
    }
}

/// Looks before it opens: opening a FIFO waits for its other end.
fn open_regular(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}
