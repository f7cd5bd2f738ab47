//! Why an archive is refused.

use std::io;

use plimsoll_model::Digest;

use crate::{ConfigError, ManifestError};

/// Why an archive, or an OCI layout, does not give its images.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The input broke off, or does not decompress.
    #[error("the archive does not read: {0}")]
    Read(#[from] io::Error),
    /// The bytes are no tar, compressed or not.
    #[error("this is not an image archive (expected a tar, plain or compressed with gzip or zstd)")]
    NotAnArchive,
    /// A tar header that cannot be believed.
    #[error("the archive is corrupt at byte {offset} (uncompressed): {why}")]
    Corrupt {
        /// Where the header starts, in the uncompressed tar.
        offset: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// A long name or PAX header past its limit.
    #[error("the archive has a header of {size} bytes at byte {offset} (uncompressed); the limit is {limit}")]
    HeaderTooLarge {
        /// Where the header starts, in the uncompressed tar.
        offset: u64,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// More than [`super::ArchiveLimits::total_bytes`].
    #[error("the archive is larger than {limit} bytes, uncompressed")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// More than [`super::ArchiveLimits::entries`].
    #[error("the archive has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// A file whose name leads out of the archive.
    #[error("the archive holds a file named '{path}', which leads outside of it")]
    UnsafePath {
        /// The name, escaped.
        path: String,
    },
    /// A blob that does not hash to its name.
    #[error("digest mismatch: the archive's file '{path}' has the digest {computed}")]
    DigestMismatch {
        /// The file.
        path: String,
        /// The digest of what it holds.
        computed: Digest,
    },
    /// Neither an OCI layout nor what `docker save` writes.
    #[error("the archive holds no image: it has neither index.json nor manifest.json")]
    NoImage,
    /// A document that is missing in the archive or is not what it should be.
    #[error("'{path}' in the archive: {why}")]
    Document {
        /// The file, or the digest of the blob.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A manifest or index that is none.
    #[error("'{path}' in the archive: {source}")]
    Manifest {
        /// The file, or the digest of the blob.
        path: String,
        /// What is wrong.
        source: ManifestError,
    },
    /// A config that is none.
    #[error("'{path}' in the archive: {source}")]
    Config {
        /// The file.
        path: String,
        /// What is wrong.
        source: ConfigError,
    },
    /// A file that an image needs is not there.
    #[error("the archive lacks {missing}, which the image {image} needs")]
    MissingBlob {
        /// The image: its tag, else its digest.
        image: String,
        /// The digest, or the path in the archive.
        missing: String,
    },
    /// A blob of another size than its descriptor says.
    #[error("blob {digest} has {actual} bytes, but the image {image} says {claimed}")]
    SizeMismatch {
        /// The image: its tag, else its digest.
        image: String,
        /// The blob.
        digest: Digest,
        /// The descriptor's size in bytes.
        claimed: u64,
        /// The blob's size in bytes.
        actual: u64,
    },
    /// More JSON than [`super::ArchiveLimits::document_bytes`].
    #[error("the archive holds more than {limit} bytes of JSON documents")]
    TooManyDocuments {
        /// The limit in bytes.
        limit: u64,
    },
    /// More images than [`crate::limits::INDEX_ENTRIES`], or indexes nested deeper than [`crate::limits::INDEX_DEPTH`].
    #[error("the archive's index {0}")]
    IndexLimit(&'static str),
    /// The sink failed. The archive itself may be good.
    #[error("'{path}' in the archive could not be stored: {source}")]
    Sink {
        /// The file.
        path: String,
        /// The sink's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The reading thread is gone (the runtime is shutting down).
    #[error("reading the archive was interrupted")]
    Interrupted,
}
