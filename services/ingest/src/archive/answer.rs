//! What the sender of an archive is told.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The images that an archive held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadedImages {
    /// One for each image and name, in the archive's order.
    pub(crate) images: Vec<UploadedImage>,
}

/// An image under one of its names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadedImage {
    /// The image as the organization holds it; null for an artifact, which is kept but not scanned.
    pub(crate) id: Option<Uuid>,
    /// The digest of its manifest, `sha256:...`.
    pub(crate) digest: String,
    /// The repository, the organization's part first: `acme/web`.
    pub(crate) repository: String,
    /// The tag that now means the image, or the index that it is part of.
    pub(crate) tag: Option<String>,
    /// The digest of the index that the tag means, where it is not the image itself.
    pub(crate) index: Option<String>,
    /// The platform, `linux/amd64`.
    pub(crate) platform: Option<String>,
    /// Whether a scan was asked for. What was scanned before is not scanned again.
    pub(crate) queued: bool,
}
