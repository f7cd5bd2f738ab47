//! Image references, manifests, archives and layouts, and a registry client.
//!
//! The first half is pure: [`Reference`], [`Manifest`], [`ImageConfig`] are parsed from text and bytes. [`archive`] takes an image
//! archive as it is uploaded and hands its files on; [`source`] reads images where they lie (an archive, a layout, a
//! registry); [`registry`] is a client of the OCI Distribution protocol, and [`push`] brings an image from a source to one.
//!
//! Everything that is read here is hostile until its digest has been checked: sizes are bounded by [`limits`], and errors
//! name what was being read. Without the feature `client` there is only what reads: no registry, no source, no HTTP client.
#![cfg_attr(not(feature = "client"), expect(dead_code, unused_imports, reason = "the client needs more of what reads"))]

pub mod archive;
pub mod config;
pub mod limits;
pub mod manifest;
pub mod media_type;
pub mod platform;
#[cfg(feature = "client")]
pub mod push;
pub mod reference;
#[cfg(feature = "client")]
pub mod registry;
pub mod repository;
#[cfg(feature = "client")]
pub mod source;

mod blob_channel;
mod compression;
#[cfg(feature = "client")]
mod verified;

pub use config::{ConfigError, HistoryEntry, ImageConfig, build_steps};
pub use manifest::{Descriptor, ImageIndex, ImageManifest, Manifest, ManifestError, RawManifest};
pub use platform::Platform;
pub use reference::{ManifestReference, Reference, ReferenceError};
pub use repository::{RepositoryName, Tag};
