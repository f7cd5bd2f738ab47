//! What taking a manifest in means, whichever way it came: its row, what it names, the image that the organization holds and, if
//! that is new, the message that it waits for its scan. All in the caller's one transaction.

use plimsoll_broker::Message;
use plimsoll_broker::contracts::{ScanImageV1, VexChangedV1};
use plimsoll_model::{Digest, ImageId, OrgId, RepositoryId};
use plimsoll_oci::{Manifest, RawManifest};
use plimsoll_runtime::{clock, trace};
use plimsoll_store::images::Source;
use plimsoll_store::manifests::NewManifest;
use plimsoll_store::{OrgTx, StoreError, images, manifests, outbox, vex_decisions};
use plimsoll_volatile::{ScanProgress, ScanState};

use crate::ingest::Ingest;

/// What became of a manifest that was taken in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    /// Whether the repository did not have it.
    pub(crate) is_new: bool,
    /// The image, if it is a container image's manifest.
    pub(crate) image: Option<ImageId>,
    /// Whether a scan was asked for.
    pub(crate) queued: bool,
}

/// Takes in a manifest whose blobs the repository has.
///
/// Nothing is scanned twice: only an image that is new to the organization, or whose last scan failed for good, is sent to a scanner.
#[tracing::instrument(skip_all, fields(org = %tx.org(), digest = %raw.digest))]
pub(crate) async fn accept(
    tx: &mut OrgTx,
    ingest: &Ingest,
    repository: RepositoryId,
    raw: &RawManifest,
    manifest: &Manifest,
    source: Source,
) -> Result<Accepted, StoreError> {
    let children = children(manifest);
    let new = NewManifest {
        digest: raw.digest,
        media_type: &raw.media_type,
        content: &raw.bytes,
        artifact_type: manifest.artifact_type(),
        subject: manifest.subject().map(|subject| subject.digest),
        annotations: manifest.annotations(),
        children: &children,
    };
    let is_new = manifests::put(tx, repository, &new).await?;
    let image = match manifest {
        Manifest::Image(image) if image.is_container_image() => image,
        // An index's images were held when they came; an artifact is kept and not scanned.
        _ => return Ok(Accepted { is_new, image: None, queued: false }),
    };
    let (config, size) = (image.config.digest, image.total_size());
    let held = images::hold(tx, clock::new_id(), &raw.digest, &config, size, source).await?;
    let queued = held.is_new || images::has_failed(tx, held.id).await?;
    if queued {
        images::queue_scan(tx, held.id).await?;
        let message = ScanImageV1 { org: tx.org(), image: held.id, digest: raw.digest };
        outbox::write(tx, ScanImageV1::TOPIC.name(), &message, &trace::current()).await?;
        // Before the commit: once a scanner is at it, this would be old news.
        tell(ingest, tx.org(), held.id, raw.digest).await;
    }
    Ok(Accepted { is_new, image: Some(held.id), queued })
}

/// Has it decided again what VEX statements hide in images that these manifests and indexes are or name, where the organization has any: their
/// tags, repositories or indexes are others from now on. An image whose scan is still to end is decided then.
pub(crate) async fn renamed(tx: &mut OrgTx, manifests: &[Digest]) -> Result<(), StoreError> {
    let images = vex_decisions::images_named(tx, manifests).await?;
    if images.is_empty() {
        return Ok(());
    }
    let message = VexChangedV1 { org: tx.org(), vulnerabilities: Vec::new(), images };
    outbox::write(tx, VexChangedV1::TOPIC.name(), &message, &trace::current()).await
}

/// What a manifest names: an image its config and layers, an index its manifests; each once.
pub(crate) fn children(manifest: &Manifest) -> Vec<Digest> {
    let mut digests: Vec<Digest> = match manifest {
        Manifest::Image(image) => std::iter::once(&image.config).chain(&image.layers).map(|blob| blob.digest).collect(),
        Manifest::Index(index) => index.manifests.iter().map(|entry| entry.digest).collect(),
    };
    digests.sort_unstable();
    digests.dedup();
    digests
}

/// Tells who watches that the scan is queued. Live news may be lost.
async fn tell(ingest: &Ingest, org: OrgId, image: ImageId, digest: Digest) {
    let progress = ScanProgress {
        image,
        digest,
        state: ScanState::Queued,
        layers_total: 0,
        layers_done: 0,
        bytes_total: 0,
        bytes_done: 0,
        message: "waiting for a scanner".into(),
        at: clock::now(),
    };
    if let Err(error) = ingest.volatile.publish(org, &digest.to_string(), &progress).await {
        tracing::warn!(%error, "nobody is told that the scan is queued");
    }
}
