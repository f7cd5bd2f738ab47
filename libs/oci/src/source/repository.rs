//! A reference at a registry.

use std::collections::HashSet;
use std::io::{self, Read};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use super::select::of_platform;
use super::siblings::{is_candidate, other_platforms};
use super::{Selection, SourceError, SourceImage};
use crate::blob_channel::{CHUNKS, ChannelReader};
use crate::registry::{RegistryClient, RegistryError};
use crate::{Descriptor, ImageIndex, ImageManifest, Manifest, ManifestReference, RawManifest, Reference, limits};

#[derive(Debug)]
pub(super) struct SourceRepository {
    pub(super) client: RegistryClient,
    pub(super) reference: Reference,
}

impl SourceRepository {
    pub(super) async fn images(&self, selection: &Selection) -> Result<Vec<SourceImage>, SourceError> {
        let mut images = Vec::new();
        let (raw, manifest) = self.manifest(&self.reference.manifest_reference()).await?;
        match manifest {
            Manifest::Image(manifest) => images.push(self.image(raw, &manifest, None)),
            Manifest::Index(index) => self.descend(&raw, index, selection, &mut images).await?,
        }
        Ok(images)
    }

    /// Gets what the selection picks of an index, and of the indexes that these are.
    async fn descend(
        &self,
        raw: &RawManifest,
        index: ImageIndex,
        selection: &Selection,
        images: &mut Vec<SourceImage>,
    ) -> Result<(), SourceError> {
        let mut pending = vec![(raw.digest, index, 1)];
        while let Some((digest, index, depth)) = pending.pop() {
            if depth > limits::INDEX_DEPTH {
                return Err(SourceError::IndexTooDeep(self.reference.to_string()));
            }
            for entry in chosen(&index, selection)? {
                let (raw, manifest) = self.manifest(&ManifestReference::Digest(entry.digest)).await?;
                match manifest {
                    Manifest::Image(manifest) => {
                        let other_platforms = other_platforms(&index, &entry.digest);
                        let image = self.image(raw, &manifest, Some(digest));
                        images.push(SourceImage { platform: entry.platform, other_platforms, ..image });
                    }
                    Manifest::Index(nested) => pending.push((raw.digest, nested, depth + 1)),
                }
            }
        }
        Ok(())
    }

    async fn manifest(&self, reference: &ManifestReference) -> Result<(RawManifest, Manifest), SourceError> {
        let raw = self.client.get_manifest(self.reference.repository(), reference).await?;
        let manifest =
            raw.parse().map_err(|source| SourceError::Manifest { image: self.reference.to_string(), source })?;
        Ok((raw, manifest))
    }

    fn image(&self, raw: RawManifest, manifest: &ImageManifest, index: Option<plimsoll_model::Digest>) -> SourceImage {
        let mut seen = HashSet::new();
        let blobs = manifest.required_blobs().filter(|blob| seen.insert(blob.digest)).cloned().collect();
        let name = self.reference.to_string();
        SourceImage {
            names: vec![name.clone()],
            name,
            platform: None,
            manifest: raw,
            is_container_image: manifest.is_container_image(),
            index,
            other_platforms: Vec::new(),
            blobs,
        }
    }

    pub(super) fn stream_blob(&self, blob: &Descriptor) -> BoxStream<'static, io::Result<Bytes>> {
        let (client, repository) = (self.client.clone(), self.reference.repository().clone());
        let (digest, size) = (blob.digest, blob.size);
        let opened = async move { client.get_blob(&repository, &digest, Some(size)).await };
        futures::stream::once(opened).try_flatten().map_err(io_error).boxed()
    }

    pub(super) fn open_blob(&self, blob: &Descriptor) -> Box<dyn Read + Send> {
        let mut stream = self.stream_blob(blob);
        let (sender, receiver) = tokio::sync::mpsc::channel(CHUNKS);
        tokio::spawn(async move {
            while let Some(chunk) = stream.next().await {
                // The reader has gone: there is no use in downloading on.
                if sender.send(chunk).await.is_err() {
                    return;
                }
            }
        });
        Box::new(ChannelReader::new(receiver))
    }
}

/// The entries that are images, or indexes, for the platforms picked.
fn chosen(index: &ImageIndex, selection: &Selection) -> Result<Vec<Descriptor>, SourceError> {
    let candidates = index.manifests.iter().filter(|entry| is_candidate(entry)).cloned().collect();
    of_platform(candidates, |entry: &Descriptor| entry.platform.as_ref(), &selection.platform)
}

fn io_error(error: RegistryError) -> io::Error {
    let kind = match &error {
        RegistryError::DigestMismatch { .. } | RegistryError::TooLarge { .. } => io::ErrorKind::InvalidData,
        RegistryError::Timeout { .. } => io::ErrorKind::TimedOut,
        RegistryError::NotFound { .. } => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
