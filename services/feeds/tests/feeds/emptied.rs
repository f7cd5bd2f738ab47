//! A source that takes its records back, empties or breaks them never empties what we know.

use plimsoll_advisories::feeds as formats;
use plimsoll_model::{Package, PackageType};
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::sqlx::Row as _;
use serde_json::{Value, json};

use crate::platform::{Platform, advisory, osv, rematch, write_osv, write_osv_files};
use crate::sync::{vex, write_vex};

const STANDING: &str = "SELECT count(*) FROM advisory WHERE withdrawn IS NULL";
const OPEN: &str = "SELECT count(*) FROM finding WHERE closed_at IS NULL";

/// The document, as its source takes it back.
fn withdrawn(document: &Value) -> Value {
    let mut document = document.clone();
    document["withdrawn"] = "2024-02-01T00:00:00Z".into();
    document
}

/// The document, as it speaks of no package any more.
fn emptied(document: &Value) -> Value {
    let mut document = document.clone();
    document["affected"] = json!([]);
    document
}

/// What the last run tells: added, changed, withdrawn, unchanged.
async fn counts(platform: &Platform) -> [i64; 4] {
    let run = platform.last_run().await;
    ["added", "changed", "withdrawn", "unchanged"].map(|count| run.get(count))
}

#[tokio::test]
async fn records_that_their_source_takes_back_or_empties_count_as_those_that_are_gone() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let document = osv("PyPI/all.zip");
    let all: Vec<Value> = (0..100).map(|n| advisory(&format!("PYSEC-2024-{n}"), &[], "demo", "1.1")).collect();
    let with = |change: fn(&Value) -> Value, count: usize| -> Vec<Value> {
        all.iter().enumerate().map(|(n, known)| if n < count { change(known) } else { known.clone() }).collect()
    };
    write_osv(mirror.path(), &all);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Changed);
    assert_eq!(counts(&platform).await, [100, 0, 0, 0]);
    rematch(&platform).await;
    let before = platform.knowledge().await;
    for (count, changed) in [(95, with(withdrawn, 95)), (100, with(emptied, 100)), (21, with(emptied, 21))] {
        write_osv(mirror.path(), &changed);
        assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Refused, "{count}");
        let why: String = platform.last_run().await.get("error");
        assert!(why.contains(&format!("lacks or withdraws {count} of the 100")), "{why}");
        assert_eq!(platform.knowledge().await, before, "{count}");
    }
    rematch(&platform).await;
    assert_eq!(platform.count(OPEN).await, 100);

    // A handful may go, in all three ways, and is told.
    let mut some = with(withdrawn, 10);
    some[10] = emptied(&all[10]);
    some.truncate(95);
    write_osv(mirror.path(), &some);
    assert_eq!(platform.sync(mirror.path(), &document).await, Outcome::Changed);
    assert_eq!(counts(&platform).await, [0, 0, 16, 84]);
    rematch(&platform).await;
    assert_eq!(platform.count(OPEN).await, 84);
    // All that is left goes by an operator's word; what was taken back before and comes again has changed.
    write_osv(mirror.path(), &with(emptied, 100));
    assert_eq!(platform.syncer(mirror.path()).sync(&document, true).await.unwrap(), Outcome::Changed);
    assert_eq!(counts(&platform).await, [0, 15, 84, 1]);
    rematch(&platform).await;
    assert_eq!(platform.count(OPEN).await, 0);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_any_more_is_known_as_it_was() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let known = |n: u32| advisory(&format!("PYSEC-2024-{n}"), &[&format!("CVE-2024-{n}")], "demo", "1.1");
    write_osv(mirror.path(), &[known(1), known(2), known(3)]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    rematch(&platform).await;
    let entry = |n: u32, text: String| (format!("PYSEC-2024-{n}"), text);
    let broken = r#"{"id": "PYSEC-2024-2", "modified": 7"#;
    for _ in 0..2 {
        let files = [entry(1, known(1).to_string()), entry(2, broken.into()), entry(3, known(3).to_string())];
        write_osv_files(mirror.path(), &files);
        assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
        assert_eq!(counts(&platform).await, [0, 0, 0, 2]);
        assert_eq!(platform.last_run().await.get::<i64, _>("problem_count"), 1);
        rematch(&platform).await;
        assert_eq!((platform.count(STANDING).await, platform.count(OPEN).await), (3, 3));
    }
    // Gone is gone.
    write_osv(mirror.path(), &[known(1), known(3)]);
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    assert_eq!(counts(&platform).await, [0, 0, 1, 2]);
    rematch(&platform).await;
    assert_eq!((platform.count(STANDING).await, platform.count(OPEN).await), (2, 2));
}

#[tokio::test]
async fn what_cannot_be_read_in_a_newer_archive_of_an_index_does_not_go_with_the_older_one() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let index = formats::by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv");
    let [one, two] = ["CVE-2026-1", "CVE-2026-2"].map(|cve| vex(cve, "1-1", "01-01"));
    let changes = [("cve-2026-1", "01-01", None), ("cve-2026-2", "01-01", None)];
    let broken = two[..two.len() / 2].to_owned();
    for (day, documents, standing, problems) in [
        ("02-01", vec![one.clone(), two], 2, 0),
        ("02-02", vec![one.clone(), broken.clone()], 2, 1),
        ("02-03", vec![one.clone(), broken], 2, 1),
        ("02-04", vec![one], 1, 0),
    ] {
        write_vex(mirror.path(), (day, &documents), &changes, &[]);
        assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed, "{day}");
        assert_eq!(platform.count(STANDING).await, standing, "{day}");
        let archive = formats::by_name("redhat").unwrap().document(format!("csaf/v2/vex/csaf_vex_2026-{day}.tar.zst"));
        assert_eq!(platform.last_run_of(&archive).await.get::<i64, _>("problem_count"), problems, "{day}");
        assert_eq!(platform.last_run_of(&index).await.get::<i64, _>("withdrawn"), 2 - standing, "{day}");
        assert_eq!(platform.count("SELECT count(*) FROM feed_document").await, 2, "{day}: one archive, one index");
    }
}

#[tokio::test]
async fn what_a_newer_archive_of_an_index_empties_is_held_to_the_share_of_all_that_it_names() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let index = formats::by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv");
    let archive = |emptied: usize, day: &str| -> Vec<String> {
        let document = |n: usize| {
            let document = vex(&format!("CVE-2026-{n}"), "1-1", day);
            if n <= emptied { document.replace(r#"{"fixed":["el9:curl"]}"#, "{}") } else { document }
        };
        (1..=150).map(document).collect()
    };
    let changes = [("cve-2026-1", "01-01", None)];
    for (day, emptied, outcome) in [
        ("02-01", 0, Outcome::Changed),
        ("02-02", 25, Outcome::Changed),
        ("02-03", 100, Outcome::Failed),
        ("02-04", 25, Outcome::Changed),
    ] {
        write_vex(mirror.path(), (day, &archive(emptied, day)), &changes, &[]);
        assert_eq!(platform.sync(mirror.path(), &index).await, outcome, "{day}");
        let standing = "SELECT count(DISTINCT advisory_id) FROM affected";
        assert_eq!(platform.count(standing).await, if day == "02-01" { 150 } else { 125 }, "{day}");
    }
    let refused = formats::by_name("redhat").unwrap().document("csaf/v2/vex/csaf_vex_2026-02-03.tar.zst");
    let why: String = platform.last_run_of(&refused).await.get("error");
    assert!(why.contains("lacks or withdraws 75 of the 150"), "{why}");
}

#[tokio::test]
async fn what_no_version_can_be_matched_with_is_kept_and_counted() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let mut alien = advisory("KLINGON-1", &["CVE-2024-1"], "batleth", "1.1");
    alien["affected"][0]["package"]["ecosystem"] = "Klingon".into();
    write_osv(mirror.path(), &[alien, advisory("PYSEC-2024-1", &[], "demo", "1.1")]);
    assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    let run = platform.last_run().await;
    assert_eq!((run.get::<i64, _>("unmatchable"), run.get::<i64, _>("problem_count")), (1, 0));
    assert_eq!(platform.count("SELECT count(*) FROM affected WHERE ecosystem = 'Klingon'").await, 1);
}
