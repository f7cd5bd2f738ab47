//! What is applied, what is refused, and what follows for findings.

use std::path::Path;
use std::time::Duration;

use plimsoll_advisories::feeds as formats;
use plimsoll_model::{
    Ecosystem, InstalledPackage, Inventory, Observation, ObservationKind, OsRelease, Package, PackageKey, PackageType,
    Place, Severity, SourcePackage,
};
use plimsoll_store::advisories;
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::corpus;
use plimsoll_testkit::sqlx::{self, Connection as _, PgConnection, Row as _};

use crate::platform::{Platform, advisory, key, osv, rematch, rematch_keys, write_osv};

#[tokio::test]
async fn an_advisory_opens_a_finding_in_an_image_scanned_before_and_its_withdrawal_closes_it() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let open = "SELECT count(*) FROM finding WHERE closed_at IS NULL";
    assert_eq!(platform.count(open).await, 0);

    write_osv(
        mirror.path(),
        &[advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1"), advisory("PYSEC-2024-2", &[], "other", "2")],
    );
    assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    rematch(&platform).await;
    assert_eq!(platform.count(open).await, 1);
    // Twice is once.
    rematch_keys(&platform, &[key("demo")]).await;
    assert_eq!(platform.count("SELECT count(*) FROM finding").await, 1);

    let mut withdrawn = advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1");
    withdrawn["withdrawn"] = "2024-02-01T00:00:00Z".into();
    write_osv(mirror.path(), &[withdrawn, advisory("PYSEC-2024-2", &[], "other", "2")]);
    assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    assert_eq!(rematch(&platform).await, [key("demo")], "only what changed is matched again");
    assert_eq!(platform.count(open).await, 0);
    let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
    let reason: String =
        sqlx::query_scalar("SELECT close_reason FROM finding").fetch_one(&mut connection).await.unwrap();
    assert_eq!(reason, "advisory_withdrawn");
}

#[tokio::test]
async fn an_advisory_that_names_the_installed_package_meets_it_and_not_what_is_built_beside_it() {
    let platform = Platform::new().await;
    let package = |name: &str| Package {
        source: Some(SourcePackage { name: "openssl".into(), version: "3.0.7-27.el9".into() }),
        ..Package::new(PackageType::Rpm, name, "1:3.0.7-27.el9")
    };
    let installed = |name| InstalledPackage {
        package: package(name),
        ecosystem: Some("AlmaLinux:9".parse().unwrap()),
        purl: None,
        layer: 0,
        path: "var/lib/rpm".into(),
    };
    let packages = vec![installed("openssl-libs"), installed("openssl-devel")];
    platform.image_of("acme", Inventory { packages, ..Inventory::default() }).await;
    let mirror = tempfile::tempdir().unwrap();
    let affected = serde_json::json!([{
        "package": {"ecosystem": "AlmaLinux:9", "name": "openssl-libs"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1:3.0.7-28.el9"}]}],
    }]);
    let advisory = serde_json::json!({"id": "ALSA-2024:1", "modified": "2024-01-01T00:00:00Z", "affected": affected});
    write_osv(mirror.path(), &[advisory]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    assert_eq!(
        rematch(&platform).await,
        [PackageKey { ecosystem: "AlmaLinux:9".parse().unwrap(), package: "openssl-libs".into() }]
    );
    let found = "SELECT count(*) FROM finding f JOIN package_version p ON p.id = f.package_version_id WHERE p.name = 'openssl-libs'";
    assert_eq!((platform.count(found).await, platform.count("SELECT count(*) FROM finding").await), (1, 1));
}

#[tokio::test]
async fn how_old_a_judgement_is_goes_by_the_distribution_s_own_feed_too() {
    let platform = Platform::new().await;
    let package = Package::new(PackageType::Apk, "openssl", "3.1.0-r0");
    let ecosystem = Some(Ecosystem::new("Wolfi"));
    let installed = InstalledPackage { package, ecosystem, purl: None, layer: 0, path: "lib/apk/db/installed".into() };
    let (org, image) = platform.image_of("acme", Inventory { packages: vec![installed], ..Inventory::default() }).await;
    let known = async || {
        let mut tx = platform.store.org_tx(org).await.unwrap();
        plimsoll_store::views::images::known_by_feed(&mut tx, &[image.0]).await.unwrap()
    };
    assert!(known().await.is_empty());
    let mirror = tempfile::tempdir().unwrap();
    let packages = serde_json::json!([{"pkg": {"name": "openssl", "secfixes": {"3.1.1-r0": ["CVE-2023-2650"]}}}]);
    let document = serde_json::json!({"reponame": "os", "packages": packages});
    std::fs::create_dir_all(mirror.path().join("wolfi/os")).unwrap();
    std::fs::write(mirror.path().join("wolfi/os/security.json"), document.to_string()).unwrap();
    let document = formats::by_name("wolfi").unwrap().documents().remove(0);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Changed);
    let known = known().await;
    let [(of, known)] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((*of, known.feed.as_str(), known.checked_at.is_some()), (image, "wolfi", true));
}

#[tokio::test]
async fn ids_that_become_one_vulnerability_become_one_finding() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let (first, second) =
        (advisory("PYSEC-2024-1", &[], "demo", "1.1"), advisory("GHSA-aaaa-bbbb-cccc", &[], "demo", "1.2"));
    write_osv(mirror.path(), &[first, second.clone()]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    assert_eq!(platform.count("SELECT count(*) FROM finding WHERE closed_at IS NULL").await, 2);

    let joined = advisory("PYSEC-2024-1", &["CVE-2024-9", "GHSA-aaaa-bbbb-cccc"], "demo", "1.1");
    write_osv(mirror.path(), &[joined, second]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
    let rows = sqlx::query(
        "SELECT v.name, v.aliases, m.fixed_in FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id
         JOIN \"match\" m USING (package_version_id, vulnerability_id) WHERE f.closed_at IS NULL",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<String, _>("name"), "CVE-2024-9");
    assert_eq!(rows[0].get::<Vec<String>, _>("aliases"), ["GHSA-aaaa-bbbb-cccc", "PYSEC-2024-1"]);
    assert_eq!(platform.count("SELECT count(*) FROM finding WHERE close_reason = 'merged'").await, 1);
}

#[tokio::test]
async fn ids_that_an_advisory_no_longer_joins_become_two_findings_again() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let other = advisory("GHSA-aaaa-bbbb-cccc", &["CVE-2024-8"], "demo", "1.2");
    let third = advisory("GHSA-dddd-eeee-ffff", &["PYSEC-2024-1"], "demo", "1.3");
    let open = "SELECT jsonb_build_array(v.name, v.aliases, v.title, m.fixed_in) FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id
                JOIN \"match\" m USING (package_version_id, vulnerability_id) WHERE f.closed_at IS NULL ORDER BY 1";
    let sync = async |aliases: &[&str]| {
        let corrected = advisory("PYSEC-2024-1", aliases, "demo", "1.1");
        write_osv(mirror.path(), &[corrected, other.clone(), third.clone()]);
        platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
        rematch(&platform).await;
        platform.rows(open).await
    };
    assert_eq!(sync(&["CVE-2024-9", "GHSA-aaaa-bbbb-cccc"]).await.len(), 1, "all are one");
    let parted = sync(&["CVE-2024-9"]).await;
    let expected = [
        serde_json::json!(["CVE-2024-8", ["GHSA-aaaa-bbbb-cccc"], "GHSA-aaaa-bbbb-cccc in demo", "1.2"]),
        serde_json::json!([
            "CVE-2024-9",
            ["GHSA-dddd-eeee-ffff", "PYSEC-2024-1"],
            "GHSA-dddd-eeee-ffff in demo",
            "1.1"
        ]),
    ];
    assert_eq!(parted, expected);
    assert_eq!(platform.count("SELECT count(*) FROM vulnerability_alias").await, 5);
    // The name that it went by is of nobody any more.
    let renamed = sync(&[]).await;
    assert_eq!(
        renamed.iter().map(|row| row[0].as_str().unwrap()).collect::<Vec<_>>(),
        ["CVE-2024-8", "GHSA-dddd-eeee-ffff"]
    );
    assert_eq!(platform.count("SELECT count(*) FROM vulnerability_alias WHERE alias = 'CVE-2024-9'").await, 0);
    // As a platform has it that never knew otherwise.
    let anew = Platform::new().await;
    anew.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    assert_eq!(platform.knowledge().await, anew.knowledge().await);
}

#[tokio::test]
async fn a_notice_is_one_finding_for_each_vulnerability_that_it_is_about() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let installed = InstalledPackage {
        package: Package::new(PackageType::Rpm, "curl", "7.61.1-1.el8"),
        ecosystem: Some(Ecosystem::with_release("AlmaLinux", "8")),
        purl: None,
        layer: 0,
        path: "var/lib/rpm".into(),
    };
    platform.image_of("ours", Inventory { packages: vec![installed], ..Inventory::default() }).await;
    let notice = |id: &str, cves: &[&str], fixed: &str| {
        serde_json::json!({
            "schema_version": "1.4.0", "id": id, "modified": "2024-01-01T00:00:00Z", "related": cves, "summary": "curl security update",
            "affected": [{"package": {"ecosystem": "AlmaLinux:8", "name": "curl"},
                          "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
        })
    };
    let open = async || {
        let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
        let sql = "SELECT v.name, m.fixed_in, m.advisories, v.aliases FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id
                   JOIN \"match\" m USING (package_version_id, vulnerability_id) WHERE f.closed_at IS NULL ORDER BY v.name";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        let told = |row: &sqlx::postgres::PgRow| {
            assert_eq!(row.get::<Vec<String>, _>("aliases"), Vec::<String>::new(), "one CVE is no other's alias");
            let advisories: Vec<String> = row.get("advisories");
            format!("{} {} {}", row.get::<String, _>("name"), row.get::<String, _>("fixed_in"), advisories.join("+"))
        };
        rows.iter().map(told).collect::<Vec<_>>()
    };
    write_osv(mirror.path(), &[notice("ALSA-2024:1", &["CVE-2024-1", "CVE-2024-2"], "7.61.1-2.el8")]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    assert_eq!(open().await, ["CVE-2024-1 7.61.1-2.el8 ALSA-2024:1", "CVE-2024-2 7.61.1-2.el8 ALSA-2024:1"]);

    let second = notice("ALSA-2024:2", &["CVE-2024-2", "CVE-2024-3"], "7.61.1-3.el8");
    write_osv(mirror.path(), &[notice("ALSA-2024:1", &["CVE-2024-2"], "7.61.1-2.el8"), second]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    assert_eq!(
        open().await,
        ["CVE-2024-2 7.61.1-2.el8 ALSA-2024:1+ALSA-2024:2", "CVE-2024-3 7.61.1-3.el8 ALSA-2024:2"],
        "a notice that is about less closes what it no longer names"
    );
}

#[tokio::test]
async fn an_unchanged_document_is_not_read_again_and_a_broken_one_changes_nothing() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let document = osv("PyPI/all.zip");
    write_osv(mirror.path(), &[advisory("PYSEC-2024-1", &[], "demo", "1.1")]);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Changed);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Unchanged);
    platform.changed_keys().await;

    let whole = std::fs::read(mirror.path().join("osv/PyPI/all.zip")).unwrap();
    let broken: [(&str, Vec<u8>); 3] =
        [("half", whole[..whole.len() / 2].to_vec()), ("HTML", b"<html>busy</html>".to_vec()), ("empty", Vec::new())];
    for (what, bytes) in broken {
        std::fs::write(mirror.path().join("osv/PyPI/all.zip"), bytes).unwrap();
        assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Failed, "{what}");
        let run = platform.last_run().await;
        assert!(run.get::<Option<String>, _>("error").unwrap().contains("osv/PyPI/all.zip"), "{what}");
    }
    std::fs::remove_file(mirror.path().join("osv/PyPI/all.zip")).unwrap();
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Failed, "gone");
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE withdrawn IS NULL").await, 1);
    assert_eq!(platform.changed_keys().await, []);
    assert_eq!(platform.count("SELECT count(*) FROM feed_staging").await, 0, "nothing half-written stays");
}

#[tokio::test]
async fn a_document_that_lost_most_of_its_records_is_refused_until_the_operator_accepts_it() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let document = osv("PyPI/all.zip");
    let all: Vec<_> = (0..100).map(|n| advisory(&format!("PYSEC-2024-{n}"), &[], "demo", "1.1")).collect();
    write_osv(mirror.path(), &all);
    platform.sync(mirror.path(), &document).await;
    write_osv(mirror.path(), &all[..5]);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Refused);
    assert!(
        platform
            .last_run()
            .await
            .get::<Option<String>, _>("error")
            .unwrap()
            .contains("lacks or withdraws 95 of the 100")
    );
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE withdrawn IS NULL").await, 100);

    assert_eq!(platform.syncer(mirror.path()).sync(&document, true).await.unwrap(), Outcome::Changed);
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE withdrawn IS NULL").await, 5);
    // What comes back counts again.
    write_osv(mirror.path(), &all);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Changed);
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE withdrawn IS NULL").await, 100);
}

/// A VEX document: `curl` of release 9 is fixed in this version, as of this day of 2026.
pub fn vex(cve: &str, fixed: &str, day: &str) -> String {
    let product = |id: &str, known_as: serde_json::Value| serde_json::json!({"product": {"name": id, "product_id": id, "product_identification_helper": known_as}});
    let purl = format!("pkg:rpm/redhat/curl@{fixed}?arch=src");
    serde_json::json!({
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "title": cve,
                     "tracking": {"id": cve, "current_release_date": format!("2026-{day}T00:00:00Z")}},
        "product_tree": {
            "branches": [product("el9", serde_json::json!({"cpe": "cpe:/o:redhat:enterprise_linux:9"})), product("curl", serde_json::json!({"purl": purl}))],
            "relationships": [{"category": "default_component_of", "product_reference": "curl", "relates_to_product_reference": "el9",
                               "full_product_name": {"name": "x", "product_id": "el9:curl"}}]},
        "vulnerabilities": [{"cve": cve, "product_status": {"fixed": ["el9:curl"]}}]
    })
    .to_string()
}

/// The folder of VEX documents in a mirror: an archive of a day of 2026 with `cve-2026-1.json` and on, documents beside it, and what its index tells of them and of deletions.
pub fn write_vex(
    mirror: &Path,
    archive: (&str, &[String]),
    changes: &[(&str, &str, Option<String>)],
    deletions: &[(&str, &str)],
) {
    let folder = mirror.join("redhat/csaf/v2/vex");
    std::fs::create_dir_all(folder.join("2026")).unwrap();
    let (day, documents) = archive;
    let name = format!("csaf_vex_2026-{day}.tar.zst");
    let mut tar = tar::Builder::new(Vec::new());
    for (document, number) in documents.iter().zip(1..) {
        let mut header = tar::Header::new_ustar();
        header.set_size(document.len() as u64);
        tar.append_data(&mut header, format!("2026/cve-2026-{number}.json"), document.as_bytes()).unwrap();
    }
    std::fs::write(folder.join(&name), zstd::encode_all(tar.into_inner().unwrap().as_slice(), 1).unwrap()).unwrap();
    std::fs::write(folder.join("archive_latest.txt"), name).unwrap();
    let row = |name: &str, day: &str| format!("\"2026/{name}.json\",\"2026-{day}T00:00:00+00:00\"\n");
    std::fs::write(folder.join("changes.csv"), changes.iter().map(|(name, day, _)| row(name, day)).collect::<String>())
        .unwrap();
    std::fs::write(
        folder.join("deletions.csv"),
        deletions.iter().map(|(name, day)| row(name, day)).collect::<String>(),
    )
    .unwrap();
    for (name, _, document) in changes {
        if let Some(document) = document {
            std::fs::write(folder.join(format!("2026/{name}.json")), document).unwrap();
        }
    }
}

#[tokio::test]
async fn an_index_brings_its_archive_then_what_changed_and_a_newer_archive_keeps_what_is_newer() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let index = formats::by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv");
    let curl = PackageKey { ecosystem: Ecosystem::with_release("Red Hat", "9"), package: "curl".into() };
    let store = platform.store.clone();
    let said = async || {
        let mut tx = store.catalog_tx().await.unwrap();
        let rows = advisories::affecting(&mut tx, std::slice::from_ref(&curl)).await.unwrap();
        let standing = rows.into_iter().filter(|row| !row.is_withdrawn);
        let mut said: Vec<String> =
            standing.map(|row| format!("{} {:?}", row.advisory, row.affected.ranges[0].events[1])).collect();
        said.sort();
        said
    };
    let documents = "SELECT count(*) FROM feed_document";
    let runs = "SELECT count(*) FROM feed_run";
    let [one, two] = ["CVE-2026-1", "CVE-2026-2"];

    // The archive has both; the second changed since.
    let archive = [vex(one, "1-1", "01-01"), vex(two, "2-1", "01-01")];
    let changed = [("cve-2026-2", "03-01", Some(vex(two, "2-2", "03-01"))), ("cve-2026-1", "01-01", None)];
    write_vex(mirror.path(), ("02-01", &archive), &changed, &[]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    assert_eq!(
        said().await,
        [r#"CVE-2026-1 Fixed("1-1")"#, r#"CVE-2026-2 Fixed("2-2")"#],
        "nothing is doubled, the newest counts"
    );
    assert_eq!((platform.count(documents).await, platform.count(runs).await), (3, 3));

    // Nothing changed: the index alone is read.
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Unchanged);
    assert_eq!(platform.count(runs).await, 4);

    // A newer archive has the first anew, the second as it was before its last change; the older archive is forgotten.
    let archive = [vex(one, "1-2", "02-10"), vex(two, "2-1", "01-01")];
    let changed = [("cve-2026-2", "03-01", None), ("cve-2026-1", "02-10", None)];
    write_vex(mirror.path(), ("02-20", &archive), &changed, &[]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    assert_eq!(said().await, [r#"CVE-2026-1 Fixed("1-2")"#, r#"CVE-2026-2 Fixed("2-2")"#]);
    assert_eq!(platform.count(documents).await, 3);

    // An archive of after the change supersedes the loose document.
    let archive = [vex(one, "1-2", "02-10"), vex(two, "2-2", "03-01")];
    write_vex(mirror.path(), ("04-01", &archive), &changed, &[]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    assert_eq!(said().await, [r#"CVE-2026-1 Fixed("1-2")"#, r#"CVE-2026-2 Fixed("2-2")"#]);
    assert_eq!((platform.count(documents).await, platform.count("SELECT count(*) FROM feed_record").await), (2, 2));

    // What is deleted is withdrawn, though the archive has it.
    write_vex(mirror.path(), ("04-01", &archive), &[("cve-2026-1", "02-10", None)], &[("cve-2026-2", "04-02")]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    assert_eq!(said().await, [r#"CVE-2026-1 Fixed("1-2")"#]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Unchanged);

    // A document that cannot be read fails alone, and is tried again with the next run.
    let broken = [
        ("cve-2026-3", "04-03", Some("<html>".to_owned())),
        ("cve-2026-4", "04-03", Some(vex("CVE-2026-4", "4-1", "04-03"))),
    ];
    write_vex(mirror.path(), ("04-01", &archive), &broken, &[]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Failed);
    let why: String = platform.last_run_of(&index).await.get("error");
    assert_eq!(why, "1 of the 2 documents that it names could not be synced");
    assert_eq!(said().await.len(), 2, "the other is there");
    let mended = [("cve-2026-3", "04-03", Some(vex("CVE-2026-3", "3-1", "04-03"))), ("cve-2026-4", "04-03", None)];
    write_vex(mirror.path(), ("04-01", &archive), &mended, &[]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    assert_eq!(said().await.len(), 3);
}

#[tokio::test]
async fn a_list_of_malware_is_kept_as_it_is_and_one_that_shrinks_is_not_believed() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let document = formats::by_name("malware-hashes").unwrap().documents().remove(0);
    let list = |count: u32| (0..count).map(|number| format!("{number:064x}\n")).collect::<String>();
    let path = mirror.path().join("malware-hashes").join(&document.path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let kept = "SELECT octet_length(content)::bigint FROM malware_bundle WHERE kind = 'file_hashes'";
    for (count, outcome, bytes) in
        [(100, Outcome::Changed, 6_500), (10, Outcome::Refused, 6_500), (120, Outcome::Changed, 7_800)]
    {
        std::fs::write(&path, list(count)).unwrap();
        let ended = platform.sync(mirror.path(), &document).await;
        assert_eq!(ended, outcome, "{count}: {:?}", platform.last_run().await.get::<Option<String>, _>("error"));
        assert_eq!(platform.count(kept).await, bytes, "{count}");
    }
}

#[tokio::test]
async fn an_operating_system_s_end_is_told_of_an_image_that_nobody_scans_again() {
    let platform = Platform::new().await;
    let observed = |rule: &str, severity| Observation {
        kind: ObservationKind::Malware,
        rule: rule.into(),
        references: vec!["https://example.org".into()],
        title: "x".into(),
        severity,
        family: None,
        place: Place::Image,
        layer: Some(0),
        removed_in: None,
        evidence: "x".into(),
        advice: "x".into(),
    };
    let bookworm = OsRelease { id: "debian".into(), version_id: Some("12".into()), codename: None, pretty_name: None };
    let observations = vec![observed("miner", Severity::Critical), observed("odd", Severity::Low)];
    platform.image_of("acme", Inventory { os: Some(bookworm), observations, ..Inventory::default() }).await;
    let rules = async || {
        let mut connection = PgConnection::connect(&platform.database.url()).await.unwrap();
        let query = "SELECT array_agg(concat_ws(' ', rule, rule_references[1], evidence) ORDER BY position) FROM image_observation";
        sqlx::query_scalar::<_, Vec<String>>(query).fetch_one(&mut connection).await.unwrap()
    };
    let (miner, odd) = ("miner https://example.org x", "odd https://example.org x");
    let ended = |on: &str| format!("os-end-of-life Debian 12: fixes ended on {on}");

    let mirror = tempfile::tempdir().unwrap();
    let document = formats::by_name("end-of-life").unwrap().documents().remove(0);
    std::fs::create_dir_all(mirror.path().join("end-of-life")).unwrap();
    for (until, extended, expected) in [
        ("2020-01-01", None, vec![miner.to_owned(), ended("2020-01-01"), odd.to_owned()]),
        ("2020-01-02", None, vec![miner.to_owned(), ended("2020-01-02"), odd.to_owned()]),
        ("2020-01-02", Some("2999-01-01"), vec![miner.to_owned(), odd.to_owned()]),
    ] {
        let release = serde_json::json!({"name": "12", "codename": "Bookworm", "isEol": true, "eolFrom": until, "eoesFrom": extended});
        let debian = serde_json::json!({"name": "debian", "category": "os", "releases": [release]});
        let products = serde_json::json!({"schema_version": "1.2.0", "total": 1, "result": [debian]});
        std::fs::write(mirror.path().join("end-of-life").join(&document.path), products.to_string()).unwrap();
        assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Changed);
        assert_eq!(rules().await, expected, "{until} {extended:?}");
    }
    assert_eq!(platform.count("SELECT count(*) FROM support_period").await, 1);
}

#[tokio::test]
async fn only_what_an_upstream_changed_is_matched_again() {
    let Some(feeds) = corpus::shared("feeds") else { return };
    let feeds = feeds.canonicalize().unwrap();
    let platform = Platform::new().await;
    let document = osv("crates.io/all.zip");
    assert_eq!(platform.sync(&feeds.join("earlier/2026-06-01"), &document).await, Outcome::Changed);
    platform.changed_keys().await;
    assert_eq!(platform.sync(&feeds, &document).await, Outcome::Changed);
    let run = platform.last_run().await;
    assert_eq!(
        (run.get::<i64, _>("added"), run.get::<i64, _>("changed"), run.get::<i64, _>("withdrawn")),
        (136, 23, 0)
    );
    let keys = platform.changed_keys().await;
    assert!((100..400).contains(&keys.len()), "{} keys of 159 advisories", keys.len());
}

#[tokio::test]
async fn one_process_at_a_time_syncs() {
    let platform = Platform::new().await;
    let mut first = platform.store.catalog_tx().await.unwrap();
    assert!(plimsoll_store::feeds::take_lease(&mut first).await.unwrap());
    let other = platform.database.store("plimsoll_feeds").await;
    let mut second = other.catalog_tx().await.unwrap();
    assert!(!plimsoll_store::feeds::take_lease(&mut second).await.unwrap());
    drop(first);
    plimsoll_testkit::eventually("the lease is free when its holder ends", Duration::from_secs(10), async || {
        let mut tx = other.catalog_tx().await.unwrap();
        plimsoll_store::feeds::take_lease(&mut tx).await.unwrap().then_some(())
    })
    .await;
}
