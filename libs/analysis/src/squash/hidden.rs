//! How many bytes of each layer the layers above it hide: deleted, or replaced.

use std::collections::HashSet;

use plimsoll_model::LayerBytes;

use super::SquashLayer;
use crate::contents::Contents;
use crate::{FileSizes, PathHashes};

/// Entries of all layers together that are looked at. An image with more is not judged by what it hides.
const MOST_ENTRIES: usize = 2_000_000;

/// Of each layer, as they are ordered.
pub(super) fn layer_bytes(ordered: &[&SquashLayer<'_>]) -> Vec<LayerBytes> {
    let contents = || ordered.iter().map(|layer| layer.analysis.as_ref().ok().map(|analysis| &analysis.contents));
    let entries = |contents: &Contents| contents.non_directories.len() + contents.directories.len();
    let is_bounded = contents().flatten().map(entries).sum::<usize>() <= MOST_ENTRIES;
    let mut above = Above::default();
    let mut found: Vec<LayerBytes> = Vec::new();
    for (layer, contents) in ordered.iter().zip(contents()).rev() {
        let bytes = contents.map_or(0, |contents| contents.file_bytes);
        let hidden = contents.filter(|contents| is_bounded && contents.is_complete).and_then(|contents| {
            let hidden = above.hidden_bytes(contents.sizes.as_ref()?, &contents.non_directories);
            above.add(contents);
            Some(hidden)
        });
        found.push(LayerBytes { layer: layer.index, bytes, hidden });
    }
    found.reverse();
    found
}

/// What the layers above have and delete, by hashes of paths.
#[derive(Default)]
struct Above {
    /// Whatever lies here or below is hidden: something that is no folder, or a whiteout.
    gone: HashSet<u64>,
    /// A file that lies here is hidden.
    folders: HashSet<u64>,
    /// Whatever lies below is hidden.
    opaque: HashSet<u64>,
}

impl Above {
    fn add(&mut self, contents: &Contents) {
        self.gone.extend(contents.non_directories.iter());
        self.gone.extend(contents.whiteouts.iter().map(|path| PathHashes::hash(path)));
        self.folders.extend(contents.directories.iter());
        self.opaque.extend(contents.opaque_directories.iter().map(|path| PathHashes::hash(path)));
    }

    fn hidden_bytes(&self, sizes: &FileSizes, hashes: &PathHashes) -> u64 {
        let mut is_hidden: Vec<bool> = Vec::with_capacity(sizes.folders().len());
        for folder in sizes.folders() {
            let is_above_hidden = is_hidden.get(folder.parent as usize).copied().unwrap_or_default();
            is_hidden.push(is_above_hidden || self.gone.contains(&folder.hash) || self.opaque.contains(&folder.hash));
        }
        let hidden = sizes.files(hashes).filter(|(hash, file)| {
            is_hidden.get(file.folder as usize).copied().unwrap_or_default()
                || self.gone.contains(hash)
                || self.folders.contains(hash)
        });
        hidden.fold(0, |sum: u64, (_, file)| sum.saturating_add(file.bytes))
    }
}
