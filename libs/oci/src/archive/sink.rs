//! Where an archive's files go as they are read.

use std::future::Future;

use bytes::Bytes;
use plimsoll_model::Digest;

/// Takes an archive's files, one after the other: `begin`, `write` any number of times, `finish`.
///
/// A file may turn out not to belong to any image: what is not named in [`super::ArchiveImage::blobs`] can be dropped in the end. When reading
/// fails, the file last begun is left without its `finish`. Methods may be written as `async fn`.
pub trait BlobSink {
    /// Why a file could not be stored.
    type Error: std::error::Error + Send + Sync + 'static;

    /// A file starts. `size` is its size in bytes as the tar header says; exactly that many follow.
    fn begin(&mut self, size: u64) -> impl Future<Output = Result<(), Self::Error>>;

    /// The file's next bytes.
    fn write(&mut self, chunk: Bytes) -> impl Future<Output = Result<(), Self::Error>>;

    /// The file is complete; returns the digest and the number of bytes of what was written.
    fn finish(&mut self) -> impl Future<Output = Result<(Digest, u64), Self::Error>>;
}
