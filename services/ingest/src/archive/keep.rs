//! What an archive held becomes the organization's: blobs first, then everything the database learns, at once.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Digest, OrgId};
use plimsoll_oci::archive::{ArchiveContents, ArchiveImage};
use plimsoll_runtime::clock;
use plimsoll_store::images::Source;
use plimsoll_store::{OrgTx, repositories, tags};

use super::answer::UploadedImage;
use super::places::Place;
use super::problem::UploadError;
use super::sink::StagingSink;
use crate::acceptance::{Accepted, accept, renamed};
use crate::ingest::Ingest;
use crate::staging::StagingError;

/// Makes the staged files that images name blobs. Nobody can reach them until they are recorded.
pub(super) async fn keep_blobs(
    ingest: &Ingest,
    contents: &ArchiveContents,
    sink: &StagingSink<'_>,
) -> Result<(), StagingError> {
    let digests: BTreeSet<Digest> =
        contents.images.iter().flat_map(|image| &image.blobs).map(|blob| blob.digest).collect();
    for digest in digests {
        // The archive's reader has seen every blob that it lists.
        let part = sink.part(&digest).ok_or(StagingError::Lost(digest))?;
        if !ingest.staging.keep(std::slice::from_ref(part), &digest).await? {
            return Err(StagingError::Lost(digest));
        }
    }
    Ok(())
}

/// Records everything, in one transaction.
#[tracing::instrument(skip_all, fields(%org))]
pub(super) async fn record(
    ingest: &Ingest,
    org: OrgId,
    org_slug: &str,
    contents: &ArchiveContents,
    places: &[Place],
) -> Result<Vec<UploadedImage>, UploadError> {
    let mut tx = ingest.store.org_tx(org).await?;
    let mut uploaded = Vec::new();
    // An image under two names is queued once, and both say so.
    let mut queued = BTreeMap::new();
    let mut others = BTreeSet::new();
    for place in places {
        let repository = repositories::ensure(&mut tx, &place.repository, clock::new_id()).await?;
        for image in place.images.iter().filter_map(|image| contents.images.get(*image)) {
            let accepted = take_in(&mut tx, ingest, repository, image).await?;
            let queued = queued.entry(image.manifest.digest).or_insert(accepted.queued);
            uploaded.push(UploadedImage {
                id: accepted.image.map(|image| image.0),
                digest: image.manifest.digest.to_string(),
                repository: format!("{org_slug}/{}", place.repository),
                tag: place.tag.as_ref().map(ToString::to_string),
                index: (place.root != image.manifest.digest).then(|| place.root.to_string()),
                platform: image.platform.as_ref().map(ToString::to_string),
                queued: *queued,
            });
        }
        for index in place.indexes.iter().filter_map(|index| contents.indexes.get(*index)) {
            if let Ok(manifest) = index.parse() {
                accept(&mut tx, ingest, repository, index, &manifest, Source::Archive).await?;
            }
        }
        if let Some(tag) = &place.tag {
            let moved = tags::set(&mut tx, repository, tag.as_str(), &place.root).await?;
            others.extend(moved.from);
        }
        others.insert(place.root);
    }
    renamed(&mut tx, &others.into_iter().collect::<Vec<_>>()).await?;
    tx.commit().await?;
    Ok(uploaded)
}

async fn take_in(
    tx: &mut OrgTx,
    ingest: &Ingest,
    repository: plimsoll_model::RepositoryId,
    image: &ArchiveImage,
) -> Result<Accepted, UploadError> {
    for blob in &image.blobs {
        repositories::link_blob(tx, repository, &blob.digest, blob.size).await?;
    }
    let path = || image.display_name();
    let manifest = image
        .manifest
        .parse()
        .map_err(|source| plimsoll_oci::archive::ArchiveError::Manifest { path: path(), source })?;
    Ok(accept(tx, ingest, repository, &image.manifest, &manifest, Source::Archive).await?)
}
