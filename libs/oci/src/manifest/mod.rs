//! Image manifests and indexes, OCI's and Docker's schema 2.
//!
//! In: a document's bytes, with the Content-Type they came with, if any. Out: [`Manifest`], or why they are none.
//! Source: OCI image specification 1.1, `manifest.md`, `image-index.md`, `descriptor.md`. Unknown fields are passed over, as the specification
//! asks; a document that could be read as two kinds is refused (GHSA-77vh-xpmg-72qh).

mod descriptor;
mod document;
mod raw;

use std::collections::BTreeMap;

pub use descriptor::Descriptor;
pub use raw::RawManifest;
pub(crate) use raw::digest_of;

use plimsoll_model::Digest;

use crate::media_type;

/// Why bytes are not a manifest that we take. All of these are `MANIFEST_INVALID` to a client, but for [`ManifestError::TooLarge`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// More than [`crate::limits::MANIFEST_BYTES`].
    #[error("a manifest of {size} bytes is past the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes; at least this, where it was read only in part.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Not JSON, or a field of the wrong type, or a digest that we do not accept.
    #[error("the manifest does not parse: {0}")]
    Malformed(String),
    /// Docker schema 1, signed or not.
    #[error("image manifest schema 1 is not supported; push the image again with a current client")]
    Schema1,
    /// `schemaVersion` is something else than 2, or missing.
    #[error("the manifest's schemaVersion is {0}, not 2")]
    SchemaVersion(String),
    /// The Content-Type and the document's own `mediaType` disagree.
    #[error("the Content-Type is {content_type}, but the manifest's mediaType is {media_type}")]
    MediaTypeMismatch {
        /// What came with the bytes.
        content_type: String,
        /// What the bytes say.
        media_type: String,
    },
    /// A media type that is no manifest's, or one that is not known.
    #[error("'{0}' is not the media type of a manifest that is supported")]
    UnsupportedMediaType(String),
    /// The fields are not those of the media type, or those of two kinds at once.
    #[error("the manifest's shape is not that of {media_type}: {why}")]
    Shape {
        /// What it claims to be, or `a manifest` where it does not say.
        media_type: String,
        /// What is wrong.
        why: &'static str,
    },
    /// More layers or index entries than the limit.
    #[error("the manifest has {count} {of}; the limit is {limit}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// Of what: `layers`, `manifests`.
        of: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// A manifest, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub enum Manifest {
    /// An image for one platform, or an artifact.
    Image(ImageManifest),
    /// A list of manifests, usually one a platform.
    Index(ImageIndex),
}

/// A manifest with a config and layers. Artifacts have this form too: ask [`ImageManifest::is_container_image`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageManifest {
    /// [`media_type::OCI_MANIFEST`] or [`media_type::DOCKER_MANIFEST`].
    pub media_type: String,
    /// The `artifactType` field, as written.
    pub declared_artifact_type: Option<String>,
    /// The config.
    pub config: Descriptor,
    /// The layers, lowest first. At most [`crate::limits::LAYERS`].
    pub layers: Vec<Descriptor>,
    /// The manifest that this one refers to.
    pub subject: Option<Box<Descriptor>>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An index or manifest list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageIndex {
    /// [`media_type::OCI_INDEX`] or [`media_type::DOCKER_MANIFEST_LIST`].
    pub media_type: String,
    /// The `artifactType` field.
    pub artifact_type: Option<String>,
    /// The manifests. At most [`crate::limits::INDEX_ENTRIES`].
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one refers to.
    pub subject: Option<Box<Descriptor>>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest. `content_type` is the header's value, parameters and all; `None` where the bytes came without one.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, ManifestError> {
        document::parse(bytes, content_type)
    }

    /// The document's media type.
    pub fn media_type(&self) -> &str {
        match self {
            Self::Image(image) => &image.media_type,
            Self::Index(index) => &index.media_type,
        }
    }

    /// The manifest that this one refers to (`subject`).
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Image(image) => image.subject.as_deref(),
            Self::Index(index) => index.subject.as_deref(),
        }
    }

    /// Annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Image(image) => &image.annotations,
            Self::Index(index) => &index.annotations,
        }
    }

    /// What a referrers list shows as `artifactType`: the field, else an image manifest's config media type
    /// (distribution specification 1.1, "Listing referrers").
    pub fn artifact_type(&self) -> Option<&str> {
        match self {
            Self::Image(image) => Some(image.declared_artifact_type.as_deref().unwrap_or(&image.config.media_type)),
            Self::Index(index) => index.artifact_type.as_deref(),
        }
    }
}

impl ImageManifest {
    /// Whether this is an image that can be run and scanned, as against an artifact in a manifest's form (signature, SBOM, attestation, chart).
    ///
    /// An image has an image's config, and at least one filesystem layer or no layers at all. `artifactType` does not count: an
    /// image must not escape a scan by calling itself something else.
    pub fn is_container_image(&self) -> bool {
        media_type::is_image_config(&self.config.media_type)
            && (self.layers.is_empty() || self.layers.iter().any(|layer| media_type::is_layer(&layer.media_type)))
    }

    /// Every blob that must be there: the config and the layers, but for those whose publisher keeps them
    /// ([`media_type::is_nondistributable`]). A blob named twice is named twice here.
    pub fn required_blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config)
            .chain(self.layers.iter().filter(|layer| !media_type::is_nondistributable(&layer.media_type)))
    }

    /// Config and layers together, in bytes, as claimed.
    pub fn total_size(&self) -> u64 {
        self.layers.iter().fold(self.config.size, |sum, layer| sum.saturating_add(layer.size))
    }
}

impl ImageIndex {
    /// The entry of this digest.
    pub fn entry(&self, digest: &Digest) -> Option<&Descriptor> {
        self.manifests.iter().find(|entry| entry.digest == *digest)
    }
}

#[cfg(test)]
mod tests;
