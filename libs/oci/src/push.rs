//! Bringing an image to a registry: the blobs that it lacks, then the manifest.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use plimsoll_model::Digest;

use crate::registry::{RegistryClient, RegistryError};
use crate::source::{ImageSource, SourceImage};
use crate::{ManifestReference, RepositoryName};

/// Blobs uploaded at the same time: more does not help one connection's bandwidth.
const CONCURRENT_BLOBS: usize = 3;

/// How a push is getting on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushEvent {
    /// The registry has this blob already.
    BlobPresent {
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// This blob's upload starts.
    BlobStarted {
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// Bytes of this blob went out; negative where its upload starts over.
    BlobBytes {
        /// The blob.
        digest: Digest,
        /// How many bytes, since the last event.
        bytes: i64,
    },
    /// This blob is there.
    BlobDone {
        /// The blob.
        digest: Digest,
    },
    /// The manifest is there: the push is complete.
    ManifestDone {
        /// The manifest.
        digest: Digest,
    },
}

/// Is told how a push is getting on, from several tasks at once.
pub type PushProgress = Arc<dyn Fn(PushEvent) + Send + Sync>;

/// Pushes an image to `repository` under a tag or its digest. Blobs that the registry has are not sent.
///
/// # Errors
/// The first that occurs; see [`RegistryError`]. What was uploaded stays there: a second push goes on from it.
pub async fn push(
    source: &ImageSource,
    image: &SourceImage,
    client: &RegistryClient,
    repository: &RepositoryName,
    reference: &ManifestReference,
    progress: PushProgress,
) -> Result<(), RegistryError> {
    let uploads = image.blobs.iter().map(|blob| {
        let progress = Arc::clone(&progress);
        async move {
            let (digest, size) = (blob.digest, blob.size);
            if client.has_blob(repository, &digest).await? {
                progress(PushEvent::BlobPresent { digest, size });
                return Ok(());
            }
            progress(PushEvent::BlobStarted { digest, size });
            let told = Arc::clone(&progress);
            let on_bytes = Arc::new(move |bytes| told(PushEvent::BlobBytes { digest, bytes }));
            client.push_blob(repository, &digest, size, || source.stream(blob), on_bytes).await?;
            progress(PushEvent::BlobDone { digest });
            Ok::<_, RegistryError>(())
        }
    });
    // The futures are made first: a lazy iterator's closure would have to outlive the stream.
    let uploads: Vec<_> = uploads.collect();
    futures::stream::iter(uploads).buffer_unordered(CONCURRENT_BLOBS).try_collect::<Vec<()>>().await?;
    client.push_manifest(repository, reference, &image.manifest).await?;
    progress(PushEvent::ManifestDone { digest: image.manifest.digest });
    Ok(())
}
