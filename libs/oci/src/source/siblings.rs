//! What else an index has beside the image that was chosen from it.

use plimsoll_model::Digest;

use super::SourceImage;
use crate::archive::ArchiveContents;
use crate::{Descriptor, ImageIndex, Manifest, Platform, media_type};

/// The most platforms that are told of an index; real ones have a dozen.
const MOST: usize = 100;

/// Tells each image of an archive or layout what else its index has, be it there or not.
pub(super) fn tell(images: &mut [SourceImage], contents: &ArchiveContents) {
    for raw in &contents.indexes {
        let mut chosen = images.iter_mut().filter(|image| image.index == Some(raw.digest)).peekable();
        if chosen.peek().is_none() {
            continue;
        }
        let Ok(Manifest::Index(index)) = raw.parse() else { continue };
        for image in chosen {
            image.other_platforms = other_platforms(&index, &image.manifest.digest);
        }
    }
}

/// The platforms of an index beside that of one of its entries.
pub(super) fn other_platforms(index: &ImageIndex, chosen: &Digest) -> Vec<Platform> {
    let others = index.manifests.iter().filter(|entry| is_candidate(entry) && entry.digest != *chosen);
    others.filter_map(|entry| entry.platform.clone()).take(MOST).collect()
}

/// Whether an entry is an image, or an index of some: attestations are neither.
pub(super) fn is_candidate(entry: &Descriptor) -> bool {
    let is_attestation = entry.platform.as_ref().is_some_and(Platform::is_unknown);
    !is_attestation && (media_type::is_image_manifest(&entry.media_type) || media_type::is_index(&entry.media_type))
}
