//! Image references, manifests, archives and layouts, and a registry client.
//!
//! [`Reference`], [`Manifest`], [`ImageConfig`] are parsed from text and bytes; [`archive`] takes an image archive as it is uploaded and
//! hands its files on.
//!
//! Everything that is read here is hostile until its digest has been checked: sizes are bounded by [`limits`], and errors
//! name what was being read.

pub mod archive;
pub mod config;
pub mod limits;
pub mod manifest;
pub mod media_type;
pub mod platform;
pub mod reference;
pub mod repository;

mod blob_channel;
mod compression;

pub use config::{ConfigError, HistoryEntry, ImageConfig, build_steps};
pub use manifest::{Descriptor, ImageIndex, ImageManifest, Manifest, ManifestError, RawManifest};
pub use platform::Platform;
pub use reference::{ManifestReference, Reference, ReferenceError};
pub use repository::{RepositoryName, Tag};
