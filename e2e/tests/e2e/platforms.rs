//! Images of several platforms under one tag.

use plimsoll_e2e::layout::{Compression, Layout, tar_of};
use plimsoll_e2e::process::output;
use serde_json::{Value, json};

use crate::everything::coverage;
use crate::{Small, pair, text};

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_of_an_index_is_an_image_and_its_tag_shows_their_sum_and_which_is_not_supported() {
    let small = Small::start(None).await;
    let (platform, demo) = (&small.platform, &small.demo);
    let folder = small.images.path().join("index");
    let image = |os: &'static str| {
        let mut layout = Layout::create(&folder);
        // The same vulnerable package in both, and one that tells them apart.
        let metadata = |name: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n");
        let (of_os, demo) = (metadata(&format!("of-{os}")), metadata("demo-package"));
        let files = [("app/x-1.dist-info/METADATA", of_os.as_str()), ("app/y-1.dist-info/METADATA", demo.as_str())];
        layout.layer(&tar_of(&files), Compression::Gzip, "COPY app");
        let mut manifest = layout.runs_on(os).manifest();
        manifest["platform"] = json!({ "os": os, "architecture": "amd64" });
        (layout, manifest)
    };
    let ((layout, linux), (_, windows)) = (image("linux"), image("windows"));
    layout.index_of(&[linux.clone(), windows.clone()], "multi");
    output(
        std::process::Command::new("skopeo")
            .args(["copy", "--all", "--dest-tls-verify=false", "--dest-creds", &format!("robot:{}", demo.key)])
            .arg(format!("oci:{}:multi", folder.display()))
            .arg(format!("docker://{}/demo/multi:1", platform.registry())),
    );
    for (manifest, os, is_complete) in [(&linux, "linux", true), (&windows, "windows", false)] {
        let digest = text(manifest, "/digest");
        let image = platform.scanned(demo, digest).await;
        assert_eq!((text(&image, "/scan/state"), text(&image, "/platform/os")), ("DONE", os), "{image:#}");
        let packages = platform.packages(demo, &image).await;
        assert!(packages.iter().any(|found| text(found, "/package/name") == format!("of-{os}")), "{packages:#?}");
        assert_eq!(small.found(&image).await, [pair("CVE-2026-1", "demo-package")]);
        let coverage = coverage(platform, demo, digest).await;
        let has_gap = coverage["gaps"].as_array().unwrap().iter().any(|gap| gap["reason"] == "PLATFORM_NOT_SUPPORTED");
        assert_eq!(has_gap, !is_complete, "{coverage:#}");
    }
    let query = "{ organization(slug: \"demo\") { repositories(first: 1) { nodes { tags(first: 1) { nodes { name
        findingCounts { severity count }
        platforms { digest platform { os } notJudged image { findingCounts { severity count } } } } } } } } }";
    let tags = platform.graphql(demo, query, json!({})).await;
    let tag = &tags["organization"]["repositories"]["nodes"][0]["tags"]["nodes"][0];
    let critical = |counts: &Value| {
        let counts = counts.as_array().unwrap();
        assert_eq!(counts.len(), 6, "every severity is there: {counts:#?}");
        let of = |count: &&Value| count["severity"] == "CRITICAL";
        let rest: i64 = counts.iter().filter(|count| !of(count)).map(|count| count["count"].as_i64().unwrap()).sum();
        assert_eq!(rest, 0, "{counts:#?}");
        counts.iter().find(of).unwrap()["count"].clone()
    };
    assert_eq!(critical(&tag["findingCounts"]), 2, "the sum over its platforms: {tag:#}");
    let platforms = tag["platforms"].as_array().unwrap();
    let told: Vec<Value> =
        platforms.iter().map(|named| json!([named["digest"], named["platform"]["os"], named["notJudged"]])).collect();
    let statement = "not judged, because images of windows are not supported";
    assert_eq!(told, [json!([linux["digest"], "linux", null]), json!([windows["digest"], "windows", statement])]);
    assert!(platforms.iter().all(|named| critical(&named["image"]["findingCounts"]) == 1), "{tag:#}");
}
