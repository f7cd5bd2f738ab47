//! Knowledge changes, images do not: findings follow, who watches is told, and no image is opened again.

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_e2e::layout::{Compression, Layout, tar_of};
use plimsoll_e2e::mirror::{osv, write_nvd, write_osv_archive, write_small_mirror};
use plimsoll_e2e::process::output;
use plimsoll_e2e::watching::Watching;
use serde_json::{Value, json};

use crate::{Small, pair, text};

const WATCH: &str = "subscription ($slug: String!) { findingChanges(organization: $slug) { kind at
    finding { id state closeReason severity fixedIn vulnerability { name } package { name version } image { digest tags { reference } } } } }";

impl Small {
    /// An image in which nothing is wrong, once it is scanned.
    async fn clean(&self) -> Value {
        let folder = self.images.path().join("clean");
        let metadata = "Metadata-Version: 2.1\nName: other\nVersion: 2.0\n\nText\n";
        let files = [
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            ("usr/local/lib/python3.11/dist-packages/other-2.0.dist-info/METADATA", metadata),
        ];
        Layout::create(&folder).layer(&tar_of(&files), Compression::Gzip, "ADD rootfs").finish("latest");
        self.platform.skopeo_push(&self.demo, &format!("oci:{}:latest", folder.display()), "clean:1");
        self.platform.scanned(&self.demo, "clean:1").await
    }

    /// When the last scan of `clean:1` was asked for, began and ended.
    async fn scan(&self) -> Value {
        let query = "query ($slug: String!) { organization(slug: $slug) { image(reference: \"clean:1\") {
            scan { state requestedAt startedAt finishedAt layersAnalysed layersReused } } } }";
        let data = self.platform.graphql(&self.demo, query, json!({ "slug": self.demo.slug })).await;
        data["organization"]["image"]["scan"].clone()
    }

    /// How many findings `clean:1` had at a moment.
    async fn exposure(&self, as_of: DateTime<Utc>) -> i64 {
        let query = "query ($slug: String!, $at: DateTime!) { organization(slug: $slug) {
            findings(filter: { image: \"clean:1\", asOf: $at }) { totalCount } } }";
        let variables = json!({ "slug": self.demo.slug, "at": as_of });
        let data = self.platform.graphql(&self.demo, query, variables).await;
        data["organization"]["findings"]["totalCount"].as_i64().unwrap()
    }
}

/// When it was, and the finding, of a list of one change.
fn only(changes: &Value, kind: &str) -> (DateTime<Utc>, Value) {
    assert_eq!((changes.as_array().map(Vec::len), text(changes, "/0/kind")), (Some(1), kind), "{changes:#}");
    (text(changes, "/0/at").parse().unwrap(), changes[0]["finding"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_images_finding_opens_with_an_advisory_and_closes_with_its_withdrawal_while_somebody_watches() {
    let small = Small::start(None).await;
    let before = small.push("app:1", &[("demo_package", "1.0")]).await;
    let image = small.clean().await;
    assert_eq!(image["scan"]["state"], "DONE", "{image:#}");
    assert_eq!(small.found(&image).await, []);
    let (scan, clean) = (small.scan().await, Utc::now());
    std::fs::remove_dir_all(small.platform.blobs().join("blobs")).unwrap();
    let variables = json!({ "slug": small.demo.slug });
    let mut watching =
        Watching::begin(&small.platform.api(), &small.demo.key, "findingChanges", WATCH, variables).await;
    assert_eq!(watching.next().await, json!([]), "it has begun");

    let known = osv("PYSEC-2026-1", "CVE-2026-1", "demo-package", "1.1");
    let mut new = osv("PYSEC-2026-3", "CVE-2026-3", "other", "2.1");
    // NVD and another ecosystem know the CVE too: what they say stands, and is not of this package.
    write_nvd(small.mirror.path(), 2026, &["CVE-2026-3"]);
    let mut of_npm = osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-3", "other", "9.0.0");
    of_npm["affected"][0]["package"]["ecosystem"] = "npm".into();
    of_npm["affected"][0]["ranges"][0]["type"] = "SEMVER".into();
    write_osv_archive(small.mirror.path(), "npm", &[of_npm]);
    write_small_mirror(small.mirror.path(), &[known.clone(), new.clone()]);
    small.platform.sync_feeds();
    let (opened_at, opened) = only(&watching.next().await, "OPENED");
    assert_eq!(opened["image"], json!({ "digest": image["digest"], "tags": [{ "reference": "clean:1" }] }));
    assert_eq!(opened["package"], json!({ "name": "other", "version": "2.0" }));
    assert_eq!((text(&opened, "/vulnerability/name"), text(&opened, "/fixedIn")), ("CVE-2026-3", "2.1"));
    assert_eq!(small.found(&image).await, [pair("CVE-2026-3", "other")]);

    new["withdrawn"] = "2026-02-01T00:00:00Z".into();
    write_small_mirror(small.mirror.path(), &[known, new]);
    small.platform.sync_feeds();
    let (closed_at, closed) = only(&watching.next().await, "CLOSED");
    assert_eq!((&closed["id"], text(&closed, "/closeReason")), (&opened["id"], "ADVISORY_WITHDRAWN"));
    assert_eq!(small.found(&image).await, []);

    let instant = TimeDelta::microseconds(1);
    let moments = [
        (clean, 0),
        (opened_at - instant, 0),
        (opened_at, 1),
        (closed_at - instant, 1),
        (closed_at, 0),
        (Utc::now(), 0),
    ];
    for (moment, findings) in moments {
        assert_eq!(small.exposure(moment).await, findings, "as of {moment}; {opened_at} to {closed_at}");
    }
    assert_eq!(small.scan().await, scan, "the image was not touched");
    assert_eq!(small.found(&before).await, [pair("CVE-2026-1", "demo-package"), pair("CVE-2026-2", "libpcre2-8-0")]);

    // And an operator is told how it went, and when next.
    let line = |arguments: &[&str]| {
        let told = output(small.platform.admin().args(["feeds"]).args(arguments));
        let line = told.lines().find(|line| line.contains("osv/PyPI/all.zip")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{told}"))
    };
    let status = line(&["status", "--feed", "osv"]);
    assert!(status.contains(" next in ") && status.ends_with("changed"), "{status}");
    let run = line(&["runs", "--feed", "osv", "--document", "PyPI/all.zip", "--last", "1"]);
    assert!(
        run.ends_with(" bytes, 2 records, 0 new, 0 changed, 1 withdrawn, 1 unchanged, 0 unmatchable, 0 problems"),
        "{run}"
    );
}
