//! The real client (cli-1, cli-3), where it is installed.

use std::path::Path;
use std::process::Output;

use plimsoll_oci::media_type::*;
use serde_json::json;
use tokio::process::Command;

use crate::content::{Image, descriptor, digest, index, zstd};
use crate::service::Service;

/// Writes an OCI layout: `single` is one image, `all` an index of two, one of them with zstd layers.
fn write_layout(folder: &Path) {
    let images = [Image::new("a"), Image::packed("b", "arm64", OCI_LAYER_ZSTD, zstd)];
    let manifests = [images[0].manifest(), images[1].manifest()];
    let list = index(&[(&manifests[0], "amd64"), (&manifests[1], "arm64")]);
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let files = images.iter().flat_map(|image| [&image.config, &image.layer]).chain(&manifests).chain([&list]);
    for bytes in files {
        std::fs::write(blobs.join(&digest(bytes)[7..]), bytes).unwrap();
    }
    let named = |name: &str, media_type: &str, bytes: &[u8]| {
        let mut entry = descriptor(media_type, bytes);
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        entry
    };
    let entries = [
        named("single", OCI_MANIFEST, &manifests[0]),
        named("zstd", OCI_MANIFEST, &manifests[1]),
        named("all", OCI_INDEX, &list),
    ];
    std::fs::write(folder.join("index.json"), json!({ "schemaVersion": 2, "manifests": entries }).to_string()).unwrap();
    std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

/// The digests of all blobs of a layout.
fn blobs_of(folder: &Path) -> std::collections::BTreeSet<String> {
    let entries = std::fs::read_dir(folder.join("blobs/sha256")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn cli_1_3_skopeo_pushes_pulls_lists_and_deletes_and_gets_back_what_it_sent() {
    if Command::new("skopeo").arg("--version").output().await.is_err() {
        eprintln!("skipped: needs skopeo");
        return;
    }
    let service = Service::start().await;
    let client = service.client().await;
    let folder = tempfile::tempdir().unwrap();
    let (source, pulled) = (folder.path().join("source"), folder.path().join("pulled"));
    write_layout(&source);
    let auth = folder.path().join("auth.json");
    std::fs::write(&auth, "{}").unwrap();
    let run = |arguments: String| {
        let auth = auth.clone();
        async move {
            let mut command = Command::new("skopeo");
            command.args(arguments.split_whitespace()).env("REGISTRY_AUTH_FILE", auth);
            let Output { status, stdout, stderr } = command.output().await.unwrap();
            assert!(status.success(), "skopeo {arguments}: {}", String::from_utf8_lossy(&stderr));
            String::from_utf8(stdout).unwrap()
        }
    };
    let (host, key) = (service.host(), client.key.clone());
    run(format!("login --tls-verify=false -u ci -p {key} {host}")).await;
    let (source, pulled) = (source.display(), pulled.display());
    let to = "--insecure-policy copy --dest-tls-verify=false";
    run(format!("{to} oci:{source}:single docker://{host}/acme/web:single")).await;
    run(format!("{to} oci:{source}:zstd docker://{host}/acme/web:zstd")).await;
    run(format!("{to} --all oci:{source}:all docker://{host}/acme/web:all")).await;
    run(format!("{to} --format v2s2 oci:{source}:single docker://{host}/acme/web:docker")).await;
    run(format!("{to} --src-tls-verify=false --all docker://{host}/acme/web:all docker://{host}/acme/copy:all")).await;
    let tags = run(format!("list-tags --tls-verify=false docker://{host}/acme/web")).await;
    let tags: serde_json::Value = serde_json::from_str(&tags).unwrap();
    assert_eq!(tags["Tags"], json!(["all", "docker", "single", "zstd"]));
    let inspected = run(format!("inspect --raw --tls-verify=false docker://{host}/acme/web:docker")).await;
    assert!(inspected.contains(DOCKER_MANIFEST), "{inspected}");
    // Everything comes back byte for byte: the same names of the same content.
    run(format!("--insecure-policy copy --src-tls-verify=false --all docker://{host}/acme/copy:all oci:{pulled}:all"))
        .await;
    let (sent, got) = (blobs_of(&folder.path().join("source")), blobs_of(&folder.path().join("pulled")));
    assert_eq!(sent, got);
    run(format!("delete --tls-verify=false docker://{host}/acme/web:single")).await;
    let left = run(format!("list-tags --tls-verify=false docker://{host}/acme/web")).await;
    assert!(!left.contains("\"single\""), "{left}");
    let synced = folder.path().join("synced");
    let synced = synced.display();
    run(format!(
        "--insecure-policy sync --src docker --dest dir --src-tls-verify=false --all {host}/acme/copy {synced}"
    ))
    .await;
}
