//! Programs without a package, judged by NVD.

use std::path::Path;

use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_advisories::programs;
use plimsoll_feeds::ImportOptions;
use plimsoll_model::{
    Coverage, CoverageEvidence, GapReason, InstalledPackage, Inventory, OsSupport, Package, PackageKey, PackageType,
};
use plimsoll_store::feeds::Outcome;
use plimsoll_store::views::{coverage, images};
use plimsoll_testkit::sqlx::{self, Connection as _, PgConnection, Row as _};
use serde_json::{Value, json};

use crate::bundled::{Exporter, gzip};
use crate::platform::{Platform, advisory, osv, rematch, rematch_keys, write_osv};

fn nvd() -> Document {
    formats::by_name("nvd").unwrap().document("feeds/json/cve/2.0/nvdcve-2.0-2022.json.gz")
}

/// A CVE of NVD's: this product is affected below a version.
fn cve(id: &str, product: &str, fixed: &str) -> Value {
    let criteria = format!("cpe:2.3:a:{product}:*:*:*:*:*:*:*:*");
    let matches = json!([{ "vulnerable": true, "criteria": criteria, "versionEndExcluding": fixed }]);
    let nodes = json!([{ "operator": "OR", "negate": false, "cpeMatch": matches }]);
    let vector = json!({ "vectorString": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H" });
    json!({ "cve": {
        "id": id, "vulnStatus": "Analyzed", "lastModified": "2022-11-01T00:00:00.000",
        "descriptions": [{ "lang": "en", "value": format!("A flaw in {product}") }],
        "metrics": { "cvssMetricV31": [{ "source": "nvd@nist.gov", "cvssData": vector }] },
        "configurations": [{ "nodes": nodes }],
    } })
}

fn write_nvd(mirror: &Path, cves: &[Value]) {
    let path = mirror.join(nvd().mirror_path());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, gzip(&json!({ "vulnerabilities": cves }).to_string())).unwrap();
}

fn program(name: &str, version: &str) -> InstalledPackage {
    let package = Package::new(PackageType::Generic, name, version);
    let purl = package.purl(None, None);
    InstalledPackage {
        package,
        ecosystem: Some(programs::ecosystem()),
        purl,
        layer: 0,
        path: format!("usr/local/bin/{name}"),
    }
}

fn key(name: &str) -> PackageKey {
    PackageKey { ecosystem: programs::ecosystem(), package: name.into() }
}

const OPEN: &str = "SELECT count(*) FROM finding WHERE closed_at IS NULL";

#[tokio::test]
async fn a_program_scanned_before_has_the_findings_that_nvd_brings_until_it_rejects_them() {
    let platform = Platform::new().await;
    let packages = vec![program("nginx", "1.21.4"), program("go", "1.22.3")];
    let (org, image) = platform.image_of("ours", Inventory { packages, ..Inventory::default() }).await;
    let gaps = async || {
        let mut tx = platform.store.org_tx(org).await.unwrap();
        let judged: Vec<_> =
            coverage::judged_packages(&mut tx, &[image.0]).await.unwrap().into_iter().map(|(_, of)| of).collect();
        let known = images::known_by_feed(&mut tx, &[image.0]).await.unwrap();
        let evidence = CoverageEvidence {
            platform: Some("linux"),
            os: None,
            support: OsSupport::Absent,
            sources: &[],
            problems: &[],
            packages: &judged,
            knowledge: known.iter().map(|(_, known)| known.checked_at).min().flatten(),
        };
        Coverage::of(&evidence).gaps.into_iter().map(|gap| (gap.reason, gap.count, gap.examples)).collect::<Vec<_>>()
    };
    let unsourced = |count, examples: &[&str]| {
        vec![(
            GapReason::EcosystemWithoutSource,
            count,
            examples.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        )]
    };
    assert_eq!(gaps().await, unsourced(2, &["generic go", "generic"]), "NVD is not there");

    let mirror = tempfile::tempdir().unwrap();
    let (nginx, other) = (cve("CVE-2022-41741", "f5:nginx", "1.22.1"), cve("CVE-2022-2", "acme:nginx", "9"));
    write_nvd(mirror.path(), &[nginx.clone(), other.clone()]);
    assert_eq!(platform.sync(mirror.path(), &nvd()).await, Outcome::Changed);
    assert_eq!(rematch(&platform).await, [key("nginx")]);
    let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
    let found = sqlx::query(
        "SELECT v.name, m.fixed_in, m.sources FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id
         JOIN \"match\" m USING (package_version_id, vulnerability_id) WHERE f.closed_at IS NULL",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let found: (String, Option<String>, Vec<String>) = (found.get(0), found.get(1), found.get(2));
    assert_eq!(found, ("CVE-2022-41741".into(), Some("1.22.1".into()), vec!["nvd".into()]));
    assert_eq!(gaps().await, unsourced(1, &["generic go"]), "NVD has no product for it");

    let mut rejected = nginx;
    rejected["cve"]["vulnStatus"] = json!("Rejected");
    rejected["cve"].as_object_mut().unwrap().remove("configurations");
    write_nvd(mirror.path(), &[rejected, other]);
    assert_eq!(platform.sync(mirror.path(), &nvd()).await, Outcome::Changed);
    assert_eq!(rematch(&platform).await, [key("nginx")]);
    assert_eq!(platform.count(OPEN).await, 0);
    let reason: String =
        sqlx::query_scalar("SELECT close_reason FROM finding").fetch_one(&mut connection).await.unwrap();
    assert_eq!(reason, "advisory_withdrawn");
}

#[tokio::test]
async fn nvds_word_and_another_sources_are_of_one_vulnerability() {
    let platform = Platform::new().await;
    let package = Package::new(PackageType::Pypi, "demo", "1.0");
    let demo = InstalledPackage {
        ecosystem: package.kind.language_ecosystem(),
        purl: package.purl(None, None),
        package,
        layer: 0,
        path: "x/METADATA".into(),
    };
    let packages = vec![program("openssl", "1.1.1k"), demo];
    platform.image_of("ours", Inventory { packages, ..Inventory::default() }).await;
    let mirror = tempfile::tempdir().unwrap();
    write_nvd(mirror.path(), &[cve("CVE-2022-0778", "openssl:openssl", "1.1.1n")]);
    write_osv(mirror.path(), &[advisory("PYSEC-2022-1", &["CVE-2022-0778"], "demo", "1.1")]);
    platform.sync(mirror.path(), &nvd()).await;
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    let vulnerabilities = "SELECT count(DISTINCT vulnerability_id) FROM finding WHERE closed_at IS NULL";
    assert_eq!((platform.count(OPEN).await, platform.count(vulnerabilities).await), (2, 1));
}

#[tokio::test]
async fn what_a_bundle_leaves_out_of_nvd_is_not_missed() {
    let platform = Platform::new().await;
    platform.image_of("ours", Inventory { packages: vec![program("nginx", "1.21.4")], ..Inventory::default() }).await;
    let exporter = Exporter::new();
    let mut cves: Vec<Value> = (1000..1100).map(|n| cve(&format!("CVE-2022-{n}"), "acme:nobodys", "2")).collect();
    cves.push(cve("CVE-2022-41741", "f5:nginx", "1.22.1"));
    write_nvd(&exporter.mirror(), &cves);
    assert_eq!(platform.sync(&exporter.mirror(), &nvd()).await, Outcome::Changed);
    rematch(&platform).await;
    let standing = "SELECT count(*) FROM advisory WHERE withdrawn IS NULL";
    assert_eq!((platform.count(OPEN).await, platform.count(standing).await), (1, 101));
    // Bundles of this test are of a day that is past, and what was synced is of today.
    let older = ImportOptions { allow_older: true, ..ImportOptions::default() };
    exporter.export(&[(nvd(), None)], 9);
    assert_eq!(platform.import(&exporter.source(), &older).await, Outcome::Changed);
    rematch(&platform).await;
    assert_eq!((platform.count(OPEN).await, platform.count(standing).await), (1, 1));
    // What it does have, it may not lose.
    let of_programs: Vec<Value> =
        (0..30).map(|n| cve(&format!("CVE-2022-{}", 2000 + n), "f5:nginx", "1.22.1")).collect();
    write_nvd(&exporter.mirror(), &[cves, of_programs].concat());
    exporter.export(&[(nvd(), None)], 10);
    assert_eq!(platform.import(&exporter.source(), &older).await, Outcome::Changed);
    write_nvd(&exporter.mirror(), &[cve("CVE-2022-41741", "f5:nginx", "1.22.1")]);
    exporter.export(&[(nvd(), None)], 11);
    assert_eq!(platform.import(&exporter.source(), &older).await, Outcome::Failed);
    assert_eq!(platform.count(standing).await, 31);
}

const MIGRATION: &str = include_str!("../../../../migrations/0030_programs.sql");

#[tokio::test]
async fn programs_that_were_found_before_nvd_judged_them_are_judged_without_a_scan() {
    let platform = Platform::new().await;
    let without = |name: &str| InstalledPackage { ecosystem: None, ..program(name, "1.21.4") };
    platform.image_of("ours", Inventory { packages: vec![without("nginx")], ..Inventory::default() }).await;
    let mirror = tempfile::tempdir().unwrap();
    write_nvd(mirror.path(), &[cve("CVE-2022-41741", "f5:nginx", "1.22.1")]);
    assert_eq!(platform.sync(mirror.path(), &nvd()).await, Outcome::Changed);
    let asked_by =
        "SELECT count(*) FROM feed_document WHERE feed = 'nvd' AND (etag IS NOT NULL OR last_modified IS NOT NULL)";
    assert_eq!((platform.count(OPEN).await, platform.count(asked_by).await), (0, 1));
    rematch(&platform).await;
    let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
    // Twice is once.
    for _ in 0..2 {
        sqlx::raw_sql(MIGRATION).execute(&mut connection).await.unwrap();
    }
    assert_eq!(platform.count(asked_by).await, 0, "its documents are read anew");
    rematch_keys(&platform, &[key("nginx")]).await;
    assert_eq!(platform.count(OPEN).await, 1);
    platform.image_of("theirs", Inventory { packages: vec![program("nginx", "1.21.4")], ..Inventory::default() }).await;
    let rows = "SELECT count(*) FROM package_version";
    assert_eq!((platform.count(rows).await, platform.count(OPEN).await), (1, 2), "under the key that it would have");
}
