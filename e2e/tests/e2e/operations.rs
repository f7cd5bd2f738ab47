//! What operators rely on: health, restarts, crashes.

use std::time::Duration;

use plimsoll_e2e::process::output;
use plimsoll_testkit::eventually;
use serde_json::Value;

use crate::{Small, pair};

#[tokio::test(flavor = "multi_thread")]
async fn every_service_tells_its_health_and_what_it_measures() {
    let small = Small::start(None).await;
    let client = reqwest::Client::new();
    let get = async |address: String| client.get(address).send().await.unwrap();
    for service in [small.platform.api(), small.platform.ingest(), small.platform.scanner(), small.platform.feeds()] {
        assert_eq!(get(format!("{service}/healthz")).await.status(), 200, "{service}");
        let ready: Value = get(format!("{service}/readyz")).await.json().await.unwrap();
        assert_eq!(ready["ready"], true, "{service}: {ready}");
        let metrics = get(format!("{service}/metrics")).await.text().await.unwrap();
        assert!(metrics.contains("http_request_duration_seconds"), "{service}:\n{metrics}");
    }
    eventually("the sizes of tables are told", Duration::from_secs(30), async || {
        let metrics = get(format!("{}/metrics", small.platform.feeds())).await.text().await.unwrap();
        ["rows", "bytes"]
            .iter()
            .all(|what| metrics.contains(&format!("plimsoll_table_{what}{{table=\"finding\"}} ")))
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_whose_worker_is_killed_is_done_by_the_next_one() {
    let mut small = Small::start(None).await;
    small.platform.service("plimsoll-scanner").kill();
    let image = small.image("killed", &[("demo_package", "1.0")]);
    small.platform.skopeo_push(&small.demo, &image, "killed:1");
    // A worker that is killed as soon as it has the job, then one that may finish.
    small.platform.restart("plimsoll-scanner").await;
    small.platform.service("plimsoll-scanner").kill();
    small.platform.restart("plimsoll-scanner").await;
    let scanned = small.platform.scanned(&small.demo, "killed:1").await;
    assert_eq!(scanned["scan"]["state"], "DONE", "{scanned:#}");
    assert_eq!(small.found(&scanned).await, [pair("CVE-2026-1", "demo-package"), pair("CVE-2026-2", "libpcre2-8-0")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_a_broken_layer_says_what_is_broken_and_shows_the_rest() {
    use plimsoll_e2e::layout::{Compression, Layout, tar_of};
    let small = Small::start(None).await;
    let folder = small.images.path().join("broken");
    let os = "ID=debian\nVERSION_ID=\"12\"\n";
    let metadata = "Metadata-Version: 2.1\nName: demo-package\nVersion: 1.0\n\n";
    let path = "usr/lib/python3/dist-packages/demo_package-1.0.dist-info/METADATA";
    let mut lying = tar_of(&[("etc/lying", "0123456789")]);
    lying.truncate(515);
    let mut layout = Layout::create(&folder);
    layout.layer(&tar_of(&[("etc/os-release", os), (path, metadata)]), Compression::Zstd, "ADD rootfs");
    layout.layer(&lying, Compression::Gzip, "RUN break");
    layout.finish("latest");
    small.platform.skopeo_push(&small.demo, &format!("oci:{}:latest", folder.display()), "broken:1");
    let scanned = small.platform.scanned(&small.demo, "broken:1").await;
    assert_eq!(scanned["scan"]["state"], "DONE", "{scanned:#}");
    assert_eq!(scanned["problems"][0]["code"], "tar_corrupt", "{scanned:#}");
    assert_eq!(scanned["problems"][0]["layer"], 1);
    assert_eq!(small.found(&scanned).await, [pair("CVE-2026-1", "demo-package")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_end_by_themselves_when_asked() {
    let mut small = Small::start(None).await;
    for name in ["plimsoll-ingest", "plimsoll-scanner", "plimsoll-api", "plimsoll-feeds"] {
        let service = small.platform.service(name);
        assert!(service.stop(), "{name} had to be killed; its log:\n{}", service.log());
    }
    assert!(output(small.platform.admin().args(["dead-letters", "list"])).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_blob_fails_the_scan_once_and_for_all_and_pushing_the_image_again_after_repair_scans_it() {
    let mut small = Small::start(None).await;
    small.platform.service("plimsoll-scanner").stop();
    let image = small.image("damaged", &[("demo_package", "1.0")]);
    small.platform.skopeo_push(&small.demo, &image, "damaged:1");
    let manifest = small.platform.scan_state(&small.demo, "damaged:1").await;
    assert_eq!(manifest["scan"]["state"], "QUEUED");
    let layer = largest_blob(&small.platform.blobs().join("blobs"));
    let whole = std::fs::read(&layer).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    std::fs::write(&layer, damaged).unwrap();

    small.platform.restart("plimsoll-scanner").await;
    let scanned = small.platform.scanned(&small.demo, "damaged:1").await;
    assert_eq!(scanned["scan"]["state"], "FAILED", "{scanned:#}");
    assert_eq!(scanned["scan"]["error"]["code"], "digest_mismatch", "{scanned:#}");
    let letters = output(small.platform.admin().args(["dead-letters", "list", "--topic", "scan.image"]));
    assert!(letters.contains("rejected"), "the operator sees it: {letters}");

    std::fs::write(&layer, whole).unwrap();
    output(small.platform.admin().args(["dead-letters", "retry", "--topic", "scan.image"]));
    plimsoll_testkit::eventually("the repaired image is scanned", std::time::Duration::from_secs(60), async || {
        let state = small.platform.scan_state(&small.demo, "damaged:1").await;
        (state["scan"]["state"] == "DONE").then_some(())
    })
    .await;
}

/// The largest file below a folder: of a small image's blobs, a layer.
fn largest_blob(folder: &std::path::Path) -> std::path::PathBuf {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for found in std::fs::read_dir(folder).unwrap() {
            let found = found.unwrap();
            if found.file_type().unwrap().is_dir() {
                folders.push(found.path());
            } else {
                files.push((found.metadata().unwrap().len(), found.path()));
            }
        }
    }
    // Manifests are in the database and configs are small text: what begins like gzip is a layer.
    files.retain(|(_, path)| std::fs::read(path).unwrap().starts_with(&[0x1f, 0x8b]));
    files.into_iter().max().expect("a layer").1
}
