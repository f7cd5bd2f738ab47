//! Image archives: what `docker save`, `skopeo copy docker-archive:/oci-archive:`, `crane pull` and `podman save` write.
//!
//! In: a tar, plain or compressed with gzip or zstd, as a stream of bytes. Out: its files, handed one by one to a [`BlobSink`] as they go
//! by, and in the end the images that they make up ([`ArchiveContents`]). The archive is never whole in memory nor on disk.
//!
//! Nothing is ever written under a name from the archive: names only serve to find one file from another.

mod contents;
mod docker_save;
mod error;
mod files;
mod oci_layout;
mod sink;
mod stream;
mod tar_reader;
mod walk;

pub use contents::{ArchiveContents, ArchiveImage};
pub use error::ArchiveError;
pub use sink::BlobSink;
pub use stream::read_archive;

pub(crate) use contents::resolve;
pub(crate) use files::{FileTable, claimed_digest};
pub(crate) use oci_layout::{Content, images_of_layout};
pub(crate) use walk::{Advance, Limited, Visitor, walk};

/// How much of an archive is read before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Bytes of the tar, uncompressed.
    pub total_bytes: u64,
    /// Tar entries of any kind, extension headers included.
    pub entries: u64,
    /// Bytes of JSON documents kept in memory until the end.
    pub document_bytes: u64,
}

impl Default for ArchiveLimits {
    /// 64 GiB, 100,000 entries, 64 MiB of documents.
    fn default() -> Self {
        Self { total_bytes: 64 << 30, entries: 100_000, document_bytes: 64 << 20 }
    }
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
