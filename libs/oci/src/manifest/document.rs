//! From JSON to [`Manifest`], checking what it claims to be against what it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::descriptor::absent_if_null;
use super::{Descriptor, ImageIndex, ImageManifest, Manifest, ManifestError};
use crate::reference::excerpt;
use crate::{limits, media_type};

/// Every field of both kinds. A field that occurs twice is an error of serde's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    subject: Option<Box<Descriptor>>,
    #[serde(default, deserialize_with = "absent_if_null")]
    annotations: BTreeMap<String, String>,
    /// Schema 1's list of layers.
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
}

/// Read before [`Document`], so that other kinds of document get an error that names them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    #[serde(default)]
    schema_version: Option<serde_json::Value>,
    #[serde(default)]
    media_type: Option<serde_json::Value>,
}

#[derive(Clone, Copy)]
enum Kind {
    Image,
    Index,
}

pub(super) fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Manifest, ManifestError> {
    let size = bytes.len() as u64;
    if size > limits::MANIFEST_BYTES {
        return Err(ManifestError::TooLarge { size, limit: limits::MANIFEST_BYTES });
    }
    let content_type = content_type.map(media_type::essence).filter(|essence| !essence.is_empty());
    let malformed = |error: serde_json::Error| ManifestError::Malformed(error.to_string().chars().take(300).collect());
    // serde reads a struct from an array too, field by field.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(ManifestError::Malformed("it is not a JSON object".into()));
    }
    let outline: Outline = serde_json::from_slice(bytes).map_err(malformed)?;
    check_schema(&outline, content_type.as_deref())?;
    let document: Document = serde_json::from_slice(bytes).map_err(malformed)?;
    let (kind, media_type) = kind_of(&document, content_type)?;
    match kind {
        Kind::Image => image(document, media_type).map(Manifest::Image),
        Kind::Index => index(document, media_type).map(Manifest::Index),
    }
}

fn check_schema(outline: &Outline, content_type: Option<&str>) -> Result<(), ManifestError> {
    let own = outline.media_type.as_ref().and_then(serde_json::Value::as_str);
    let says_schema_1 = [own, content_type].into_iter().flatten().any(media_type::is_schema_1);
    match outline.schema_version.as_ref() {
        _ if says_schema_1 => Err(ManifestError::Schema1),
        Some(version) if version.as_u64() == Some(2) => Ok(()),
        Some(version) if version.as_u64() == Some(1) => Err(ManifestError::Schema1),
        Some(version) => Err(ManifestError::SchemaVersion(excerpt(&version.to_string()))),
        None => Err(ManifestError::SchemaVersion("missing".into())),
    }
}

fn kind_of(document: &Document, content_type: Option<String>) -> Result<(Kind, String), ManifestError> {
    let own = document.media_type.as_deref().filter(|own| !own.is_empty());
    let media_type = match (content_type, own) {
        (Some(content_type), Some(own)) if content_type != own => {
            return Err(ManifestError::MediaTypeMismatch {
                content_type: excerpt(&content_type),
                media_type: excerpt(own),
            });
        }
        (Some(media_type), _) => Some(media_type),
        (None, own) => own.map(str::to_owned),
    };
    let shape_error = |why| ManifestError::Shape {
        media_type: media_type.as_deref().map_or_else(|| "a manifest".to_owned(), excerpt),
        why,
    };
    if document.fs_layers.is_some() {
        return Err(shape_error("it has fsLayers, as schema 1 does"));
    }
    let is_image_shaped = document.config.is_some() || document.layers.is_some();
    let kind = match (&media_type, document.manifests.is_some()) {
        (_, true) if is_image_shaped => return Err(shape_error("it has both manifests and a config or layers")),
        (Some(media_type), _) if media_type::is_image_manifest(media_type) => Kind::Image,
        (Some(media_type), _) if media_type::is_index(media_type) => Kind::Index,
        (Some(other), _) => return Err(ManifestError::UnsupportedMediaType(excerpt(other))),
        // Only OCI lets a document go without its media type.
        (None, true) => return Ok((Kind::Index, media_type::OCI_INDEX.to_owned())),
        (None, false) if is_image_shaped => return Ok((Kind::Image, media_type::OCI_MANIFEST.to_owned())),
        (None, false) => return Err(shape_error("it has neither manifests nor a config and layers")),
    };
    Ok((kind, media_type.unwrap_or_default()))
}

fn image(document: Document, media_type: String) -> Result<ImageManifest, ManifestError> {
    let missing = |why| ManifestError::Shape { media_type: media_type.clone(), why };
    if document.manifests.is_some() {
        return Err(missing("it has manifests, as an index does"));
    }
    let config = document.config.ok_or_else(|| missing("it has no config"))?;
    let layers = document.layers.ok_or_else(|| missing("it has no layers"))?;
    if layers.len() > limits::LAYERS {
        return Err(ManifestError::TooMany { count: layers.len(), of: "layers", limit: limits::LAYERS });
    }
    Ok(ImageManifest {
        media_type,
        declared_artifact_type: document.artifact_type.filter(|artifact_type| !artifact_type.is_empty()),
        config,
        layers,
        subject: document.subject,
        annotations: document.annotations,
    })
}

fn index(document: Document, media_type: String) -> Result<ImageIndex, ManifestError> {
    let missing = |why| ManifestError::Shape { media_type: media_type.clone(), why };
    if document.config.is_some() || document.layers.is_some() {
        return Err(missing("it has a config or layers, as an image does"));
    }
    let manifests = document.manifests.ok_or_else(|| missing("it has no manifests"))?;
    if manifests.len() > limits::INDEX_ENTRIES {
        return Err(ManifestError::TooMany { count: manifests.len(), of: "manifests", limit: limits::INDEX_ENTRIES });
    }
    Ok(ImageIndex {
        media_type,
        artifact_type: document.artifact_type.filter(|artifact_type| !artifact_type.is_empty()),
        manifests,
        subject: document.subject,
        annotations: document.annotations,
    })
}
