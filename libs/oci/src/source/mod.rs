//! Images where they lie: in an archive, an OCI layout, or a registry; read through one face.
//!
//! [`SourceSpec`] understands what a user writes; an [`ImageSource`] lists the images, and opens blobs either as a blocking reader (a scan) or as an
//! asynchronous stream (a push). A stream is checked against its digest as it is read: the error comes at its end. A scan makes the digest of what
//! it reads itself.

mod archive_file;
mod error;
mod layout;
mod repository;
mod select;
mod siblings;
mod spec;

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use plimsoll_model::Digest;

use archive_file::ArchiveFile;
use layout::LayoutFolder;
use repository::SourceRepository;

pub use archive_file::ArchiveOptions;
pub use error::SourceError;
pub use select::{PlatformChoice, Selection};
pub use spec::{SourceSpec, SpecError};

use crate::archive::ArchiveImage;
use crate::registry::RegistryClient;
use crate::verified::VerifiedReader;
use crate::{Descriptor, ImageConfig, Manifest, Platform, RawManifest, Reference};

/// An image of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceImage {
    /// What to call it: a complete reference, a bare tag, else its digest.
    pub name: String,
    /// All of its names in the source.
    pub names: Vec<String>,
    /// The platform, where the index or (in an archive) the config says it.
    pub platform: Option<Platform>,
    /// The manifest.
    pub manifest: RawManifest,
    /// Whether it can be run and scanned ([`crate::ImageManifest::is_container_image`]).
    pub is_container_image: bool,
    /// The index that it was chosen from.
    pub index: Option<Digest>,
    /// What else that index has images for, in its order; they may not be there.
    pub other_platforms: Vec<Platform>,
    /// The config and layers that a push has to bring: each once, config first.
    pub blobs: Vec<Descriptor>,
}

/// A place that images are read from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ImageSource(Place);

#[derive(Debug, Clone)]
enum Place {
    Archive(Arc<ArchiveFile>),
    Layout(Arc<LayoutFolder>),
    Registry(Arc<SourceRepository>),
}

impl ImageSource {
    /// An archive on disk: one pass over it, seeking over the blobs. A compressed one is first inflated to a file without a name, which
    /// `options` tells.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn from_archive(path: &Path, options: ArchiveOptions) -> Result<Self, SourceError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || ArchiveFile::open(&path, &options)).await;
        let archive = opened.map_err(|_| SourceError::Interrupted)??;
        Ok(Self(Place::Archive(Arc::new(archive))))
    }

    /// A folder with an OCI image layout.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn from_layout(path: &Path) -> Result<Self, SourceError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || LayoutFolder::open(&path)).await;
        let layout = opened.map_err(|_| SourceError::Interrupted)??;
        Ok(Self(Place::Layout(Arc::new(layout))))
    }

    /// A reference at a registry; `client` is one of that registry. Nothing is asked yet.
    pub fn from_registry(client: RegistryClient, reference: Reference) -> Self {
        Self(Place::Registry(Arc::new(SourceRepository { client, reference })))
    }

    /// The images that a selection picks.
    ///
    /// Artifacts (signatures, attestations) are listed only where there is no image beside them. Of an index, the selection's platform
    /// counts; an image without an index is taken whatever its platform.
    ///
    /// # Errors
    /// [`SourceError::NoSuchName`] and [`SourceError::NoSuchPlatform`], which list what there is; those of the place.
    pub async fn images(&self, selection: &Selection) -> Result<Vec<SourceImage>, SourceError> {
        match &self.0 {
            Place::Archive(archive) => select::among(archive.contents(), selection),
            Place::Layout(layout) => select::among(layout.contents(), selection),
            Place::Registry(repository) => repository.images(selection).await,
        }
    }

    /// An image's config.
    ///
    /// # Errors
    /// [`SourceError::NotAnImage`] for an artifact; [`SourceError::Config`]; those of the place.
    pub async fn config(&self, image: &SourceImage) -> Result<ImageConfig, SourceError> {
        let name = || image.name.clone();
        let manifest = image.manifest.parse().map_err(|source| SourceError::Manifest { image: name(), source })?;
        let Manifest::Image(manifest) = manifest else { return Err(SourceError::NotAnImage(name())) };
        if !manifest.is_container_image() {
            return Err(SourceError::NotAnImage(name()));
        }
        if manifest.config.size > crate::limits::CONFIG_BYTES {
            let source = crate::ConfigError::TooLarge(manifest.config.size);
            return Err(SourceError::Config { image: name(), source });
        }
        let bytes = self.read(&manifest.config).await?;
        ImageConfig::parse(&bytes).map_err(|source| SourceError::Config { image: name(), source })
    }

    /// A blob as a blocking reader. Whoever reads a file's is to compare its digest: nothing does so here a second time.
    ///
    /// For a registry this has to be called within a Tokio runtime, and read outside of its own threads (`spawn_blocking`).
    ///
    /// # Errors
    /// What opening a file gives; for a registry all errors come from reading.
    pub fn open(&self, blob: &Descriptor) -> io::Result<Box<dyn Read + Send>> {
        match &self.0 {
            Place::Archive(archive) => archive.open_blob(blob),
            Place::Layout(layout) => layout.open_blob(blob),
            Place::Registry(repository) => Ok(repository.open_blob(blob)),
        }
    }

    fn open_verified(&self, blob: &Descriptor) -> io::Result<VerifiedReader<Box<dyn Read + Send>>> {
        Ok(VerifiedReader::new(self.open(blob)?, blob.digest))
    }

    /// A blob as a stream, whose last item is an error if the bytes do not hash to the digest. Starts when it is polled, within a
    /// Tokio runtime.
    pub fn stream(&self, blob: &Descriptor) -> BoxStream<'static, io::Result<Bytes>> {
        match &self.0 {
            Place::Registry(repository) => repository.stream_blob(blob),
            Place::Archive(_) | Place::Layout(_) => {
                let (source, blob) = (self.clone(), blob.clone());
                let opened = async move {
                    Ok::<_, io::Error>(crate::blob_channel::stream_of(move || source.open_verified(&blob)))
                };
                Box::pin(futures::TryStreamExt::try_flatten(futures::stream::once(opened)))
            }
        }
    }

    /// A small blob whole; its descriptor's size has been checked.
    async fn read(&self, blob: &Descriptor) -> Result<Vec<u8>, SourceError> {
        use futures::StreamExt as _;
        let failed = |source| SourceError::Blob { digest: blob.digest, source };
        let mut stream = self.stream(blob);
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(failed)?);
            if bytes.len() as u64 > blob.size {
                let message = format!("it is longer than the {} bytes that its manifest says", blob.size);
                return Err(failed(io::Error::new(io::ErrorKind::InvalidData, message)));
            }
        }
        Ok(bytes)
    }
}

impl From<ArchiveImage> for SourceImage {
    fn from(image: ArchiveImage) -> Self {
        Self {
            name: image.display_name(),
            names: image.names,
            platform: image.platform,
            manifest: image.manifest,
            is_container_image: image.is_container_image,
            index: image.index,
            other_platforms: Vec::new(),
            blobs: image.blobs,
        }
    }
}

#[cfg(test)]
mod tests;
