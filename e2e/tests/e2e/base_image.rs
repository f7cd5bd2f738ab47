//! What an image is built on: recognised by its layers among the organization's images, named by labels, and what came with it told apart.

use std::path::Path;

use plimsoll_e2e::layout::{Compression, Layout, tar_of, tar_with};
use plimsoll_e2e::platform::Tenant;
use serde_json::{Value, json};

use crate::{Small, text};

const BASE_NAME: &str = "docker.io/library/debian:12-slim";

/// The layers of a base: Debian's pcre2, which has `CVE-2026-2`, and a setuid program.
fn base(folder: &Path) -> Layout {
    let mut layout = Layout::create(folder);
    let os = "ID=debian\nVERSION_ID=\"12\"\n";
    let status =
        "Package: libpcre2-8-0\nStatus: install ok installed\nArchitecture: amd64\nSource: pcre2\nVersion: 10.42-1\n\n";
    layout.layer(&tar_of(&[("etc/os-release", os), ("var/lib/dpkg/status", status)]), Compression::Gzip, "ADD rootfs");
    layout.layer(&tar_with(&[("usr/bin/su", b"su", 0o4755)]), Compression::Gzip, "RUN chmod u+s /usr/bin/su");
    layout
}

/// An image on the base: a Python package that has `CVE-2026-1`, and a setuid program of its own.
fn app(folder: &Path) -> Layout {
    let mut layout = base(folder);
    let metadata = "Metadata-Version: 2.1\nName: demo-package\nVersion: 1.0\n\n";
    let path = "srv/app/demo_package-1.0.dist-info/METADATA";
    layout.layer(&tar_of(&[(path, metadata)]), Compression::Gzip, "RUN pip install demo-package");
    layout.layer(&tar_with(&[("srv/app/tool", b"tool", 0o4755)]), Compression::Gzip, "COPY tool /srv/app/");
    layout
}

impl Small {
    async fn push_layout(&self, tenant: &Tenant, mut layout: Layout, folder: &Path, reference: &str) -> Value {
        layout.finish("latest");
        self.platform.skopeo_push(tenant, &format!("oci:{}:latest", folder.display()), reference);
        let image = self.platform.scanned(tenant, reference).await;
        assert_eq!(text(&image, "/scan/state"), "DONE", "{image:#}");
        image
    }

    async fn split(&self, tenant: &Tenant, reference: &str) -> Value {
        let query = "query($slug: String!, $reference: String!) { organization(slug: $slug) {
            findings(filter: { fromBaseImage: true, image: $reference }) { totalCount nodes { vulnerability { name } } }
            image(reference: $reference) {
                baseImage { image { digest tags { name } } layerCount name digest }
                findings { nodes { vulnerability { name } isFromBaseImage } }
                ofBase: findings(filter: { fromBaseImage: true }) { totalCount nodes { vulnerability { name } } }
                own: findings(filter: { fromBaseImage: false }) { totalCount nodes { vulnerability { name } } }
                baseCounts: findingCounts(fromBaseImage: true) { count }
                ownCounts: findingCounts(fromBaseImage: false) { count }
                observations { nodes { rule severity title place { path } isFromBaseImage } }
                baseObservations: observations(filter: { fromBaseImage: true }) { totalCount nodes { rule } }
                ownSetuid: observations(filter: { fromBaseImage: false, rule: \"setuid-files\" }) { totalCount nodes { place { path } } }
                baseSetuid: observations(filter: { rule: \"base-setuid-files\" }) { totalCount nodes { place { path } } }
                mediumSetuid: observations(filter: { rule: \"base-setuid-files\", minSeverity: MEDIUM }) { totalCount }
                coverage { unjudgedChecks { check reason } } } } }";
        let variables = json!({ "slug": tenant.slug, "reference": reference });
        self.platform.graphql(tenant, query, variables).await["organization"].clone()
    }
}

fn sum(counts: &Value) -> i64 {
    counts.as_array().unwrap().iter().map(|count| count["count"].as_i64().unwrap()).sum()
}

/// The setuid files that are observed: rule, severity, path, and whether the base brought it.
fn setuid(image: &Value) -> Vec<Value> {
    let seen = image["observations"]["nodes"].as_array().unwrap().iter();
    let mut setuid: Vec<Value> = seen
        .filter(|seen| text(seen, "/rule").ends_with("setuid-files"))
        .map(|seen| json!([seen["rule"], seen["severity"], seen["place"]["path"], seen["isFromBaseImage"]]))
        .collect();
    setuid.sort_by_key(ToString::to_string);
    setuid
}

fn named(vulnerability: &str) -> Value {
    json!({ "totalCount": 1, "nodes": [{ "vulnerability": { "name": vulnerability } }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_recognised_by_its_layers_and_what_it_brought_is_told_apart() {
    let small = Small::start(None).await;
    let folder = |name| small.images.path().join(name);
    let base = small.push_layout(&small.demo, base(&folder("base")), &folder("base"), "base:12").await;
    small.push_layout(&small.demo, app(&folder("app")), &folder("app"), "app:1").await;

    let organization = small.split(&small.demo, "app:1").await;
    let image = &organization["image"];
    let expected = json!({ "image": { "digest": base["digest"], "tags": [{ "name": "12" }] }, "layerCount": 2,
        "name": null, "digest": null });
    assert_eq!(image["baseImage"], expected);
    for finding in image["findings"]["nodes"].as_array().unwrap() {
        assert_eq!(finding["isFromBaseImage"], text(finding, "/vulnerability/name") == "CVE-2026-2", "{finding:#}");
    }
    assert_eq!(image["findings"]["nodes"].as_array().unwrap().len(), 2, "{image:#}");
    assert_eq!((&image["ofBase"], &image["own"]), (&named("CVE-2026-2"), &named("CVE-2026-1")));
    assert_eq!(organization["findings"], named("CVE-2026-2"), "the organization's list is split alike");
    assert_eq!((sum(&image["baseCounts"]), sum(&image["ownCounts"])), (1, 1), "{image:#}");

    let expected = [
        json!(["base-setuid-files", "LOW", "usr/bin/su", true]),
        json!(["setuid-files", "MEDIUM", "srv/app/tool", false]),
    ];
    assert_eq!(setuid(image), expected);
    let files = |path: &str| json!({ "totalCount": 1, "nodes": [{ "place": { "path": path } }] });
    assert_eq!((&image["baseSetuid"], &image["ownSetuid"]), (&files("usr/bin/su"), &files("srv/app/tool")));
    assert_eq!(image["mediumSetuid"]["totalCount"], 0, "a filter means the severity that is shown");
    assert_eq!(image["baseObservations"]["nodes"], json!([{ "rule": "base-setuid-files" }]));
    assert!(!image["coverage"]["unjudgedChecks"].to_string().contains("base-setuid-files"), "{image:#}");
    let severities: Vec<&str> =
        image["observations"]["nodes"].as_array().unwrap().iter().map(|seen| text(seen, "/severity")).collect();
    let rank = |severity: &&str| ["CRITICAL", "HIGH", "MEDIUM", "LOW", "NEGLIGIBLE"].iter().position(|s| s == severity);
    assert!(severities.is_sorted_by_key(rank), "the most severe first: {severities:?}");

    let of_base = small.split(&small.demo, "base:12").await["image"].clone();
    assert_eq!(of_base["baseImage"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_labels_name_is_named_and_one_of_another_organization_is_not_told() {
    let small = Small::start(None).await;
    let folder = |name| small.images.path().join(name);
    let base = small.push_layout(&small.demo, base(&folder("base")), &folder("base"), "base:12").await;
    let theirs = small.platform.tenant("theirs");
    let labels = json!({ "org.opencontainers.image.base.name": BASE_NAME,
        "org.opencontainers.image.base.digest": base["digest"] });
    let mut labelled = app(&folder("labelled"));
    labelled.configure(json!({ "Labels": labels }));
    small.push_layout(&theirs, labelled, &folder("labelled"), "labelled:1").await;
    small.push_layout(&theirs, app(&folder("silent")), &folder("silent"), "silent:1").await;

    let labelled = small.split(&theirs, "labelled:1").await["image"].clone();
    let expected = json!({ "image": null, "layerCount": null, "name": BASE_NAME, "digest": base["digest"] });
    assert_eq!(labelled["baseImage"], expected, "what the labels say, and no more");
    let silent = small.split(&theirs, "silent:1").await["image"].clone();
    assert_eq!(silent["baseImage"], Value::Null);
    for image in [labelled, silent] {
        let findings = image["findings"]["nodes"].as_array().unwrap();
        assert_eq!(findings.len(), 2, "{image:#}");
        assert!(findings.iter().all(|finding| finding["isFromBaseImage"].is_null()), "{image:#}");
        assert_eq!((&image["ofBase"]["totalCount"], &image["own"]["totalCount"]), (&json!(0), &json!(0)));
        assert_eq!(image["baseObservations"]["totalCount"], 0);
        let expected = [
            json!(["setuid-files", "MEDIUM", "srv/app/tool", null]),
            json!(["setuid-files", "MEDIUM", "usr/bin/su", null]),
        ];
        assert_eq!(setuid(&image), expected);
        let unjudged = image["coverage"]["unjudgedChecks"].as_array().unwrap();
        let check = unjudged.iter().find(|check| check["check"] == "base-setuid-files").expect("it is not judged");
        assert!(text(check, "/reason").contains("the base image is not known"), "{check:#}");
    }
}
