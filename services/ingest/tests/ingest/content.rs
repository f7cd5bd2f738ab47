//! Small images made by the tests.

use std::io::Write as _;

use plimsoll_oci::media_type::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::service::Client;

pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

/// An image of one layer.
pub struct Image {
    pub config: Vec<u8>,
    pub layer_tar: Vec<u8>,
    pub layer: Vec<u8>,
    pub layer_type: &'static str,
}

impl Image {
    /// `seed` makes it another image.
    pub fn new(seed: &str) -> Self {
        Self::packed(seed, "amd64", OCI_LAYER_GZIP, gzip)
    }

    pub fn packed(seed: &str, architecture: &str, layer_type: &'static str, pack: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let layer_tar = tar(&[("etc/motd", seed.as_bytes())]);
        let config = json!({
            "os": "linux", "architecture": architecture, "config": {},
            "rootfs": { "type": "layers", "diff_ids": [digest(&layer_tar)] },
            "history": [{ "created_by": format!("COPY {seed}") }],
        });
        Self { config: config.to_string().into_bytes(), layer: pack(&layer_tar), layer_tar, layer_type }
    }

    pub fn manifest(&self) -> Vec<u8> {
        self.manifest_with(json!({}))
    }

    /// The manifest with fields added or replaced.
    pub fn manifest_with(&self, fields: Value) -> Vec<u8> {
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, &self.config),
            "layers": [descriptor(self.layer_type, &self.layer)],
        });
        manifest.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        manifest.to_string().into_bytes()
    }

    /// In Docker's types.
    pub fn docker_manifest(&self) -> Vec<u8> {
        self.manifest_with(json!({
            "mediaType": DOCKER_MANIFEST, "config": descriptor(DOCKER_CONFIG, &self.config),
            "layers": [descriptor(DOCKER_LAYER_GZIP, &self.layer)],
        }))
    }

    pub async fn push_blobs(&self, client: &Client, repository: &str) {
        client.blob(repository, &self.config).await;
        client.blob(repository, &self.layer).await;
    }

    /// Pushes it under a tag; gives its digest.
    pub async fn push(&self, client: &Client, repository: &str, tag: &str) -> String {
        self.push_blobs(client, repository).await;
        let response = client.put_manifest(repository, tag, OCI_MANIFEST, &self.manifest()).await;
        assert_eq!(response.status().as_u16(), 201, "{}", response.text().await.unwrap());
        digest(&self.manifest())
    }
}

/// An index of manifests.
pub fn index(manifests: &[(&[u8], &str)]) -> Vec<u8> {
    let entries: Vec<Value> = manifests
        .iter()
        .map(|(bytes, architecture)| {
            let mut entry = descriptor(OCI_MANIFEST, bytes);
            entry["platform"] = json!({ "os": "linux", "architecture": architecture });
            entry
        })
        .collect();
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries }).to_string().into_bytes()
}
