//! Images of a `docker save` archive, which has no manifest of its own: `manifest.json` lists a config and plain layer tars by file name.
//!
//! Source: moby, `image/spec/v1.2.md` ("Combined Image JSON + Filesystem Changeset Format"), with what others write in that form: crane's layers are
//! gzip, skopeo and podman name files by digest, and Docker before 25 links a layer that occurs twice to its first place.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::contents::complete_name;
use super::files::normalized;
use super::oci_layout::add_unique;
use super::{ArchiveContents, ArchiveError, ArchiveImage, FileTable};
use crate::compression::Compression;
use crate::{Descriptor, ImageConfig, RawManifest, limits, media_type};

const MANIFEST_JSON: &str = "manifest.json";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedImage {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The manifest that is made. The order of the fields is that of the bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MadeManifest<'a> {
    schema_version: u32,
    media_type: &'a str,
    config: &'a Descriptor,
    layers: &'a [Descriptor],
}

/// The images that `manifest.json` lists.
pub(super) fn images(manifest_json: &[u8], files: &FileTable) -> Result<ArchiveContents, ArchiveError> {
    let mut contents = ArchiveContents::default();
    for saved in parse(manifest_json)? {
        let image = image(&saved, files)?;
        match contents.images.iter_mut().find(|known| known.manifest.digest == image.manifest.digest) {
            Some(known) => add_unique(&mut known.names, image.names),
            None => contents.images.push(image),
        }
    }
    if contents.images.is_empty() {
        return Err(ArchiveError::NoImage);
    }
    Ok(contents)
}

/// Adds the names in `manifest.json` to the images with the same config.
pub(super) fn add_names(
    manifest_json: &[u8],
    files: &FileTable,
    contents: &mut ArchiveContents,
) -> Result<(), ArchiveError> {
    for saved in parse(manifest_json)? {
        let Some((_, config)) = files.file(&normalized(&saved.config)?) else { continue };
        for image in &mut contents.images {
            if image.blobs.first().is_some_and(|blob| blob.digest == config.digest) {
                // A bare tag says nothing beside the names in full.
                let full = names(&saved);
                image.names.retain(|name| !full.iter().any(|full| full.ends_with(&format!(":{name}"))));
                add_unique(&mut image.names, full);
            }
        }
    }
    Ok(())
}

fn parse(manifest_json: &[u8]) -> Result<Vec<SavedImage>, ArchiveError> {
    let invalid = |why: String| ArchiveError::Document { path: MANIFEST_JSON.into(), why };
    let saved: Vec<SavedImage> = serde_json::from_slice(manifest_json)
        .map_err(|error| invalid(error.to_string().chars().take(300).collect()))?;
    if saved.len() > limits::INDEX_ENTRIES {
        return Err(invalid(format!("it lists {} images; the limit is {}", saved.len(), limits::INDEX_ENTRIES)));
    }
    Ok(saved)
}

fn names(saved: &SavedImage) -> Vec<String> {
    let mut names = Vec::new();
    add_unique(&mut names, saved.repo_tags.iter().flatten().filter_map(|name| complete_name(name)).collect());
    names
}

fn image(saved: &SavedImage, files: &FileTable) -> Result<ArchiveImage, ArchiveError> {
    let names = names(saved);
    let image_name = names.first().cloned().unwrap_or_else(|| crate::reference::excerpt(&saved.config));
    let missing =
        |path: &str| ArchiveError::MissingBlob { image: image_name.clone(), missing: crate::reference::excerpt(path) };
    let config_path = normalized(&saved.config)?;
    let (_, config_file) = files.file(&config_path).ok_or_else(|| missing(&saved.config))?;
    let config_bytes = files
        .document(&config_path)?
        .ok_or_else(|| ArchiveError::Document { path: config_path.clone(), why: "it is not an image config".into() })?;
    let config = ImageConfig::parse(&config_bytes)
        .map_err(|source| ArchiveError::Config { path: config_path.clone(), source })?;

    let paths = saved.layers.as_deref().unwrap_or_default();
    if paths.len() > limits::LAYERS || paths.len() != config.diff_ids.len() {
        let why = format!("it lists {} layers, its config {}", paths.len(), config.diff_ids.len());
        return Err(ArchiveError::Document { path: MANIFEST_JSON.into(), why });
    }
    let mut layers = Vec::with_capacity(paths.len());
    for path in paths {
        let (_, file) = files.file(&normalized(path)?).ok_or_else(|| missing(path))?;
        let media_type = match file.compression {
            Compression::None => media_type::OCI_LAYER,
            Compression::Gzip => media_type::OCI_LAYER_GZIP,
            Compression::Zstd => media_type::OCI_LAYER_ZSTD,
        };
        layers.push(descriptor(media_type, file.digest, file.size));
    }
    let config_blob = descriptor(media_type::OCI_CONFIG, config_file.digest, config_file.size);
    let made =
        MadeManifest { schema_version: 2, media_type: media_type::OCI_MANIFEST, config: &config_blob, layers: &layers };
    let bytes = serde_json::to_vec(&made)
        .map_err(|error| ArchiveError::Document { path: MANIFEST_JSON.into(), why: error.to_string() })?;
    let (manifest, _) = RawManifest::new(bytes.into(), Some(media_type::OCI_MANIFEST))
        .map_err(|source| ArchiveError::Manifest { path: MANIFEST_JSON.into(), source })?;
    let mut seen = HashSet::new();
    let blobs = std::iter::once(config_blob).chain(layers).filter(|blob| seen.insert(blob.digest)).collect();
    Ok(ArchiveImage { names, platform: config.platform(), manifest, is_container_image: true, index: None, blobs })
}

fn descriptor(media_type: &str, digest: plimsoll_model::Digest, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        artifact_type: None,
        platform: None,
        urls: Vec::new(),
        annotations: BTreeMap::new(),
    }
}
