//! How large a document may be before it is refused.

/// A manifest or index, in bytes. What the distribution specification asks registries to accept at least, and what most accept at most.
pub const MANIFEST_BYTES: u64 = 4 << 20;
/// An image config, in bytes. Long histories and many labels reach some hundred KiB.
pub const CONFIG_BYTES: u64 = 8 << 20;
/// Layers of an image. Runtimes stop at 127 (overlayfs mounts); artifacts have more.
pub const LAYERS: usize = 1_000;
/// Entries of an index.
pub const INDEX_ENTRIES: usize = 1_000;
/// How deep indexes may name indexes.
pub const INDEX_DEPTH: usize = 4;
