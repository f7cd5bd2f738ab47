//! A manifest as it travels: its exact bytes, since its digest is over these.

use bytes::Bytes;
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

use super::{Manifest, ManifestError};

/// A manifest's bytes with their media type and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawManifest {
    /// The bytes as they were received or made; never written anew.
    pub bytes: Bytes,
    /// The manifest's media type.
    pub media_type: String,
    /// The digest of `bytes`.
    pub digest: Digest,
}

impl RawManifest {
    /// Checks bytes as [`Manifest::parse`] does, and takes their digest.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn new(bytes: Bytes, content_type: Option<&str>) -> Result<(Self, Manifest), ManifestError> {
        let manifest = Manifest::parse(&bytes, content_type)?;
        let digest = digest_of(&bytes);
        Ok((Self { bytes, media_type: manifest.media_type().to_owned(), digest }, manifest))
    }

    /// The manifest, understood.
    ///
    /// # Errors
    /// See [`ManifestError`]. None where this came from [`RawManifest::new`].
    pub fn parse(&self) -> Result<Manifest, ManifestError> {
        Manifest::parse(&self.bytes, Some(&self.media_type))
    }
}

pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(bytes).into())
}
