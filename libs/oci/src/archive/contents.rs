//! What an archive turns out to hold, once all of its files are known.

use plimsoll_model::Digest;

use super::{ArchiveError, FileTable, docker_save, images_of_layout};
use crate::{Descriptor, Platform, RawManifest, Reference};

/// The images of an archive or layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveContents {
    /// The images and artifacts, in the archive's order.
    pub images: Vec<ArchiveImage>,
    /// The indexes that images belong to, innermost last. Some of their entries may be absent from the archive.
    pub indexes: Vec<RawManifest>,
}

/// An image, or an artifact in a manifest's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveImage {
    /// Its names as the archive has them: complete references (`docker.io/library/alpine:3.18`) or, in an OCI layout, bare tags. May be empty.
    pub names: Vec<String>,
    /// The platform, from the index or the config.
    pub platform: Option<Platform>,
    /// The manifest: the archive's own, or, where `docker save` wrote none, one made of its parts (the same parts, the same bytes).
    pub manifest: RawManifest,
    /// Whether it can be run and scanned ([`crate::ImageManifest::is_container_image`]).
    pub is_container_image: bool,
    /// The index that names it, if any but the layout's own `index.json`.
    pub index: Option<Digest>,
    /// The blobs it needs, config first. All are there, with these sizes.
    pub blobs: Vec<Descriptor>,
}

impl ArchiveImage {
    /// What to call it in an error or a list.
    pub fn display_name(&self) -> String {
        self.names.first().cloned().unwrap_or_else(|| self.manifest.digest.to_string())
    }
}

/// The images of an archive whose files have all been seen.
pub(crate) fn resolve(files: &FileTable) -> Result<ArchiveContents, ArchiveError> {
    let index = files.document("index.json")?;
    let is_layout = index.is_some() && files.file("oci-layout").is_some();
    let saved = files.document("manifest.json")?;
    match (index.filter(|_| is_layout), saved) {
        // Docker since 25 writes both: the layout has the manifests, manifest.json the full names.
        (Some(index), saved) => {
            let mut contents = images_of_layout(&index, files)?;
            if let Some(saved) = saved {
                docker_save::add_names(&saved, files, &mut contents)?;
            }
            Ok(contents)
        }
        (None, Some(saved)) => docker_save::images(&saved, files),
        (None, None) => Err(ArchiveError::NoImage),
    }
}

/// A name as written, completed where it is a reference; a bare tag as it is. `None` for what is neither.
pub(super) fn complete_name(text: &str) -> Option<String> {
    if text.contains(['/', ':']) {
        text.parse::<Reference>().ok().map(|reference| reference.to_string())
    } else {
        text.parse::<crate::Tag>().ok().map(|tag| tag.to_string())
    }
}
