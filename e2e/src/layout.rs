//! Making OCI image layouts (OCI image specification, `image-layout.md`).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How a layer's blob is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// Zstandard with a window of two to this power, which its reader has to keep.
    ZstdWindow(u32),
}

impl Compression {
    const fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd | Self::ZstdWindow(_) => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    fn compress(self, tar: &[u8]) -> Vec<u8> {
        match self {
            Self::None => tar.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(tar).expect("memory");
                encoder.finish().expect("memory")
            }
            Self::Zstd => zstd::encode_all(tar, 3).expect("memory"),
            Self::ZstdWindow(log) => {
                let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
                encoder.window_log(log).expect("a window that there is");
                encoder.write_all(tar).expect("memory");
                encoder.finish().expect("memory")
            }
        }
    }
}

/// An image being made in a folder.
#[derive(Debug)]
pub struct Layout {
    folder: PathBuf,
    layers: Vec<Value>,
    diff_ids: Vec<String>,
    history: Vec<Value>,
    config: Value,
    os: &'static str,
}

impl Layout {
    /// An image without layers in `folder`.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn create(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("blobs/sha256")).expect("a folder");
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a file");
        Self {
            folder: folder.to_owned(),
            layers: Vec::new(),
            diff_ids: Vec::new(),
            history: Vec::new(),
            config: json!({}),
            os: "linux",
        }
    }

    /// Says how it is run, as the OCI image specification's `config` does: `User`, `Env`, ...
    pub fn configure(&mut self, config: Value) -> &mut Self {
        self.config = config;
        self
    }

    /// Says which operating system it runs on.
    pub fn runs_on(&mut self, os: &'static str) -> &mut Self {
        self.os = os;
        self
    }

    /// Adds a layer of these bytes, made by the build step `created_by`.
    pub fn layer(&mut self, tar: &[u8], compression: Compression, created_by: &str) -> &mut Self {
        self.add_layer(tar, &compression.compress(tar), compression, created_by)
    }

    /// Adds a layer whose blob is not the tar that it says it is: as much of it as gzip's first bytes give, say.
    pub fn broken_layer(&mut self, tar: &[u8], gzip: &[u8], created_by: &str) -> &mut Self {
        self.add_layer(tar, gzip, Compression::Gzip, created_by)
    }

    fn add_layer(&mut self, tar: &[u8], blob: &[u8], compression: Compression, created_by: &str) -> &mut Self {
        self.diff_ids.push(format!("sha256:{}", sha256(tar)));
        let mut descriptor = self.blob(blob);
        descriptor["mediaType"] = compression.media_type().into();
        self.layers.push(descriptor);
        self.history.push(json!({ "created": "2026-01-01T00:00:00Z", "created_by": created_by }));
        self
    }

    /// Adds a build step that made no layer.
    pub fn step(&mut self, created_by: &str) -> &mut Self {
        self.history.push(json!({ "created": "2026-01-01T00:00:00Z", "created_by": created_by, "empty_layer": true }));
        self
    }

    /// Which layer each build step made, as GraphQL tells it: `{index, digest, diffId}`.
    pub fn layers_by_step(&self) -> BTreeMap<String, Value> {
        let steps = self.history.iter().filter(|step| step["empty_layer"] != true);
        let layers = steps.zip(&self.layers).zip(&self.diff_ids).enumerate();
        layers
            .map(|(index, ((step, layer), diff_id))| {
                let told = json!({ "index": index, "digest": layer["digest"], "diffId": diff_id });
                (step["created_by"].as_str().unwrap_or_default().to_owned(), told)
            })
            .collect()
    }

    /// Writes config, manifest and index; gives the manifest's digest.
    pub fn finish(&mut self, tag: &str) -> String {
        let descriptor = self.manifest();
        self.index(vec![descriptor.clone()], tag);
        descriptor["digest"].as_str().expect("a digest").to_owned()
    }

    /// Writes config and manifest; gives the manifest's descriptor, for an index of several.
    pub fn manifest(&mut self) -> Value {
        let config = json!({
            "architecture": "amd64", "os": self.os, "created": "2026-01-01T00:00:00Z", "config": self.config,
            "rootfs": { "type": "layers", "diff_ids": self.diff_ids }, "history": self.history,
        });
        let mut config = self.blob(config.to_string().as_bytes());
        config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({ "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": self.layers });
        let mut descriptor = self.blob(manifest.to_string().as_bytes());
        descriptor["mediaType"] = media_type.into();
        descriptor
    }

    /// Writes an image index of these manifests, which lie in this folder, under a tag.
    pub fn index_of(&self, manifests: &[Value], tag: &str) {
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": manifests });
        let mut descriptor = self.blob(index.to_string().as_bytes());
        descriptor["mediaType"] = media_type.into();
        self.index(vec![descriptor], tag);
    }

    fn index(&self, mut descriptors: Vec<Value>, tag: &str) {
        for descriptor in &mut descriptors {
            descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        }
        let index = json!({ "schemaVersion": 2, "manifests": descriptors });
        fs::write(self.folder.join("index.json"), index.to_string()).expect("a file");
    }

    fn blob(&self, bytes: &[u8]) -> Value {
        let hex = sha256(bytes);
        fs::write(self.folder.join("blobs/sha256").join(&hex), bytes).expect("a file");
        json!({ "digest": format!("sha256:{hex}"), "size": bytes.len() })
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A tar of these files.
///
/// # Panics
/// When a name is no path of a tar.
pub fn tar_of(files: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<_> = files.iter().map(|(path, content)| (*path, content.as_bytes(), 0o644)).collect();
    tar_with(&files)
}

/// A tar of these files, each with its mode.
///
/// # Panics
/// When a name is no path of a tar.
pub fn tar_with(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content, mode) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        builder.append_data(&mut header, path, *content).expect("memory");
    }
    builder.into_inner().expect("memory")
}

/// A tar of a folder, as GNU tar makes it with a fixed order, owner and time.
///
/// # Panics
/// When `tar` fails.
pub fn tar_of_folder(folder: &Path) -> Vec<u8> {
    let mut command = std::process::Command::new("tar");
    command.args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-cf", "-", "-C"]);
    let done = command.arg(folder).arg(".").output().expect("tar runs");
    assert!(done.status.success(), "tar: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// A small Debian image with one vulnerable Python package, for tests that are not about the image.
pub fn small_image(folder: &Path, python: &[(&str, &str)]) -> String {
    let os =
        "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
    let status =
        "Package: libpcre2-8-0\nStatus: install ok installed\nArchitecture: amd64\nSource: pcre2\nVersion: 10.42-1\n\n";
    let mut layout = Layout::create(folder);
    layout.layer(
        &tar_of(&[("etc/os-release", os), ("var/lib/dpkg/status", status)]),
        Compression::Gzip,
        "ADD rootfs.tar / # buildkit",
    );
    layout.step("CMD [\"bash\"]");
    for (name, version) in python {
        let path = format!("usr/local/lib/python3.11/dist-packages/{name}-{version}.dist-info/METADATA");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n");
        layout.layer(&tar_of(&[(&path, &metadata)]), Compression::Gzip, &format!("RUN pip install {name}=={version}"));
    }
    layout.finish("latest")
}
