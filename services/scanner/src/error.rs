//! Why a scan could not be done, with a code for programs and whether trying again may help.

use plimsoll_blobs::BlobError;
use plimsoll_model::Digest;
use plimsoll_oci::{ConfigError, ManifestError};
use plimsoll_store::StoreError;

/// A scan that could not be done. What an image's bytes say wrongly is a problem of the image and no error.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The organization no longer has the manifest.
    #[error("manifest {0} is not in any repository of the organization any more")]
    ManifestGone(Digest),
    /// The manifest is not one of an image. It was one when it was pushed: the rules changed.
    #[error("manifest: {0}")]
    Manifest(#[from] ManifestError),
    /// The manifest is one of something else.
    #[error("manifest {0} is not one of a container image")]
    NotAnImage(Digest),
    /// The image's config cannot be read.
    #[error("image config {digest}: {reason}")]
    Config {
        /// Which.
        digest: Digest,
        /// Why.
        reason: ConfigError,
    },
    /// The store's bytes are not those that were uploaded.
    #[error("blob {expected} hashes to {actual}: the object store's copy is damaged; push the image again")]
    DigestMismatch {
        /// What it was stored under.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// A layer's bytes ended before they should.
    #[error("layer {digest}: {reason}")]
    Layer {
        /// Which.
        digest: Digest,
        /// Why.
        reason: plimsoll_analysis::LayerError,
    },
    /// An analysis that was kept cannot be read.
    #[error("kept analysis {key}: {reason}")]
    Document {
        /// Its key in the object store.
        key: String,
        /// Why.
        reason: String,
    },
    /// The thread that did it ended early.
    #[error("the analysis was interrupted")]
    Interrupted,
}

impl ScanError {
    /// The code shown in the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "database",
            Self::Blob(_) => "object_store",
            Self::ManifestGone(_) => "manifest_gone",
            Self::Manifest(_) | Self::NotAnImage(_) => "manifest_invalid",
            Self::Config { .. } => "config_invalid",
            Self::DigestMismatch { .. } => "digest_mismatch",
            Self::Layer { .. } => "layer_unreadable",
            Self::Document { .. } => "analysis_unreadable",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether trying again may help. What is wrong with the image itself stays wrong.
    pub const fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::ManifestGone(_)
                | Self::Manifest(_)
                | Self::NotAnImage(_)
                | Self::Config { .. }
                | Self::DigestMismatch { .. }
        )
    }
}
