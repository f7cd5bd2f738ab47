//! Why findings close when an advisory is withdrawn that is not the only one on its vulnerability.

use plimsoll_advisories::feeds as formats;
use plimsoll_model::{Ecosystem, InstalledPackage, Inventory, Package, PackageType};
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::sqlx::{self, Connection as _, PgConnection};

use crate::bundled::gzip;
use crate::platform::{Platform, advisory, osv, rematch, write_osv};

#[tokio::test]
async fn a_finding_closes_as_withdrawn_where_no_other_advisory_speaks_of_its_package() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let installed = |name: &str| InstalledPackage {
        package: Package::new(PackageType::Pypi, name, "1.0"),
        ecosystem: Some(Ecosystem::new("PyPI")),
        purl: None,
        layer: 0,
        path: "x/METADATA".into(),
    };
    let packages = ["only", "elsewhere", "doubted", "narrowed"].map(installed).to_vec();
    platform.image_of("ours", Inventory { packages, ..Inventory::default() }).await;

    // NVD knows all of them and speaks of no package.
    let cves: Vec<_> = (1..=4).map(|n| serde_json::json!({"cve": {"id": format!("CVE-2024-{n}")}})).collect();
    let nvd = formats::by_name("nvd").unwrap().document("feeds/json/cve/2.0/nvdcve-2.0-2024.json.gz");
    let path = mirror.path().join(nvd.mirror_path());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, gzip(&serde_json::json!({ "vulnerabilities": cves }).to_string())).unwrap();
    assert_eq!(platform.sync(mirror.path(), &nvd).await, Outcome::Changed);
    let mut of_npm = advisory("GHSA-aaaa-bbbb-cccc", &["CVE-2024-2"], "elsewhere", "2.0.0");
    of_npm["affected"][0]["package"]["ecosystem"] = "npm".into();
    of_npm["affected"][0]["ranges"][0]["type"] = "SEMVER".into();
    let others = [of_npm, advisory("PYSEC-2024-30", &["CVE-2024-3"], "doubted", "0.9")];
    let known = [
        advisory("PYSEC-2024-1", &["CVE-2024-1"], "only", "1.1"),
        advisory("PYSEC-2024-2", &["CVE-2024-2"], "elsewhere", "1.1"),
        advisory("PYSEC-2024-3", &["CVE-2024-3"], "doubted", "1.1"),
        advisory("PYSEC-2024-4", &["CVE-2024-4"], "narrowed", "1.1"),
    ];
    write_osv(mirror.path(), &[others.as_slice(), &known].concat());
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    assert_eq!(platform.count("SELECT count(*) FROM finding WHERE closed_at IS NULL").await, 4);

    let mut changed = known;
    for withdrawn in &mut changed[..3] {
        withdrawn["withdrawn"] = "2024-02-01T00:00:00Z".into();
    }
    changed[3] = advisory("PYSEC-2024-4", &["CVE-2024-4"], "narrowed", "0.9");
    write_osv(mirror.path(), &[others.as_slice(), &changed].concat());
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
    let closed: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT p.name, f.close_reason FROM finding f JOIN package_version p ON p.id = f.package_version_id
         JOIN vulnerability v ON v.id = f.vulnerability_id ORDER BY v.name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let closed: Vec<(&str, &str)> =
        closed.iter().map(|(name, reason)| (name.as_str(), reason.as_deref().unwrap_or("open"))).collect();
    let expected = [
        ("only", "advisory_withdrawn"),
        ("elsewhere", "advisory_withdrawn"),
        ("doubted", "advisory_changed"),
        ("narrowed", "advisory_changed"),
    ];
    assert_eq!(closed, expected, "{closed:?}");
    assert_eq!(platform.count("SELECT count(*) FROM vulnerability WHERE withdrawn IS NOT NULL").await, 0);
}

#[tokio::test]
async fn what_a_document_no_longer_lists_is_withdrawn_too() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let mut of_npm = advisory("GHSA-aaaa-bbbb-cccc", &["CVE-2024-1"], "demo", "2.0.0");
    of_npm["affected"][0]["package"]["ecosystem"] = "npm".into();
    of_npm["affected"][0]["ranges"][0]["type"] = "SEMVER".into();
    write_osv(mirror.path(), &[advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1"), of_npm.clone()]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    write_osv(mirror.path(), &[of_npm]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    let withdrawn = "SELECT count(*) FROM finding WHERE close_reason = 'advisory_withdrawn'";
    assert_eq!(platform.count(withdrawn).await, 1);
}
