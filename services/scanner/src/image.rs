//! What an image is made of, before a layer is opened: its manifest and its config.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use plimsoll_blobs::Blobs;
use plimsoll_model::{BuildStep, DiffId, Digest, ExecutionConfig, OrgId};
use plimsoll_oci::{Descriptor, HistoryEntry, ImageConfig, Manifest, build_steps, limits};
use plimsoll_secrets::SecretScanner;
use plimsoll_store::image_contents::Platform;
use plimsoll_store::{Store, manifests};

use crate::error::ScanError;

/// An image's parts.
#[derive(Debug)]
pub struct ImageParts {
    /// What its config says of it.
    pub platform: Platform,
    /// Its layers, lowest first.
    pub layers: Vec<LayerPart>,
    /// How it is run.
    pub execution: ExecutionConfig,
    /// The build's steps, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// A layer as manifest and config name it.
#[derive(Debug, Clone)]
pub struct LayerPart {
    /// Its blob.
    pub blob: Descriptor,
    /// The diffID that the config claims.
    pub diff_id: Option<DiffId>,
    /// The build step that made it.
    pub build_step: Option<BuildStep>,
}

/// Reads the manifest that the organization has and the config that it names.
///
/// # Errors
/// When one of them is gone or not what it should be.
pub async fn read(store: &Store, blobs: &Blobs, org: OrgId, digest: &Digest) -> Result<ImageParts, ScanError> {
    let mut tx = store.org_tx(org).await?;
    let stored = manifests::get_anywhere(&mut tx, digest).await?.ok_or(ScanError::ManifestGone(*digest))?;
    tx.commit().await?;
    let Manifest::Image(manifest) = Manifest::parse(&stored.content, Some(&stored.media_type))? else {
        return Err(ScanError::NotAnImage(*digest));
    };
    let config = config(blobs, &manifest.config).await?;
    let steps = build_steps(&config.history, manifest.layers.len());
    let diff_ids = config.diff_ids.iter().copied().map(Some).chain(std::iter::repeat(None));
    let layers = manifest
        .layers
        .into_iter()
        .zip(diff_ids)
        .zip(steps)
        .map(|((blob, diff_id), build_step)| LayerPart { blob, diff_id, build_step })
        .collect();
    let text = |text: String| (!text.is_empty()).then_some(text);
    let platform = Platform {
        os: text(config.os),
        architecture: text(config.architecture),
        variant: config.variant,
        created: config.created,
        labels: redacted(config.labels),
    };
    Ok(ImageParts { platform, layers, execution: config.execution, history: config.history })
}

/// The labels without the secrets in them: whoever sees the image sees its labels.
fn redacted(mut labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let scanner = SecretScanner::new();
    for (name, value) in &mut labels {
        if let Some(hit) = scanner.scan_value(name, value).first() {
            *value = format!("{} (redacted: {})", hit.redacted, hit.rule.title);
        }
    }
    labels
}

async fn config(blobs: &Blobs, descriptor: &Descriptor) -> Result<ImageConfig, ScanError> {
    let digest = descriptor.digest;
    let limit = limits::CONFIG_BYTES;
    // One byte more than the limit is enough to see that it is passed; the parser says so.
    let mut stream = blobs.open_blob(&digest, None).await?.stream;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.try_next().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > limit {
            break;
        }
    }
    ImageConfig::parse(&bytes).map_err(|reason| ScanError::Config { digest, reason })
}
