//! Why a source does not give its images.

use std::io;
use std::path::PathBuf;

use plimsoll_model::Digest;

use crate::archive::ArchiveError;
use crate::registry::RegistryError;
use crate::{ConfigError, ManifestError};

/// What went wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or folder that does not open or read.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An archive or layout that does not hold what it should.
    #[error("{path}: {source}")]
    Archive {
        /// The archive or layout.
        path: PathBuf,
        /// Why.
        source: ArchiveError,
    },
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A manifest that is none.
    #[error("{image}: {source}")]
    Manifest {
        /// The image.
        image: String,
        /// Why.
        source: ManifestError,
    },
    /// A config that is none.
    #[error("{image}: {source}")]
    Config {
        /// The image.
        image: String,
        /// Why.
        source: ConfigError,
    },
    /// A blob that does not read, or does not hash to its digest.
    #[error("blob {digest}: {source}")]
    Blob {
        /// The blob.
        digest: Digest,
        /// Why.
        source: io::Error,
    },
    /// An artifact where an image is needed.
    #[error("{0} is an artifact, not a container image")]
    NotAnImage(String),
    /// No image of that name.
    #[error("there is no image '{wanted}'; there is {}", listed(names))]
    NoSuchName {
        /// What was asked for.
        wanted: String,
        /// What there is.
        names: Vec<String>,
    },
    /// No image for that platform.
    #[error("there is no image for {wanted}; there is {}", listed(platforms))]
    NoSuchPlatform {
        /// What was asked for.
        wanted: String,
        /// What there is.
        platforms: Vec<String>,
    },
    /// An index within an index within an index.
    #[error("{0}: indexes name each other too deep")]
    IndexTooDeep(String),
    /// The runtime is shutting down.
    #[error("reading was interrupted")]
    Interrupted,
}

fn listed(words: &[String]) -> String {
    match words {
        [] => "none".into(),
        words => words.iter().take(20).cloned().collect::<Vec<_>>().join(", "),
    }
}
