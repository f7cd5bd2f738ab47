//! Images built in memory.

use std::path::Path;

use serde_json::{Value, json};
use sha2::Digest as _;

pub const DIGEST_PREFIX: &str = "sha256:";

pub fn digest(bytes: &[u8]) -> String {
    let hex: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{DIGEST_PREFIX}{hex}")
}

/// A tar of these files.
pub fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    tar_of_bytes(&files.iter().map(|(path, content)| (*path, content.as_bytes())).collect::<Vec<_>>())
}

/// A tar of these files, of which some are no text.
pub fn tar_of_bytes(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// An image: its layers' tars, and the commands that made them.
pub struct Image {
    pub layers: Vec<Vec<u8>>,
    pub commands: Vec<String>,
    /// The blobs as stored, where they are not the tars.
    pub broken: Option<(usize, Vec<u8>)>,
}

const STATUS: &str = "Package: perl-base\nStatus: install ok installed\nVersion: 5.36.0-7\nSource: perl\nArchitecture: amd64\n\n\
    Package: zlib1g\nStatus: install ok installed\nVersion: 1:1.2.13.dfsg-1\nSource: zlib\nArchitecture: amd64\n";
const OS: &str =
    "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

impl Image {
    /// Debian with perl; Python and Node.js packages on top; one of them deleted again.
    pub fn debian() -> Self {
        let base = tar(&[("etc/os-release", OS), ("var/lib/dpkg/status", STATUS)]);
        let site = "usr/local/lib/python3.11/site-packages";
        let python = |name: &str, version: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n");
        let packages = tar(&[
            (&format!("{site}/Django-3.2.dist-info/METADATA"), &python("Django", "3.2")),
            (&format!("{site}/urllib3-1.26.0.dist-info/METADATA"), &python("urllib3", "1.26.0")),
            ("app/node_modules/minimist/package.json", r#"{"name":"minimist","version":"1.2.0"}"#),
        ]);
        let deleted = tar(&[(&format!("{site}/urllib3-1.26.0.dist-info/.wh.METADATA"), "")]);
        let commands =
            ["COPY rootfs / ", "RUN pip install django==3.2 urllib3==1.26.0", "RUN pip uninstall -y urllib3"];
        Self { layers: vec![base, packages, deleted], commands: commands.map(str::to_owned).to_vec(), broken: None }
    }

    pub fn config(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(|layer| digest(layer)).collect();
        let history: Vec<Value> = self
            .commands
            .iter()
            .map(|command| json!({ "created_by": command, "created": "2026-01-02T03:04:05Z" }))
            .collect();
        json!({ "os": "linux", "architecture": "amd64", "rootfs": { "type": "layers", "diff_ids": diff_ids }, "history": history })
            .to_string()
            .into_bytes()
    }

    pub fn blobs(&self) -> Vec<Vec<u8>> {
        let mut blobs = self.layers.clone();
        if let Some((index, bytes)) = &self.broken {
            blobs[*index] = bytes.clone();
        }
        blobs
    }

    pub fn manifest(&self) -> Vec<u8> {
        let descriptor = |media_type: &str, bytes: &[u8]| json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() });
        let layers: Vec<Value> = self
            .blobs()
            .iter()
            .map(|layer| {
                let is_gzip = layer.starts_with(&[0x1f, 0x8b]);
                let media_type = if is_gzip {
                    "application/vnd.oci.image.layer.v1.tar+gzip"
                } else {
                    "application/vnd.oci.image.layer.v1.tar"
                };
                descriptor(media_type, layer)
            })
            .collect();
        json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &self.config()), "layers": layers })
        .to_string()
        .into_bytes()
    }

    /// The files of an OCI layout that names it so.
    fn layout(&self, tag: &str) -> Vec<(String, Vec<u8>)> {
        let manifest = self.manifest();
        let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest(&manifest), "size": manifest.len(),
            "platform": { "os": "linux", "architecture": "amd64" },
            "annotations": { "org.opencontainers.image.ref.name": tag } }] });
        let blob =
            |bytes: Vec<u8>| (format!("blobs/sha256/{}", digest(&bytes).strip_prefix(DIGEST_PREFIX).unwrap()), bytes);
        let mut files = vec![
            ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
            ("index.json".to_owned(), index.to_string().into_bytes()),
            blob(manifest),
            blob(self.config()),
        ];
        files.extend(self.blobs().into_iter().map(blob));
        files
    }

    /// A folder with an OCI layout of an index that has images for other platforms too; they are not there.
    pub fn write_index(&self, folder: &Path, others: &[(&str, &str)]) {
        let manifest = self.manifest();
        let entry = |bytes: &[u8], os: &str, architecture: &str| {
            json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest(bytes), "size": bytes.len(), "platform": { "os": os, "architecture": architecture } })
        };
        let mut entries = vec![entry(&manifest, "linux", "amd64")];
        entries.extend(others.iter().map(|(os, architecture)| entry(architecture.as_bytes(), os, architecture)));
        let nested =
            json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries })
                .to_string();
        let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": digest(nested.as_bytes()), "size": nested.len() }] });
        self.write_layout(folder, "1");
        std::fs::write(folder.join("index.json"), index.to_string()).unwrap();
        let blob = format!("blobs/sha256/{}", digest(nested.as_bytes()).strip_prefix(DIGEST_PREFIX).unwrap());
        std::fs::write(folder.join(blob), nested).unwrap();
    }

    /// A folder with an OCI layout.
    pub fn write_layout(&self, folder: &Path, tag: &str) {
        for (path, bytes) in self.layout(tag) {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// What `docker save` wrote before version 25.
    pub fn docker_save(&self, name: &str) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |path: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, path, bytes).unwrap();
        };
        let config = self.config();
        add("config.json", &config);
        let mut paths = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let path = format!("{index}/layer.tar");
            add(&path, layer);
            paths.push(path);
        }
        add(
            "manifest.json",
            json!([{ "Config": "config.json", "RepoTags": [name], "Layers": paths }]).to_string().as_bytes(),
        );
        builder.into_inner().unwrap()
    }
}
