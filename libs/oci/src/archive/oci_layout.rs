//! Images of an OCI image layout: from `index.json` down to blobs.
//!
//! Source: OCI image specification 1.1, `image-layout.md`; the annotation with full names is containerd's (`ctr export`, `docker save`).

use std::collections::HashSet;

use bytes::Bytes;
use plimsoll_model::Digest;

use super::contents::complete_name;
use super::{ArchiveContents, ArchiveError, ArchiveImage};
use crate::{Descriptor, ImageConfig, ImageIndex, ImageManifest, Manifest, RawManifest, limits};

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const FULL_NAME: &str = "io.containerd.image.name";

/// Blobs by digest.
pub(crate) trait Content {
    /// A JSON document's bytes, which hash to `digest`; `None` where it is not there or is no JSON.
    fn document(&self, digest: &Digest) -> Result<Option<Bytes>, ArchiveError>;
    /// A blob's size in bytes; `None` where it is not there.
    fn size(&self, digest: &Digest) -> Option<u64>;
}

/// The images that `index_json` leads to. Entries of a nested index may be absent, as long as one of them is there: clients keep
/// the index of an image that they have for one platform only.
pub(crate) fn images_of_layout(index_json: &[u8], content: &dyn Content) -> Result<ArchiveContents, ArchiveError> {
    let invalid = |source| ArchiveError::Manifest { path: "index.json".into(), source };
    let Manifest::Index(index) = Manifest::parse(index_json, None).map_err(invalid)? else {
        return Err(ArchiveError::Document { path: "index.json".into(), why: "it is not an index".into() });
    };
    let mut search = Search { content, contents: ArchiveContents::default(), seen: HashSet::new() };
    search.descend(&index, None, &[], 1)?;
    if search.contents.images.is_empty() {
        return Err(ArchiveError::NoImage);
    }
    Ok(search.contents)
}

struct Search<'a> {
    content: &'a dyn Content,
    contents: ArchiveContents,
    seen: HashSet<Digest>,
}

impl Search<'_> {
    /// Visits an index's entries; returns how many were there.
    fn descend(
        &mut self,
        index: &ImageIndex,
        index_digest: Option<Digest>,
        names: &[String],
        depth: usize,
    ) -> Result<usize, ArchiveError> {
        if depth > limits::INDEX_DEPTH {
            return Err(ArchiveError::IndexLimit("names indexes too deep inside each other"));
        }
        let mut present = 0;
        for entry in &index.manifests {
            let mut own_names = names.to_vec();
            add_unique(&mut own_names, names_of(entry));
            let Some(bytes) = self.content.document(&entry.digest)? else {
                if index_digest.is_none() {
                    let image = own_names.first().cloned().unwrap_or_else(|| "listed in index.json".into());
                    return Err(ArchiveError::MissingBlob { image, missing: entry.digest.to_string() });
                }
                continue;
            };
            present += 1;
            self.visit(entry, bytes, index_digest, own_names, depth)?;
        }
        Ok(present)
    }

    fn visit(
        &mut self,
        entry: &Descriptor,
        bytes: Bytes,
        index_digest: Option<Digest>,
        names: Vec<String>,
        depth: usize,
    ) -> Result<(), ArchiveError> {
        if !self.seen.insert(entry.digest) {
            // The same manifest under another tag.
            let known = self.contents.images.iter_mut().find(|image| image.manifest.digest == entry.digest);
            if let Some(image) = known {
                add_unique(&mut image.names, names);
            }
            return Ok(());
        }
        if self.seen.len() > limits::INDEX_ENTRIES {
            return Err(ArchiveError::IndexLimit("leads to too many manifests"));
        }
        let (raw, manifest) = RawManifest::new(bytes, Some(&entry.media_type))
            .map_err(|source| ArchiveError::Manifest { path: entry.digest.to_string(), source })?;
        match manifest {
            Manifest::Index(nested) => {
                let digest = raw.digest;
                self.contents.indexes.push(raw);
                if self.descend(&nested, Some(digest), &names, depth + 1)? == 0 {
                    let image = names.first().cloned().unwrap_or_else(|| digest.to_string());
                    return Err(ArchiveError::MissingBlob { image, missing: "every manifest of its index".into() });
                }
                Ok(())
            }
            Manifest::Image(manifest) => {
                let image = self.image(entry, raw, &manifest, index_digest, names)?;
                self.contents.images.push(image);
                Ok(())
            }
        }
    }

    fn image(
        &self,
        entry: &Descriptor,
        raw: RawManifest,
        manifest: &ImageManifest,
        index: Option<Digest>,
        names: Vec<String>,
    ) -> Result<ArchiveImage, ArchiveError> {
        let image = names.first().cloned().unwrap_or_else(|| raw.digest.to_string());
        let mut blobs: Vec<Descriptor> = Vec::new();
        let mut seen = HashSet::new();
        // Layers that need not be there are taken where they are.
        let optional = manifest.layers.iter().filter(|layer| self.content.size(&layer.digest).is_some());
        for blob in manifest.required_blobs().chain(optional) {
            if !seen.insert(blob.digest) {
                continue;
            }
            let Some(actual) = self.content.size(&blob.digest) else {
                return Err(ArchiveError::MissingBlob { image, missing: blob.digest.to_string() });
            };
            if actual != blob.size {
                return Err(ArchiveError::SizeMismatch { image, digest: blob.digest, claimed: blob.size, actual });
            }
            blobs.push(blob.clone());
        }
        let is_container_image = manifest.is_container_image();
        let platform = match &entry.platform {
            Some(platform) => Some(platform.clone()),
            None if is_container_image => {
                let config = self.content.document(&manifest.config.digest)?;
                config.and_then(|config| ImageConfig::parse(&config).ok()).and_then(|config| config.platform())
            }
            None => None,
        };
        Ok(ArchiveImage { names, platform, manifest: raw, is_container_image, index, blobs })
    }
}

/// The full name where there is one, else what the layout's own annotation says.
fn names_of(entry: &Descriptor) -> Vec<String> {
    let name = entry.annotations.get(FULL_NAME).or_else(|| entry.annotations.get(REF_NAME));
    name.and_then(|name| complete_name(name)).into_iter().collect()
}

pub(super) fn add_unique(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}
