//! Archives built for tests.

use plimsoll_model::Digest;
use serde_json::{Value, json};

use crate::manifest::digest_of;
use crate::media_type::*;

/// A tar in the making.
#[derive(Default)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(path, tar::EntryType::Regular, "", content.as_ref());
        self
    }

    pub(crate) fn link(mut self, path: &str, kind: tar::EntryType, target: &str) -> Self {
        self.entry(path, kind, target, b"");
        self
    }

    /// Any header, even a wrong one, and what follows it.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }

    fn entry(&mut self, path: &str, kind: tar::EntryType, target: &str, content: &[u8]) {
        self.0.extend_from_slice(&header(path, kind, target, content.len() as u64));
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
    }
}

/// A header whose name goes in unchecked.
pub(crate) fn header(path: &str, kind: tar::EntryType, target: &str, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// A PAX header with these records.
pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length = (rest..).find(|length| length.to_string().len() + rest == *length).unwrap();
        body.extend_from_slice(format!("{length} {key}={value}\n").as_bytes());
    }
    let mut bytes = header("pax", tar::EntryType::XHeader, "", body.len() as u64);
    bytes.extend_from_slice(&body);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn blob_path(bytes: &[u8]) -> String {
    format!("blobs/sha256/{}", digest_of(bytes).hex())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest_of(bytes).to_string(), "size": bytes.len() })
}

/// An image's parts.
pub(crate) struct Image {
    pub(crate) config: Vec<u8>,
    pub(crate) layers: Vec<Vec<u8>>,
}

impl Image {
    pub(crate) fn new(architecture: &str, layers: &[&str]) -> Self {
        let layers: Vec<Vec<u8>> = layers.iter().map(|text| Tar::default().file("file", text).end()).collect();
        let diff_ids: Vec<String> = layers.iter().map(|layer| digest_of(layer).to_string()).collect();
        let config = json!({ "os": "linux", "architecture": architecture, "rootfs": { "type": "layers", "diff_ids": diff_ids } });
        Self { config: config.to_string().into_bytes(), layers }
    }

    /// An OCI manifest whose layers are plain tars.
    pub(crate) fn manifest(&self) -> Vec<u8> {
        let layers: Vec<Value> = self.layers.iter().map(|layer| descriptor(OCI_LAYER, layer)).collect();
        let config = descriptor(OCI_CONFIG, &self.config);
        json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers })
            .to_string()
            .into_bytes()
    }

    pub(crate) fn digest(&self) -> Digest {
        digest_of(&self.manifest())
    }

    /// Manifest, config and layers, as a layout names them.
    pub(crate) fn add_blobs(&self, tar: Tar) -> Tar {
        let tar = tar.file(&blob_path(&self.manifest()), self.manifest()).file(&blob_path(&self.config), &self.config);
        self.layers.iter().fold(tar, |tar, layer| tar.file(&blob_path(layer), layer))
    }

    /// What `docker save` wrote before version 25.
    pub(crate) fn docker_save(&self, tags: &[&str]) -> Vec<u8> {
        let config = format!("{}.json", digest_of(&self.config).hex());
        let mut tar = Tar::default().file(&config, &self.config);
        let mut paths = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            paths.push(format!("{number}/layer.tar"));
            tar = tar.file(&format!("{number}/VERSION"), "1.0").file(&format!("{number}/json"), "{}");
            tar = tar.file(&format!("{number}/layer.tar"), layer);
        }
        let saved = json!([{ "Config": config, "RepoTags": tags, "Layers": paths }]);
        tar.file("manifest.json", saved.to_string()).file("repositories", "{}").end()
    }
}

pub(crate) fn index(manifests: &[Value]) -> Vec<u8> {
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests }).to_string().into_bytes()
}

/// A descriptor with more fields.
pub(crate) fn with(mut descriptor: Value, more: Value) -> Value {
    descriptor.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    descriptor
}

pub(crate) fn for_platform(image: &Image, architecture: &str) -> Value {
    with(
        descriptor(OCI_MANIFEST, &image.manifest()),
        json!({ "platform": { "os": "linux", "architecture": architecture } }),
    )
}

/// A layout whose index.json holds these entries.
pub(crate) fn layout(entries: &[Value]) -> Tar {
    Tar::default().file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#).file("index.json", index(entries))
}
